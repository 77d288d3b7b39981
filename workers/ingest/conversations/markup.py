"""Conversations that stand in one text, with marks before each turn: ChatML, Llama, `### Human:`, `Q:` and `A:`."""

import re
from functools import lru_cache

from workers.ingest.conversations.speakers import role_of
from workers.ingest.conversations.turns import Turn, parse_history
from workers.ingest.literals import nested_value

_USER = "Human|User|Prompter|Customer|Question|Instruction|Prompt|Q|用户|问题|问|客户|Frage|Kunde|Nutzer|Benutzer|Utilisateur|Client|Usuario|Usuário|Cliente|Pregunta|Pergunta|Domanda|Utente|Вопрос|Пользователь|質問|ユーザー|질문|사용자"  # fmt: skip
_ASSISTANT = "Assistant|GPT|ChatGPT|Bot|Chatbot|AI|Agent|Answer|Response|Reply|A|助手|回答|答案|答|客服|Antwort|Assistent|Réponse|Reponse|Respuesta|Asistente|Resposta|Assistente|Risposta|Ответ|Ассистент|回答|アシスタント|답변|답|어시스턴트"  # fmt: skip
_SIDES = f"System|系统|{_USER}|{_ASSISTANT}"

_ANSWERS = frozenset(name.casefold() for name in _ASSISTANT.split("|"))

_HASHES = re.compile(rf"(?<!#)#{{2,3}}\s*(?P<who>{_SIDES}|Input|Context)\s*[:：]?(?=\s|\w)", re.IGNORECASE)
_LINES = re.compile(rf"^[ \t]*(?:\*\*|\[)?(?P<who>{_SIDES})(?:\s?\d+)?(?:\*\*|\])?\s?[:：](?:\*\*)?(?=\s|\S)", re.MULTILINE | re.IGNORECASE)  # fmt: skip
_TOKENS = (
    re.compile(r"<\|im_start\|>\s*(?P<who>[^\s<>|:]+)[ \t]*\n?"),
    re.compile(r"<\|start_header_id\|>\s*(?P<who>[^\s<>|:]+)\s*<\|end_header_id\|>\s*"),
    re.compile(r"<start_of_turn>\s*(?P<who>[^\s<>|:]+)[ \t]*\n?"),
    re.compile(
        r"<\|(?P<who>system|user|assistant|human|bot|model|prompter|observation)\|>\s*", re.IGNORECASE
    ),
    re.compile(r"<｜(?P<who>User|Assistant|System)｜>\s*", re.IGNORECASE),
)
_ENDS = re.compile(r"<\|(?:im_end|eot_id|end|endoftext|end_of_text|begin_of_text)\|>|</?s>|<end_of_turn>|<bos>|<eos>|<｜(?:begin|end)▁of▁sentence｜>")  # fmt: skip
_SHOUTED = re.compile(r"(?:^|(?<=\s))(?P<who>USER|HUMAN|ASSISTANT|BOT|SYSTEM|GPT):\s?")
"""Vicuna's way: within a line, so only in capitals."""
_LLAMA = re.compile(r"\[INST\](?P<question>.*?)\[/INST\](?P<answer>.*?)(?=\[INST\]|$)", re.DOTALL)
_LLAMA_SYSTEM = re.compile(r"<<SYS>>(?P<system>.*?)<</SYS>>", re.DOTALL)
_LEADING = 400
"""Characters that may stand before the first mark, as “Below is an instruction …” does."""


def marked_turns(text: str) -> list[Turn] | None:
    """Return the turns of a text that marks at least one question and one answer, or None."""
    if "[INST]" in text:
        turns = _llama(text)
    else:
        marks = next((marks for marks in _TOKENS if marks.search(text)), None)
        turns = (_split(text, marks) if marks else None) or _split(text, _HASHES)
        turns = turns or _lines(text) or _split(text, _SHOUTED)
    if not turns:
        return None
    roles = {turn["role"] for turn in turns}
    return turns if {"user", "assistant"} <= roles else None


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


def line_side(text: str) -> str | None:
    """Return user or assistant where a line begins with such a mark (`Q:`, `Antwort:`), else None."""
    found = _LINES.match(text)
    return _role(found["who"]) if found else None


def without_mark(text: str) -> str:
    """Return a line without the mark of its speaker."""
    return _LINES.sub("", text, count=1).strip()


@lru_cache(maxsize=256)
def _role(who: str) -> str | None:
    if who.casefold() in ("input", "context"):
        return "user"
    if who.casefold() in _ANSWERS:
        return "assistant"
    return role_of(who) or "user"


def _lines(text: str) -> list[Turn] | None:
    """Marks at the beginning of lines. The first line is one, else “Answer: yes” in a letter would make it a talk."""
    return _split(text, _LINES) if _LINES.match(text.lstrip()) else None


def _split(text: str, marks: re.Pattern[str]) -> list[Turn] | None:
    text = text.strip()
    found = list(marks.finditer(text))
    if len(found) < 2 or found[0].start() > _LEADING:
        return None
    turns: list[Turn] = []
    before = _ENDS.sub("", text[: found[0].start()]).strip()
    if before:
        turns.append({"role": "system", "content": before})
    for mark, following in zip(found, [*found[1:], None], strict=True):
        said = text[mark.end() : following.start() if following else None]
        if said := _ENDS.sub("", said).strip():
            turns.append({"role": _role(mark["who"]) or "user", "content": said})
    return turns


def _llama(text: str) -> list[Turn] | None:
    turns: list[Turn] = []
    for pair in _LLAMA.finditer(_ENDS.sub("", text)):
        question = pair["question"]
        if system := _LLAMA_SYSTEM.search(question):
            turns.append({"role": "system", "content": system["system"].strip()})
            question = question[: system.start()] + question[system.end() :]
        turns += [
            {"role": "user", "content": question.strip()},
            {"role": "assistant", "content": pair["answer"].strip()},
        ]
    return turns
