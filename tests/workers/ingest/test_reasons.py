"""The reason that is given for a proposal, or for none, is true of the file."""

import json
from collections.abc import Callable
from typing import Any

import pytest

CITIES = ["Lyon", "Porto", "Graz", "Gent", "Oslo", "Turin", "Brno"]


def made(row: Callable[[int], dict[str, Any]], count: int = 60) -> str:
    return "\n".join(json.dumps(row(n), ensure_ascii=False) for n in range(count))


def proposal(import_file, row: Callable[[int], dict[str, Any]], count: int = 60):
    return import_file(made(row, count), "x.jsonl").result.proposal


ONE_LANGUAGE: list[tuple[str, str]] = [
    ("Wie wo was {city} {n}?", "Das da {n} in {city}."),
    ("¿Cómo devuelvo la lámpara {n} que pedí en {city}?", "Abra el pedido {n}, elija reembolso y lleve la lámpara a la oficina de {city}."),
    ("Devolver la lámpara {n} que pedí en {city}", "Abra el pedido {n}, elija reembolso y lleve la lámpara a {city}."),
    ("Hoe kan ik de lamp {n} terugsturen naar {city}", "Open bestelling {n} en kies voor terug in {city}."),
    ("Lamp {n} broken in {city}", "We sent a new lamp to {city} on day {n}."),
    ("Lampe {n} cassée {city}", "Une nouvelle lampe arrive à {city} le jour {n} avec un bon."),
    ("Como devolvo a lâmpada {n} de {city}?", "Abra o pedido {n} e leve a lâmpada para {city}."),
    ("Var är paket {n} till {city}?", "Paket {n} är på väg till {city}."),
    ("Dove è il pacco {n} per {city}?", "Il pacco {n} è in viaggio per {city}."),
]  # fmt: skip


@pytest.mark.parametrize(
    "names", [("پرسش ها", "پاسخ ها"), ("first", "second"), ("source", "target"), ("input", "output")]
)
@pytest.mark.parametrize(("first", "second"), ONE_LANGUAGE)
def test_short_rows_of_one_language_are_not_called_two(
    import_file, names: tuple[str, str], first: str, second: str
) -> None:
    found = proposal(
        import_file,
        lambda n: {
            name: text.format(n=n, city=CITIES[n % 7])
            for name, text in zip(names, (first, second), strict=True)
        },
    )
    assert "different languages" not in " ".join(found.why)
    assert found.task_type != "translation" or names == ("source", "target")  # these names say so themselves


def test_questions_without_telling_names_are_chat(import_file) -> None:
    found = proposal(
        import_file, lambda n: {"erste": f"Wo ist das Paket {n}?", "zweite": f"Das Paket {n} ist unterwegs."}
    )
    assert (found.task_type, found.roles) == ("chat", {"erste": "input", "zweite": "target"})
    assert found.why == ["Most texts in “erste” are questions, and those in “zweite” are not."]


def test_input_and_output_are_not_called_question_and_answer(import_file) -> None:
    found = proposal(
        import_file,
        lambda n: {
            "source": f"He go to {CITIES[n % 7]} with {n} kettle.",
            "target": f"He went to {CITIES[n % 7]} with {n} kettles.",
        },
    )
    assert found.task_type == "chat"
    assert found.why == ["The names “source” and “target” suggest an input and its output."]


@pytest.mark.parametrize(
    "row",
    [
        lambda n: {"question": f"Which city is number {n}?", "choices": CITIES[:4], "answer": n % 4},
        lambda n: {"question": f"Which city is number {n}?", **dict(zip("ABCD", CITIES, strict=False)), "answer": "ABCD"[n % 4]},
        lambda n: {"question": f"Which is it, {n}?", "opa": f"red {n}", "opb": "blue", "opc": "green", "cop": n % 3},
        lambda n: {"ctx": f"A man {n} walks along the river.", "endings": [f"He rests {n}.", f"He runs {n}."], "label": n % 2},
        lambda n: {"question": f"Which is it, {n}?", "choices": {"text": ["a", "b"], "label": ["A", "B"]}, "answerKey": "AB"[n % 2]},
        lambda n: {"question": f"Which is it, {n}?", "option_a": f"Red {n}", "option_b": f"Blue {n}", "correct": "ab"[n % 2]},
    ],
)  # fmt: skip
def test_multiple_choice_is_named_as_such(import_file, row: Callable[[int], dict[str, Any]]) -> None:
    found = proposal(import_file, row)
    assert found.task_type is None
    assert len(found.why) == 1
    assert "multiple-choice data" in found.why[0]
    assert not set(found.roles.values()) - {"ignore"}


def test_labels_called_choices_are_no_multiple_choice(import_file) -> None:
    found = proposal(
        import_file, lambda n: {"text": f"Parcel {n} came late.", "choices": [["late", "paid"][n % 2]]}
    )
    assert (found.task_type, found.roles["choices"]) == ("classification", "label")


@pytest.mark.parametrize("values", [lambda n: (n * 37 % 100) / 100, lambda n: f"{n % 5},{n % 10}", lambda n: n * 1.7 % 10 - 5])  # fmt: skip
@pytest.mark.parametrize("name", ["toxicity", "label", "readability"])
def test_scores_beside_a_text_are_not_left_out_in_silence(
    import_file, name: str, values: Callable[[int], Any]
) -> None:
    found = proposal(
        import_file, lambda n: {"comment": f"Parcel {n} came late to {CITIES[n % 7]}.", name: values(n)}
    )
    assert found.task_type in (None, "classification")
    assert any(f"“{name}”" in sentence for sentence in found.why)


@pytest.mark.parametrize("beside", [lambda n: {"id": n}, lambda n: {"year": 1990 + n}, lambda n: {"url": f"https://a.example/{n}"}])  # fmt: skip
def test_a_text_beside_other_numbers_is_learned_alone(
    import_file, beside: Callable[[int], dict[str, Any]]
) -> None:
    found = proposal(import_file, lambda n: beside(n) | {"text": f"Parcel {n} came late to {CITIES[n % 7]}."})
    assert found.task_type == "generation"


def test_all_columns_of_yes_and_no_are_named(import_file) -> None:
    found = proposal(
        import_file, lambda n: {"comment_text": f"Parcel {n} came late.", "toxic": n % 2, "insult": n % 3 % 2, "threat": n % 5 % 2}
    )  # fmt: skip
    assert found.task_type is None
    assert "“toxic”, “insult”, “threat” contain yes or no" in found.why[0]
