"""Column names that people use, in several languages, and what each suggests."""

import re
import unicodedata

from workers.contracts.words import runs
from workers.ingest import names_by_language


def plain(name: str) -> str:
    """Fold a column name for look-up: case, accents, spaces and punctuation aside."""
    folded = unicodedata.normalize("NFKD", name.casefold())
    return "".join(runs("".join(c for c in folded if not _is_accent(c))))


def _is_accent(character: str) -> bool:
    """Whether people leave it out: an accent, a Hebrew or Arabic point, an invisible sign. Vowel signs are none."""
    place = unicodedata.combining(character)
    return place >= 200 or 10 <= place <= 35 or unicodedata.category(character) == "Cf"


def _words(text: str) -> frozenset[str]:
    return frozenset(map(plain, text.split()))


MESSAGES = _words(
    "messages conversations conversation dialog dialogue dialogs turns chat contents 对话 消息 会话 nachrichten mensajes диалог"
)
SYSTEM = _words(
    "system preamble systemprompt systemmessage systeminstruction systeminstructions systemrole systemtext sysprompt persona personas "
    "personality botpersona yourpersona characterdescription 系统 系统提示 系统提示词 人设 角色设定 systemnachricht "
    "systemanweisung invitesysteme mensajedelsistema системныйпромпт システムプロンプト"
)
INSTRUCTION = _words("instruction instructions 指令 instruktion anweisung consigne instruccion 指示 任务")
CONTEXT = _words("input context passage background 输入 上下文 背景 contexte contexto kontext")
QUESTION = _words(
    "question questions userinput query prompt user human ask frage question pregunta pergunta domanda demande requete "
    "问题 问 提问 用户 質問 вопрос nutzer utilisateur request message inquiry 咨询 vraag fråga pytanie otázka soru pertanyaan "
    "câuhỏi 질문 प्रश्न सवाल السؤال سؤال คำถาม שאלה ερώτηση запитання kérdés întrebare swali kysymys "
    + names_by_language.QUESTIONS
)
ANSWER = _words(
    "answer answers groundtruth groundtruthanswer response reply assistant bot completion output antwort reponse respuesta resposta risposta "
    "答案 答 回答 回复 答复 助手 输出 回答内容 返答 ответ gpt chosen sortie salida ausgabe result "
    "chosenresponse chosenanswer antwoord svar odpowiedź odpověď cevap yanıt jawaban trảlời 답변 답 उत्तर जवाब الجواب جواب الإجابة "
    "คำตอบ תשובה απάντηση відповідь válasz răspuns jibu vastaus "
    "outputtext textoutput outputs " + names_by_language.ANSWERS
)
ANSWERS = _words(
    "answers responses completions outputs replies generations candidateanswers goldanswers correctanswers referenceanswers "
    "acceptedanswers antworten réponses reponses respuestas respostas risposte ответы 答案列表 回答列表 回复列表"
)
"""Several answers to one question."""
ANSWER |= ANSWERS
VAGUE_ANSWER = _words("output outputtext textoutput outputs sortie salida ausgabe result 输出")
"""These come after any input: a translation or a label as well as an answer."""
READ_TEXT = _words(
    "context passage background document article paragraph text story reference evidence 上下文 背景 段落 文章 材料 原文 文本 "
    "kontext absatz quelltext textstelle contexte extrait passage paragraphe contexto parrafo pasaje contesto brano контекст отрывок"
)
"""Texts that a question is about."""
KNOWLEDGE = _words(
    "knowledge fact facts documents docs contexts retrievedcontext retrievedcontexts retrieveddocuments retrieveddocs "
    "retrievedpassages retrievedchunks chunks searchresults snippet snippets excerpt excerpts passages paragraphs evidences "
    "sourcetext sourcedocument sourcedocuments grounding groundingtext support supportingfacts supportingtext table tables schema "
    "dbschema databaseschema tableschema ddl knowledgebase 知识 资料 参考资料 文档 检索结果 表格 wissen fakten dokumente hintergrund "
    "connaissances faits documentsources conocimiento hechos documentos conhecimento conoscenza documenti знания документы 知識 資料"
)
"""What an answer is taken from, as retrieval and dialogues on documents have it: texts, or lists of them."""
READ_TEXT |= KNOWLEDGE
CHOICES = _words("choices options candidates endings alternatives distractors 选项")
HISTORY = _words(
    "history dialoghistory dialoguehistory chathistory conversationhistory previousturns previousmessages pastmessages "
    "历史 历史对话 对话历史 verlauf gesprachsverlauf historique historial historico история"
)
QUALITY = _words(
    "label labels quality good isgood iscorrect correct accepted isaccepted desirable isdesirable preferred ktotag kto "
    "thumbs thumb feedback rating vote helpful ishelpful liked like score verdict reward "
    "标签 好 评价 是否正确 反馈 bewertung gut korrekt qualite bon valoracion bueno correto bom оценка"
)
"""Of an answer: whether it is a good one."""
_KINDS_OF_ANSWER = "answer answers response responses output outputs completion completions reply message messages text summary generation"


def _answers(kinds: str) -> frozenset[str]:
    """Answers of some kinds in the usual names: bad_answer, answer_bad."""
    return _words(
        " ".join(f"{kind}{noun} {noun}{kind}" for kind in kinds.split() for noun in _KINDS_OF_ANSWER.split())
    )


REJECTED = _words(
    "yl responsek answerk responsel answerl falscheantwort schlechteantwort antwortschlecht mauvaisereponse reponseincorrecte "
    "respuestaincorrecta malarespuesta respostaincorreta respostaruim rispostasbagliata 错误回答 错误答案 差的回答 坏回答 劣质回答 "
    "неправильныйответ плохойответ 誤答 "
    "rejected rejectedresponse rejectedmessages rejectedanswer rejectedoutput lose loser losing dispreferred worse responserejected 拒绝 差回答 abgelehnt rejete rechazado"
)
REJECTED |= _answers(
    "rejected bad worse worst incorrect wrong negative dispreferred nonpreferred unpreferred losing lose loser inferior"
)
GOOD_ANSWER = _words(
    "yw responsej answerj responsew answerw richtigeantwort guteantwort antwortgut bonnereponse reponsecorrecte respuestacorrecta "
    "buenarespuesta respostacorreta rispostacorretta 正确回答 正确答案 好的回答 优质回答 标准答案 правильныйответ хорошийответ 正答"
) | _answers("chosen good better best correct preferred accepted winning win winner positive superior ideal")
"""The answer that is to be learned, where others stand beside it."""
ANSWER |= GOOD_ANSWER
CHOSEN = GOOD_ANSWER | _words(
    "chosen chosenresponse chosenmessages chosenanswer chosenoutput win winner winning preferred better responsechosen 选中 好回答 bevorzugt choisi elegido"
)
TOOLS = _words("tools functions tooldefinitions functiondefinitions availabletools 工具")
INPUT = _words(
    "input inputtext textinput inputs source src text texte texto testo prompt 输入 eingabe entree entrada"
)
LABEL = _words(
    "label labels goldlabel goldlabels category categories class classes intent stance sentiment topic tag rating stars queue emotion polarity "
    "etiquette categorie classe categoria etiqueta clase kategorie klasse etikett sentimiento thema "
    "标签 类别 分类 类型 情感 意图 队列 ラベル カテゴリ метка класс категория 레이블 라벨 분류 लेबल श्रेणी تصنيف الفئة ป้ายกำกับ kategoria etiket target coarse ytrue department "
    + names_by_language.LABELS
)
TEXT = _words(
    "text texte texto testo content body sentence utterance review comment ticket message document paragraph article "
    "story description question title subject phrase tweet post query prompt input "
    "文本 内容 正文 句子 评论 原文 文章 文章内容 标题 テキスト 文 текст nachricht beschreibung inhalt contenu contenido "
    + names_by_language.TEXTS
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
    "source src sourcetext srctext sourcesentence srcsentence sourcesegment sourcestring original originaltext from 原文 源文 源语言 quelle quelltext ausgangstext origen fuente"
)
TRANSLATION = _words(
    "translation target tgt targettext tgttext targetsentence tgtsentence targetsegment targetstring translated to reference 译文 翻译 目标 目标语言 ubersetzung zieltext traduction "
    "traduccion cible ziel"
)
METADATA = _words(
    "id uid uuid guid key index idx row number no line licence license language lang locale source url link href "
    "date time timestamp created updated author user username userid email file filename path split attribution "
    "version type note notes taskid name subset origin meta metadata copyright 编号 序号 日期 时间 作者 来源 语言 链接"
)

DOCUMENT = _words(
    "document documents doc docs documento documenti dokument dokumente документ 文档 文書 문서"
)
"""What a column of documents is called where it holds the only text."""
CORPUS_METADATA = _words(
    "url link href warcrecordid crawl crawlid dump digest meta metadata languagescore timestamp docid documentid"
)
"""What collections of web pages and of books say of each document."""

MAIL = _words(
    "body email mail emailbody mailbody emailtext mailtext emailcontent messagebody e-mail nachricht correo mensaje mensagem "
    "courriel messaggio письмо 邮件 邮件内容 邮件正文 メール 本文"
)
"""A letter to which another column holds the reply."""
MAIL_SUBJECT = HEADING - {"headline"} | _words("emailsubject mailsubject subjectline 主题 件名 тема objet")
REWRITTEN = _words(
    "simplified simple simplification simplifiedtext simplifiedsentence simpletext simplesentence easytext plainlanguage easyread "
    "leichtesprache einfachesprache vereinfacht simplifie simplificado semplificato 简化 简化文本 "
    "corrected correction correctedtext correctedsentence grammarcorrected korrigiert corrige corregido corretto 修改后 更正 "
    "paraphrase paraphrased rewritten rewrite rewrittentext rephrased reworded polished 改写 润色 formal formaltext"
)
"""A text that says the same as another one in other words."""
UNREWRITTEN = _words(
    "text sentence source original originaltext complex complextext complexsentence normal normaltext normalsentence standard expert "
    "incorrect incorrecttext wrong error errortext ungrammatical draft informal informaltext raw input "
    "原文 原句 修改前 schwer texte texto testo"
)

LANGUAGES: dict[str, str] = {
    plain(name): code
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
        "id": "indonesian indonesisch indonesien bahasaindonesia 印尼语",
        "ms": "malay malaysian bahasamelayu 马来语",
        "bn": "bengali bangla বাংলা",
        "ur": "urdu اردو",
        "fa": "persian farsi persisch فارسی 波斯语",
        "ta": "tamil தமிழ்",
        "te": "telugu",
        "mr": "marathi",
        "gu": "gujarati",
        "pa": "punjabi panjabi",
        "kn": "kannada",
        "ml": "malayalam",
        "ne": "nepali",
        "si": "sinhala sinhalese",
        "sw": "swahili kiswahili suaheli",
        "am": "amharic",
        "ha": "hausa",
        "ig": "igbo",
        "yo": "yoruba",
        "zu": "zulu isizulu",
        "xh": "xhosa isixhosa",
        "so": "somali",
        "af": "afrikaans",
        "tl": "tagalog filipino",
        "km": "khmer cambodian",
        "lo": "laotian",
        "my": "burmese myanmar",
        "mn": "mongolian",
        "kk": "kazakh",
        "uz": "uzbek",
        "az": "azerbaijani azeri",
        "ka": "georgian",
        "hy": "armenian",
        "sq": "albanian",
        "mk": "macedonian",
        "be": "belarusian",
        "bg": "bulgarian bulgarisch български",
        "sr": "serbian serbisch srpski",
        "hr": "croatian kroatisch hrvatski",
        "bs": "bosnian bosanski",
        "sl": "slovenian slovene slowenisch slovenscina",
        "sk": "slovak slowakisch slovencina",
        "lt": "lithuanian litauisch lietuviu",
        "lv": "latvian lettisch latviesu",
        "et": "estonian estnisch eesti",
        "no": "norwegian norwegisch norsk bokmal nynorsk",
        "is": "icelandic islandisch islenska",
        "ga": "irish gaeilge",
        "cy": "welsh cymraeg",
        "eu": "basque euskara",
        "ca": "catalan katalanisch catala",
        "gl": "galician galego",
        "la": "latin latein",
        "eo": "esperanto",
        **names_by_language.LANGUAGE_NAMES,
    }.items()
    for name in names.split()
}


ISO_639_1 = _words(
    "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo es "
    "et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj "
    "kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv "
    "ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti "
    "tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu"
)
"""Two-letter codes of languages. Many are words too (id, no, is), so that one alone says nothing."""


_SIDES = SOURCE | TRANSLATION | TEXT | frozenset({"sent", "segment", "trg", "orig", "lang"})
"""What stands before a language's code: `target_sw`."""


def language_of_name(name: str) -> str | None:
    """Return the language code that a column is named after (`en`, `German`, `text_fr`, 中文), if any."""
    if code := LANGUAGES.get(plain(name)):
        return code
    parts = runs(name)
    if len(parts) == 2:
        return next((LANGUAGES[plain(part)] for part in parts[::-1] if plain(part) in LANGUAGES), None)
    return None


def language_code(name: str) -> str | None:
    """Return the language that a column is named after, where another column is named after one as well: then `id`,
    `ind_Latn` and `translation.sw` are codes."""
    if code := language_of_name(name):
        return code
    last = name.rpartition(".")[2]
    base, *more = re.split(r"[-_ ]", last.lower())
    if base in ISO_639_1:
        return base
    if len(more) == 1 and base in _SIDES and more[0] in ISO_639_1:
        return more[0]
    return base if re.fullmatch(r"[a-z]{3}[-_][A-Z][a-z]{3}", last) else None


_KNOWN = frozenset().union(
    MESSAGES, SYSTEM, INSTRUCTION, CONTEXT, QUESTION, ANSWER, INPUT, LABEL, TEXT, LONG_TEXT, SUMMARY, CODE,
    CODE_PROMPT, SOURCE, TRANSLATION, METADATA, HISTORY, CHOSEN, REJECTED,
)  # fmt: skip


def is_known_name(name: str) -> bool:
    """Whether people commonly name a column so. Two-letter language codes alone do not count: they are words too."""
    folded = plain(name)
    return folded in _KNOWN or (folded in LANGUAGES and len(folded) > 2)


def named(name: str, words: frozenset[str]) -> bool:
    return plain(name) in words
