"""What `make test-fast` promises: no model library, and files that are there."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tools.test import FAST, ROOT


@pytest.mark.parametrize("name", ["torch", "transformers"])
def test_a_fast_test_imports_no_model_library(name: str) -> None:
    # In a process of its own: other tests of this one need them.
    code = f"import tests.fixtures.no_model_library, {name}"
    tried = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert f"A fast test imports {name}" in tried.stderr


def test_what_is_fast_exists() -> None:
    assert not [path for path in FAST if not (ROOT / path).exists()]
