"""Chat templates from anywhere: what good ones write, and what bad ones are kept from."""

from __future__ import annotations

import gc
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2.exceptions import TemplateError
from transformers.utils.chat_template_utils import render_jinja_template

from tests.fixtures.patience import PATIENCE_SECONDS
from workers.models import template_renderer, templates
from workers.models.prompts import PLAIN_CHAT_TEMPLATE, STARTER_CHAT_TEMPLATE
from workers.models.templates import TemplateRefused, split_chats

TALK = [
    {"role": "system", "content": "Be brief.\nBe kind."},
    {"role": "user", "content": "Hello <b>there</b> “you”  "},
    {"role": "assistant", "content": "Hi"},
    {"role": "user", "content": "And now?"},
]
MOST_MEMORY = 300_000 if sys.platform == "linux" else 300_000_000
"""300 MB, as getrusage counts: in kB, elsewhere in bytes."""
WORDS = {"bos_token": "<s>", "eos_token": "</s>"}
GOOD = {
    "starter": STARTER_CHAT_TEMPLATE,
    "plain": PLAIN_CHAT_TEMPLATE,
    "forms": "{{ '{:>6}|{}'.format('a', messages[0]['content']) }}{{ '{{\"a\": {x}}}'.format_map({'x': 1}) }}",
    "blocks": """
        {%- if messages[0]['role'] == 'system' %}
            {%- set first = messages[0]['content'] | trim %}
            {%- set rest = messages[1:] %}
        {%- else %}
            {%- set first = '' %}
            {%- set rest = messages %}
        {%- endif %}
        {{- bos_token }}
        {%- set ns = namespace(count=0, text='') %}
        {%- for message in rest %}
            {%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}
                {{- raise_exception('Turns must alternate') }}
            {%- endif %}
            {%- set ns.count = ns.count + 1 %}
            {%- set ns.text = ns.text ~ message.role ~ ',' %}
            {{- '[' + message['role'] | upper + '] ' + message['content'].strip() + eos_token }}
            {%- if loop.last %}{{ ' last' }}{% else %}{% continue %}{% endif %}
        {%- endfor %}
        {%- macro shout(text) %}{{ text | upper }}!{% endmacro %}
        {{- shout(first) }}{{ ns.text }}{{ ns.count * 2 }}{{ '-' * 3 }}
        {{- {'a': messages[0].content, 'b': [1, none]} | tojson(indent=2) }}
        {%- for key, value in dict(x=1, y=2).items() %} {{ key }}={{ value }}{% endfor %}
        {%- if add_generation_prompt %}{{ '%s:' % 'assistant' }}{% endif %}
    """,
    "generation": "{% for m in messages %}{% generation %}{{ m.content }}{% endgeneration %}\n{% endfor %}",
    "recursive": "{% for m in messages recursive %}{{ m.content if m is mapping else m }}{{ loop(['x']) if m is mapping }}{% endfor %}",
    "filters": "{{ messages | map(attribute='role') | unique | join(', ') }}{{ messages | selectattr('role', 'eq', 'user') | list | length }}{{ 'a-b'.replace('-', '+').split('+') | last }}{{ ('x' * 40) | truncate(9) }}{{ 'q' | center(5) }}",
}


def _end_renderers() -> None:
    """Also those that a test before this one dropped, and that the next collection of garbage would end."""
    templates._renderer.cache_clear()
    gc.collect()


@pytest.fixture(autouse=True, scope="module")
def _no_renderer_left() -> Iterator[None]:
    yield
    _end_renderers()


def render(source: str, talk: list[dict[str, str]] = TALK, **values: Any) -> str:
    """The whole text, in a process as the studio does it."""
    [pieces] = split_chats(source, [talk], **values)
    return "".join(text for text, _index in pieces)


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("asked", [True, False])
def test_a_template_writes_what_transformers_makes_of_it(name: str, asked: bool) -> None:
    expected, _indices = render_jinja_template(
        [TALK], chat_template=GOOD[name], add_generation_prompt=asked, **WORDS
    )
    assert template_renderer.render(GOOD[name], WORDS, TALK, asked) == expected[0]


@pytest.mark.parametrize("name", ["starter", "plain", "generation"])
def test_the_pieces_of_a_conversation_are_its_text(name: str) -> None:
    whole, _indices = render_jinja_template(
        [TALK], chat_template=GOOD[name], add_generation_prompt=True, **WORDS
    )
    [pieces] = split_chats(GOOD[name], [TALK], **WORDS)
    assert "".join(text for text, _index in pieces) == whole[0]
    assert [index for _text, index in pieces] == [None, 2, None]
    assert pieces[1][0].lstrip().startswith("Hi")


@settings(max_examples=15, deadline=None)
@given(st.lists(st.lists(st.text(max_size=40), min_size=1, max_size=5), max_size=12))
def test_many_conversations_are_what_each_is_alone(contents: list[list[str]]) -> None:
    """Whatever they contain, halves of surrogate pairs included."""
    chats = [
        [{"role": ("user", "assistant")[i % 2], "content": text} for i, text in enumerate(talk)]
        for talk in contents
    ]
    together = split_chats(STARTER_CHAT_TEMPLATE, chats)
    assert together == [split_chats(STARTER_CHAT_TEMPLATE, [chat])[0] for chat in chats]
    assert [len(pieces) for pieces in together] == [len(talk) for talk in contents]


def test_a_long_conversation_fits() -> None:
    talk = [{"role": ("user", "assistant")[i % 2], "content": "word " * 20_000} for i in range(100)]
    assert len(render(STARTER_CHAT_TEMPLATE, talk)) > 10_000_000


def test_many_long_conversations_fit() -> None:
    """Together they have more characters than the renderer may hold at once."""
    talk = [{"role": "user", "content": "word " * 400_000}]
    assert len(split_chats(STARTER_CHAT_TEMPLATE, [talk] * 60)) == 60


def test_what_a_template_raises_is_told() -> None:
    with pytest.raises(TemplateError, match=r"^Turns must alternate$"):
        render(GOOD["blocks"], [TALK[1], TALK[3]], **WORDS)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("{{ 1 / 0 }}", "does not work: division by zero."),
        (
            "{{ messages.append(1) }}",
            "was rejected: access to attribute 'append' of 'list' object is unsafe.",
        ),
        ("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "was rejected: maximum recursion depth exceeded"),
        ("{{ 'a' * 10 ** 11 }}", "was rejected: it does not end, or produces too much text."),
        (
            "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
            "was rejected: it does not end, or produces too much text.",
        ),
    ],
)
def test_an_error_says_what_is_wrong(source: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(templates, "SECONDS", 1.0)
    with pytest.raises(TemplateRefused) as caught:
        render(source)
    assert f"The chat template of this model {words}" in str(caught.value)
    assert ".." not in str(caught.value)


@pytest.mark.parametrize(
    "source",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ messages.__class__.__base__ }}",
        "{{ cycler.__init__.__globals__.os.popen('touch FILE').read() }}",
        "{{ raise_exception.__globals__['__builtins__']['open']('FILE', 'w') }}",
        "{{ ('{0.__class__.__init__.__globals__}').format(cycler) }}",
        "{{ '%s' | format(messages.__class__) }}",
        "{{ messages.append(1) }}",
        "{{ messages[0].update({'role': 'x'}) }}",
        "{% set ns = namespace() %}{% set ns.__class__ = 1 %}{{ ns.__class__ }}",
        "{{ strftime_now.__func__ }}",
        "{{ dict.__subclasses__() }}",
        "{{ self.__init__.__globals__ }}",
        "{{ messages | attr('__class__') }}",
        "{{ messages | map(attribute='__class__') | list }}",
        "{% include 'FILE' %}",
        "{% import 'FILE' as x %}",
    ],
)
def test_a_template_does_not_leave_the_sandbox(source: str, tmp_path: Path) -> None:
    touched = tmp_path / "touched"
    try:
        text = render(source.replace("FILE", str(touched)))
    except (TemplateRefused, TemplateError, TypeError):
        text = ""
    assert "class" not in text
    assert "module" not in text
    assert "function" not in text
    assert not touched.exists()
    assert TALK[0]["role"] == "system"


LOOP = "{% for a in range(99999) %}{% for b in range(99999) %}TEXT{% endfor %}{% endfor %}"
DOUBLING = (
    "{% set ns = namespace(x=START) %}{% for i in range(60) %}{% set ns.x = NEXT %}{% endfor %}{{ ns.x }}"
)
BOMBS = {
    "loop": LOOP.replace("TEXT", ""),
    "writing loop": LOOP.replace("TEXT", "plain text " * 100),
    "calls": "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(60) }}",
    "recursion": "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "recursive loop": "{% for m in messages recursive %}{{ loop(messages) }}{% endfor %}",
    "brackets": "{{ " + "(" * 50_000 + "1" + ")" * 50_000 + " }}",
    "text": "{{ 'a' * 10 ** 10 }}",
    "list": "{{ ([1] * 10 ** 10) | length }}",
    "number": "{{ 2 ** (10 ** 9) }}",
    "digits": "{{ ('f' * 4000000) | int(0, 16) }}",
    "doubled text": DOUBLING.replace("START", "'ab'").replace("NEXT", "ns.x ~ ns.x"),
    "doubled list": DOUBLING.replace("START", "[1, 2]").replace("NEXT", "ns.x + ns.x"),
    "pairs of pairs": DOUBLING.replace("START", "[1]").replace("NEXT", "[ns.x, ns.x]"),
    "nested pairs": DOUBLING.replace("START", "(1,)").replace("NEXT", "(ns.x, ns.x)") + "{{ {ns.x: 1} }}",
    "replaced": DOUBLING.replace("START", "'a'").replace("NEXT", "ns.x.replace('a', 'aaa')"),
    "padding": "{{ '%10000000000d' % 1 }}",
    "width": "{{ '{:{w}{w}{w}}'.format(1, w='9999') }}",
    "indent": "{{ ([1] * 150000) | tojson(indent=9999) }}",
    "joined": "{{ (['x' * 9999999] * 9999) | join }}",
    "filler": "{{ lipsum(10 ** 9) }}",
    "date": "{{ strftime_now('%09999999d' * 9999) }}",
    "split": "{{ ('a' * 15000000).split('a') | length }}",
    "sum": "{{ ([[1] * 1000] * 100000) | sum(start=[]) | length }}",
    "search": "{{ ([1] * 1000000) | select('in', [0] * 1000000) | list }}",
    "links": "{{ ('www.a.' * 2000000) | urlize }}",
    "wrapping": "{{ ('-' * 5000000) | wordwrap(3) }}",
    "source": "x" * (templates.MOST_SOURCE + 1),
    "much text": "{{ 'a' * (10 ** 8) }}",
}
WITHIN_BOUNDS = {"date", "split"}
"""Those may do what they want: it takes a second and the renderer's own memory."""


@pytest.mark.parametrize("name", BOMBS)
def test_a_template_that_does_not_end_or_writes_too_much_is_refused(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # With a tenth of a second for each turn; the system counts whole ones.
    monkeypatch.setattr(templates, "SECONDS", 1.0 if name in WITHIN_BOUNDS else 0.1)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    with nullcontext() if name in WITHIN_BOUNDS else pytest.raises((TemplateRefused, TemplateError)):
        assert len(render(BOMBS[name])) < template_renderer.MOST_WRITTEN
    _end_renderers()
    # Without its bounds each of these takes hours, or all memory.
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - used < 10
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - most < MOST_MEMORY


def test_the_renderer_of_a_bad_template_starts_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(templates, "SECONDS", 1.0)
    source = "{% if messages | length > 1 %}" + BOMBS["loop"] + "{% endif %}ok"
    for _ in range(2):
        with pytest.raises(TemplateRefused):
            render(source)
        assert render(source, TALK[1:2]) == "ok"


def _renderers() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if template_renderer.__file__ in child.cmdline()]


def test_a_renderer_that_the_system_ended_is_replaced() -> None:
    _end_renderers()
    assert render(STARTER_CHAT_TEMPLATE)
    [process] = _renderers()
    process.kill()
    process.wait(PATIENCE_SECONDS)
    assert render(STARTER_CHAT_TEMPLATE)


def test_a_renderer_that_the_system_ends_while_it_renders_gets_another_chance(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And the template is not blamed for it."""
    _end_renderers()
    assert render(STARTER_CHAT_TEMPLATE)
    [process] = _renderers()
    send = templates._send

    def killed_first(link: Any, message: Any, deadline: float) -> None:
        if process.is_running():
            process.kill()
            process.wait(PATIENCE_SECONDS)
        send(link, message, deadline)

    monkeypatch.setattr(templates, "_send", killed_first)
    assert render(STARTER_CHAT_TEMPLATE)


def test_a_job_that_is_stopped_keeps_its_renderer() -> None:
    """The signal goes to the whole process group: what renders must not turn it into a failure of the template."""
    _end_renderers()
    assert render(STARTER_CHAT_TEMPLATE)
    [process] = _renderers()
    process.terminate()
    assert render(STARTER_CHAT_TEMPLATE)
    assert _renderers() == [process]


def test_a_renderer_that_stops_answering_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    _end_renderers()
    assert render(STARTER_CHAT_TEMPLATE)
    [process] = _renderers()
    process.send_signal(signal.SIGSTOP)
    monkeypatch.setattr(templates, "WAIT_SECONDS", 0.2)
    monkeypatch.setattr(templates, "PATIENCE", 0)
    with pytest.raises(TemplateRefused):
        render(STARTER_CHAT_TEMPLATE)
    assert not process.is_running()


def test_another_models_template_is_rendered_by_another_process() -> None:
    _end_renderers()
    for number in range(templates.PROCESSES + 2):
        assert render(f"{number}", TALK[1:2]) == f"{number}"
    assert len(_renderers()) == templates.PROCESSES


def test_threads_get_their_own_answers() -> None:
    wrong: list[str] = []

    def ask(name: str) -> None:
        talk = [{"role": "user", "content": name}]
        wrong.extend(text for _ in range(50) if name not in (text := render(STARTER_CHAT_TEMPLATE, talk)))

    threads = [threading.Thread(target=ask, args=(f"thread {number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_renderer_has_no_key_of_its_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    _end_renderers()
    assert render(STARTER_CHAT_TEMPLATE)
    [process] = _renderers()
    assert b"hf_secret" not in Path(f"/proc/{process.pid}/environ").read_bytes()
    modules = Path(f"/proc/{process.pid}/maps").read_text()
    assert "torch" not in modules


def test_a_renderer_ends_with_the_process_that_started_it() -> None:
    code = """if True:
        import os, psutil
        from workers.models.templates import split_chats
        split_chats("{{ messages | length }}", [[{"role": "user", "content": "x"}]])
        print(psutil.Process().children()[0].pid, flush=True)
        os._exit(1)
    """
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    deadline = time.monotonic() + 30
    while psutil.pid_exists(int(ended.stdout)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not psutil.pid_exists(int(ended.stdout))
