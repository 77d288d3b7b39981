"""How answers are drawn: what is shown is what came, and what has been drawn stays while more comes."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import signing
from playwright.sync_api import Browser, Page, expect

from apps.publishing.models import Conversation, Message
from apps.publishing.visitors import COOKIE
from tests.fixtures.axe import bring_axe
from tests.fixtures.publishing import LiveSite
from tests.journeys.pages import axe

pytestmark = pytest.mark.journey

SHOWN = {
    # numbers, marks, columns
    "1. Install it:\n\n```bash\npip\n```\n\n2. Start it": ["ol start=1|Install it:", "pre|pip", "ol start=2|Start it"],
    "1986. That was the year.": ["ol start=1986|That was the year."],
    "3. three\n7. seven": ["ol start=3|three|7:seven"],
    "1. one\n1. two": ["ol start=1|one|two"],
    "- [x] done\n- [ ] open": ["ul|☑ done|☐ open"],
    "| a | b |\n|:-:|--:|\n| 1 | 2 | more |": ["th center|a", "th right|b", "th|", "td center|1", "td right|2", "td|more"],
    # nothing struck, linked or made bold that is not meant
    "10~20, ~maybe~, ~~gone~~": ["p|10~20, ~maybe~, gone", "del|gone"],
    "www.example.com me@example.com https://example.com/a_b.": ["p|www.example.com me@example.com https://example.com/a_b.", "a https://example.com/a_b|https://example.com/a_b"],
    "请看https://example.com/a，谢谢": ["p|请看https://example.com/a，谢谢", "a https://example.com/a|https://example.com/a"],
    "[part](#part) and [odd](javascript:alert(1))": ["p|part (#part) and odd (javascript:alert(1))"],
    "snake_case_name and __init__.py": ["p|snake_case_name and __init__.py"],
    "2*3*4, a*b*c, x**2 + y**2, *.txt and *.md, /*c*/": ["p|2*3*4, a*b*c, x**2 + y**2, *.txt and *.md, /*c*/"],
    "**重要提示：**请先备份": ["p|重要提示：请先备份", "strong|重要提示："],
    "これは**「重要」**な点です": ["p|これは「重要」な点です", "strong|「重要」"],
    "请**\"注意\"**这里": ['p|请"注意"这里', 'strong|"注意"'],
    "ba**na**na and **N**ational": ["p|banana and National", "strong|na", "strong|N"],
    # nothing lost
    r"\(x_i^2\) and \[ E_0 = m*c*d \] and $a_1 + b_1$, $5 or $10": [r"p|\(x_i^2\) and \[ E_0 = m*c*d \] and $a_1 + b_1$, $5 or $10"],
    "see ![a chart](https://x.example/a.png)": ["p|see a chart (https://x.example/a.png)", "a https://x.example/a.png|https://x.example/a.png"],
    "[a][1] [^1]\n\n[1]: https://x.example/\n[^1]: note": ["p|a [^1]", "a https://x.example/|a", "p|[1]: https://x.example/", "p|[^1]: note"],
    "<think>a<b & c</think> <code>&lt;</code>": ["p|<think>a<b & c</think> <code><</code>"],
    "```\nno language\n```": ["pre|no language"],
}  # fmt: skip

HARMLESS = (
    '<img src=x onerror="window.hit=1">',
    "<svg/onload=window.hit=1>",
    "[x](javascript:window.hit=1)",
    "[x](  java\nscript:window.hit=1)",
    "![x](javascript:window.hit=1)",
    '[x](https://e.example "\\"onmouseover=window.hit=1 x=\\"")',
    "<javascript:window.hit=1>",
    "[x][1]\n\n[1]: javascript:window.hit=1",
    '```"onload=window.hit=1 <img/src/onerror=window.hit=1>\n<img src=x onerror=window.hit=1>\n```',
    "| <img src=x onerror=window.hit=1> |\n|---|\n| <script>window.hit=1</script> |",
    "\\(<img src=x onerror=window.hit=1>\\) $<img src=x onerror=window.hit=1>$",
    "\ufdd0<img src=x onerror=window.hit=1>\ufdd8",
    "<math><mtext><table><mglyph><style><img src=x onerror=window.hit=1>",
    "- [x] <iframe srcdoc='<script>parent.hit=1</script>'></iframe>",
)

DRAWN = """async (texts) => {
    const { renderMarkdown } = await import("/static/js/app/markdown.js");
    const of = { OL: (one) => ` start=${one.start}`, A: (one) => ` ${one.getAttribute("href")}`, TH: (one) => one.align && ` ${one.align}`, TD: (one) => one.align && ` ${one.align}` };
    return texts.map((text) => {
        const box = document.createElement("div");
        document.body.append(box);
        renderMarkdown(box, text);
        const found = [...box.querySelectorAll("ol, ul, pre, p, th, td, a, strong, em, del, img, input, script, iframe, svg:not(.icon)")].map((one) => {
            const items = [...one.querySelectorAll(":scope > li")].map((item) => (item.hasAttribute("value") && item.value !== one.start ? `${item.value}:` : "") + item.innerText.trim());
            return `${one.tagName.toLowerCase()}${of[one.tagName]?.(one) ?? ""}|${items.length ? items.join("|") : one.innerText.trim()}`;
        });
        box.remove();
        return found;
    });
}"""

GROWN = """async (text) => {
    const { GrowingMarkdown, renderMarkdown } = await import("/static/js/app/markdown.js");
    const once = document.createElement("div"), grown = document.createElement("div");
    document.body.append(once, grown);
    renderMarkdown(once, text);
    const growing = new GrowingMarkdown(grown);
    for (let most = 1; most <= text.length; most += 1) growing.grow(text.slice(0, most));
    growing.end(text);
    const same = once.isEqualNode(grown);
    const both = [once.innerHTML, grown.innerHTML];
    once.remove();
    grown.remove();
    return same || both;
}"""

STAYS = """async ([first, more]) => {
    const { GrowingMarkdown } = await import("/static/js/app/markdown.js");
    const box = document.createElement("div");
    document.body.append(box);
    const growing = new GrowingMarkdown(box);
    growing.grow(first);
    const before = [...box.children];
    box.querySelector("button").focus();
    const range = document.createRange();
    range.selectNodeContents(before[0]);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    let changed = 0;
    const watching = new MutationObserver((changes) => { changed += changes.length; });
    for (const one of before.slice(0, -1)) watching.observe(one, { childList: true, subtree: true, characterData: true, attributes: true });
    for (let most = first.length + 1; most <= first.length + more.length; most += 1) growing.grow((first + more).slice(0, most));
    growing.end(first + more);
    changed += watching.takeRecords().length;
    const stayed = before.map((one) => one.isConnected && one.parentElement === box);
    return { stayed, changed, selected: String(getSelection()), focused: document.activeElement === box.querySelector("button"),
        last: before.at(-1).innerText, coloured: box.querySelectorAll(".hljs").length, blocks: box.children.length };
}"""


@pytest.fixture
def answer(site: LiveSite, link: tuple[Any, str], app: Any) -> Any:
    """An answer that a visitor got; give it a text."""
    conversation = Conversation.objects.create(app=app, link=link[0], visitor_key="a-visitor", title="Hello")
    told = {"conversation": conversation, "app_version": app.live_version}
    Message.objects.create(position=0, role="user", text="Hello", **told)

    def store(text: str) -> str:
        Message.objects.filter(conversation=conversation, position=1).delete()
        Message.objects.create(position=1, role="assistant", text=text, **told)
        return f"/a/{link[1]}/c/{conversation.pk}/"

    return store


@pytest.fixture
def page(site: LiveSite, browser: Browser) -> Any:
    """A visitor's, who came before."""
    context = browser.new_context(base_url=site.url)
    value = signing.Signer(salt="apps.publishing.visitors").sign("a-visitor")
    context.add_cookies([{"name": COOKIE, "value": value, "url": site.url}])
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    bring_axe(context)
    yield context.new_page()
    context.close()


def test_what_is_shown_is_what_came(answer: Any, page: Page) -> None:
    page.goto(answer("Hello"))
    drawn = page.evaluate(DRAWN, list(SHOWN))
    assert dict(zip(SHOWN, drawn, strict=True)) == SHOWN


def test_nothing_that_a_model_writes_runs(answer: Any, page: Page) -> None:
    page.goto(answer("\n\n".join(HARMLESS)))
    expect(page.locator(".turn.assistant .text")).to_contain_text("window.hit=1")
    page.evaluate(DRAWN, list(HARMLESS))
    page.wait_for_timeout(300)
    assert page.evaluate("window.hit") is None
    assert page.locator("img, iframe, svg[onload], script:not([src]):not([id])").count() == 0
    for address in page.locator(".turn.assistant a").evaluate_all("(all) => all.map((one) => one.href)"):
        assert address.startswith("https://")


def test_a_text_that_grows_ends_as_one_that_came_at_once(answer: Any, page: Page) -> None:
    page.goto(answer("Hello"))
    for text in [
        *SHOWN,
        *HARMLESS,
        "\n\n".join(SHOWN),
        "a\n| b | c |\n|---|---|\n| 1 | 2 |\n\n1. x\n\n2. y\n\n- z",
    ]:
        assert page.evaluate(GROWN, text) is True


def test_what_is_complete_stays_the_same(answer: Any, page: Page) -> None:
    page.goto(answer("Hello"))
    first = "First paragraph.\n\n1. one\n2. two\n\n```python\nx = 1\n```\n\n| a |\n|---|\n| 1 |\n\nLast one, which"
    more = " goes on.\n\n- more\n- and more\n\n```js\nlet a = 1;\n```\n\nEnd."
    found = page.evaluate(STAYS, [first, more])
    assert found["stayed"] == [True] * 5
    assert found["changed"] == 0
    assert found["selected"] == "First paragraph."
    assert found["focused"] is True
    assert found["last"] == "Last one, which goes on."
    assert (found["coloured"], found["blocks"]) == (2, 8)


def test_code_is_copied_and_directions_follow_the_text(answer: Any, page: Page) -> None:
    long = "x" * 300
    text = f"مرحبا **بك**\n\n- أول\n\n| أ | ب |\n|---|---|\n| ج | 1 |\n\nHello\n\n```python\nprint('{long}')\n```\n"
    page.goto(answer(text))
    turn = page.locator(".turn.assistant")
    button = turn.get_by_role("button", name="Copy code")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#announcer")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == f"print('{long}')"
    directions = turn.locator(".text > *").evaluate_all(
        "(all) => all.map((one) => getComputedStyle(one.querySelector('table') ?? one).direction)"
    )
    assert directions == ["rtl", "rtl", "rtl", "ltr", "ltr"]
    assert turn.locator("pre").get_attribute("tabindex") == "0"
    assert page.get_by_label("Your message").get_attribute("dir") == "auto"
    assert not axe(page)
