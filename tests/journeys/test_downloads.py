"""Files that a person saves in the browser: outputs of an evaluation and kept rows."""

from __future__ import annotations

import csv
from collections.abc import Callable
from typing import Any

import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Page

from launcher.throwaway import Studio

pytestmark = pytest.mark.journey


def test_rows_and_outputs_are_saved_as_files(
    studio: Studio, signed_in: Any, story: dict[str, Any], open_page: Callable[..., Page]
) -> None:
    page = open_page(studio.url, signed_in)
    evaluation = story["comparison"]["evaluations"][1]
    for address, name in (
        (f"/evaluations/{evaluation}/", "outputs"),
        (f"/data/{story['version']['dataset']}/", "kept"),
    ):
        page.goto(address)
        counts = []
        for title, extension in (("CSV", "csv"), ("Parquet", "parquet")):
            with page.expect_download() as saving:
                page.get_by_role("link", name=f"Download {title}", exact=True).click()
            saved = saving.value
            assert saved.suggested_filename.endswith(f"-{name}.{extension}")
            if extension == "csv":
                with saved.path().open(encoding="utf-8-sig", newline="") as file:
                    counts.append(sum(1 for _ in csv.DictReader(file)))
            else:
                counts.append(pq.read_metadata(saved.path()).num_rows)
        assert counts[0] == counts[1] > 0
