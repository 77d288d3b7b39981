"""Names of columns in many languages and of several words say what a column is for; names that say anything else do not."""

import csv
import io
from itertools import product

import pytest

from workers.ingest.name_parts import side_of_name
from workers.ingest.vocabulary import language_code

CITIES = ("Lyon", "Porto", "Graz", "Gent", "Oslo", "Turin", "Brno")


def table(names: tuple[str, ...], *values: str) -> str:
    """`values` are texts with {n} and {city} in them, one for each column."""
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(names)
    for n in range(40):
        writer.writerow([value.format(n=n, city=CITIES[n % 7], third=n % 3) for value in values])
    return stream.getvalue()


ASKED = "Where is the order {n} that was sent to {city}"
ANSWERED = "Bring the parcel {n} to the desk in {city}, and choose refund there."
SIDES = [
    ("Customer question", "Agent reply"),
    ("customer_message", "agent_response"),
    ("userMessage", "botMessage"),
    ("Question text", "Answer text"),
    ("question", "answer_text"),
    ("FAQ", "Solution"),
    ("problem", "solution"),
    ("Issue", "Resolution"),
    ("Pregunta del cliente", "Respuesta del agente"),
    ("Question du client", "Réponse du conseiller"),
    ("Kundenfrage", "Antworttext"),
    ("Frage des Kunden", "Antwort vom Berater"),
    ("Вопрос клиента", "Ответ оператора"),
    ("用户问题", "客服回答"),
    ("text_input", "text_output"),
    ("প্রশ্ন", "উত্তর"),
    ("கேள்வி", "பதில்"),
    ("ప్రశ్న 1", "సమాధానం 1"),
    ("پرسش", "پاسخ"),
    ("câu hỏi", "câu trả lời"),
    ("Питання", "Відповідь"),
    ("Питање", "Одговор"),
    ("សំណួរ", "ចម្លើយ"),
    ("ຄຳຖາມ", "ຄຳຕອບ"),
    ("ප්‍රශ්නය", "පිළිතුර"),
    ("မေးခွန်း", "အဖြေ"),
    ("Spørgsmål", "Svar"),
    ("ጥያቄ", "መልስ"),
    ("კითხვა", "პასუხი"),
    ("問題", "回覆"),
]


@pytest.mark.parametrize("names", SIDES, ids=" / ".join)
def test_a_question_and_its_answer(import_file, names: tuple[str, str]) -> None:
    for order in (names, names[::-1]):
        values = {names[0]: ASKED, names[1]: ANSWERED}
        proposal = import_file(table(order, *(values[name] for name in order))).result.proposal
        assert proposal.task_type == "chat"
        assert proposal.roles == {names[0]: "input", names[1]: "target"}


def test_a_text_beside_a_question_of_several_words_is_its_context(import_file) -> None:
    text = table(
        ("Customer question", "Agent answer", "context"),
        ASKED,
        ANSWERED,
        "The desk in {city} has {n} places.",
    )
    assert import_file(text).result.proposal.roles["context"] == "context"


@pytest.mark.parametrize(
    "name",
    ["question_id", "answer_count", "answer_start", "response_time", "question_type", "student_answer", "user_answer", "customer_name", "agent_name", "system_prompt", "system_message", "question2", "message", "customer", "agent", "input_ids", "answer_key", "problem_type", "solution_url"],
)  # fmt: skip
def test_other_words_in_a_name_make_it_neither(name: str) -> None:
    assert side_of_name(name) is None


def test_the_right_answer_is_taken_before_that_of_a_model(import_file) -> None:
    names = ("question", "model_answer", "correct_answer")
    proposal = import_file(table(names, ASKED, "No idea {n} {city}, sorry for it.", ANSWERED)).result.proposal
    assert proposal.roles["correct_answer"] == "target"


LANGUAGES = [
    ("English", "Kinyarwanda"),
    ("en", "quechua"),
    ("source_en", "target_sw"),
    ("Deutsch", "Plattdeutsch"),
    ("src_text", "tgt_text"),
    ("ps", "ur"),
    ("zh-Hans", "zh-Hant"),
    ("sr_Latn", "sr_Cyrl"),
    ("text_en", "text_rw"),
    ("文言文", "中文"),
]


@pytest.mark.parametrize("names", LANGUAGES, ids=" / ".join)
def test_two_languages(import_file, names: tuple[str, str]) -> None:
    text = table(names, "The parcel {n} came to {city} today.", "Kayqa {n} apachikuy {city} kunan.")
    proposal = import_file(text).result.proposal
    assert proposal.task_type == "translation"
    assert proposal.roles == {names[0]: "input", names[1]: "target"}


def test_words_that_are_codes_too_are_no_languages() -> None:
    assert [language_code(name) for name in ("text_body", "user_id", "source_url")] == [None] * 3


TEXTS = ("متن", "文章", "văn bản", "टेक्स्ट", "Tekst", "Teksti", "текст", "Metin", "Κείμενο", "உரை")
LABELS = ("برچسب", "標籤", "nhãn", "लेबल", "Etykieta", "Luokka", "мітка", "Etiket", "Κατηγορία", "வகை")


@pytest.mark.parametrize("names", list(zip(TEXTS, LABELS, strict=True)), ids=" / ".join)
def test_a_text_and_its_label(import_file, names: tuple[str, str]) -> None:
    text = table((*names, "x"), ASKED, "class {third}", "{n} {city} remark")
    proposal = import_file(text).result.proposal
    assert proposal.task_type == "classification"
    assert proposal.roles == {names[0]: "input", names[1]: "label", "x": "ignore"}


@pytest.mark.parametrize(("pair", "label"), list(product([("question1", "question2"), ("sentence_a", "sentence_b")], ["is_duplicate", "isParaphrase"])))  # fmt: skip
def test_a_pair_and_whether_it_says_the_same(import_file, pair: tuple[str, str], label: str) -> None:
    proposal = import_file(table((*pair, label), ASKED, ANSWERED, "{third}")).result.proposal
    assert proposal.roles == {pair[0]: "input", pair[1]: "context", label: "label"}
