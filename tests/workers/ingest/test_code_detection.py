"""Program code is told from prose by several signs in most lines; words that both use prove nothing."""

import json

import pytest

from workers.ingest.proposals.by_content import _NUMBER
from workers.ingest.proposals.code import _ends, is_code
from workers.ingest.readers.transcripts import _heading
from workers.ingest.verdicts import number_of

CODE = [
    "def add_0(x):\n    return x + 0",
    "SELECT count(*) FROM users WHERE age > 3;",
    "SELECT a.id\nFROM a\nJOIN b ON a.id = b.id\nWHERE b.x = 1",
    "for (let i = 0; i < n; i++) {\n  console.log(i);\n}",
    "#include <stdio.h>\nint main() {\n  return 0;\n}",
    "x = [i for i in range(10)]\nprint(x)",
    "fn main() {\n    println!(\"Hi\");\n}",
    "function add(a, b) { return a + b; }",
    "import os\nprint(os.getcwd())",
    "<ul class=\"a\">\n<li>Hi</li>\n</ul>",
    "```python\nprint(1)\n```",
    "  off strips.back\nend",
]  # fmt: skip
PROSE = [
    "Yes, you can return it to Lyon within 10 days.",
    "return the parcel to us",
    "Ann has 2 + 1 = 3 kettles.",
    "Solución: 2 + 1 = 3",
    "Step 1: 5 * 4 = 20\nStep 2: 20 - 3 = 17\n#### 17",
    "x = 3",
    "For parcel 0 you pay import duty of 1 euros.",
    "import fees = 5 euros",
    "Importe = 5 €",
    "A first class ticket costs 5 euros; second class 3.",
    "class starts at nine",
    "Select a seat from the menu.",
    "Please select one from the list; then press OK;",
    "if you are late: call us",
    "while you wait: sit down\nfor two hours: read",
    "return: 10 days\nimport: 5 euros\nclass: first",
    "Dear all;\nthe def of it;\nbye;",
    "Rückgabe (return) innerhalb von 10 Tagen;",
    "退货请在10天内 return 到店",
    "Верните посылку (return) за 10 дней;",
    "Use the print() function to show text.",
    "1. Open the app\n2. Press Return\n3. Import the file",
    "  an indented line of a poem\n  and another line",
    "Call it in:\n```\nx\n```\nThis is how it is done, and here is a long explanation of it in words.",
]

SUMS = [
    "x = 4, because 0 + 4 = 4;",
    "x = 4 since 0 + 4 = 4;",
    "x = 4, denn 0 + 4 = 4;",
    "x = 4, porque 0 + 4 = 4;",
    "y = 3 (because 3 * 2 = 6);",
    "x = 4 => 0 + 4 = 4",
    "x = 7 -> check: 7 - 3 = 4",
    "area = 4 * 5 = 20;",
    "a = 3, b = 4, so c = 5;",
    "x = 2 || x = 3",
    "x = 4;",
    "x = 5 or x = -5;",
    "x = 4 cm;",
    "speed = 60 km per hour;",
]
STATEMENTS = [
    "let total = price * quantity;",
    "total += price * n;",
    "x = y; // because it rains today",
    'note = "because it rains";',
    "x = await fetch(url);",
    "auto x = static_cast<unsigned int>(y);",
    "x = left if tall else right;",
    "a = b = 0;",
    "x = y as string;",
]


@pytest.mark.parametrize("text", SUMS)
@pytest.mark.parametrize("names", [("prompt", "completion"), ("problem", "solution"), ("question", "answer")])
def test_sums_are_no_programs(import_file, names: tuple[str, str], text: str) -> None:
    assert not is_code(text)
    lines = [json.dumps({names[0]: f"Solve for x: x + {n} = 4", names[1]: text}) for n in range(30)]
    proposal = import_file("\n".join(lines), "x.jsonl").result.proposal
    assert proposal.task_type != "code"
    assert "program" not in " ".join(proposal.why)


@pytest.mark.parametrize("text", STATEMENTS)
def test_statements_are_programs(text: str) -> None:
    assert is_code(text)


@pytest.mark.parametrize("text", CODE)
def test_code_is_code(text: str) -> None:
    assert is_code(text)


@pytest.mark.parametrize("text", PROSE)
def test_prose_is_not(text: str) -> None:
    assert not is_code(text)


@pytest.mark.parametrize(
    ("names", "text"), [(("question", "answer"), p) for p in PROSE] + [(("Frage", "Antwort"), PROSE[2])]
)
def test_prose_answers_are_chat(import_file, names: tuple[str, str], text: str) -> None:
    lines = [json.dumps({names[0]: f"How is it, case {n}?", names[1]: f"{text} {n}"}) for n in range(30)]
    assert import_file("\n".join(lines), "x.jsonl").result.proposal.task_type == "chat"


@pytest.mark.parametrize(
    "text",
    [
        "return वह किताब = मेरी घर ले आया।",
        "class = কক্ষ, এই বইটি আমি লাইব্রেরি থেকে নিয়েছি।",
        "import என்பது ஒரு சொல் = இறக்குமதி என்று பொருள்",
    ],
)
def test_a_sentence_with_marks_is_no_code(text: str) -> None:
    assert not is_code(text)


@pytest.mark.parametrize(
    "line",
    [
        ", ".join(f"{letter}={n}" for n, letter in enumerate("abcdefghijklmnopqrstuvwxy"))
        + " are the values",
        "1+" * 10_000,
        "a," * 5_000 + "=",
        "x = " + "a " * 9_000,
    ],
    ids=len,
)
def test_a_long_line_is_read_in_one_way_and_at_its_ends(line: str) -> None:
    """Each pattern that took exponential time did so on a line of a hundred characters, and would hang here."""
    assert len(_ends(line)) <= 1_000
    assert not is_code(line)


def test_headings_and_numbers_are_read_in_one_way() -> None:
    spaces = " " * 20_000
    assert _heading(f"# a{spaces}x") == ("#", f"a{spaces}x")
    assert _heading("## Where is it? ##") == ("##", "Where is it?")
    assert number_of(f"1{spaces}x") is None
    assert number_of(f"{spaces}4 of 5") == 4
    assert not _NUMBER.fullmatch("1" * 20_000 + "x")
    assert all(_NUMBER.fullmatch(number) for number in ("1", "1.5", "1,5", ".5", "-2e3"))
