"""Conversations as other tools write them: what is learned of them, what is read only, and what is refused with a reason."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.ingest.conversations import (
    ConversationError,
    marked_turns,
    normalized,
    parse_messages,
    read_history,
)

U, A = ("user", "Where is parcel {n}?"), ("assistant", "In Porto, shelf {n}.")
PLAIN = [("user", "Hi"), ("assistant", "Hello")]


def said(turns: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(message["role"], message["content"]) for message in normalized(turns)]


def openai(*turns: tuple[str, str]) -> list[dict[str, Any]]:
    return [{"role": role, "content": content} for role, content in turns]


@pytest.mark.parametrize(
    "value",
    [
        openai(*PLAIN),
        [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello"}],
        [{"speaker": "客户", "text": "Hi"}, {"speaker": "客服", "text": "Hello"}],
        [{"role": "USER", "message": "Hi"}, {"role": "CHATBOT", "message": "Hello"}],
        [{"role": "user", "parts": [{"text": "Hi"}]}, {"role": "model", "parts": [{"text": "Hello"}]}],
        {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}, {"role": "model", "parts": [{"text": "Hello"}]}]},
        [{"type": "human", "data": {"content": "Hi"}}, {"type": "ai", "data": {"content": "Hello"}}],
        [{"author": {"role": "user"}, "content": {"content_type": "text", "parts": ["Hi"]}}, {"author": {"role": "assistant"}, "content": {"parts": ["Hello"]}}],
        [{"role": "user", "content": [{"type": "input_text", "text": "Hi"}]}, {"role": "assistant", "content": [{"type": "output_text", "text": "Hello"}]}],
        [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": [{"type": "thinking", "thinking": "Hm"}, {"type": "text", "text": "Hello"}]}],
        [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": [{"type": "reasoning", "value": "Hm"}, {"type": "text", "value": "Hello"}]}],
        [{"human": "Hi", "assistant": "Hello"}],
        [{"input": "Hi", "output": "Hello"}],
        {"messages": openai(*PLAIN)},
    ],
)  # fmt: skip
def test_shapes_of_many_tools_are_one_conversation(value: Any) -> None:
    for text in (json.dumps(value), repr(value)):
        turns = parse_messages(text)
        assert turns is not None
        assert said(turns) == PLAIN


@pytest.mark.parametrize(
    "text",
    [
        "[{'role': 'user', 'content': \"it's\"}\n {'role': 'assistant', 'content': 'b'}]",
        "array([{'role': 'user', 'content': \"it's\"}, {'role': 'assistant', 'content': 'b'}],\n      dtype=object)",
        "[{'role': 'user', 'content': \"it's\"}, {'role': 'assistant', 'content': 'b', 'weight': None}]",
    ],
)
def test_what_numpy_and_pandas_print_is_read(text: str) -> None:
    turns = parse_messages(text if text.startswith("[") else text.removeprefix("array(").split("],")[0] + "]")
    assert turns is not None
    assert said(turns) == [("user", "it's"), ("assistant", "b")]


@pytest.mark.parametrize(
    "text",
    ["[" * 5_000, "[{'a': " + "-" * 100_000 + "1}]", "{'role': __import__('os').getcwd()}", "[{'role': open('x')}]", "[1, 2", "{}"],
)  # fmt: skip
def test_hostile_literals_are_no_conversation_and_run_nothing(text: str) -> None:
    assert parse_messages(text) is None


@pytest.mark.parametrize(
    ("turns", "kept"),
    [
        ([A, U, A], [U, A]),
        ([("system", "Be kind"), A, U, A], [("system", "Be kind"), U, A]),
        ([U, A, U], [U, A]),
        ([U, A, ("user", ""), ("assistant", "")], [U, A]),
        ([U, A, ("system", "It is 9."), U, A], [U, A, ("user", f"It is 9.\n\n{U[1]}"), A]),
        ([U, ("system", "In French."), A], [("user", f"{U[1]}\n\nIn French."), A]),
        ([U, U, A, A], [("user", f"{U[1]}\n\n{U[1]}"), ("assistant", f"{A[1]}\n\n{A[1]}")]),
    ],
)
def test_answers_that_can_be_learned_are_learned(turns: list[Any], kept: list[Any]) -> None:
    assert said(openai(*turns)) == kept


@pytest.mark.parametrize(
    ("turn", "reason"),
    [
        ({"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]}, "contains a tool call"),
        ({"role": "assistant", "content": "", "function_call": {"name": "track"}}, "contains a tool call"),
        ({"from": "function_call", "value": "{}"}, "contains a tool call"),
        ({"from": "observation", "value": "{}"}, "contains a tool call"),
        ({"role": "assistant", "content": [{"type": "tool_use", "name": "track", "input": {}}]}, "contains a tool call"),
        ({"role": "model", "parts": [{"functionCall": {"name": "track"}}]}, "contains a tool call"),
        ({"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}, "“image_url”, which is not text"),
        ({"role": "user", "content": [{"inline_data": {"data": "x"}}]}, "“inline_data”, which is not text"),
        ({"role": "narrator", "content": "x"}, "role “narrator” is not supported"),
    ],
)  # fmt: skip
def test_what_cannot_be_learned_says_why(turn: dict[str, Any], reason: str) -> None:
    with pytest.raises(ConversationError, match=reason):
        normalized([*openai(U), turn, *openai(A)])


@pytest.mark.parametrize(
    "flag", [{"weight": 0}, {"loss_weight": 0.0}, {"train": False}, {"loss": False}, {"weight": "0"}]
)
def test_answers_of_weight_nought_are_read_and_not_learned(freeze_rows, flag: dict[str, Any]) -> None:
    def talk(n: int) -> str:
        turns = openai(("user", f"Q{n}"), ("assistant", "WRONG"), ("user", "Again"), ("assistant", f"A{n}"))
        turns[1] |= flag
        turns[3] |= {"weight": 1}
        return json.dumps({"messages": turns})

    frozen = freeze_rows("\n".join(map(talk, range(30))), "chat", {"messages": "messages"}, name="x.jsonl")
    assert [message["learned"] for message in frozen.rows[0]["prompt"]] == [True, False, True]
    assert (frozen.rows[0]["target"], len(frozen.rows)) == ("A0", 30)


def test_a_conversation_without_a_learned_answer_is_rejected() -> None:
    turns = [*openai(U), {"role": "assistant", "content": "WRONG", "weight": 0}]
    with pytest.raises(ConversationError, match="excluded from training"):
        normalized(turns)
    assert said([*turns, *openai(A)]) == [U, A], "of two answers to one question the one with weight is kept"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("### Human: Hi### Assistant: Hello", PLAIN),
        ("### Instruction:\nHi\n\n### Response:\nHello", PLAIN),
        ("Below is a task.\n\n### Instruction:\nHi\n\n### Response:\nHello", [("system", "Below is a task."), *PLAIN]),
        ("<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nHello<|im_end|>", PLAIN),
        ("<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\nHello<|eot_id|>", PLAIN),
        ("<s>[INST] <<SYS>>\nBe kind\n<</SYS>>\n\nHi [/INST] Hello </s>", [("system", "Be kind"), *PLAIN]),
        ("<start_of_turn>user\nHi<end_of_turn>\n<start_of_turn>model\nHello<end_of_turn>", PLAIN),
        ("<|user|>\nHi</s>\n<|assistant|>\nHello</s>", PLAIN),
        ("\n\nHuman: Hi\n\nAssistant: Hello", PLAIN),
        ("USER: Hi ASSISTANT: Hello</s>", PLAIN),
        ("Q: Hi\nA: Hello", PLAIN),
        ("问：Hi\n答：Hello", PLAIN),
        ("Frage: Hi\nAntwort: Hello", PLAIN),
        ("Question : Hi\nRéponse : Hello", PLAIN),
        ("Вопрос: Hi\nОтвет: Hello", PLAIN),
        ("**User:** Hi\n**Assistant:** Hello", PLAIN),
    ],
)  # fmt: skip
def test_marked_up_texts_are_conversations(text: str, kept: list[tuple[str, str]]) -> None:
    turns = marked_turns(text)
    assert turns is not None
    assert said(turns) == kept


@pytest.mark.parametrize(
    "text",
    [
        "Dear team,\nAnswer: no.\nQuestion: why?",
        "A: I like it.\nB: Me too.",
        "The user: a person. The assistant: a machine.",
        "# Report\n\nQuestions were asked.",
        "Question: only one",
    ],
)
def test_prose_with_such_words_is_none(text: str) -> None:
    assert marked_turns(text) is None


@pytest.mark.parametrize(
    ("cell", "turns"),
    [
        ('[["a", "b"], ["c", "d"]]', ["a", "b", "c", "d"]),
        ("[['a', 'b']]", ["a", "b"]),
        ('["a", "b"]', ["a", "b"]),
        ('[{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]', ["a", "b"]),
        ("[]", []),
        ("", []),
    ],
)
def test_earlier_turns(cell: str, turns: list[str]) -> None:
    history = read_history(cell)
    assert history is not None
    assert [turn["content"] for turn in history] == turns


TURN = st.builds(
    lambda role, content, weight: {"role": role, "content": content, **weight},
    st.sampled_from(["system", "user", "assistant"]),
    st.sampled_from(["", "one", "two"]),
    st.sampled_from([{}, {"weight": 0}, {"weight": 1}]),
)


@given(st.lists(TURN, max_size=8))
def test_whatever_is_learned_is_a_question_and_an_answer_in_turns(turns: list[dict[str, Any]]) -> None:
    try:
        messages = normalized(turns)
    except ConversationError:
        return
    roles = [message["role"] for message in messages if message["role"] != "system"]
    assert roles == ["user", "assistant"] * (len(roles) // 2)
    assert [message["role"] for message in messages].count("system") == (messages[0]["role"] == "system")
    assert all(message["content"] for message in messages)
    assert messages[-1].get("learned", True)
    forbidden = {turn["content"] for turn in turns if turn.get("weight") == 0 and turn["role"] == "assistant"}
    allowed = {turn["content"] for turn in turns if turn.get("weight") != 0 and turn["role"] == "assistant"}
    assert all(
        part in allowed
        for message in messages
        if message["role"] == "assistant" and message.get("learned", True)
        for part in message["content"].split("\n\n")
        if part in forbidden
    ), "nothing that is marked as bad is learned"


def test_a_role_in_another_script_is_read_to_its_end() -> None:
    text = "<|im_start|>उपयोगकर्ता\nनमस्ते<|im_end|>\n<|im_start|>assistant\nनमस्ते!<|im_end|>"
    turns = marked_turns(text)
    assert turns is not None
    assert [turn["content"] for turn in turns] == ["नमस्ते", "नमस्ते!"]


ASKED = [(f"Where is parcel {n}?", f"Parcel {n} is at desk {n % 7}.") for n in range(20)]
LISTED: list[Any] = [
    lambda q, a: {"messages": [["user", q], ["assistant", a]]},
    lambda q, a: {"messages": [f"user: {q}", f"assistant: {a}"]},
    lambda q, a: {"messages": [f"Human: {q}", f"AI: {a}"]},
    lambda q, a: {"messages": [{"role": "user", "content": q}], "reference_answer": a},
    lambda q, a: {"input": [{"role": "user", "content": q}], "ideal": a},
    lambda q, a: {"inputs": {"question": q}, "outputs": {"answer": a}},
]


@pytest.mark.parametrize("shape", LISTED, ids=range(len(LISTED)))
def test_questions_and_answers_in_lists_and_objects(import_file, freeze_rows, shape: Any) -> None:
    file = "\n".join(json.dumps(shape(q, a)) for q, a in ASKED)
    proposal = import_file(file, "x.jsonl").result.proposal
    assert proposal.task_type == "chat"
    frozen = freeze_rows(file, "chat", proposal.roles, name="x.jsonl")
    assert {(row["prompt"][0]["content"], row["target"]) for row in frozen.rows} == set(ASKED)


def test_a_user_and_a_system_that_talk() -> None:
    talk = [{"user": "Where is it?", "system": "At desk 3."}, {"user": "And mine?", "system": "At desk 4."}]
    turns = parse_messages(json.dumps(talk))
    assert turns and [turn["role"] for turn in turns] == ["user", "assistant"] * 2
    for prompts in (
        [{"user": "Where is it?", "system": "Be kind."}],
        [{**pair, "system": "Be kind."} for pair in talk],
    ):
        assert parse_messages(json.dumps(prompts)) is None
