"""Every page that links lead to, in both languages and on a telephone: inspected as it is shown (see tests/browser.py)."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser

from engine.example import PASSWORD
from tests.browser import Person
from tests.site import Site

#: What a person may come upon; each is visited once, whichever case or task it is.
EXPECTED = {
    "/",
    "/cases",
    "/cases/N",
    "/cases/N/reads",
    "/tasks/N",
    "/tasks/N/hand-over",
    "/tasks/N/date",
    "/start",
    "/start/sip",
    "/account",
    "/absences",
}
TELEPHONE = 390
LINKS = "a[href^='/']:not([download])"


def route(path: str) -> str:
    """The path without its numbers, its query, and which deadline it is about."""
    path = re.sub(r"^(/calendar/deadlines)/.*", r"\1/N", path.partition("?")[0].partition("#")[0])
    return re.sub(r"/\d[\d-]*(?=/|$)", "/N", path)


def look_around(person: Person) -> set[str]:
    """Follow links to every kind of page there is. Gives the kinds."""
    person.passes_over_alike = True
    waiting, seen = ["/"], {"/"}
    while waiting:
        person.open(waiting.pop(0))
        for path in person.page.eval_on_selector_all(LINKS, "all => all.map((link) => link.getAttribute('href'))"):
            if route(path) not in seen and not path.startswith(("/static", "/api")):
                seen.add(route(path))
                waiting.append(path)
    return seen


# The choice of a language stays with the person, so each test of one has a person of its own.
@pytest.mark.parametrize(
    ("username", "language", "code"), [("kurator.skovde", "", "sv"), ("skolpsykolog.skovde", "English", "en")]
)
def test_every_page_is_accessible_in_both_languages(
    browser: Browser, example_site: Site, username: str, language: str, code: str
) -> None:
    person = Person.at(browser, example_site.base_url)
    person.log_in(username, PASSWORD)
    if language:
        person.speak(language)
    assert look_around(person) >= EXPECTED
    assert person.page.locator("html").get_attribute("lang") == code


def test_every_page_fits_a_telephone(browser: Browser, example_site: Site) -> None:
    person = Person.at(browser, example_site.base_url, width=TELEPHONE)
    person.log_in("kurator.skovde", PASSWORD)
    assert look_around(person) >= EXPECTED


@pytest.mark.parametrize(
    ("username", "expected"),
    [
        ("administrator", {"/overview", "/calendar", "/calendar/deadlines/N", "/absences"}),
        ("processagare.skaraborg", {"/overview"}),
    ],
)
def test_the_pages_of_those_who_keep_the_house(
    browser: Browser, example_site: Site, username: str, expected: set[str]
) -> None:
    person = Person.at(browser, example_site.base_url)
    person.log_in(username, PASSWORD)
    assert look_around(person) >= expected


def test_a_page_that_is_not_there_says_what_to_do(browser: Browser, example_site: Site) -> None:
    person = Person.at(browser, example_site.base_url)
    person.log_in("kurator.skovde", PASSWORD)
    person.open("/cases/1999-00001")
    person.follow("Till mina uppgifter")
    person.sees("Fråga om samtycke")


def test_staff_get_along_without_javascript(browser: Browser, example_site: Site) -> None:
    person = Person.at(browser, example_site.base_url, javascript=False)
    person.log_in("kurator.skovde", PASSWORD)
    person.follow(re.compile("^Fråga vad barnet vill"))
    person.page.locator('textarea[name="words"]').fill("Jag vill kunna sova.")
    person.press("Spara utkast")
    assert person.page.locator('textarea[name="words"]').input_value() == "Jag vill kunna sova."
