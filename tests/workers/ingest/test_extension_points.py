"""An import format in one file outside the package is recognized and read; other files stay what they are."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from workers.contracts.job_kinds.importing import ImportSpec

CHILD = """
import sys
from workers.contracts.job_kinds.importing import ImportSpec
from workers.ingest.parse import run
from workers.runtime.reporter import Reporter

print(run(ImportSpec.model_validate_json(sys.argv[1]), Reporter()).model_dump_json())
"""
QUESTIONS = "".join(f"? Where is room {number}?\nUp the stairs, door {number}.\n" for number in range(1, 31))
TABLE = "question,answer\n" + "".join(f"Where is room {number}?,Door {number}\n" for number in range(1, 31))


@pytest.mark.parametrize(("content", "format_"), [(QUESTIONS, "questions"), (TABLE, "csv")])
def test_extension_points_import_format(content: str, format_: str, tmp_path: Path) -> None:
    source = tmp_path / "rooms.txt"
    source.write_text(content)
    spec = ImportSpec(inputs={"source": str(source)}, filename=source.name, work=str(tmp_path / "work"))
    done = subprocess.run(
        [sys.executable, "-c", CHILD, spec.model_dump_json()],
        env={**os.environ, "EXTENSIONS": "import_formats:tests.extension_points.question_files"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])

    assert (result["format"], result["rows"]) == (format_, 30)
    assert result["proposal"]["task_type"] == "chat"
    assert result["proposal"]["roles"] == {"question": "input", "answer": "target"}
