"""Conversations that stand in one text, with marks before each turn: ChatML, Llama, `### Human:`, `Q:` and `A:`."""

import re
from collections.abc import Iterable
from functools import lru_cache

from workers.ingest.conversations.cast import cast_of, is_self
from workers.ingest.conversations.speakers import role_of
from workers.ingest.conversations.turns import Turn, parse_history
from workers.ingest.literals import nested_value

_USER = "Human|User|Prompter|Customer|Question|Instruction|Prompt|Q|用户|问题|问|客户|Frage|Kunde|Nutzer|Benutzer|Utilisateur|Client|Usuario|Usuário|Cliente|Pregunta|Pergunta|Domanda|Utente|Вопрос|Patient|Caller|Пользователь|質問|ユーザー|질문|사용자"  # fmt: skip
_ASSISTANT = "Assistant|GPT|ChatGPT|Bot|Chatbot|AI|Agent|Answer|Response|Reply|A|助手|回答|答案|答|客服|Antwort|Assistent|Berater|Support|Operator|Advisor|Doctor|Réponse|Reponse|Respuesta|Asistente|Resposta|Assistente|Risposta|Ответ|Ассистент|回答|アシスタント|답변|답|어시스턴트"  # fmt: skip
_SIDES = f"System|系统|{_USER}|{_ASSISTANT}"

_SELVES = "Me|You|Ich|Du|Moi|Toi|Yo|Tú|我|你|You said|ChatGPT said"
"""At the beginning of a line alone. Which of two asks, the other one tells."""
_ANSWERS = frozenset(name.casefold() for name in _ASSISTANT.split("|"))

_HASHES = re.compile(rf"(?<!#)#{{2,3}}\s*(?P<who>{_SIDES}|Input|Context)\s*[:：]?(?=\s|\w|$)", re.IGNORECASE)
_HEADINGS = re.compile(
    rf"^#{{1,6}}[ \t]+\**(?P<who>{_SIDES})\**[ \t]*[:：]?\**[ \t]*(?:\n|$)", re.MULTILINE | re.IGNORECASE
)
_LINES = re.compile(rf"^[ \t]*(?:\*\*|\[)?(?P<who>{_SIDES}|{_SELVES})(?:\s?\d+)?(?:\*\*|\])?\s?[:：](?:\*\*)?", re.MULTILINE | re.IGNORECASE)  # fmt: skip
_NUMBERED = re.compile(r"^[ \t]*(?:\*\*)?(?P<who>Q|A|Question|Answer|问|答|Frage|Antwort)[ \t]?\d+[ \t]?[.)．、](?:\*\*)?(?=[ \t]*\S)", re.MULTILINE | re.IGNORECASE)  # fmt: skip
"""“Q1. …” and “A1. …”."""
_SPEAKER = (
    r"(?P<who>system|developer|user|human|assistant|model|bot|chatbot|ai|gpt|moss|prompter|observation|tool)"
)
_TAGS = "system|user|human|assistant|ai|bot|question|answer|instruction|response|prompt|用户|问|答|问题|回答"
_TOKENS = (
    re.compile(r"<\|im_start\|>\s*(?P<who>[^\s<>|:]+)[ \t]*\n?"),
    re.compile(r"<\|start_header_id\|>\s*(?P<who>[^\s<>|:]+)\s*<\|end_header_id\|>\s*"),
    re.compile(r"<start_of_turn>\s*(?P<who>[^\s<>|:]+)[ \t]*\n?"),
    re.compile(
        rf"<\|\w+\|>\s*{_SPEAKER}(?:\s+to=\S+)?\s*(?:<\|channel\|>\s*(?P<channel>\w+)[^<]*)?<\|\w+\|>\s*",
        re.IGNORECASE,
    ),
    re.compile(rf"<\|(?:\w+_)?{_SPEAKER}(?:_\w+)?\|>(?:\w+<\|im_middle\|>)?:?\s*", re.IGNORECASE),
    re.compile(rf"\[\|{_SPEAKER}\|\]:?\s*", re.IGNORECASE),
    re.compile(r"<｜(?P<who>User|Assistant|System)｜>\s*", re.IGNORECASE),
    re.compile(r"<reserved_(?P<who>10[2367]|19[56])>\s*"),
    re.compile(r"<extra_id_[01]>\s*(?P<who>System|User|Assistant)[ \t]*\n?"),
    re.compile(r">>(?P<who>QUESTION|ANSWER|USER|ASSISTANT|SYSTEM|INSTRUCTION|RESPONSE)<<\s*"),
    re.compile(rf"(?:^|(?<=>))[ \t]*<(?P<who>{_TAGS})>\s*", re.IGNORECASE | re.MULTILINE),
    re.compile(r"<(?P<who>用户|AI)>"),
    re.compile(r"GPT4(?: Correct)? (?P<who>User|Assistant):\s*"),
)
"""Marks that models know as tokens of their own, and tags, which stand anywhere in a text."""
_OF_BAICHUAN = {
    "102": "user",
    "106": "user",
    "195": "user",
    "103": "assistant",
    "107": "assistant",
    "196": "assistant",
}
_ENDS = re.compile(
    r"<\|\w{1,40}\|>|</?s>|<end_of_turn>|<bos>|<eos>|<e(?:oh|oa|om)>|<(?:BOS|EOS)_TOKEN>|<｜\w+▁of▁sentence｜>|\[\|endofturn\|\]"
    rf"|</(?:{_TAGS})>",
    re.IGNORECASE,
)
_ROUNDS = re.compile(r"^\[Round \d+\][ \t]*$\n?", re.MULTILINE)
"""What ChatGLM numbers its pairs with."""
_THOUGHTS = frozenset({"analysis", "commentary", "thinking"})
"""Channels of a model's output that are not its answer."""
_SHOUTED = re.compile(r"(?:^|(?<=\s))(?P<who>USER|HUMAN|ASSISTANT|BOT|SYSTEM|GPT):\s?")
"""Vicuna's way: within a line, so only in capitals."""
_ARROW = re.compile(r"(?:[-=]>|→|\n\s*(?:###|===|---))$")
_STOP = re.compile(r"(?:###|\sEND)$")
"""What older services had at the end of a prompt and of an answer."""
_LLAMA = re.compile(r"\[INST\](?P<question>.*?)\[/INST\](?P<answer>.*?)(?=\[INST\]|$)", re.DOTALL)
_LLAMA_SYSTEM = re.compile(r"<<SYS>>(?P<system>.*?)<</SYS>>", re.DOTALL)
_INLINE = re.compile(rf"(?:^|(?<=\s))(?P<who>{_SIDES})[:：]\s?", re.IGNORECASE)
_MISTRAL_SYSTEM = re.compile(r"\[SYSTEM_PROMPT\](?P<system>.*?)\[/SYSTEM_PROMPT\]", re.DOTALL)
_LEADING = 400
"""Characters that may stand before the first mark, as “Below is an instruction …” does."""


def marked_turns(text: str) -> list[Turn] | None:
    """Return the turns of a text that marks at least one question and one answer, or None."""
    turns = _turns(text)
    return turns if turns and {"user", "assistant"} <= {turn["role"] for turn in turns} else None


def asked_turns(text: str) -> list[Turn] | None:
    """Return the turns of a text with marks that ends with a question, or with the mark of an answer to come."""
    turns = _turns(text, least=1)
    if turns:
        return turns if turns[-1]["role"] == "user" else None
    said = _without_end(text, _ARROW)
    return [{"role": "user", "content": said}] if said and said != text.rstrip() else None


def _without_end(text: str, ending: re.Pattern[str]) -> str:
    text = text.rstrip()
    found = ending.search(text, max(0, len(text) - 12))
    return text[: found.start()].rstrip() if found else text


def marked_answer(text: str) -> str | None:
    """Return what an answer says that has a mark before it or an end after it; None for a text without both."""
    turns = _turns(text, least=1)
    if turns and len(turns) == 1 and turns[0]["role"] == "assistant":
        return str(turns[0]["content"])
    said = _without_end(_ENDS.sub("", text), _STOP)
    return said.strip() if said.strip() != text.strip() else None


def block_sides(line: str) -> list[str]:
    """Return who speaks in a line with marks of turns as models and headings have them: `<|user|>`, `### Human:`,
    `## User`, `<user>`, `[INST]`. The first is "" where the line begins with the end of what was said before."""
    if re.match(r"\s*(?:<s>\s*)?\[(?:INST|SYSTEM_PROMPT)\]", line):
        return ["user", "assistant"] if "[/INST]" in line else ["user"]
    for marks in (*_TOKENS, _HASHES, _HEADINGS):
        found = list(marks.finditer(line))
        if not found:
            continue
        before = line[: found[0].start()].rstrip()
        sides = [_role(mark["who"]) or "user" for mark in found]
        if not _ENDS.sub("", before).strip():
            return sides
        if before.endswith(">") and _ENDS.search(before, len(before) - 60):
            return ["", *sides]
    return []


def masked(text: str) -> str:
    """Return a text without those characters of marks of turns that a table may have between its cells."""
    text = re.sub(r"[<\[]\|(\w{1,40})\|[>\]]", r"<\1>", text)
    return re.sub(rf"^#{{2,6}}(?=[ \t]*(?:{_SIDES})\b)", "", text, flags=re.MULTILINE | re.IGNORECASE)


def _turns(text: str, least: int = 2) -> list[Turn] | None:
    if "[INST]" in text:
        return _llama(text)
    if "[Round " in text:
        text = _ROUNDS.sub("", text)
    for marks in _TOKENS:
        if marks.search(text) and (turns := _split(text, marks, least)):
            return turns
    return (
        _split(text, _HASHES, least)
        or _split(text, _HEADINGS, least)
        or _lines(text, least)
        or (_split(text, _NUMBERED, least) if _NUMBERED.match(text.lstrip()) else None)
        or _in_one_line(text)
        or _split(text, _SHOUTED, least)
    )


def read_history(text: str | None) -> list[Turn] | None:
    """Return earlier turns: as `parse_history`, or a text or a list of texts that mark who speaks (`User: …`)."""
    listed = nested_value(text)
    if isinstance(listed, list) and any(isinstance(line, str) and line_side(line) for line in listed):
        text = "\n".join(map(str, listed))
    turns = parse_history(text)
    return _marked(text or "") if turns is None else turns


def _marked(text: str) -> list[Turn] | None:
    """Turns of a text that begins with a mark, one turn alone included."""
    side = line_side(text.strip())
    return marked_turns(text) or ([{"role": side, "content": without_mark(text.strip())}] if side else None)


def line_side(text: str, cast: dict[str, str] | None = None) -> str | None:
    """Return user or assistant where a line begins with such a mark (`Q:`, `A1.`, `Antwort:`), else None."""
    found = _LINES.match(text) or _NUMBERED.match(text)
    if found is None:
        return None
    return (cast or {}).get(_name(found["who"])) or _role(found["who"])


def cast_of_lines(lines: Iterable[str]) -> dict[str, str]:
    """Return the roles of speakers called “me” and “you” in lines that begin with the mark of a speaker."""
    return _cast([found["who"] for line in lines if (found := _LINES.match(line))])


def _cast(marks: list[str]) -> dict[str, str]:
    names = list(map(_name, marks))
    return cast_of([{"role": name} for name in names])[0] if any(map(is_self, names)) else {}


def _name(who: str) -> str:
    return who.casefold().removesuffix(" said")


def is_round(text: str) -> bool:
    """Whether a line only numbers the pair of question and answer below it."""
    return _ROUNDS.fullmatch(text.strip()) is not None


def without_mark(text: str) -> str:
    """Return a line without the mark of its speaker."""
    marks = _LINES if _LINES.match(text) else _NUMBERED
    return marks.sub("", text, count=1).strip()


@lru_cache(maxsize=256)
def _role(who: str) -> str | None:
    if who.casefold() in ("input", "context"):
        return "user"
    if who in _OF_BAICHUAN:
        return _OF_BAICHUAN[who]
    if _name(who) in _ANSWERS:
        return "assistant"
    return role_of(who) or "user"


def _lines(text: str, least: int) -> list[Turn] | None:
    """Marks at the beginning of lines. The first line is one, else “Answer: yes” in a letter would make it a talk."""
    return _split(text, _LINES, least) if _LINES.match(text.lstrip()) else None


def _in_one_line(text: str) -> list[Turn] | None:
    """“Q: … A: …”: one line with a question and its answer, and nothing before or between."""
    text = text.strip()
    if "\n" in text or not _INLINE.match(text):
        return None
    turns = _split(text, _INLINE)
    return turns if turns and [turn["role"] for turn in turns] == ["user", "assistant"] else None


def _split(text: str, marks: re.Pattern[str], least: int = 2) -> list[Turn] | None:
    text = text.strip()
    found = list(marks.finditer(text))
    if len(found) < least or not found or found[0].start() > _LEADING:
        return None
    turns: list[Turn] = []
    cast = _cast([mark["who"] for mark in found])
    thoughts: list[Turn] = []
    before = _ENDS.sub("", text[: found[0].start()]).strip()
    if before:
        turns.append({"role": "system", "content": before})
    for mark, following in zip(found, [*found[1:], None], strict=True):
        said = text[mark.end() : following.start() if following else None]
        if not (said := _ENDS.sub("", said).strip()):
            continue
        if (mark.groupdict().get("channel") or "").casefold() in _THOUGHTS:
            thoughts.append({"type": "reasoning", "text": said})
            continue
        content = [*thoughts, {"type": "text", "text": said}] if thoughts else said
        turns.append({"role": cast.get(_name(mark["who"])) or _role(mark["who"]), "content": content})
        thoughts = []
    return turns


def _llama(text: str) -> list[Turn]:
    text = _ENDS.sub("", text)
    turns: list[Turn] = []
    if system := _MISTRAL_SYSTEM.search(text):
        turns.append({"role": "system", "content": system["system"].strip()})
    for pair in _LLAMA.finditer(text):
        question = pair["question"]
        if system := _LLAMA_SYSTEM.search(question):
            turns.append({"role": "system", "content": system["system"].strip()})
            question = question[: system.start()] + question[system.end() :]
        turns += [
            {"role": "user", "content": question.strip()},
            {"role": "assistant", "content": pair["answer"].strip()},
        ]
    return [turn for turn in turns if turn["content"]]
