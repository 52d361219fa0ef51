"""What scripts add to pages that are whole without them: the drawing, drafts kept while one types, questions that come up."""

from __future__ import annotations

import re
from datetime import date

import pytest
from playwright.sync_api import Browser, expect

from engine.example import PASSWORD
from tests.browser import Person
from tests.site import Site

TELEPHONE = 390
NEED = {
    "child": {"name": "Exempel Andersson", "personal_number": "20120125-2382"},
    "placed": "no",
    "asked_by": "unit",
    "date": date.today().isoformat(),
    "reason": "school-absence",
    "why": "Sover inte.",
    "informed": "yes",
}


@pytest.fixture
def kurator(browser: Browser, example_site: Site) -> Person:
    person = Person.at(browser, example_site.base_url)
    person.log_in("kurator.skovde", PASSWORD)
    return person


def start(person: Person, asked_by: str = "unit") -> None:
    """A new SIP, whatever others there are of the same child."""
    person.open("/start/sip")
    person.answer({**NEED, "asked_by": asked_by})
    person.press("Starta ärendet")
    if person.page.locator("#start-anyway").count():
        person.page.locator("#start-anyway").check()
        person.press("Starta ärendet")


def first_task(person: Person) -> None:
    """The page of a new SIP's first task."""
    start(person)
    person.follow(re.compile("^Fråga om samtycke$"))


@pytest.mark.parametrize("width", [1200, TELEPHONE])
def test_a_case_is_drawn_with_what_waits_and_moved_with_buttons(
    browser: Browser, example_site: Site, width: int
) -> None:
    person = Person.at(browser, example_site.base_url, width=width)
    person.log_in("kurator.skovde", PASSWORD)
    start(person)
    figure = person.page.locator("figure.diagram")
    figure.scroll_into_view_if_needed()
    expect(figure).to_have_attribute("data-drawn", "")
    expect(figure.locator(".diagram-canvas .case-sign-waiting")).to_be_visible()
    expect(figure.locator(".djs-connection.case-done").first).to_be_attached()
    figure.get_by_role("button", name="Hela processen").click()
    figure.get_by_role("button", name="Större").click()
    person.inspect()


def test_one_goes_into_a_folded_part_of_the_drawing_and_back_with_the_keyboard(kurator: Person) -> None:
    start(kurator, asked_by="guardian")
    figure = kurator.page.locator("figure.diagram")
    figure.scroll_into_view_if_needed()
    expect(figure).to_have_attribute("data-drawn", "")
    name = "Bedöm behovet och berätta"
    expect(figure.locator('[data-element-id="assess_need"].case-waiting')).to_be_visible()
    figure.get_by_role("button", name=name).focus()
    kurator.page.keyboard.press("Enter")
    back = figure.locator(".bjs-breadcrumbs a").first
    expect(back).to_be_focused()
    expect(figure.locator(".bjs-breadcrumbs")).to_contain_text(name)
    expect(figure.locator(".djs-shape.case-waiting:visible").first).to_be_visible()
    kurator.inspect()
    kurator.page.keyboard.press("Enter")
    expect(figure.get_by_role("button", name=name)).to_be_focused()


def test_a_draft_is_kept_while_one_types(kurator: Person) -> None:
    first_task(kurator)
    address = kurator.page.url
    kurator.page.locator('[name="given"][value="yes"]').check()
    kurator.page.locator('[name="not_agreed"]').fill("Inget om")
    expect(kurator.page.locator("[data-autosave-status]")).to_contain_text("Utkast sparat")
    kurator.open("/")
    kurator.open(address)
    assert kurator.page.locator('[name="not_agreed"]').input_value() == "Inget om"


def test_a_question_comes_up_as_soon_as_its_answer_is_given_and_the_focus_stays(kurator: Person) -> None:
    first_task(kurator)
    expect(kurator.page.locator('[name="reason"]')).to_have_count(0)
    kurator.page.locator('[name="given"][value="no"]').check()
    expect(kurator.page.locator('[name="reason"]')).to_be_visible()
    assert kurator.page.evaluate("document.activeElement.value") == "no"
    kurator.page.locator('[name="reason"]').fill("Vill tänka.")
    kurator.page.locator('[name="given"][value="yes"]').check()
    expect(kurator.page.locator('[name="reason"]')).to_have_count(0)
    kurator.inspect()
