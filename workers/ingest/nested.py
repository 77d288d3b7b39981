"""What a nested value says in plain text: the answer of a SQuAD row, the label in a list or an object, translations."""

import re
from collections.abc import Iterator
from typing import Any

from workers.ingest.vocabulary import ANSWER, ISO_639_1, LABEL, QUESTION, READ_TEXT, language_of_name, plain

_ANSWER_KEYS = frozenset(
    {"text", "answer_start", "answer_end", "answer_id", "answer_type", "answer_category", "id"}
)
_SPANS = frozenset(
    {"start", "end", "start_offset", "end_offset", "startOffset", "endOffset", "offset", "span"}
)
_LABEL_KEYS = ("label", "choice", "class", "category", "name", "value", "tag", "intent")
_BESIDE_LABEL = frozenset(
    {"score", "confidence", "probability", "prob", "id", "color", "weight", "annotator", "user", *_LABEL_KEYS}
)
_LANGUAGE_CODE = re.compile(r"[a-z]{2,3}([-_][A-Za-z]{2,4}){0,2}")
_TRANSLATIONS = frozenset({"translation", "translations", "translationset"})

_SAID = QUESTION | ANSWER | READ_TEXT
_SAYS_MORE = QUESTION | ANSWER | LABEL
_TEXT_KEYS = frozenset(("text", "value"))
_MORE_TEXT_KEYS = frozenset(("content", "full_text", "fullText", "body"))
_SPEAKER_KEYS = frozenset({"role", "from", "speaker", "type", "author"})

Scalar = str | int | float | bool


def plain_value(name: str, value: Any) -> Any:
    """Return a nested value as the text, the label or the list of labels that it holds, or as it is.

    A list of one text is that text. Texts, numbers and conversations come back unchanged.
    """
    if isinstance(value, list):
        return _plain_list(name, value)
    if not isinstance(value, dict) or not value:
        return value
    if _is_answer(value):
        return _first_text(value["text"])
    choices = value.get("choices")
    if isinstance(choices, list) and len(value) == 1:
        return _plain_list(name, choices)
    if plain(name) in _SAID and (text := _only_text(value)) is not None:
        return text
    if (label := _label(value)) is not None:
        return label
    if isinstance(value.get("cats"), dict) and not any(said for key, said in value.items() if key != "cats"):
        return plain_value("cats", value["cats"])  # spaCy's annotations of a text
    if plain(name) in LABEL | {"cats", "scores"} and _are_scores(value):
        return _plain_list(name, [label for label, score in value.items() if score > 0.5])
    return value


def _plain_list(name: str, value: list[Any]) -> Any:
    if len(value) == 1 and isinstance(value[0], Scalar):
        return value[0]
    if not value or not all(isinstance(item, dict) for item in value):
        return value
    if all(map(_is_answer, value)):
        return _first_text([_first_text(item["text"]) for item in value])
    if len(value) == 1 and isinstance(value[0].get("choices"), list):
        return plain_value(name, value[0])
    labels = [_label(item) for item in value]
    if all(label is not None for label in labels):
        different = list(dict.fromkeys(labels))
        return different[0] if len(different) == 1 else different
    return value


def _is_answer(value: dict[str, Any]) -> bool:
    return (
        "text" in value and value.keys() <= _ANSWER_KEYS and any(key.startswith("answer_") for key in value)
    )


def _first_text(value: Any) -> Any:
    """The first of several answers: annotators wrote the same one, more or less."""
    if isinstance(value, list):
        return next((text for text in value if isinstance(text, str) and text.strip()), None)
    return value


def _label(value: dict[str, Any]) -> Scalar | None:
    """The label of an object such as {"label": "late", "score": 0.9}; None where it marks a span or says more."""
    if not value.keys() <= _BESIDE_LABEL or value.keys() & _SPANS:
        return None
    found = [value[key] for key in _LABEL_KEYS if isinstance(value.get(key), Scalar)]
    return found[0] if len(found) == 1 else None


def _only_text(value: dict[str, Any]) -> str | None:
    """The text of a question or an answer that is an object: {"text": …, "tokens": […]}, {"value": …, "aliases": […]}."""
    if value.keys() & _SPEAKER_KEYS or any(plain(key) in _SAYS_MORE for key in value.keys() - _TEXT_KEYS):
        return None
    for keys in (_TEXT_KEYS, _MORE_TEXT_KEYS):
        found = [value[key] for key in keys if isinstance(value.get(key), str)]
        if found:
            return found[0] if len(found) == 1 else None
    return None


def _are_scores(value: dict[str, Any]) -> bool:
    return all(isinstance(score, int | float) and 0 <= score <= 1 for score in value.values())


def flattened(cells: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Cells with nested values as plain as they can be; {"translation": {"en": …, "fr": …}} becomes a column for each
    language, and what Label Studio exports a column for the data and for each thing that was asked."""
    if isinstance(cells.get("annotations"), list) and isinstance(cells.get("data"), dict):
        cells = _label_studio(cells)
    for name, value in cells.items():
        if isinstance(value, dict) and _is_translation(name, value):
            yield from ((f"{name}.{language}", text) for language, text in value.items())
        else:
            yield name, plain_value(name, value)


def _is_translation(name: str, value: dict[str, Any]) -> bool:
    if len(value) < 2 or not all(isinstance(text, str) or text is None for text in value.values()):
        return False
    if all(map(is_language, value)):
        return True
    return plain(name) in _TRANSLATIONS and all(_LANGUAGE_CODE.fullmatch(str(key)) for key in value)


def is_language(name: object) -> bool:
    """Whether a name is one that people give to a language: a word (`German`) or a code (`de`, `deu_Latn`, `pt-BR`)."""
    if not isinstance(name, str):
        return False
    return language_of_name(name) is not None or re.split(r"[-_]", name.lower())[0] in ISO_639_1


def _label_studio(cells: dict[str, Any]) -> dict[str, Any]:
    """A task of Label Studio's JSON export: its data, and the first annotation that was not cancelled."""
    made: dict[str, Any] = {"id": cells.get("id"), **cells["data"]}
    standing = [one for one in cells["annotations"] if isinstance(one, dict) and not one.get("was_cancelled")]
    for result in standing[0].get("result", []) if standing else []:
        value = result.get("value") if isinstance(result, dict) else None
        if isinstance(value, dict):
            made[str(result.get("from_name", "label"))] = _label_studio_value(value)
    return {name: value for name, value in made.items() if value is not None}


def _label_studio_value(value: dict[str, Any]) -> Any:
    for key in ("choices", "text", "taxonomy", "rating", "number"):
        if key in value and not value.keys() & _SPANS:
            found = value[key]
            return found[0] if isinstance(found, list) and len(found) == 1 else found
    return value
