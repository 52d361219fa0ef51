"""A person at a browser: Debian's Chromium, which looks over every page it is shown.

A test says what a person does, by the labels that a person reads: `kurator.press("Spara")`. Whenever that leads to a page, the page
is inspected: axe finds nothing to say (WCAG 2.2 AA), there is one h1, no id stands twice, a language is set, nothing was
blocked or failed on the way, nothing came from elsewhere, and it weighs no more than a page of its kind may.
"""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request, Response, expect, sync_playwright

ROOT = Path(__file__).parents[1]
REMEDY = "No chromium to test with. Run `make test-tools`, or install Debian's package chromium."
#: WCAG 2.2 AA, with what axe calls good practice.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
#: Bytes over the wire for the first view of a page for staff.
HEAVIEST_PAGE = 150_000
#: And of the diagram editor, which only process owners open: bpmn-js with its panel and FEEL's editor.
HEAVIEST_EDITOR = 650_000
#: Axe tells most of what is in order, which takes longer than to find out what is not.
AXE = "async (tags) => (await axe.run(document, {runOnly: tags, resultTypes: ['violations']})).violations"
#: Waits until the browser has drawn the page and its scripts have done what they were about to.
AT_REST = "() => new Promise((done) => requestIdleCallback(() => requestAnimationFrame(() => setTimeout(done))))"
REST_SECONDS = 60
STRUCTURE = """() => {
  const root = document.documentElement;
  const ids = [...document.querySelectorAll('[id]')].map((element) => element.id);
  return {
    headings: document.querySelectorAll('h1').length,
    lang: root.hasAttribute('lang'),
    twice: [...new Set(ids.filter((id, at) => ids.indexOf(id) !== at))].sort(),
    tooWide: root.scrollWidth - root.clientWidth,
    editor: Boolean(document.querySelector('[data-editor]'))
  };
}"""
#: How a page is built: its headings in order, and each kind of element with what stands around it, its attributes and
#: whether it holds anything. Rows of a list are of one kind, whatever they say and however many they are.
BUILD = """() => {
  const kinds = new Set(), headings = [];
  const look = (element, around) => {
    const attributes = element.getAttributeNames().map((name) =>
      ['class', 'type', 'role', 'lang'].includes(name) ? `${name}=${element.getAttribute(name)}` : name).sort();
    const kind = `${around}>${element.localName}[${attributes}]${element.textContent.trim() ? '' : ' empty'}`;
    kinds.add(kind);
    if (/^h[1-6]$/.test(element.localName)) headings.push(element.localName);
    for (const part of element.children) look(part, kind);
  };
  look(document.documentElement, '');
  return [...headings, ...[...kinds].sort()].join('\\n');
}"""
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]


@contextmanager
def running() -> Iterator[Browser]:
    """Chromium without a window."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if not program:
        raise RuntimeError(REMEDY)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


@dataclass
class Person:
    """Somebody with a browser of their own: cookies, language, and a list of what went wrong."""

    page: Page
    base_url: str
    #: Without it axe cannot run: the rest of the inspection remains.
    javascript: bool = True
    #: Is every page inspected? A test that shows many pages of one kind may choose which.
    inspects: bool = True
    #: Does axe pass over a page that is built like one it has found in order, as that of another unit? The rest of the
    #: inspection is done all the same.
    passes_over_alike: bool = False
    #: Title and address of each page seen, in order.
    seen: list[str] = field(default_factory=list)
    #: Path → bytes over the wire of its first view.
    weights: dict[str, int] = field(default_factory=dict)
    _faults: list[str] = field(default_factory=list)
    _bytes: int = 0
    #: Requests that are under way.
    _asking: set[Request] = field(default_factory=set)
    _builds: set[str] = field(default_factory=set)

    @classmethod
    def at(cls, browser: Browser, base_url: str, *, javascript: bool = True, width: int = 1200) -> Person:
        """Somebody who has just opened a browser. `width` 390 is a telephone."""
        context = browser.new_context(
            base_url=base_url, locale="sv-SE", java_script_enabled=javascript, viewport={"width": width, "height": 900}
        )
        page = context.new_page()
        page.set_default_timeout(60_000)
        person = cls(page, base_url, javascript)
        page.on("request", lambda request: person._asking.add(request))
        page.on("requestfinished", lambda request: person._asking.discard(request))
        page.on("requestfailed", lambda request: person._asking.discard(request))
        page.on("response", person._weigh)
        page.on("console", person._listen)
        page.on("pageerror", lambda error: person._note(str(error)))
        return person

    def log_in(self, username: str, password: str) -> None:
        """Log in on the page for it."""
        self.open("/login")
        self.page.locator("#username").fill(username)
        self.page.locator("#password").fill(password)
        self._leads_to_a_page(lambda: self.page.locator("#password").press("Enter"))

    def open(self, path: str) -> None:
        """Go to an address."""
        self._leads_to_a_page(lambda: self.page.goto(path))

    def follow(self, link: str | re.Pattern[str]) -> None:
        """Follow the first link of that name."""
        self._leads_to_a_page(lambda: self.page.get_by_role("link", name=link).first.click())

    def press(self, button: str | re.Pattern[str]) -> None:
        """Press the first button of that name; it sends a form."""
        self._leads_to_a_page(lambda: self.page.get_by_role("button", name=button).first.click())

    def click(self, place: Locator) -> None:
        """Click on something that leads to a page."""
        self._leads_to_a_page(place.click)

    def key(self, key: str) -> None:
        """Press a key that leads to a page, such as Enter on a button."""
        self._leads_to_a_page(lambda: self.page.keyboard.press(key))

    def tab_to(self, place: Locator) -> None:
        """Go there with the Tab key alone. Raises AssertionError when it does not lead there."""
        for _ in range(200):
            if place.evaluate("it => it === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{self.page.url}: Tab does not lead to {place}")

    def speak(self, language: str) -> None:
        """Switch the language of all pages, such as to "English"."""
        self.press(language)

    def answer(self, answers: Mapping[str, Any]) -> None:
        """Fill in the form on the page: keys as in the form file, rows of a list added with its button.

        A question that comes up only because of another answer is asked for as a person would see it: the page is
        shown again, with what has been filled in.
        """
        for name, value in _flat(answers):
            if not self._field(name).count() and not self._row_added(name):
                self._leads_to_a_page(lambda: self.page.eval_on_selector('button[value="look"]', "it => it.click()"))
            self._put(name, value)

    def _row_added(self, name: str) -> bool:
        """Whether the list that the field is in had its row still to add."""
        found = re.match(r"(.+?)-(\d+)-", name)
        if not found or self.page.locator(f'input[name="{found[1]}-{found[2]}-_row"]').count():
            return False
        self._leads_to_a_page(lambda: self.page.locator(f'button[name="_add"][value="{found[1]}"]').click())
        return True

    def _field(self, name: str) -> Locator:
        return self.page.locator(f'form [name="{name}"], form [name="{name}-date"]').first

    def _put(self, name: str, value: Any) -> None:
        place, field = self.page, self._field(name)
        kind = (field.get_attribute("type") or "").lower() or str(field.evaluate("it => it.tagName.toLowerCase()"))
        if kind == "select":
            field.select_option(value)
        elif value is False and kind == "checkbox":
            field.uncheck()
        elif kind in ("radio", "checkbox"):
            for one in value if isinstance(value, list) else [value]:
                token = "true" if one is True else one
                place.locator(f'[name="{name}"][value="{token}"]').check()
        elif field.get_attribute("name") == f"{name}-date":
            day, _, hour = str(value).partition("T")
            field.fill(day)
            place.locator(f'[name="{name}-time"]').fill(hour[:5])
        else:
            field.fill(str(value))

    def sees(self, text: str | re.Pattern[str]) -> Locator:
        """The page's main part holds the text. Gives the place."""
        place = self.page.locator("main").get_by_text(text).first
        expect(place).to_be_visible()
        return place

    def sees_nothing_of(self, text: str) -> None:
        """The page holds the text nowhere."""
        assert text not in self.page.content(), f"{self.page.url} shows {text!r}"

    def inspect(self) -> None:
        """Look the page over. Raises AssertionError with everything that is wrong with it, and how to mend it."""
        page = self.page
        faults = [*self._faults, *self._structure(), *(self._axe() if self._is_for_axe() else [])]
        self._faults.clear()
        assert not faults, f"{page.title()} ({page.url}):\n- " + "\n- ".join(faults)

    def _leads_to_a_page(self, action: Any) -> None:
        self._bytes = 0
        self._asking.clear()
        with self.page.expect_navigation(wait_until="load"):
            action()
        self._await_rest()
        path = self.page.url.removeprefix(self.base_url)
        self.seen.append(path)
        self.weights.setdefault(path, self._bytes)
        if self.inspects:
            self.inspect()

    def _await_rest(self) -> None:
        """Until the page's scripts have nothing left to do, and have been answered."""
        if not self.javascript:
            return
        at_rest, until = 0, time.monotonic() + REST_SECONDS
        while at_rest < 2:
            self.page.evaluate(AT_REST)
            at_rest = 0 if self._asking else at_rest + 1
            assert time.monotonic() < until, f"{self.page.url} still asks for {[one.url for one in self._asking]}"

    def _is_for_axe(self) -> bool:
        if not (self.javascript and self.passes_over_alike):
            return self.javascript
        build = self.page.evaluate(BUILD)
        is_new = build not in self._builds
        self._builds.add(build)
        return is_new

    def _structure(self) -> list[str]:
        found, faults = self.page.evaluate(STRUCTURE), []
        if found["headings"] != 1:
            faults.append(f"{found['headings']} h1 elements: a page has one")
        if not found["lang"]:
            faults.append("html has no lang")
        if found["twice"]:
            faults.append(f"ids that stand twice: {', '.join(found['twice'])}")
        if found["tooWide"] > 0:
            faults.append(f"scrolls sideways: {found['tooWide']} pixels too wide")
        heaviest = HEAVIEST_EDITOR if found["editor"] else HEAVIEST_PAGE
        if self._bytes > heaviest:
            faults.append(f"weighs {self._bytes:,} bytes, more than {heaviest:,}")
        return faults

    def _axe(self) -> list[str]:
        self.page.evaluate((ROOT / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8"))
        violations = self.page.evaluate(AXE, RULES)
        return [
            f"{violation['help']} ({violation['id']}): {node['html'][:200]} {node.get('failureSummary', '')[:300]}"
            for violation in violations
            for node in violation["nodes"][:3]
        ]

    def _weigh(self, response: Response) -> None:
        if not response.url.startswith((self.base_url, "data:", "blob:")):
            self._note(f"asks for something elsewhere: {response.url}")
        # A page may say "not found", and a script may be told that the task it asks about has just been completed.
        expected = response.request.is_navigation_request() or response.request.method == "POST"
        if response.status >= 500 or (response.status >= 400 and not expected):
            self._note(f"{response.status} for {response.url}")
        self._bytes += int(response.headers.get("content-length") or 0) + 200

    def _listen(self, message: ConsoleMessage) -> None:
        # The browser's own word for a status that _weigh judges: a page that says "not found" is no fault.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self._note(message.text)

    def _note(self, fault: str) -> None:
        self._faults.append(fault)


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Names of form fields and what to put there: objects and rows of a list are joined by dashes."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(inner, f"{name}-{key}" if name else key)
    elif isinstance(value, list) and value and isinstance(value[0], Mapping):
        for number, row in enumerate(value):
            yield from _flat(row, f"{name}-{number}")
    else:
        yield name, value
