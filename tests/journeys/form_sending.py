"""Fills in a form of the open page and presses its button, by the mouse and the keyboard of a real browser alone."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import ElementHandle, Error, Locator, Page, Response, TimeoutError

from tests.journeys.forms import MARK

TIMEOUT_MS = 60_000
LEAVING_MS = 10_000
OPENING_TRIES = 5  # a sign-in at a provider leads through four pages
REFUSED = 400
GUESSES = {"email": "somebody@example.com", "password": "quite long words", "number": "1", "search": "a"}

CONTROLS = """form => [...form.elements].map((one, index) => ({
    index, tag: one.tagName, type: one.type, name: one.name, value: one.value, checked: one.checked,
    required: one.required, sends: one.matches("[data-submit-on-change]"),
    options: one.options ? [...one.options].map((option) => option.value) : [],
    isOff: one.matches(":disabled") || one.readOnly === true,
}))"""
CLOSED = """element => {
    const closed = [];
    for (let one = element; one; one = one.parentElement) {
        const summary = one.matches("details:not([open])") && one.querySelector(":scope > summary");
        if (summary && !summary.contains(element)) closed.push(summary);
        if (one.matches(".dropdown-menu:not(.show)"))
            closed.push(one.parentElement.querySelector("[data-bs-toggle=dropdown]"));
    }
    return closed.at(-1) ?? null;
}"""
"""The outermost thing to click before an element can be seen."""
TARGET = "form => new URL(form.getAttribute('action') ?? location.href, location.href).href"


def open_page(page: Page, path: str) -> None:
    """Open a page, again while what the form before leads to is still on its way and breaks that off."""
    for tries_left in reversed(range(OPENING_TRIES)):
        try:
            page.goto(path)
            return
        except Error as error:
            broken_off = "interrupted by another navigation" in str(error) or "ERR_ABORTED" in str(error)
            if not broken_off or not tries_left:
                raise
            page.wait_for_load_state()


def target(page: Page, name: str) -> str:
    """The path that the first form of that name is sent to."""
    return urlsplit(_form(page, name).evaluate(TARGET)).path


def is_shown(page: Page, name: str) -> bool:
    """Whether a person can do anything with the form: a search without its field, for one, is empty."""
    return any(control["type"] != "hidden" for control in _form(page, name).evaluate(CONTROLS))


def _form(page: Page, name: str) -> Locator:
    return page.locator(f'form[{MARK}="{name}"]').first


def send(page: Page, name: str, body: dict[str, Any]) -> str:
    """Send the first form of that name and wait for the answer; return the path that it went to."""
    form, path = _form(page, name), target(page, name)
    method = (form.get_attribute("method") or "get").upper()

    def answers(response: Response) -> bool:
        return response.request.method == method and urlsplit(response.url).path == path

    page.evaluate("document.documentElement.dataset.sends = ''")
    with page.expect_response(answers, timeout=TIMEOUT_MS) as answer:
        if not fill(form, body):
            press(form)
    assert answer.value.status < REFUSED, f"{answer.value.status} from {path}"
    if answer.value.request.is_navigation_request():
        # The page that the answer leads to would break off the way to the one that is opened next.
        with suppress(TimeoutError):  # a file leads to none
            page.locator("html:not([data-sends])").wait_for(state="attached", timeout=LEAVING_MS)
    return path


def send_over_socket(page: Page, name: str, body: dict[str, Any], answer: str) -> None:
    """Send a form whose script uses a socket; wait for a message of the type `answer`."""
    with page.expect_websocket(timeout=TIMEOUT_MS) as opened:
        page.reload()
    form = _form(page, name)

    def answers(message: str | bytes) -> bool:
        return bool(json.loads(message).get("type") == answer)

    with opened.value.expect_event("framereceived", answers, timeout=TIMEOUT_MS):
        fill(form, body)
        press(form)


def fill(form: Locator, body: dict[str, Any]) -> bool:
    """Fill in what `body` names and what is required; return whether that sent the form already."""
    sends = False
    controls = form.evaluate(CONTROLS)
    for control in sorted(controls, key=lambda one: bool(one["sends"])):
        if control["isOff"] or control["type"] in ("hidden", "submit", "button", "fieldset", "output"):
            continue
        wanted = body.get(control["name"])
        if wanted is None and not control["required"] and not control["sends"]:
            continue
        _fill_one(_visible(form, control["index"]), control, wanted)
        sends = sends or control["sends"]
    return sends


def _visible(form: Locator, index: int) -> ElementHandle:
    """A control of a form, after opening whatever it lies in."""
    element = form.evaluate_handle("(form, index) => form.elements[index]", index).as_element()
    assert element is not None
    while (closed := element.evaluate_handle(CLOSED).as_element()) is not None:
        closed.click(timeout=TIMEOUT_MS)
    return element


def _fill_one(element: ElementHandle, control: dict[str, Any], wanted: Any) -> None:
    kind = control["type"]
    if kind in ("checkbox", "radio"):
        chosen = [wanted] if isinstance(wanted, str) else wanted
        if wanted is None or control["value"] in chosen:
            element.check(timeout=TIMEOUT_MS)
        elif kind == "checkbox":
            element.uncheck(timeout=TIMEOUT_MS)
    elif kind == "file":
        element.set_input_files(wanted, timeout=TIMEOUT_MS)
    elif control["tag"] == "SELECT":
        if wanted is None and control["value"] and not control["sends"]:
            return
        element.select_option(wanted or control["options"][-1:], timeout=TIMEOUT_MS)
    elif wanted is not None or not control["value"]:
        element.fill(GUESSES.get(kind, "words") if wanted is None else str(wanted), timeout=TIMEOUT_MS)


def press(form: Locator) -> None:
    """Click on the first button that sends the form, wherever on the page it lies; else on one whose script does.

    Without a button, Enter in its field sends it.
    """
    controls = form.evaluate(CONTROLS)
    buttons = [one for one in controls if one["type"] in ("submit", "button") and not one["isOff"]]
    if not buttons:
        fields = [one for one in controls if one["type"] in ("search", "text")]
        assert fields, "No button and no field sends this form"
        _visible(form, fields[0]["index"]).press("Enter", timeout=TIMEOUT_MS)
        return
    first = min(buttons, key=lambda one: one["type"] != "submit")
    _visible(form, first["index"]).click(timeout=TIMEOUT_MS)
