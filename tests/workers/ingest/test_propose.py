"""Task types and column roles are proposed from names and content, with a reason; unclear data is left to the user."""

import json
import unicodedata
from collections.abc import Iterator

import pytest

from workers.contracts.job_kinds.importing import Column
from workers.ingest.languages import language_of
from workers.ingest.proposals import propose

LONG = "The council met on Monday evening and talked about the new library, its hours and its money. " * 6
ENGLISH = [
    "The man is in the garden with a dog",
    "She was reading a book on the train",
    "It is cold in the house",
]
FRENCH = [
    "L'homme est dans le jardin avec un chien",
    "Elle lisait un livre dans le train",
    "Il fait froid dans la maison",
]
CODE = "def add(a, b):\n    total = a + b\n    return total\n"


def table(**columns: list[str]) -> str:
    names = list(columns)
    rows = zip(*columns.values(), strict=True)
    return "\n".join(json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False) for row in rows)


def numbered(text: str, count: int = 30) -> list[str]:
    return [f"{text} {n}" for n in range(count)]


LABELS = [("good", "bad", "fine")[n % 3] for n in range(30)]


@pytest.mark.parametrize(
    ("text", "task_type", "roles"),
    [
        (table(text=numbered("I like this"), category=LABELS), "classification", {"text": "input", "category": "label"}),
        (table(文本=numbered("我很喜欢这本书"), 标签=LABELS), "classification", {"文本": "input", "标签": "label"}),
        (table(alpha=numbered("some words here"), beta=LABELS), "classification", {"alpha": "input", "beta": "label"}),
        (table(text=numbered("so so"), catégorie=LABELS), "classification", {"text": "input", "catégorie": "label"}),
        (
            table(instruction=numbered("Do it"), input=["", "on this"] * 15, output=numbered("Done")),
            "instruction",
            {"instruction": "input", "input": "context", "output": "target"},
        ),
        (table(指令=numbered("写一首诗"), 输出=numbered("春天来了")), "instruction", {"指令": "input", "输出": "target"}),
        (table(question=numbered("When?"), answer=numbered("At")), "chat", {"question": "input", "answer": "target"}),
        (table(问题=numbered("几点开门"), 答案=numbered("早上九点")), "chat", {"问题": "input", "答案": "target"}),
        (table(Frage=numbered("Wann?"), Antwort=numbered("Um")), "chat", {"Frage": "input", "Antwort": "target"}),
        (table(id=numbered(""), en=ENGLISH * 10, fr=FRENCH * 10), "translation", {"en": "input", "fr": "target"}),
        (table(French=FRENCH * 10, German=ENGLISH * 10), "translation", {"French": "input", "German": "target"}),
        (table(one=ENGLISH * 10, two=FRENCH * 10), "translation", {"one": "input", "two": "target"}),
        (table(source=ENGLISH * 10, target=FRENCH * 10), "translation", {"source": "input", "target": "target"}),
        (table(notes=[LONG] * 9, minutes=numbered("It met", 9)), "summarization", {"notes": "input", "minutes": "target"}),
        (table(正文=[LONG] * 9, 摘要=numbered("开会了", 9)), "summarization", {"正文": "input", "摘要": "target"}),
        (
            table(a=numbered(LONG), b=numbered("A short account of what was said")),
            "summarization",
            {"a": "input", "b": "target"},
        ),
        (table(prompt=numbered("add two numbers"), completion=[CODE] * 30), "code", {"prompt": "input", "completion": "target"}),
        (
            table(question=numbered("How many?"), sql=["SELECT count(*) FROM users WHERE age > 3;"] * 30),
            "code",
            {"question": "input", "sql": "target"},
        ),
        (
            table(id=numbered(""), subject=numbered("Help"), body=numbered(LONG), queue=LABELS, priority=LABELS),
            "classification",
            {"subject": "context", "body": "input", "queue": "label"},
        ),
        (
            table(one=ENGLISH * 10, two=FRENCH * 10, three=numbered("CC-BY 2.0 (France) Attribution: tatoeba.org")),
            "translation",
            {"one": "input", "two": "target"},
        ),
        (table(motto=["To be or not", "Seize the day", "Know thyself"] * 10), "generation", {"motto": "target"}),
        (table(text=numbered("Once upon a time there was a fox")), "generation", {"text": "target"}),
        (
            table(id=numbered(""), title=numbered("A fox"), text=numbered(LONG), licence=["CC-BY"] * 30),
            "generation",
            {"text": "target"},
        ),
    ],
)  # fmt: skip
def test_proposals(import_file, text: str, task_type: str, roles: dict[str, str]) -> None:
    proposal = import_file(text, "data.jsonl").result.proposal
    assert (proposal.task_type, {c: r for c, r in proposal.roles.items() if r != "ignore"}) == (
        task_type,
        roles,
    )
    assert all(sentence.endswith((".", "…")) for sentence in proposal.why)
    assert any(f"“{column}”" in sentence for sentence in proposal.why for column in roles)


@pytest.mark.parametrize(
    "speakers", [("role", "content", "user", "assistant"), ("from", "value", "human", "gpt")]
)
def test_conversations_are_chat(import_file, speakers: tuple[str, str, str, str]) -> None:
    who, what, user, assistant = speakers
    turns = [{who: user, what: "Hi"}, {who: assistant, what: "Hello"}]
    lines = [json.dumps({"id": n, "dialog": turns, "label": True}) for n in range(5)]
    proposal = import_file("\n".join(lines), "data.jsonl").result.proposal
    assert proposal.task_type == "chat"
    assert proposal.roles == {"id": "ignore", "dialog": "messages", "label": "ignore"}


@pytest.mark.parametrize(
    "text",
    [
        table(id=numbered(""), value=[str(n * 3.7) for n in range(30)]),
        table(
            context=numbered(LONG),
            question=numbered("Who?"),
            ans0=LABELS,
            ans1=LABELS,
            label=["0", "1", "2"] * 10,
        ),
        "\n".join(json.dumps({"messages": [{"role": "user", "content": f"Hi {n}"}]}) for n in range(5)),
        table(comment=numbered("Well said"), rude=["0", "1"] * 15, wrong=["1", "1", "0"] * 10),
        table(
            name=numbered("Lamp"), features=numbered("led, 3W"), about=numbered("It is the best of the lamps")
        ),
    ],
)
def test_what_is_unclear_is_left_to_the_user(import_file, text: str) -> None:
    proposal = import_file(text, "data.jsonl").result.proposal
    assert proposal.task_type is None
    assert set(proposal.roles.values()) == {"ignore"}
    assert proposal.why


def test_translations_as_the_hub_has_them(import_file) -> None:
    pairs = [{"translation": {"en": en, "fr": fr}} for en, fr in zip(ENGLISH * 3, FRENCH * 3, strict=True)]
    imported = import_file("\n".join(map(json.dumps, pairs)), "data.jsonl")
    assert imported.result.proposal.roles == {"translation.en": "input", "translation.fr": "target"}
    assert imported.rows[0] == {
        "__line": 1,
        "translation.en": ENGLISH[0],
        "translation.fr": FRENCH[0],
    }


def test_bare_lists_of_turns_are_conversations(import_file) -> None:
    turns = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]
    result = import_file("\n".join([json.dumps(turns)] * 5), "data.jsonl").result
    assert (result.rows, result.proposal.roles) == (5, {"messages": "messages"})


def test_the_profile_counts_what_is_there(import_file) -> None:
    columns = import_file("text,label\nabc,x\nabcde,\n,x\nabc,y\n").result.columns
    text, label = columns
    assert (text.filled, text.distinct, text.mean_length, text.max_length) == (3, 2, 3.7, 5)
    assert not text.distinct_is_estimate
    assert (label.filled, label.distinct, label.examples) == (3, 2, ["x", "y"])


def test_many_distinct_values_are_estimated_within_three_percent(import_file) -> None:
    text = "text,label\n" + "".join(f"row {n % 50_000},x\n" for n in range(60_000))
    column = import_file(text).result.columns[0]
    assert 48_500 < column.distinct < 51_500
    assert column.distinct_is_estimate


@pytest.mark.parametrize("different", [900, 40_000])
def test_a_reason_marks_an_estimated_number_of_labels(import_file, different: int) -> None:
    text = "text,label\n" + "".join(f"some longer text {n},code{n}\n" for n in range(different))
    proposal = import_file(text).result.proposal
    [said] = [each for each in [*proposal.warnings, *proposal.why] if each.startswith("“label” contains ")]
    assert ("contains ≈ " in said) is (different == 40_000)


def test_letters_in_gb18030_whose_text_holds_numbers_but_no_spaces(import_file) -> None:
    queues = [("账单", "网络", "搬家")[n % 3] for n in range(60)]
    rows = [
        f"您好，第{n}号用户：{q}的事情，请尽快处理。,{'电话网页'[n % 2 * 2 :][:2]},{q}"
        for n, q in enumerate(queues)
    ]
    text = "\n".join(["文本,标签,队列", *rows])
    proposal = import_file(text.encode("gb18030")).result.proposal
    assert proposal.task_type == "classification"
    assert proposal.roles == {"文本": "input", "标签": "label", "队列": "ignore"}
    assert any("“队列” may be the label as well" in sentence for sentence in proposal.why)


def test_a_language_is_known_in_either_normal_form() -> None:
    texts = ["Elle est très fière", "Où est la clé de la porte", "Le thé est à côté"]
    for form in ("NFC", "NFD"):
        assert language_of(unicodedata.normalize(form, text) for text in texts) == "fr"


def test_scores_beside_texts_that_leave_no_room_in_the_sample(import_file) -> None:
    rows = [f'{{"text": "{f"Word {n} " * 4_000}", "score": {n}}}' for n in range(12)]
    assert import_file("\n".join(rows), "x.jsonl").result.rows == 12


def test_a_wide_table_is_looked_at_once() -> None:
    looks = 0

    class Counted(list[dict[str, str]]):
        def __iter__(self) -> Iterator[dict[str, str]]:
            nonlocal looks
            looks += 1
            return super().__iter__()

    names = [*(f"score {n}" for n in range(100)), *(f"note {n}" for n in range(100)), "question", "answer"]
    rows = Counted({name: f"{name} {n}" for name in names} for n in range(50))
    columns = [
        Column(name=name, filled=50, distinct=50, mean_length=9, max_length=12, examples=[]) for name in names
    ]
    assert propose(columns, rows).task_type == "chat"
    assert looks < 2 * len(names)
