"""Column names of several words: whether “Pregunta del cliente”, `agent_response` or “Kundenfrage” is a question or an answer."""

import re
from functools import lru_cache
from typing import Literal

from workers.contracts.words import runs
from workers.ingest import vocabulary
from workers.ingest.vocabulary import plain

Side = Literal["question", "answer"]


def _words(text: str) -> frozenset[str]:
    return frozenset(map(plain, text.split()))


_ASKERS = _words(
    "user users customer customers client human person caller visitor student patient kunde kunden nutzer benutzer schuler patienten "
    "usuario cliente utente utilisateur usager alumno paciente usuário пользователь пользователя клиент клиента 用户 客户 学生 顾客 買家 买家"
)
_ANSWERERS = _words(
    "assistant agent bot chatbot model ai gpt chatgpt llm support advisor teacher tutor doctor operator helpdesk expert service "
    "berater mitarbeiter lehrer assistent asistente agente bot soporte conseiller agente ассистент ассистента оператор оператора "
    "поддержки 助手 客服 老师 专家 模型 人工"
)
_SAID = _words(
    "message msg text utterance content turn says said nachricht mensaje mensagem messaggio сообщение реплика 消息 发言 内容 话 说"
)
"""What either side says."""
_ASKED = vocabulary.QUESTION - _ASKERS - _SAID - {"message", "request"} | _words(
    "question questions query prompt problem problems issue issues faq complaint inquiry enquiry request anfrage problema problème проблема "
    "fragetext 问题 提问 难题 故障"
)
_ANSWERED = vocabulary.ANSWER - _ANSWERERS - vocabulary.VAGUE_ANSWER - {"chosen", "completion"} | _words(
    "answer answers response responses reply replies solution solutions resolution fix remedy workaround lösung lösungen solución solución "
    "soluzione solução решение 解决方案 解决办法 解答 方案"
)
_VAGUE = vocabulary.INPUT | vocabulary.VAGUE_ANSWER
"""Words that say it beside a role only: `model_output`."""
_RIGHT = _words("correct best gold golden expected ideal 标准 正确")
_REVISED = _words("human expert corrected reference revised 人工 参考 修正 korrigierte corrigée corregida")
"""Before the noun of an answer: a person wrote it, or put it right."""
_FILLERS = _words(
    "the of to from by for s a text field column body string txt content 1 del de la el los las der die das des dem den vom von du le les "
    "d l il lo do da dell della di от для на 的 内容 full short official sample en es fr zh"
)
_ROLES = _ASKERS | _ANSWERERS
_KNOWN = _ROLES | _SAID | _ASKED | _ANSWERED | _VAGUE | _RIGHT | _FILLERS
_GROUND_TRUTH = _words("groundtruth groundtruthanswer groundtruthresponse 标准答案 参考答案")
_LINKS = ("", "n", "s", "en", "es", "e")
_LONGEST = 60


@lru_cache(4096)
def side_of_name(name: str) -> Side | None:
    """Return which side of a conversation a name of several words stands for; None where a word says anything else."""
    parts = frozenset(_parts(name)) if len(name) <= _LONGEST else frozenset()
    if not parts or not parts <= _KNOWN or plain(name) in vocabulary.SYSTEM:
        return None
    has_role = bool(parts & _ROLES)
    asked = parts & _ASKED or (has_role and parts & vocabulary.INPUT - _SAID)
    answered = parts & _ANSWERED or (has_role and parts & vocabulary.VAGUE_ANSWER)
    if asked and answered:
        return None
    if asked:
        return "question"
    if answered:  # what a pupil answered is no example to learn from
        return None if parts & _ASKERS else "answer"
    by_user, by_assistant = bool(parts & _ASKERS), bool(parts & _ANSWERERS)
    if by_user == by_assistant or not parts & _SAID:
        return None
    return "question" if by_user else "answer"


def is_right_answer(name: str) -> bool:
    """Whether a name calls an answer the right one, as beside those of a model or a pupil."""
    return side_of_name(name) == "answer" and not _RIGHT.isdisjoint(_parts(name))


def answer_of(name: str) -> Literal["right", "made", "plain"] | None:
    """Return what a name says of an answer: that it is the right one or a person's, that a person or model gave it, or no more."""
    if plain(name) in _GROUND_TRUTH:
        return "right"
    parts = frozenset(_parts(name)) if len(name) <= _LONGEST else frozenset()
    nouns = _ANSWERED | {"completion"} | _SAID | vocabulary.VAGUE_ANSWER
    if not parts or not parts <= nouns | _ANSWERERS | _RIGHT | _REVISED | _FILLERS or not parts & nouns:
        return None
    if parts & (_RIGHT | _REVISED):
        return "right" if parts & (_ANSWERED | vocabulary.VAGUE_ANSWER | {"completion"}) else None
    if parts & _ANSWERERS:
        return "made"
    return "plain" if parts & (_ANSWERED | vocabulary.VAGUE_ANSWER) else None


def _parts(name: str) -> list[str]:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return [part for word in runs(spaced.replace("_", " ")) for part in _divided(plain(word))]


def _divided(word: str) -> list[str]:
    """A compound in its two words: Kundenfrage, 用户问题."""
    if word in _KNOWN or word.isdecimal():
        return [word]
    for at in range(2, len(word) - 1):
        first, second = word[:at], word[at:]
        if second in _KNOWN - _FILLERS | {"text"} and len(second) > 1:
            for link in _LINKS:
                if first.endswith(link) and first.removesuffix(link) in _KNOWN:
                    return [first.removesuffix(link), second]
    return [word]
