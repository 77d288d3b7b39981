"""Items that hold a group of rows (a category with its questions, an intent with its examples, a table of its own), and
records of Argilla and Labelbox.
"""

from collections.abc import Callable, Iterator
from typing import Any

from workers.contracts.texts import Text
from workers.ingest import vocabulary
from workers.ingest.header import column_names
from workers.ingest.vocabulary import is_known_name, language_of_name, named, plain

Cells = dict[str, Any]
Read = Callable[[Cells], Iterator[Cells] | None]

_GROUPS = frozenset(
    [
        "faq",
        "faqs",
        "qa",
        "qas",
        "qapairs",
        "qapair",
        "questions",
        "questionsandanswers",
        "questionanswers",
        "pairs",
        "items",
        "entries",
        "articles",
        "tickets",
        "examples",
        "rows",
        "records",
        "data",
        "samples",
        "utterances",
        "messagesandlabels",
        "问答",
        "问题",
        "条目",
    ]
)
_EXAMPLES = frozenset(
    [
        "examples",
        "utterances",
        "patterns",
        "texts",
        "phrases",
        "queries",
        "expressions",
        "trainingphrases",
        "userexamples",
        "variants",
        "例句",
        "说法",
    ]
)
_QUESTIONS = frozenset(["questions", "queries", "fragen", "preguntas", "perguntas", "domande", "问题"])
"""Ways to ask for one answer."""
HEADERS = ("columns", "header", "headers", "fields", "column_names", "cols", "names")
BODIES = ("rows", "values", "data", "records")
_LEAST_TEXTS = 10
_SCALARS = (str, int, float, bool, type(None))


def rows_in_list(cells: Cells) -> tuple[Text, Iterator[Cells]] | None:
    """Return the rows that an item holds in a list, with what stands beside that list in each of them."""
    lists = [name for name, value in cells.items() if isinstance(value, list) and value]
    if named_rows := table_of(cells):
        return Text("readers.items_with_tables"), named_rows
    if len(lists) != 1 or not all(
        isinstance(v, _SCALARS) or not v for n, v in cells.items() if n != lists[0]
    ):
        return None
    name, held = lists[0], cells[lists[0]]
    beside = {key: value for key, value in cells.items() if key != name}
    if plain(name) in _QUESTIONS and all(isinstance(each, str) for each in held):
        answer = next(
            (key for key in beside if named(key, vocabulary.ANSWER) and isinstance(beside[key], str)), None
        )
        if answer:
            return Text("readers.questions_with_answer", list=name, answer=answer), (
                {**beside, "question": each} for each in held
            )
    if any(named(key, vocabulary.QUESTION | vocabulary.ANSWER | vocabulary.INSTRUCTION) for key in beside):
        return None
    if plain(name) in _GROUPS and all(isinstance(each, dict) and _is_row(each) for each in held):
        return Text("readers.items_of_a_list", list=name), ({**beside, **each} for each in held)
    label = next(
        (key for key in beside if named(key, vocabulary.LABEL | {"name"}) and isinstance(beside[key], str)),
        None,
    )
    if label and plain(name) in _EXAMPLES and all(isinstance(each, str) for each in held):
        return Text("readers.texts_with_label", list=name, label=label), (
            {"text": each, "label": beside[label]} for each in held
        )
    return None


def _is_row(cells: Cells) -> bool:
    """Whether an object is a question with its answer, or a text with its label."""
    sides = (vocabulary.QUESTION, vocabulary.ANSWER), (vocabulary.TEXT, vocabulary.LABEL)
    return any(
        any(named(key, first) and isinstance(cells[key], str) for key in cells)
        and any(named(key, second) for key in cells)
        for first, second in sides
    )


def header_names(value: Any) -> list[str] | None:
    """Return names of columns: texts, or objects with a name as schemas have them."""
    if not isinstance(value, list) or not value:
        return None
    names = [each.get("name") if isinstance(each, dict) else each for each in value]
    return [str(name) for name in names] if all(isinstance(name, str | int) for name in names) else None


def table_keys(value: Cells) -> tuple[str, str] | None:
    """Return under which keys an object holds the names of columns and lists of values: columns and data, header and rows."""
    header = next((key for key in HEADERS if header_names(value.get(key))), None)
    body = next(
        (
            key
            for key in BODIES
            if isinstance(value.get(key), list) and value[key] and isinstance(value[key][0], list)
        ),
        None,
    )
    return (header, body) if header and body else None


def table_of(cells: Cells) -> Iterator[Cells] | None:
    keys = table_keys(cells)
    names = header_names(cells[keys[0]]) if keys else None
    if (
        keys is None
        or names is None
        or any(len(row) != len(names) for row in cells[keys[1]] if isinstance(row, list))
    ):
        return None
    unique = column_names(names)
    return (dict(zip(unique, row, strict=True)) for row in cells[keys[1]] if isinstance(row, list))


_TELLING = frozenset(
    [
        "positive",
        "negative",
        "neutral",
        "spam",
        "ham",
        "yes",
        "no",
        "true",
        "false",
        "toxic",
        "nontoxic",
        "safe",
        "unsafe",
        "relevant",
        "irrelevant",
        "正面",
        "负面",
    ]
)
"""Names that are labels even where there are only two."""


def are_labels(names: list[str], texts: list[list[Any]], lengths: list[int]) -> bool:
    """Whether lists of texts stand under labels rather than in columns, whose names say what they hold and which are
    equally long. `texts` holds the beginning of each list."""
    if len(names) < 2 or any(map(is_known_name, names)) or any(map(language_of_name, names)):
        return False
    said = [text for some in texts for text in some]
    if len(said) < _LEAST_TEXTS or not all(isinstance(text, str) for text in said):
        return False
    if len(set(lengths)) > 1 or {plain(name) for name in names} <= _TELLING:
        return True
    # Lists of one length are columns as well: these are labels where each holds written texts that do not repeat.
    return len(names) > 2 and all(
        sum(len(text.split()) > 2 for text in some) > 0.8 * len(some) == 0.8 * len(set(some))
        for some in texts
    )


def _others(cells: Cells, *used: str) -> Cells:
    """Return what else a record says: it may mark the record as bad, or name its split."""
    return {name: value for name, value in cells.items() if name not in used}


_OF_ARGILLA = frozenset(
    [
        "inputs",
        "text",
        "annotation",
        "annotation_agent",
        "prediction",
        "prediction_agent",
        "multi_label",
        "explanation",
        "status",
        "event_timestamp",
        "metrics",
        "search_keywords",
        "vectors",
    ]
)
"""What Argilla 1 itself writes into a record."""


def _argilla(cells: Cells) -> Iterator[Cells] | None:
    """A record of Argilla 1. One that was discarded keeps no label."""
    inputs = cells["inputs"]
    if not isinstance(inputs, dict | str) or not {"status", "prediction"} & cells.keys():
        return None
    made = dict(inputs) if isinstance(inputs, dict) else {"text": inputs}
    stands = str(cells.get("status", "")).lower() not in ("discarded", "default")
    others = _others(cells, *_OF_ARGILLA)
    return iter([{**others, **made, "label": cells["annotation"] if stands else None}])


def _argilla_two(cells: Cells) -> Iterator[Cells] | None:
    fields, responses = cells["fields"], cells["responses"]
    if not isinstance(fields, dict) or not isinstance(responses, dict):
        return None
    made = dict(fields)
    for question, given in responses.items():
        said = [each for each in given if isinstance(each, dict)] if isinstance(given, list) else []
        values = [each.get("value") for each in said if each.get("status", "submitted") == "submitted"]
        made[str(question)] = values[0] if values else None
    return iter([made])


def _labelbox(cells: Cells) -> Iterator[Cells] | None:
    data, projects = cells["data_row"], cells["projects"]
    if not isinstance(data, dict) or not isinstance(projects, dict):
        return None
    made: Cells = {"text": data.get("row_data")}
    for project in projects.values():
        labels = project.get("labels") if isinstance(project, dict) else None
        for label in labels[:1] if isinstance(labels, list) else []:
            annotations = label.get("annotations") if isinstance(label, dict) else None
            given = annotations.get("classifications") if isinstance(annotations, dict) else None
            for each in given if isinstance(given, list) else []:
                if isinstance(each, dict):
                    made[str(each.get("name", "label"))] = _answer(each)
    return iter([made])


def _answer(classification: Cells) -> Any:
    radio, several = classification.get("radio_answer"), classification.get("checklist_answers")
    if isinstance(radio, dict):
        return radio.get("name")
    if isinstance(several, list):
        return [each.get("name") for each in several if isinstance(each, dict)]
    text = classification.get("text_answer")
    return text.get("content") if isinstance(text, dict) else None


def _vertex(cells: Cells) -> Iterator[Cells] | None:
    annotation, use = cells["classificationAnnotation"], cells.get("dataItemResourceLabels")
    label = annotation.get("displayName") if isinstance(annotation, dict) else None
    if not isinstance(cells["textContent"], str) or not isinstance(label, str):
        return None
    split = (
        next((said for name, said in use.items() if name.endswith("ml_use")), None)
        if isinstance(use, dict)
        else None
    )
    others = _others(cells, "textContent", "classificationAnnotation", "dataItemResourceLabels")
    return iter(
        [{**others, "text": cells["textContent"], "label": label, **({"split": split} if split else {})}]
    )


def _kili(cells: Cells) -> Iterator[Cells] | None:
    jobs = cells["jsonResponse"]
    if not isinstance(jobs, dict) or not isinstance(cells["content"], str):
        return None
    given = {
        name: [each["name"] for each in job["categories"] if isinstance(each, dict) and "name" in each]
        for name, job in jobs.items()
        if isinstance(job, dict) and isinstance(job.get("categories"), list)
    }
    if not given:
        return None
    labels = {"label": next(iter(given.values()))} if len(given) == 1 else given
    return iter([{**_others(cells, "content", "jsonResponse"), "text": cells["content"], **labels}])


def _prodigy(cells: Cells) -> Iterator[Cells] | None:
    options, accepted = cells["options"], cells["accept"]
    if not isinstance(options, list) or not isinstance(accepted, list) or not isinstance(cells["text"], str):
        return None
    texts = {str(each.get("id")): each.get("text") for each in options if isinstance(each, dict)}
    others = _others(cells, "options", "accept")
    return iter([{**others, "label": [texts.get(str(name)) or name for name in accepted]}])


def _faq(cells: Cells) -> Iterator[Cells] | None:
    answer = cells["acceptedAnswer"]
    answer = answer[0] if isinstance(answer, list) and answer else answer
    text = answer.get("text") if isinstance(answer, dict) else answer
    if not isinstance(cells["name"], str) or not isinstance(text, str):
        return None
    return iter([{"question": cells["name"], "answer": text}])


def _traced(cells: Cells) -> Iterator[Cells] | None:
    """An example of LangSmith, or another record of what a program was given and gave: one text each."""
    given, made = cells["inputs"], cells["outputs"]
    if not isinstance(given, dict) or not isinstance(made, dict) or len(given) != 1 or len(made) != 1:
        return None
    question, answer = next(iter(given.values())), next(iter(made.values()))
    if not isinstance(question, str) or not isinstance(answer, str):
        return None
    return iter([{**_others(cells, "inputs", "outputs"), "question": question, "answer": answer}])


ANNOTATION_SHAPES: tuple[tuple[set[str], Text, Read], ...] = (
    (
        {"inputs", "annotation"},
        Text("readers.argilla"),
        _argilla,
    ),
    (
        {"fields", "responses"},
        Text("readers.argilla_first_response"),
        _argilla_two,
    ),
    (
        {"data_row", "projects"},
        Text("readers.labelbox"),
        _labelbox,
    ),
    (
        {"textContent", "classificationAnnotation"},
        Text("readers.vertex_ai"),
        _vertex,
    ),
    (
        {"content", "jsonResponse"},
        Text("readers.kili"),
        _kili,
    ),
    (
        {"text", "options", "accept"},
        Text("readers.prodigy"),
        _prodigy,
    ),
    (
        {"name", "acceptedAnswer"},
        Text("readers.schema_org_questions"),
        _faq,
    ),
    (
        {"inputs", "outputs"},
        Text("readers.items_with_input_and_output"),
        _traced,
    ),
)
