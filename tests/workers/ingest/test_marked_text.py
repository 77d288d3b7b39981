"""Texts with the marks of many models and people, in cells, in plain text files and beside their answers."""

import json

import pytest

from workers.ingest.conversations import marked_turns, normalized

Q, A, S = "How do I send kettle {n} back, please?", "Open order {n},\n\nthen choose refund.", "Be kind."
FORMS: dict[str, tuple[str, bool]] = {
    "chatml": ("<|im_start|>system\n{s}<|im_end|>\n<|im_start|>user\n{q}<|im_end|>\n<|im_start|>assistant\n{a}<|im_end|>\n", True),
    "zephyr": ("<|system|>\n{s}</s>\n<|user|>\n{q}</s>\n<|assistant|>\n{a}</s>\n", True),
    "llama 3": ("<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\n{s}<|eot_id|><|start_header_id|>user<|end_header_id|>\n\n{q}<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n{a}<|eot_id|>\n", True),
    "llama 4": ("<|begin_of_text|><|header_start|>user<|header_end|>\n\n{q}<|eot|><|header_start|>assistant<|header_end|>\n\n{a}<|eot|>\n", False),
    "harmony": ("<|start|>system<|message|>{s}<|end|><|start|>user<|message|>{q}<|end|><|start|>assistant<|channel|>analysis<|message|>SECRET<|end|><|start|>assistant<|channel|>final<|message|>{a}<|return|>\n", True),
    "cohere": ("<BOS_TOKEN><|START_OF_TURN_TOKEN|><|SYSTEM_TOKEN|>{s}<|END_OF_TURN_TOKEN|><|START_OF_TURN_TOKEN|><|USER_TOKEN|>{q}<|END_OF_TURN_TOKEN|><|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>{a}<|END_OF_TURN_TOKEN|>\n", True),
    "granite": ("<|start_of_role|>user<|end_of_role|>{q}<|end_of_text|>\n<|start_of_role|>assistant<|end_of_role|>{a}<|end_of_text|>\n", False),
    "kimi": ("<|im_user|>user<|im_middle|>{q}<|im_end|><|im_assistant|>assistant<|im_middle|>{a}<|im_end|>\n", False),
    "exaone": ("[|system|]{s}[|endofturn|]\n[|user|]{q}\n[|assistant|]{a}[|endofturn|]\n", True),
    "moss": ("[|Human|] {q}\n[|AI|] {a}\n", False),
    "internlm": ("<|User|>:{q}<eoh>\n<|Bot|>:{a}<eoa>\n", False),
    "baichuan": ("<reserved_106>{q}<reserved_107>{a}\n", False),
    "nemotron": ("<extra_id_0>System\n{s}\n<extra_id_1>User\n{q}\n<extra_id_1>Assistant\n{a}\n", True),
    "gemma": ("<start_of_turn>user\n{q}<end_of_turn>\n<start_of_turn>model\n{a}<end_of_turn>\n", False),
    "mistral": ("<s>[SYSTEM_PROMPT]{s}[/SYSTEM_PROMPT][INST]{q}[/INST]{a}</s>\n", True),
    "openchat": ("GPT4 Correct User: {q}<|end_of_turn|>GPT4 Correct Assistant: {a}<|end_of_turn|>\n", False),
    "falcon": (">>QUESTION<<{q}\n>>ANSWER<<{a}\n", False),
    "tags": ("<user>{q}</user>\n<assistant>{a}</assistant>\n", False),
    "question tags": ("<question>{q}</question><answer>{a}</answer>\n", False),
    "minicpm": ("<用户>{q}<AI>{a}\n", False),
    "headings": ("## User\n\n{q}\n\n## Assistant\n\n{a}\n\n", False),
    "top headings": ("# System\n{s}\n# User:\n{q}\n# Assistant:\n{a}\n", True),
    "small headings": ("#### **User**\n{q}\n#### **Assistant**\n{a}\n", False),
    "hashes": ("### Human: {q}\n### Assistant: {a}\n\n", False),
    "alpaca": ("### Instruction:\n{q}\n\n### Response:\n{a}\n\n", False),
    "bold": ("**User:** {q}\n\n**Assistant:** {a}\n\n", False),
}  # fmt: skip
LINES: dict[str, str] = {
    "numbered": "Q{n}. {q}\nA{n}. {a}\n",
    "bracketed": "**Q{n})** {q}\n**A{n})** {a}\n",
    "chatglm": "[Round 1]\n\n问：{q}\n\n答：{a}\n\n",
    "numbered German": "Frage {n}. {q}\nAntwort {n}. {a}\n",
}


def filled(form: str, n: int) -> str:
    return form.format(n=n, s=S, q=Q.format(n=n), a=A.format(n=n))


def learned(row: dict) -> list[tuple[str, str]]:
    return [*((m["role"], m["content"]) for m in row["prompt"]), ("assistant", row["target"])]


@pytest.mark.parametrize("name", [*FORMS, *LINES])
def test_a_cell_with_marks_is_a_conversation_without_them(name: str) -> None:
    form, has_system = FORMS.get(name) or (LINES[name], False)
    turns = marked_turns(filled(form, 3))
    assert turns is not None
    said = [(message["role"], message["content"]) for message in normalized(turns)]
    expected = [("user", Q.format(n=3)), ("assistant", A.format(n=3))]
    assert said == [*([("system", S)] if has_system else []), *expected]


IN_FILES = [name for name in FORMS if name not in ("baichuan", "minicpm", "openchat", "bold")]


@pytest.mark.parametrize("name", IN_FILES)
@pytest.mark.parametrize("ending", [".txt", ".md"])
def test_a_text_file_with_marks_has_a_row_for_each_conversation(
    import_file, freeze_rows, name: str, ending: str
) -> None:
    form, has_system = FORMS[name]
    text = "".join(filled(form, n) for n in range(40))
    imported = import_file(text, f"talks{ending}")
    assert (imported.result.format, imported.result.rows, imported.result.rejected) == ("text", 40, 0)
    assert imported.result.proposal.task_type == "chat"
    frozen = freeze_rows(text, "chat", imported.result.proposal.roles, name=f"talks{ending}")
    rows = {row["line"]: row for row in frozen.rows}
    assert len(rows) == 40
    first = learned(rows[1])
    assert first == [
        *([("system", S)] if has_system else []),
        ("user", Q.format(n=0)),
        ("assistant", A.format(n=0)),
    ]


@pytest.mark.parametrize("name", LINES)
def test_numbered_questions_and_answers_are_pairs(import_file, name: str) -> None:
    text = "".join(filled(LINES[name], n).replace(",\n\n", ", ") for n in range(40))
    imported = import_file(text, "faq.txt")
    assert imported.result.rows == 40
    assert {key: imported.rows[1][key] for key in ("question", "answer")} == {
        "question": Q.format(n=1), "answer": A.format(n=1).replace(",\n\n", ", "),
    }  # fmt: skip


@pytest.mark.parametrize(("between", "count"), [("<|endoftext|>\n", 20), ("---\n", 20), ("", 40)])
def test_what_separates_conversations_keeps_their_turns_together(
    import_file, between: str, count: int
) -> None:
    turn = "<|im_start|>user\n{q}<|im_end|>\n<|im_start|>assistant\n{a}<|im_end|>\n"
    text = "".join(filled(turn, n) + (between if n % 2 else "") for n in range(40))
    imported = import_file(text, "x.txt").result
    assert imported.rows == count
    assert imported.comments == (20 if between else 0)


@pytest.mark.parametrize("heading", ["## {q}\n\n{a}\n\n", "**{q}**\n{a}\n\n", "### {q}\n{a}\n"])
def test_headings_that_ask_are_questions(import_file, heading: str) -> None:
    text = "# Questions\n\n" + "".join(filled(heading, n).replace(", please", "") for n in range(30))
    imported = import_file(text, "faq.md")
    assert imported.result.rows == 30
    row = imported.rows[2]
    assert (row["question"], row["answer"]) == ("How do I send kettle 2 back?", A.format(n=2))
    assert imported.result.proposal.task_type == "chat"


PROMPTS = [
    "<|im_start|>user\n{q}<|im_end|>\n<|im_start|>assistant\n",
    "<|user|>{q}<|end|>",
    "### Human: {q}\n### Assistant:",
    "### Instruction:\n{q}\n\n### Response:\n",
    "<s>[INST] {q} [/INST]",
    "Human: {q}\n\nAssistant:",
    "Q: {q}\nA:",
    "<|start_header_id|>user<|end_header_id|>\n\n{q}<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
    "{q} ->",
    "{q}\n\n###\n\n",
]
ANSWERS = [
    "{a}",
    "{a}<|im_end|>",
    " {a}\n###",
    " {a} END",
    "<|assistant|>{a}</s>",
    "### Assistant: {a}",
    "Assistant: {a}",
]


@pytest.mark.parametrize("prompt", PROMPTS)
@pytest.mark.parametrize("answer", ANSWERS)
def test_a_prompt_with_marks_and_its_answer_are_learned_without(
    import_file, freeze_rows, prompt: str, answer: str
) -> None:
    text = "\n".join(
        json.dumps({"prompt": filled(prompt, n), "completion": filled(answer, n)}) for n in range(40)
    )
    proposal = import_file(text, "x.jsonl").result.proposal
    assert proposal.task_type == "chat"
    assert proposal.why[0] == "The turn markers in “prompt” and “completion” were removed from the texts."
    frozen = freeze_rows(text, "chat", proposal.roles, name="x.jsonl")
    [row] = [row for row in frozen.rows if row["line"] == 4]
    assert learned(row) == [("user", Q.format(n=3)), ("assistant", A.format(n=3))]


def test_turns_before_the_question_stay_turns(import_file, freeze_rows) -> None:
    prompt = "<|im_start|>system\n{s}<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nHello<|im_end|>\n<|im_start|>user\n{q}<|im_end|>\n<|im_start|>assistant\n"
    text = "\n".join(
        json.dumps(
            {"prompt": filled(prompt, n), "chosen": filled("{a}<|im_end|>", n), "rejected": "No.<|im_end|>"}
        )
        for n in range(40)
    )
    frozen = freeze_rows(text, "chat", import_file(text, "x.jsonl").result.proposal.roles, name="x.jsonl")
    [row] = [row for row in frozen.rows if row["line"] == 1]
    assert learned(row) == [
        ("system", S), ("user", "Hi"), ("assistant", "Hello"), ("user", Q.format(n=0)), ("assistant", A.format(n=0)),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "The <user> writes to the <assistant> every day.",
        "Use <|user|> before a question.",
        "# Chapter 3\n\nThe user came home.\n\n# Chapter 4\n\nThe assistant had left.",
        "x = [|a|] and <b>bold</b>",
        "Answer 1. Question 2.",
    ],
)
def test_texts_about_marks_are_none(text: str) -> None:
    assert marked_turns(text) is None


@pytest.mark.parametrize(
    "first", ["## User {n} wrote, a lot", "Customer: my parcel {n} is late", "{n} -> {n}"]
)
def test_a_labelled_text_keeps_its_marks(import_file, first: str) -> None:
    rows = [{"text": first.format(n=n), "label": ["late", "paid"][n % 2]} for n in range(40)]
    imported = import_file("\n".join(map(json.dumps, rows)), "x.jsonl")
    assert imported.rows[5]["text"] == first.format(n=5)
    assert imported.result.proposal.task_type == "classification"


def test_a_file_of_chapters_is_plain_text(import_file) -> None:
    text = "".join(f"# Chapter {n}\n\nIt rained on day {n}.\nShe went out.\n\n" for n in range(30))
    imported = import_file(text, "book.md").result
    assert (imported.format, [column.name for column in imported.columns]) == ("text", ["text"])
    assert imported.proposal.task_type == "generation"


@pytest.mark.parametrize(
    "marks", [("Human", "Assistant"), ("Kunde", "Berater"), ("Patient", "Doctor"), ("用户", "助手")]
)
def test_lines_with_speakers_stay_one_conversation_between_separators(
    import_file, freeze_rows, marks: tuple[str, str]
) -> None:
    asked, answered = marks
    text = "".join(
        f"{asked}: {Q.format(n=n)}\n\n{answered}: Open {n}.\n\n{asked}: Thanks\n\n{answered}: Bye {n}.\n\n---\n\n"
        for n in range(40)
    )
    imported = import_file(text, "x.txt").result
    assert (imported.rows, imported.comments) == (40, 40)
    frozen = freeze_rows(text, "chat", imported.proposal.roles, name="x.txt")
    assert learned(frozen.rows[0])[-2:] == [("user", "Thanks"), ("assistant", "Bye 0.")]
    assert len(frozen.rows[0]["prompt"]) == 3


@pytest.mark.parametrize("line", ["Q: {q} A: {a}", "Frage: {q} Antwort: {a}", "问：{q} 答：{a}"])
def test_a_question_and_its_answer_in_one_line(import_file, freeze_rows, line: str) -> None:
    text = "\n".join(line.format(q=Q.format(n=n), a=f"Open {n}.") for n in range(40))
    frozen = freeze_rows(text, "chat", import_file(text, "x.txt").result.proposal.roles, name="x.txt")
    assert learned(frozen.rows[0]) == [("user", Q.format(n=0)), ("assistant", "Open 0.")]


def test_marks_in_two_columns_without_names_are_left_out(import_file, freeze_rows) -> None:
    text = "".join(f"Q: {Q.format(n=n)}\tA: Open {n}.\n" for n in range(40))
    frozen = freeze_rows(text, "chat", import_file(text, "x.txt").result.proposal.roles, name="x.txt")
    assert learned(frozen.rows[0]) == [("user", Q.format(n=0)), ("assistant", "Open 0.")]
