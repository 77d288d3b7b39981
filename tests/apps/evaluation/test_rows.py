"""The rows of evaluations and comparisons: searched, filtered, and downloaded."""

import csv
import io

import pyarrow.parquet as pq
import pytest
from django.urls import reverse

from tests.apps.conftest import LABELS, outputs_table
from tests.apps.evaluation.conftest import ROWS
from tests.fixtures.page_text import html_of

pytestmark = pytest.mark.django_db


def lines(response) -> list[int]:
    return [row["line"] for row, _shown in response.context["rows"]]


def test_rows_of_a_comparison_are_searched_and_filtered(client_for, owner, compared) -> None:
    address, client = reverse("evaluation:comparison", args=[compared.pk]), client_for(owner)
    everything = client.get(address)
    assert everything.context["list"].total == ROWS
    for query, expected in (
        ({"q": "LINE 9."}, [9, 19, 29]),
        ({"q": "100% _"}, []),
        ({"show": "better:e1", "sort": "line", "q": "line 31"}, []),
        ({"show": "worse:e1", "sort": "line"}, list(range(2, 12))),
        ({"show": "wrong:e1"}, []),
        ({"expected": "billing", "q": "line 12."}, [12]),
        ({"expected": "no such label", "q": "line 12."}, [12]),
    ):
        assert lines(client.get(address, query)) == expected, query
    unequal = client.get(address, {"show": "unequal"})
    assert unequal.context["list"].total == ROWS
    assert "?show=unequal&amp;page=2" in html_of(unequal), "the address is that of the filtered rows"


def test_outputs_of_a_classifier_are_filtered_from_its_confusion_matrix(
    client_for, owner, make_classifier, make_evaluation
) -> None:
    evaluation = make_evaluation(make_classifier())
    address, client = reverse("evaluation:detail", args=[evaluation.pk]), client_for(owner)
    table = outputs_table().to_pylist()
    shown = client.get(address)
    assert shown.context["list"].total == len(table)
    expected, given = LABELS[2], LABELS[0]
    assert f"?expected={expected}&amp;predicted={given}#rows" in html_of(shown)
    found = client.get(address, {"expected": expected, "predicted": given})
    assert lines(found) == [
        row["line"] for row in table if (row["target"], row["output"]) == (expected, given)
    ]
    for value, is_right in (("right", True), ("wrong", False)):
        wanted = [row["line"] for row in table if (row["target"] == row["output"]) is is_right]
        assert lines(client.get(address, {"show": value})) == wanted[:10]
    assert "0 matches" in html_of(client.get(address, {"q": "no such words"}))


def test_every_row_of_a_comparison_is_downloaded(client_for, owner, outsider, compared) -> None:
    def address(name: str) -> str:
        return reverse("evaluation:comparison_file", args=[compared.pk, name])

    client = client_for(owner)
    text = b"".join(client.get(address("rows.csv"))).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    names = [one.evaluation.subject_label for one in compared.compared.all()]
    assert list(rows[0]) == [
        "line", "input", "target",
        *(f"{kind}: {name}" for name in names for kind in ("output", "score")),
    ]  # fmt: skip
    assert len(rows) == ROWS
    assert rows[0][f"output: {names[1]}"] == "billing"
    table = pq.read_table(io.BytesIO(b"".join(client.get(address("rows.parquet")))))
    assert table.num_rows == ROWS
    assert client.get(address("other.csv")).status_code == 404
    assert client_for(outsider).get(address("rows.csv")).status_code == 404
