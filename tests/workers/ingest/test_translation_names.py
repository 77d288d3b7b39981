"""Columns named source and target are a translation into any language, unless both sides are in one language."""

import json

import pytest

from workers.ingest.languages import language_of

ENGLISH = [
    "The train to the coast leaves at seven in the morning.",
    "Where can I buy fresh bread near the station?",
    "My sister works in a small hospital outside the city.",
    "It rained all night, and the river rose by a metre.",
    "Please close the window before you go to bed.",
    "We have not seen our neighbours since last winter.",
    "The old bridge will be repaired next year.",
    "How much does a ticket for two children cost?",
]
TRANSLATED = {
    "Indonesian": ["Kereta ke pantai berangkat pukul tujuh pagi.", "Di mana saya bisa membeli roti segar dekat stasiun?", "Kakak saya bekerja di rumah sakit kecil di luar kota.", "Hujan turun sepanjang malam, dan sungai naik satu meter.", "Tolong tutup jendela sebelum tidur.", "Kami belum melihat tetangga kami sejak musim dingin lalu.", "Jembatan tua itu akan diperbaiki tahun depan.", "Berapa harga tiket untuk dua anak?"],
    "Turkish": ["Sahile giden tren sabah yedide kalkıyor.", "İstasyonun yakınında nereden taze ekmek alabilirim?", "Kız kardeşim şehrin dışında küçük bir hastanede çalışıyor.", "Bütün gece yağmur yağdı ve nehir bir metre yükseldi.", "Lütfen yatmadan önce pencereyi kapat.", "Komşularımızı geçen kıştan beri görmedik.", "Eski köprü gelecek yıl onarılacak.", "İki çocuk için bilet ne kadar?"],
    "Vietnamese": ["Chuyến tàu ra biển khởi hành lúc bảy giờ sáng.", "Tôi có thể mua bánh mì tươi ở đâu gần nhà ga?", "Chị tôi làm việc trong một bệnh viện nhỏ ngoài thành phố.", "Trời mưa suốt đêm và nước sông dâng lên một mét.", "Hãy đóng cửa sổ trước khi đi ngủ.", "Chúng tôi không gặp hàng xóm từ mùa đông năm ngoái.", "Cây cầu cũ sẽ được sửa vào năm sau.", "Vé cho hai trẻ em giá bao nhiêu?"],
    "Bengali": ["উপকূলের ট্রেন সকাল সাতটায় ছাড়ে।", "স্টেশনের কাছে কোথায় তাজা রুটি কিনতে পারি?", "আমার বোন শহরের বাইরে একটি ছোট হাসপাতালে কাজ করে।", "সারা রাত বৃষ্টি হয়েছে, আর নদী এক মিটার বেড়েছে।", "ঘুমাতে যাওয়ার আগে জানালা বন্ধ করো।", "গত শীতের পর থেকে আমরা প্রতিবেশীদের দেখিনি।", "পুরানো সেতুটি আগামী বছর মেরামত হবে।", "দুই শিশুর টিকিটের দাম কত?"],
    "Finnish": ["Juna rannikolle lähtee seitsemältä aamulla.", "Mistä voin ostaa tuoretta leipää aseman läheltä?", "Siskoni työskentelee pienessä sairaalassa kaupungin ulkopuolella.", "Satoi koko yön, ja joki nousi metrin.", "Sulje ikkuna ennen kuin menet nukkumaan.", "Emme ole nähneet naapureitamme viime talven jälkeen.", "Vanha silta korjataan ensi vuonna.", "Paljonko kahden lapsen lippu maksaa?"],
    "Estonian": ["Rong rannikule väljub hommikul kell seitse.", "Kust ma saan jaama lähedalt värsket leiba osta?", "Mu õde töötab väikeses haiglas väljaspool linna.", "Terve öö sadas ja jõgi tõusis meetri võrra.", "Palun pane aken kinni enne magamaminekut.", "Me pole naabreid eelmisest talvest saati näinud.", "Vana sild parandatakse järgmisel aastal.", "Kui palju maksab kahe lapse pilet?"],
    "Basque": ["Kostarako trena goizeko zazpietan ateratzen da.", "Non eros dezaket ogi freskoa geltokitik gertu?", "Nire arrebak hiritik kanpoko ospitale txiki batean lan egiten du.", "Gau osoan euria egin zuen, eta ibaia metro bat igo zen.", "Mesedez, itxi leihoa ohera joan aurretik.", "Ez ditugu auzokoak ikusi joan den negutik.", "Zubi zaharra datorren urtean konponduko dute.", "Zenbat balio du bi haurrentzako sarrerak?"],
    "Georgian": ["მატარებელი სანაპიროსკენ დილის შვიდზე გადის.", "სად ვიყიდო ახალი პური სადგურთან?", "ჩემი და პატარა საავადმყოფოში მუშაობს.", "მთელი ღამე წვიმდა და მდინარე აიწია.", "გთხოვ, დახურე ფანჯარა ძილის წინ.", "მეზობლები შარშანდელი ზამთრიდან არ გვინახავს.", "ძველ ხიდს მომავალ წელს შეაკეთებენ.", "რა ღირს ბილეთი ორი ბავშვისთვის?"],
    "Swahili": ["Treni ya pwani huondoka saa moja asubuhi.", "Naweza kununua wapi mkate mpya karibu na kituo?", "Dada yangu anafanya kazi katika hospitali ndogo nje ya mji.", "Mvua ilinyesha usiku kucha, na mto ukapanda mita moja.", "Tafadhali funga dirisha kabla ya kulala.", "Hatujawaona majirani zetu tangu baridi iliyopita.", "Daraja la zamani litatengenezwa mwaka ujao.", "Tiketi ya watoto wawili ni bei gani?"],
}  # fmt: skip
RUSSIAN = ["Поезд на побережье отходит в семь утра.", "Где можно купить свежий хлеб рядом с вокзалом?", "Моя сестра работает в маленькой больнице за городом.", "Всю ночь шёл дождь, и река поднялась на метр.", "Закрой, пожалуйста, окно перед сном.", "Мы не видели соседей с прошлой зимы.", "Старый мост починят в следующем году.", "Сколько стоит билет для двоих детей?"]  # fmt: skip
UKRAINIAN = ["Потяг до узбережжя вирушає о сьомій ранку.", "Де можна купити свіжий хліб біля вокзалу?", "Моя сестра працює в маленькій лікарні за містом.", "Усю ніч ішов дощ, і річка піднялася на метр.", "Зачини, будь ласка, вікно перед сном.", "Ми не бачили сусідів від минулої зими.", "Старий міст полагодять наступного року.", "Скільки коштує квиток для двох дітей?"]  # fmt: skip
ANSWERS = [
    "It is the first one of the day, and it stops in every village.",
    "Try the shop behind the post office, which opens at six.",
    "She likes the people there, but not the long way home.",
    "The cellar of the school is full of water.",
    "I will, but it is warm and I like the air.",
    "They moved to the south when their son was born.",
    "The town has the money for it at last.",
    "Children under ten go free with a parent.",
]
NAMES = [("source", "target"), ("src", "tgt"), ("original", "translation"), ("原文", "译文")]
PARAPHRASES = [f"{text.rstrip('.?')}, I was told" + ("?" if text.endswith("?") else ".") for text in ENGLISH]


def proposal(import_file, names: tuple[str, str], first: list[str], second: list[str], times: int = 1):
    rows = [dict(zip(names, pair, strict=True)) for pair in zip(first, second, strict=True)] * times
    return import_file("\n".join(map(json.dumps, rows)), "x.jsonl").result.proposal


@pytest.mark.parametrize("language", TRANSLATED)
@pytest.mark.parametrize("names", NAMES)
@pytest.mark.parametrize("turned", [False, True])
def test_into_any_language(import_file, language: str, names: tuple[str, str], turned: bool) -> None:
    pair = (ENGLISH, TRANSLATED[language])
    found = proposal(import_file, names, *(pair[::-1] if turned else pair))
    assert (found.task_type, found.roles) == ("translation", {names[0]: "input", names[1]: "target"})
    assert "suggest a text and its translation" in found.why[0]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (RUSSIAN, UKRAINIAN),
        (TRANSLATED["Finnish"], TRANSLATED["Estonian"]),
        (TRANSLATED["Basque"], TRANSLATED["Swahili"]),
    ],
)
def test_between_any_two(import_file, first: list[str], second: list[str]) -> None:
    assert proposal(import_file, ("source", "target"), first, second).task_type == "translation"


@pytest.mark.parametrize(
    "names", [("source", "target"), ("src", "tgt"), ("input", "output"), ("prompt", "response")]
)
@pytest.mark.parametrize(
    ("first", "second"),
    [
        (ENGLISH, ANSWERS),
        (ENGLISH, PARAPHRASES),
        ([f"Who wrote the book that came out in 19{n}?" for n in range(10, 40)], [f"Ana Mar{'abc'[n % 3] * n}" for n in range(30)]),
        ([f"What is the colour of house number {n} in the street" for n in range(30)], [f"Red {n}" for n in range(30)]),
        ([f"Berapa harga tiket nomor {n}?" for n in range(30)], [f"Harganya {n} ribu rupiah." for n in range(30)]),
        (RUSSIAN, [f"Мне сказали: {text}" for text in RUSSIAN]),
        (ENGLISH, [text[:25] for text in ENGLISH]),
    ],
)  # fmt: skip
def test_one_language_on_both_sides_is_no_translation(
    import_file, names: tuple[str, str], first: list[str], second: list[str]
) -> None:
    assert proposal(import_file, names, first, second).task_type != "translation"


def test_labels_and_programs_are_no_translations(import_file) -> None:
    labels = [["good", "bad"][n % 2] for n in range(30)]
    assert (
        proposal(import_file, ("source", "target"), ENGLISH * 4, labels + labels[:2]).task_type
        != "translation"
    )
    code = [f"def add_{n}(a, b):\n    total = a + b\n    return total\n" for n in range(8)]
    assert proposal(import_file, ("source", "target"), ENGLISH, code).task_type != "translation"


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("Bengali", "bengali"),
        ("Georgian", "georgian"),
        ("Turkish", "tr"),
        ("Indonesian", "id"),
        ("Vietnamese", "vi"),
    ],
)
def test_scripts_and_words_tell_more_languages(language: str, code: str) -> None:
    assert language_of(TRANSLATED[language]) == code


SENTENCES = {
    "en": "The kettle that you ordered in Lyon will arrive on day {n} of the month.",
    "de": "Das Gerät, das Sie in Lyon bestellt haben, kommt am {n}. Tag des Monats an.",
    "pl": "Urządzenie zamówione w mieście Lyon dotrze do ciebie {n} dnia miesiąca.",
    "vi": "Thiết bị bạn đặt ở Lyon sẽ đến vào ngày {n} trong tháng.",
    "nl": "Het apparaat dat u in Lyon hebt besteld, komt op dag {n} van de maand aan.",
    "sw": "Kifaa ulichoagiza Lyon kitafika siku ya {n} ya mwezi.",
    "fr": "L'appareil que vous avez commandé à Lyon arrivera le {n}e jour du mois.",
    "it": "L'apparecchio che ha ordinato a Lyon arriverà il giorno {n} del mese.",
}


@pytest.mark.parametrize("pair", ["en-de", "en-pl", "en-vi", "en-sw", "de-nl", "fr-it"])
def test_sentences_in_two_languages_are_a_translation(import_file, pair: str) -> None:
    first, second = (SENTENCES[code] for code in pair.split("-"))
    text = "".join(f"{first.format(n=n)}\t{second.format(n=n)}\n" for n in range(40))
    assert import_file(text, "x.tsv").result.proposal.task_type == "translation"
