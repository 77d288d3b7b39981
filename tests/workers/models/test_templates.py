"""Chat templates from anywhere: what good ones write, and what bad ones are kept from."""

from __future__ import annotations

import resource
import sys
import time
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from jinja2.exceptions import TemplateError
from transformers.utils.chat_template_utils import render_jinja_template

from workers.models import templates
from workers.models.prompts import PLAIN_CHAT_TEMPLATE, STARTER_CHAT_TEMPLATE
from workers.models.templates import TemplateRefused, render_chat

TALK = [
    {"role": "system", "content": "Be brief.\nBe kind."},
    {"role": "user", "content": "Hello <b>there</b> “you”  "},
    {"role": "assistant", "content": "Hi"},
    {"role": "user", "content": "And now?"},
]
MOST_MEMORY = 1_000_000 if sys.platform == "linux" else 1_000_000_000
"""1 GB, as getrusage counts: in kB, elsewhere in bytes."""
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


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("asked", [True, False])
def test_a_template_writes_what_transformers_makes_of_it(name: str, asked: bool) -> None:
    expected, _indices = render_jinja_template(
        [TALK], chat_template=GOOD[name], add_generation_prompt=asked, **WORDS
    )
    assert render_chat(GOOD[name], TALK, add_generation_prompt=asked, **WORDS) == expected[0]


def test_a_long_conversation_fits() -> None:
    talk = [{"role": ("user", "assistant")[i % 2], "content": "word " * 2000} for i in range(1000)]
    assert len(render_chat(STARTER_CHAT_TEMPLATE, talk, add_generation_prompt=True)) > 10_000_000


def test_what_a_template_raises_is_told() -> None:
    with pytest.raises(TemplateError, match="alternate"):
        render_chat(GOOD["blocks"], TALK[2:], add_generation_prompt=False, **WORDS)


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
        text = render_chat(source.replace("FILE", str(touched)), TALK, add_generation_prompt=False)
    except (TemplateRefused, TemplateError, TypeError):
        text = ""
    assert "class" not in text
    assert "module" not in text
    assert "function" not in text
    assert not touched.exists()
    assert TALK[0]["role"] == "system"


@pytest.mark.parametrize(
    "source",
    [
        "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}",
        "{% for a in range(100000) %}{% for b in range(100000) %}{{ b }}{% endfor %}{% endfor %}",
        "{% for a in range(99999) %}{% for b in range(99999) if false %}{% endfor %}{% endfor %}",
        "{% for a in range(9999) %}{% for b in range(9999) %}"
        + "plain text " * 100
        + "{% endfor %}{% endfor %}",
        "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(60) }}",
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{% macro f(n) %}"
        + "plain " * 900
        + "{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(30) }}",
        "{{ 'x' * 10 ** 10 }}",
        "{{ 10 ** 9 * 'x' }}",
        "{{ ([1] * 10 ** 10) | length }}",
        "{{ 2 ** (10 ** 9) }}",
        "{{ (9 ** 9999) ** 9999 }}",
        "{% set ns = namespace(x='ab') %}{% for i in range(60) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
        "{% set ns = namespace(x='ab') %}{% for i in range(60) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
        "{% set ns = namespace(x=[1, 2]) %}{% for i in range(60) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
        "{% set ns = namespace(x='ab') %}{% for i in range(60) %}{% set ns.x = '%s%s' % (ns.x, ns.x) %}{% endfor %}",
        "{% set ns = namespace(x='ab') %}{% for i in range(60) %}{% set ns.x %}{{ ns.x }}{{ ns.x }}{% endset %}{% endfor %}",
        "{% set ns = namespace(x='ab') %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] | join %}{% endfor %}",
        "{% set ns = namespace(x='a') %}{% for i in range(60) %}{% set ns.x = ns.x.replace('a', 'aaa') %}{% endfor %}",
        "{% set ns = namespace(x='a') %}{% for i in range(60) %}{% set ns.x = ns.x | replace('a', 'aaa') %}{% endfor %}",
        "{% set ns = namespace(x='a') %}{% for i in range(60) %}{% set ns.x = '{0}{0}'.format(ns.x) %}{% endfor %}",
        "{{ 'x'.center(10 ** 10) }}",
        "{{ ([1] * 150000) | tojson(indent=9999) }}",
        "{{ ([1] * 150000) | tojson(indent=-9999, separators=['x' * 9999, '']) }}",
        "{% set ns = namespace(x=[1] * 9999) %}{% for i in range(100) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x | tojson(indent=20) }}",
        "{{ strftime_now('%09999999d' * 9999) }}",
        "{{ 'x' | center(10 ** 10) }}",
        "{{ 'x'.ljust(width=10 ** 10) }}",
        "{{ '7'.zfill(10 ** 10) }}",
        "{{ '\\t'.expandtabs(10 ** 10) }}",
        "{{ ('a\\n' * 9999) | indent(10 ** 9) }}",
        "{{ ('a\\n' * 99999) | indent(9999) }}",
        "{{ '%10000000000d' % 1 }}",
        "{{ '%*d' % (10 ** 10, 1) }}",
        "{{ '{:10000000000}'.format(1) }}",
        "{{ '{:{w}}'.format(1, w=10 ** 10) }}",
        "{{ '{:{w}{w}{w}}'.format(1, w='9999') }}",
        "{{ '{0:{1}{1}{1}}'.format_map({'0': 1, '1': '9999'}) }}",
        "{% set pad = '{:10000000000}'.format %}{{ pad(1) }}",
        "{{ '{x:10000000000}'.format_map({'x': 1}) }}",
        "{{ lipsum(10 ** 9) }}",
        "{{ range(10 ** 9) | list }}",
        "{{ ([1] * 1000000) | tojson(indent='x' * 10000) }}",
        "{{ ([1] * 1000000) | tojson(separators=['x' * 10000, ':']) }}",
        "{{ ('ab' * 8000000) | sort | length }}",
        "{{ ('a' * 15000000).split('a') | length }}",
        "{{ ([[1] * 1000] * 100000) | sum(start=[]) | length }}",
        "{{ ([1] * 1000000) | select('in', [0] * 1000000) | list }}",
        "{{ ('f' * 4000000) | int(0, 16) }}",
        *(
            "{% set ns = namespace(x=[1]) %}{% for i in range(40) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}"
            + use
            for use in (
                "{{ ns.x }}",
                "{{ ns.x | string }}",
                "{{ ns.x | tojson }}",
                "{{ ns.x | pprint }}",
                "{{ '%s' % ns.x }}",
                "{{ ns.x ~ '' }}",
                "{{ ns.x == [ns.x] }}",
            )
        ),
        "{% set ns = namespace(x=(1,)) %}{% for i in range(40) %}{% set ns.x = (ns.x, ns.x) %}{% endfor %}{{ {ns.x: 1} }}",
        "{{ ('www.a.' * 2000000) | urlize }}",
        "{{ ('-' * 5000000) | wordwrap(3) }}",
        "{{ ('a ' * 5000000) | wordwrap(1) }}",
        "{{ (['x' * 9999999] * 9999) | join }}",
        "{{ messages | tojson(indent=10 ** 9) }}",
        "x" * (templates.MOST_SOURCE + 1),
    ],
)
def test_a_template_that_does_not_end_or_writes_too_much_is_refused(
    source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(templates, "SECONDS", 1.0)
    began, most = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises((TemplateRefused, TemplateError)):
        render_chat(source, TALK, add_generation_prompt=False)
    # Without its bounds each of these takes hours, or all memory.
    assert time.process_time() - began < 30
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - most < MOST_MEMORY


def test_what_is_too_much_is_refused_before_it_is_made() -> None:
    tracemalloc.start()
    try:
        with pytest.raises(TemplateRefused):
            render_chat("{{ ([1] * 20000) | tojson(indent=9999) }}", TALK, add_generation_prompt=False)
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 32 << 20


def test_a_small_folder_with_a_bad_template_costs_one_request_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(templates, "SECONDS", 0.2)
    endless: Any = "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}"
    with pytest.raises(TemplateRefused):
        render_chat(endless, TALK, add_generation_prompt=False)
    assert render_chat("{{ messages | length }}", TALK, add_generation_prompt=False) == "4"
