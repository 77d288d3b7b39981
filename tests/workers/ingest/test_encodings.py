"""Every encoding that people's spreadsheets come in is recognised and named."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workers.ingest.encodings import legacy_codec

ENGLISH_CHINESE = "question,answer\n" + "".join(
    f"How do I renew book {n}?,请在图书馆网站上登录，然后点击续借按钮（第{n}本）。\n" for n in range(20)
)
GERMAN = "frage,antwort\n" + "".join(
    f"Wann öffnet die Bücherei {n}?,Täglich außer sonntags um {n} Uhr\n" for n in range(20)
)
JAPANESE = "質問,回答\n" + "".join(
    f"図書館は何時に開きますか{n},毎朝九時に開館しています\n" for n in range(20)
)
KANA = "テキスト,ラベル\n" + "".join(
    f"この映画はとても面白かったです{n},{'良い' if n % 2 else '悪い'}\n" for n in range(20)
)
TRADITIONAL = "問題,答案\n" + "".join(
    f"圖書館什麼時候開門{n},每天早上九點開門，歡迎您來\n" for n in range(20)
)
SIMPLIFIED = "问题,答案\n" + "".join(f"密码忘记了怎么办{n},请点击重置密码\n" for n in range(40))
KOREAN = "질문,답변\n" + "".join(
    f"도서관은 몇 시에 여나요 {n},매일 아침 아홉 시에 엽니다\n" for n in range(20)
)
TURKISH = "soru,cevap\n" + "".join(f"İstasyon nerede {n}?,Köşeyi dönünce sağda\n" for n in range(20))
ICELANDIC = "spurning,svar\n" + "".join(
    f"Hvað kostar þessi bók {n}?,Það stendur á bakhliðinni og er ódýrt\n" for n in range(20)
)
THREE_RUSSIAN_LINES = "вопрос,ответ\n" + "".join(
    ("Где находится вокзал?,За углом налево", "Можно ли вернуть деньги?,Да конечно с чеком",
     "Я потерял карту,Заполните форму")[n % 3] + f"{n}\n"
    for n in range(40)
)  # fmt: skip
RUSSIAN = "вопрос,ответ\n" + "".join(
    f"Когда открывается библиотека {n}?,Каждое утро в девять часов\n" for n in range(20)
)


@pytest.mark.parametrize(
    ("text", "codec", "shown"),
    [
        (ENGLISH_CHINESE, "utf-8", "UTF-8"),
        (ENGLISH_CHINESE, "utf-8-sig", "UTF-8 with BOM"),
        (ENGLISH_CHINESE, "utf-16", "UTF-16"),
        (GERMAN, "utf-16-le", "UTF-16 LE"),
        (ENGLISH_CHINESE, "utf-16-be", "UTF-16 BE"),
        (TRADITIONAL, "utf-16-le", "UTF-16 LE"),
        (SIMPLIFIED, "utf-16-le", "UTF-16 LE"),
        (ENGLISH_CHINESE, "gb18030", "Simplified Chinese (GBK, GB18030)"),
        (ENGLISH_CHINESE, "gbk", "Simplified Chinese (GBK, GB18030)"),
        (TRADITIONAL, "big5", "Traditional Chinese (Big5)"),
        (JAPANESE, "shift_jis", "Japanese (Shift-JIS)"),
        (JAPANESE, "euc_jp", "Japanese (EUC-JP)"),
        (KANA, "shift_jis", "Japanese (Shift-JIS)"),
        (KANA, "euc_jp", "Japanese (EUC-JP)"),
        (KOREAN, "euc_kr", "Korean (EUC-KR)"),
        (GERMAN, "latin-1", "Western European (Windows-1252)"),
        (RUSSIAN, "cp1251", "Cyrillic (Windows-1251)"),
        (THREE_RUSSIAN_LINES, "cp1251", "Cyrillic (Windows-1251)"),
        (TURKISH, "cp1254", "Turkish (Windows-1254)"),
        (ICELANDIC, "cp1252", "Western European (Windows-1252)"),
    ],
)
def test_text_comes_back_as_it_was_written(import_file, text: str, codec: str, shown: str) -> None:
    imported = import_file(text.encode(codec))
    header, *lines = [line.split(",") for line in text.splitlines()]
    assert [[row[name] for name in header] for row in imported.rows] == lines
    assert imported.encoding == shown
    assert imported.result.rejected == 0


def test_french_words_of_one_letter(import_file) -> None:
    text = "".join(f"Voilà {n} cafés;À gauche, puis à droite, à 9 °C\n" for n in range(20))
    imported = import_file(text.encode("cp1252"))
    assert imported.encoding == "Western European (Windows-1252)"
    assert imported.rows[0]["column_2"].endswith("9 °C")


def test_four_byte_gb18030_characters_survive(import_file) -> None:
    text = "文本,标签\n" + "".join(f"他姓𠮷，住在北京市的旧城区里面{n},人名\n" for n in range(10))
    assert import_file(text.encode("gb18030")).rows[3]["文本"] == "他姓𠮷，住在北京市的旧城区里面3"


def test_a_short_chinese_file_is_not_taken_for_another_language(import_file) -> None:
    imported = import_file("文本,标签\n你好世界,问候\n再见朋友,告别\n".encode("gb18030"))
    assert [row["标签"] for row in imported.rows] == ["问候", "告别"]


def test_damaged_bytes_in_utf8_cost_their_row_only(import_file) -> None:
    text = "text,label\n" + "".join(f"Füße und Grüße Nummer {n},ä\n" for n in range(30))
    imported = import_file(text.encode().replace(b"Nummer 7,", b"Nummer \xff7,"))
    assert imported.encoding == "UTF-8"
    assert [(reject["line"], reject["reason"]) for reject in imported.rejected] == [
        (9, "text: Contains bytes that are not valid UTF-8")
    ]
    assert imported.result.rows == 29


def test_a_legacy_character_far_into_an_ascii_file_is_seen(import_file) -> None:
    text = "text,label\n" + "a plain sentence without accents,x\n" * 40_000 + "le café est fermé,y\n"
    imported = import_file(text.encode("latin-1"))
    assert imported.rows[-1]["text"] == "le café est fermé"


SENTENCES = {
    "he": ["איפה נמצאת ההזמנה שלי", "החבילה תגיע מחר בבוקר", "אני רוצה להחזיר את המוצר", "שירות מצוין", "תודה רבה"],
    "ru": ["Где мой заказ", "Посылка придёт завтра утром", "Как вернуть чайник", "Спасибо", "Очень хорошо"],
    "el": ["Πού είναι η παραγγελία μου", "Το πακέτο θα φτάσει αύριο", "Πώς επιστρέφω το προϊόν", "Ευχαριστώ"],
    "ar": ["أين طلبي", "سوف تصل الحزمة غدا صباحا", "كيف يمكنني إرجاع المنتج", "شكرا"],
    "cs": ["Kde je má objednávka, děkuji", "Balík dorazí zítra ráno, děkujeme", "Jak mohu vrátit zboží příště?"],
    "pl": ["Gdzie jest moje zamówienie i gdzie źle", "Paczka dotrze jutro, dziękuję", "Jak mogę zwrócić płaszcz"],
    "hu": ["A csomag reggel érkezik, köszönjük a türelmet", "Főleg délelőtt, időben", "Szörnyű és gyűlölöm"],
    "lt": ["Kur yra mano užsakymas, ačiū", "Siuntinys atvyks rytoj, ačiū už kantrybę", "Kaip grąžinti prekę, pasirinkę"],
    "tr": ["Siparişim nerede, çok geç", "Paket yarın sabah gelecek, teşekkürler", "Ürünü nasıl iade ederim?", "ağı açın"],
    "fr": ["Où est ma commande passée à Noël", "Très bien, je suis déçu", "La bibliothèque est fermée l’été"],
    "sv": ["Var är min beställning på vägen", "Paketet kommer på förmiddagen", "Hur skickar jag tillbaka två varor över ån?"],
    "is": ["Hvar er pöntunin mín, þakka þér", "Pakkinn kemur á morgun, það er gott", "Hvernig skila ég vörunni?"],
}  # fmt: skip
WRITTEN_IN = [
    ("he", "cp1255"), ("ru", "cp1251"), ("ru", "koi8_r"), ("ru", "cp866"), ("el", "cp1253"), ("ar", "cp1256"),
    ("cs", "cp1250"), ("cs", "iso8859-2"), ("pl", "cp1250"), ("pl", "iso8859-2"), ("hu", "cp1250"), ("lt", "cp1257"),
    ("tr", "cp1254"), ("fr", "cp1252"), ("sv", "cp1252"), ("is", "cp1252"),
]  # fmt: skip


@pytest.mark.parametrize(("language", "codec"), WRITTEN_IN)
@settings(max_examples=8, deadline=None)
@given(data=st.data(), extra=st.sampled_from(["", "ok", "Order 17, please"]))
def test_a_few_sentences_tell_the_code_page(language: str, codec: str, data: Any, extra: str) -> None:
    sentences = SENTENCES[language]
    told = data.draw(st.lists(st.sampled_from(sentences), min_size=4, max_size=20))
    lines = [f"{sentence} {extra}" for sentence in (*sentences, *told)]
    written = "\n".join(lines).encode(codec)
    assert written.decode(legacy_codec(written)) == written.decode(codec)


@pytest.mark.parametrize(
    "line",
    [
        "5 µm × 20 °C ± 1",
        "Meet José, María, Søren and Bjørn",
        "a naïve idea of her façade",
        "£5, €7 and ½ © ACME™",
    ],
)
def test_signs_and_names_among_english_stay_western(line: str) -> None:
    written = "\n".join(f"{n} {line}" for n in range(20)).encode("cp1252")
    assert written.decode(legacy_codec(written)) == written.decode("cp1252")


MIXED = [
    "I’d like a café {n}",
    "Señor Nuñez wants crème brûlée {n}",
    "5 € – “nice” {n}",
    "A plain line {n}",
    "Grüße aus Köln {n}",
]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.lists(st.booleans(), min_size=30, max_size=60))
@pytest.mark.parametrize("name", ["x.csv", "x.txt", "x.jsonl"])
def test_a_file_put_together_from_two_encodings(import_file: Any, name: str, order: list[bool]) -> None:
    """Every line is read as it was written, and the page says how many are not UTF-8."""
    order = [True] * 10 + order + [False] * 10
    texts = [MIXED[n % len(MIXED)].format(n=n) for n in range(len(order))]
    form = '{{"text": "{}"}}' if name == "x.jsonl" else "{}"
    lines = [
        form.format(text).encode("utf-8" if is_utf8 else "cp1252")
        for text, is_utf8 in zip(texts, order, strict=True)
    ]
    imported = import_file(b"\n".join([b"text", *lines] if name == "x.csv" else lines), name)
    assert [row["text"] for row in imported.rows] == texts
    western = sum(not text.isascii() and not is_utf8 for text, is_utf8 in zip(texts, order, strict=True))
    assert imported.result.proposal.warnings[0].startswith(
        f"{western} line{'s are' if western != 1 else ' is'} not valid UTF-8"
    )
    as_chosen = import_file(
        b"\n".join([b"text", *lines] if name == "x.csv" else lines), name, encoding="utf-8"
    )
    assert as_chosen.result.rejected == western
