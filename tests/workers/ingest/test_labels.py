"""One label in several spellings is one class; a cell with several labels is none; nested values are never labels."""

import json
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.ingest.labels import combinations_of, labels_of, merged_spellings, tidy_label
from workers.ingest.profile import Profile
from workers.ingest.proposals import propose

ROLES = {"text": "input", "label": "label"}


def rows(labels: list[object], each: int = 12) -> str:
    lines = [
        {"text": f"A text number {n} of these", "label": labels[n % len(labels)]}
        for n in range(each * len(labels))
    ]
    return "\n".join(json.dumps(line, ensure_ascii=False) for line in lines)


@pytest.mark.parametrize(
    ("spellings", "label"),
    [
        (["delivery", "Delivery", "DELIVERY"], {"delivery", "Delivery", "DELIVERY"}),
        ([0, "0", 0.0], {"0"}),
        (["caf\u00e9", "cafe\u0301"], {"café"}),
        (["paid", "paid\u200b", "\ufeffpaid", "pa\u00adid"], {"paid"}),
        (["ＰＡＩＤ", "PAID"], {"PAID"}),
        (["on time", "on  time", " on time ", "on\u00a0time"], {"on time"}),
        ([True, "true", "True"], {"true", "True"}),
        ([["paid"], "paid", "['paid']", '["paid"]'], {"paid"}),
        ([{"label": "paid", "score": 0.9}, "paid"], {"paid"}),
        ([{"choices": ["paid"]}, "paid"], {"paid"}),
    ],
)  # fmt: skip
def test_spellings_of_one_label_are_one_class(freeze_rows, spellings: list[object], label: set[str]) -> None:
    frozen = freeze_rows(rows([*spellings, "another"]), "classification", ROLES, name="x.jsonl")
    others = set(frozen.result.labels) - {"another"}
    assert len(others) == 1
    assert others <= label
    assert sum(frozen.result.labels.values()) == 12 * (len(spellings) + 1)
    assert {row["target"] for row in frozen.rows} == set(frozen.result.labels)


def test_merged_spellings_are_named(import_file, freeze_rows) -> None:
    text = rows(["late", "Late", "paid"])
    assert any("“late” / “Late”" in said for said in import_file(text, "x.jsonl").result.proposal.warnings)
    frozen = freeze_rows(text, "classification", ROLES, name="x.jsonl")
    assert "“late” / “Late” were merged into one label, “late” (24 rows)." in frozen.result.warnings
    apart = freeze_rows(text, "classification", ROLES, name="x.jsonl", merge_label_case=False)
    assert set(apart.result.labels) == {"late", "Late", "paid"}


@pytest.mark.parametrize(
    "several",
    [
        ["late", "paid"],
        "late;paid",
        "late | paid",
        "['late', 'paid']",
        "late、paid",
        [{"label": "late"}, {"label": "paid"}],
    ],
)
def test_rows_with_several_labels_are_set_aside_and_counted(
    import_file, freeze_rows, several: object
) -> None:
    text = rows(["late", "paid", "lost", several])
    warnings = import_file(text, "x.jsonl").result.proposal.warnings
    assert any("Rows with several labels" in warning and ": 12 of 48." in warning for warning in warnings)
    frozen = freeze_rows(text, "classification", ROLES, name="x.jsonl")
    assert set(frozen.result.labels) == {"late", "paid", "lost"}
    assert frozen.reasons == {"The row has several labels, and only one per row is supported": 12}
    assert any("12 rows have several labels" in warning for warning in frozen.result.warnings)


def test_a_table_of_nothing_but_several_labels_is_no_classification(import_file) -> None:
    proposal = import_file(rows([["a1", "b1"], ["b1", "c1"], ["a1", "c1"]]), "x.jsonl").result.proposal
    assert proposal.task_type is None
    assert any("several labels" in why for why in proposal.why)


def test_a_name_with_a_separator_alone_is_a_label() -> None:
    assert combinations_of(Counter({"Sales / Marketing": 9, "Sales": 5, "Marketing": 4})) == {}
    assert combinations_of(Counter({"R&D": 9, "HR": 5})) == {}
    assert combinations_of(Counter({"a, b": 1, "b, c": 1, "a": 3, "b": 2, "c": 1})) == {
        "a, b": ("a", "b"),
        "b, c": ("b", "c"),
    }


@given(st.text(max_size=20))
def test_tidying_is_done_once(label: str) -> None:
    assert tidy_label(tidy_label(label)) == tidy_label(label)


@given(
    st.dictionaries(
        st.text(min_size=1, max_size=6).map(tidy_label).filter(bool), st.integers(1, 99), max_size=8
    )
)
def test_every_spelling_is_in_one_group(counts: dict[str, int]) -> None:
    merged = [spelling for merge in merged_spellings(counts) for spelling in merge.spellings]
    assert len(merged) == len(set(merged))
    assert set(merged) <= set(counts)


def test_labels_of_a_cell() -> None:
    assert labels_of('["a", "b", "a"]') == ["a", "b"]
    assert labels_of("[]") == []
    assert labels_of("[draft]") == ["[draft]"]


_LABEL_NAMES = [
    "topic",
    "tag",
    "emotion",
    "sentiment",
    "intent",
    "queue",
    "Klasse",
    "etiqueta",
    "分类",
    "ラベル",
    "метка",
]


@pytest.mark.parametrize("name", _LABEL_NAMES)
@pytest.mark.parametrize(("values", "reason"), [(1, "only one value"), (1_200, "the limit is 1,000")])
@pytest.mark.parametrize("texts", [["text"], ["title", "body"]])
def test_a_label_column_of_any_name_that_cannot_be_learned_is_named(
    import_file, name: str, values: int, reason: str, texts: list[str]
) -> None:
    rows = [
        {
            **{text: f"The kettle of order {n} came late, says its {text}." for text in texts},
            name: f"v{n % values}",
        }
        for n in range(3 * values if values > 1 else 40)
    ]
    proposal = import_file("\n".join(map(json.dumps, rows)), "x.jsonl").result.proposal
    assert proposal.task_type is None
    assert f"“{name}”" in proposal.why[0]
    assert reason in proposal.why[0]


_CELLS = {
    "prose": lambda n: f"The shop opened its door number {n} on a cold day",
    "long prose": lambda n: f"The shop opened its door number {n} on a cold day. " * 5,
    "label": lambda n: "ab"[n % 2],
    "one value": lambda _: "same",
    "number": lambda n: str(n * 7),
    "address": lambda n: f"https://example.org/{n}",
    "rare prose": lambda n: f"Nobody has read page {n} so far" if n % 10 == 0 else None,
}  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(
            ["text", "body", "story", "motto", "notes", "name", "author", "topic", "id", "url", "x"]
        ),
        st.sampled_from(sorted(_CELLS)),
        min_size=1,
        max_size=4,
    )
)
def test_the_only_column_of_running_text_is_the_only_one(kinds: dict[str, str]) -> None:
    profile = Profile()
    for n in range(40):
        profile.add({name: _CELLS[kind](n) for name, kind in kinds.items()})
    why = propose(profile.columns(), profile.sample).why
    written = [name for name, kind in kinds.items() if kind.endswith("prose")]
    for sentence in why:
        if "is the only column with running text" in sentence:
            assert [f"“{name}”" for name in written] == [sentence.split(" is the only")[0]]
        if "contains the longest texts" in sentence:
            assert kinds[sentence.split("”")[0].removeprefix("“")] in ("long prose", "prose")


def test_a_target_of_written_text_is_no_label(import_file) -> None:
    pairs = [("The man is in the garden with a dog", "L'homme est dans le jardin avec un chien"),
             ("She was reading a book on the train", "Elle lisait un livre dans le train"),
             ("It is cold in the house and on the hill", "Il fait froid dans la maison et sur la colline")]  # fmt: skip
    rows = [{"sentence": f"{a}, {n}", "target": f"{b}, {n}"} for n in range(12) for a, b in pairs]
    proposal = import_file("\n".join(map(json.dumps, rows)), "x.jsonl").result.proposal
    assert proposal.task_type == "translation"
