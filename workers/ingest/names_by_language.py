"""What questions, answers, texts, labels and languages are called in many languages, as column names have it."""

QUESTIONS = (
    "প্রশ্ন கேள்வி வினா ప్రశ్న ചോദ്യം ಪ್ರಶ್ನೆ પ્રશ્ન ਸਵਾਲ ପ୍ରଶ୍ନ প্ৰশ্ন ප්‍රශ්නය ප්‍රශ්න پرسش پوښتنه پرسیار سوالات "
    "питання запит питање pitanje въпрос прашање vprašanje spørsmål spørgsmål spurning kysymys küsimus klausimas jautājums "
    "pyetje galdera ibeere umbuzo tambaya soalan tanong savol sual сұрақ суроо асуулт савол კითხვა հարց ጥያቄ สอบถาม "
    "សំណួរ ຄຳຖາມ ຄໍາຖາມ မေးခွန်း 問題 提問 問句 您的问题 用户问题 用户提问 質問文 ご質問 お問い合わせ 질의 문의 anfrage"
)
ANSWERS = (
    "উত্তর பதில் விடை సమాధానం జవాబు ഉത്തരം ಉತ್ತರ જવાબ ઉત્તર ਜਵਾਬ ଉତ୍ତର උත්තරය පිළිතුර පිළිතුරු පිළිතුරය پاسخ جوابات ځواب وەڵام "
    "одговор odgovor отговор risposte vastus atsakymas atbilde përgjigje erantzun erantzuna idahun impendulo amsa jawapan "
    "sagot javob cavab жауап жооп хариулт ҷавоб პასუხი պատասխան መልስ ตอบ ចម្លើយ ຄຳຕອບ ຄໍາຕອບ အဖြေ 答覆 回覆 解答 标准答案 参考答案 "
    "回答文 ご回答 대답 응답 odpoveď odpověď odpowiedź câutrảlời trảlời odpovědi"
)
TEXTS = (
    "متن نص النص טקסט κείμενο metin vănbản nộidung teks tekst teksti tekstas teksts szöveg отзыв текст "
    "टेक्स्ट पाठ পাঠ্য লেখা உரை వచనం ಪಠ್ಯ വാചകം લખાણ ਪਾਠ පෙළ 本文 文本 文字 內容 評論 留言 文 글 본문 텍스트 내용 문장 ข้อความ អត្ថបទ ຂໍ້ຄວາມ စာသား "
    "opis popis beskrivning beskrivelse kuvaus recension opinia yorum ulasan maandishi"
)
LABELS = (
    "برچسب دسته رده التصنيف الفئة תווית קטגוריה κατηγορία ετικέτα etykieta kategoria kategorie etikett luokka tunniste címke oznaka "
    "štítek ознака мітка категорія категория рубрика тег nhãn phânloại loại kelas kategori lebo लेबल वर्ग শ্রেণী লেবেল வகை "
    "వర్గం ವರ್ಗ വിഭാഗം શ્રેણી ਸ਼੍ਰੇਣੀ ලේබලය 標籤 類別 分類 標記 カテゴリー 分類名 라벨 범주 분류 ป้าย หมวดหมู่ zuordnung klassifikation klassifizierung "
    "einstufung rubrik catégorie étiquette etichetta tipologia isduplicate isparaphrase issimilar isrelated ismatch entailment"
)
LANGUAGE_NAMES = {
    "rw": "kinyarwanda ikinyarwanda", "rn": "kirundi rundi", "qu": "quechua runasimi kichwa", "ay": "aymara", "gn": "guarani",
    "nah": "nahuatl", "yua": "maya yucatec", "nr": "isindebele ndebele", "st": "sesotho southernsotho", "nso": "sepedi northernsotho",
    "tn": "setswana tswana", "ss": "siswati swati", "ve": "tshivenda venda", "ts": "xitsonga tsonga", "sn": "shona chishona",
    "ny": "chichewa nyanja chinyanja", "lg": "luganda ganda", "ee": "ewe", "tw": "twi akan", "fon": "fongbe", "wo": "wolof",
    "ff": "fulfulde fulah pulaar", "bm": "bambara bamanankan", "ln": "lingala", "kg": "kikongo", "lua": "tshiluba", "ki": "kikuyu gikuyu",
    "luo": "dholuo", "om": "oromo afaanoromoo", "ti": "tigrinya tigrigna ትግርኛ", "mg": "malagasy", "nds": "plattdeutsch niederdeutsch lowgerman lowsaxon",
    "gsw": "schweizerdeutsch schwyzerdutsch swissgerman", "bar": "bairisch bavarian", "lb": "luxembourgish luxemburgisch letzebuergesch",
    "fy": "frisian westfrisian friesisch frysk", "yi": "yiddish jiddisch", "fo": "faroese faroisch", "se": "sami northernsami samisch",
    "kl": "greenlandic kalaallisut", "br": "breton brezhoneg", "oc": "occitan", "co": "corsican corsu", "sc": "sardinian sardu", "gd": "scottishgaelic gaidhlig",
    "gv": "manx", "kw": "cornish", "mt": "maltese malti", "rm": "romansh ratoromanisch", "fur": "friulian furlan", "an": "aragonese", "ast": "asturian asturianu",
    "hsb": "sorbian sorbisch", "csb": "kashubian", "rue": "rusyn", "rom": "romani", "tt": "tatar татарча", "ba": "bashkir", "cv": "chuvash", "ky": "kyrgyz кыргызча",
    "tg": "tajik тоҷикӣ", "tk": "turkmen", "ug": "uyghur uighur", "bo": "tibetan 藏文 藏语 བོད", "dz": "dzongkha", "ii": "彝文", "za": "zhuang", "yue": "cantonese 粤语 廣東話 广东话",
    "lzh": "classicalchinese wenyanwen 文言文 文言 古文", "zh-hans": "simplifiedchinese 简体 简体中文 簡體", "zh-hant": "traditionalchinese 繁体 繁體 繁體中文 繁体中文",
    "ps": "pashto pashtu پښتو", "ku": "kurdish kurmanji kurdi", "ckb": "sorani", "sd": "sindhi", "ks": "kashmiri", "or": "odia oriya", "as": "assamese asamiya",
    "kok": "konkani", "mai": "maithili", "bho": "bhojpuri", "doi": "dogri", "sat": "santali", "mni": "manipuri meitei", "sa": "sanskrit", "pi": "pali", "dv": "dhivehi divehi maldivian",
    "jv": "javanese basajawa", "su": "sundanese", "min": "minangkabau", "ban": "balinese", "ace": "acehnese", "ceb": "cebuano bisaya", "ilo": "ilocano ilokano", "hil": "hiligaynon",
    "war": "waray", "pam": "kapampangan", "hmn": "hmong", "mi": "maori tereomaori", "haw": "hawaiian", "sm": "samoan", "to": "tongan", "fj": "fijian", "ty": "tahitian", "tpi": "tokpisin",
    "bi": "bislama", "tet": "tetum", "ht": "haitian haitiancreole kreyol", "pap": "papiamento papiamentu", "jam": "patois jamaicanpatois", "pcm": "pidgin nigerianpidgin", "nv": "navajo", "chr": "cherokee",
    "iu": "inuktitut", "cr": "cree", "oj": "ojibwe", "ab": "abkhaz", "os": "ossetian", "ce": "chechen", "grc": "ancientgreek altgriechisch", "ang": "oldenglish", "frm": "moyenfrancais", "gmh": "mittelhochdeutsch",
    "kea": "kabuverdianu", "tzm": "tamazight", "kab": "kabyle taqbaylit", "ber": "berber", "arz": "egyptianarabic", "ary": "darija moroccanarabic", "ase": "asl signlanguage",
}  # fmt: skip
"""Beside those of `vocabulary.LANGUAGES`: names of languages that fewer files hold."""
