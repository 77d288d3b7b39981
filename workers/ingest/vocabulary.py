"""Column names that people use, in several languages, and what each suggests."""

import re
import unicodedata


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


MESSAGES = _words("messages conversations conversation dialog turns chat 对话 消息 会话")
SYSTEM = _words("system systemprompt systemmessage 系统 系统提示 系统提示词")
INSTRUCTION = _words("instruction instructions 指令 instruktion anweisung consigne instruccion 指示 任务")
CONTEXT = _words("input context passage background 输入 上下文 背景 contexte contexto kontext")
QUESTION = _words(
    "question questions query prompt user human ask frage question pregunta pergunta domanda demande requete "
    "问题 问 提问 用户 質問 вопрос nutzer utilisateur request message inquiry 咨询"
)
ANSWER = _words(
    "answer answers response reply assistant bot completion output antwort reponse respuesta resposta risposta "
    "答案 答 回答 回复 答复 助手 输出 回答内容 返答 ответ gpt chosen sortie salida ausgabe result"
)
INPUT = _words("input source src text texte texto testo prompt 输入 eingabe entree entrada")
LABEL = _words(
    "label labels category categories class classes intent sentiment topic tag rating stars queue emotion polarity "
    "etiquette categorie classe categoria etiqueta clase kategorie klasse etikett sentimiento thema "
    "标签 类别 分类 类型 情感 意图 队列 ラベル カテゴリ метка класс категория target coarse ytrue department"
)
TEXT = _words(
    "text texte texto testo content body sentence utterance review comment ticket message document paragraph article "
    "story description question title subject phrase tweet post query prompt input "
    "文本 内容 正文 句子 评论 原文 文章 文章内容 标题 テキスト 文 текст nachricht beschreibung inhalt contenu contenido"
)
HEADING = _words("title subject headline 标题 titel betreff titre titulo titolo sujet asunto oggetto")
"""What stands above the text that is meant, where a table has both."""
LONG_TEXT = _words(
    "article document dialogue dialog text content body passage abstract story notes transcript report minutes "
    "meeting source 正文 文章 原文 内容 全文 文档 artikel dokument texte contenu articulo documento 本文"
)
SUMMARY = _words(
    "summary summaries highlights tldr abstract headline synopsis gist minutes recap "
    "摘要 总结 概要 概括 纪要 标题 zusammenfassung resume resumen resumo riassunto 要約 résumé"
)
CODE = _words(
    "code solution program completion function snippet canonicalsolution source sql 代码 程序 programme codigo"
)
CODE_PROMPT = _words(
    "prompt text instruction description docstring task question problem input prefix before signature context "
    "描述 题目 问题 说明 commentaire beschreibung descripcion"
)
SOURCE = _words(
    "source src sourcetext original originaltext from 原文 源文 源语言 quelle quelltext ausgangstext origen fuente"
)
TRANSLATION = _words(
    "translation target tgt targettext translated to reference 译文 翻译 目标 目标语言 ubersetzung zieltext traduction "
    "traduccion cible ziel"
)
METADATA = _words(
    "id uid uuid guid key index idx row number no line licence license language lang locale source url link href "
    "date time timestamp created updated author user username userid email file filename path split attribution "
    "version type note notes taskid name subset origin meta metadata copyright 编号 序号 日期 时间 作者 来源 语言 链接"
)

LANGUAGES: dict[str, str] = {
    name: code
    for code, names in {
        "en": "en eng english englisch anglais ingles inglese 英文 英语 enus engb",
        "fr": "fr fra fre french franzosisch francais frances francese 法文 法语 frfr",
        "de": "de deu ger german deutsch allemand aleman tedesco 德文 德语 dede",
        "es": "es spa spanish spanisch espagnol espanol spagnolo 西班牙文 西班牙语 eses",
        "it": "it ita italian italienisch italien italiano 意大利语 itit",
        "pt": "pt por portuguese portugiesisch portugais portugues 葡萄牙语 ptbr ptpt",
        "nl": "nl nld dut dutch niederlandisch neerlandais nederlands 荷兰语",
        "zh": "zh zho chi chinese chinesisch chinois chino cinese mandarin 中文 汉语 汉文 zhcn zhtw",
        "ja": "ja jpn jp japanese japanisch japonais japones 日文 日语 日本語",
        "ko": "ko kor korean koreanisch coreen coreano 韩文 韩语 한국어",
        "ru": "ru rus russian russisch russe ruso 俄文 俄语 русский",
        "ar": "ar ara arabic arabisch arabe 阿拉伯语 العربية",
        "pl": "pl pol polish polnisch polonais polski",
        "sv": "sv swe swedish schwedisch suedois svenska",
        "tr": "tr tur turkish turkisch turc turkce",
        "cs": "cs ces cze czech tschechisch tcheque cesky cestina",
        "uk": "uk ukr ukrainian ukrainisch ukrainien українська",
        "vi": "vi vie vietnamese vietnamesisch vietnamien 越南语",
        "hi": "hi hin hindi",
        "th": "th tha thai",
        "el": "el ell gre greek griechisch grec",
        "he": "he heb hebrew hebraisch hebreu",
        "fi": "fi fin finnish finnisch finnois suomi",
        "da": "da dan danish danisch danois dansk",
        "ro": "ro ron rum romanian rumanisch roumain romana",
        "hu": "hu hun hungarian ungarisch hongrois magyar",
    }.items()
    for name in names.split()
}


def plain(name: str) -> str:
    """Fold a column name for look-up: case, accents, spaces and punctuation aside."""
    folded = unicodedata.normalize("NFKD", name.casefold())
    return re.sub(r"[\W_]+", "", "".join(c for c in folded if not unicodedata.combining(c)))


def language_of_name(name: str) -> str | None:
    """Return the language code that a column is named after (`en`, `German`, `text_fr`, 中文), if any."""
    if code := LANGUAGES.get(plain(name)):
        return code
    parts = [part for part in re.split(r"[\W_]+", name) if part]
    if len(parts) == 2:
        return next((LANGUAGES[plain(part)] for part in parts[::-1] if plain(part) in LANGUAGES), None)
    return None


_KNOWN = frozenset(map(plain, frozenset().union(
    MESSAGES, SYSTEM, INSTRUCTION, CONTEXT, QUESTION, ANSWER, INPUT, LABEL, TEXT, LONG_TEXT, SUMMARY, CODE,
    CODE_PROMPT, SOURCE, TRANSLATION, METADATA,
)))  # fmt: skip


def is_known_name(name: str) -> bool:
    """Whether people commonly name a column so. Two-letter language codes alone do not count: they are words too."""
    folded = plain(name)
    return folded in _KNOWN or (folded in LANGUAGES and len(folded) > 2)


def named(name: str, words: frozenset[str]) -> bool:
    return plain(name) in words
