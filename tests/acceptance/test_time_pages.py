"""The pages about time, as people use them: by keyboard alone, enlarged four times, and from either end of a date."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, expect

from engine.calendars import Calendar
from engine.example import PASSWORD
from tests.acceptance.test_page_scripts import first_task
from tests.browser import Person
from tests.site import Site

#: A window of 1280 pixels, enlarged to 400 %.
ENLARGED = 320


def days_ahead(amount: str) -> str:
    """The local date an amount from now, as a date field takes it."""
    calendar = Calendar()
    return calendar.local(calendar.add(datetime.now(UTC), amount)).date().isoformat()


def test_an_administrator_gives_a_deadline_a_value_with_the_keyboard_alone(
    browser: Browser, example_site: Site
) -> None:
    person = Person.at(browser, example_site.base_url)
    page, press = person.page, person.page.keyboard.press
    person.log_in("administrator", PASSWORD)
    person.tab_to(page.get_by_role("link", name="Tid", exact=True).first)
    person.key("Enter")
    change = page.locator("a[href='/calendar/deadlines/sip/plan-handed-out']")
    person.tab_to(change)
    person.key("Enter")
    person.tab_to(page.get_by_label("Er egen tid"))
    page.keyboard.type("P2W")
    person.tab_to(page.locator("#for-new"))
    press("ArrowDown")
    expect(page.get_by_label("även det som redan väntar")).to_be_checked()
    person.tab_to(page.get_by_label("Varför"))
    page.keyboard.type("Beslut i styrgruppen")
    assert not page.get_by_role("button", name="Spara", exact=True).count(), "nothing is saved before it is shown"
    person.tab_to(page.get_by_role("button", name="Visa vad det gör"))
    person.key("Enter")
    person.sees("Vad det gör")
    expect(page.get_by_label("Er egen tid")).to_have_value("P2W")
    person.tab_to(page.get_by_role("button", name="Spara", exact=True))
    person.key("Enter")
    expect(page.get_by_text("Tidsfristen är sparad.")).to_be_visible()
    person.click(change)
    row = page.get_by_role("row").filter(has_text="Beslut i styrgruppen")
    expect(row).to_contain_text("2 veckor")
    expect(row).to_contain_text("även det som redan väntar")


def test_a_colleague_has_a_reminder_wait_and_moves_the_date(browser: Browser, example_site: Site) -> None:
    person = Person.at(browser, example_site.base_url)
    person.log_in("kurator.skovde", PASSWORD)
    first_task(person)
    task = person.page.url
    person.follow("Ändra datum eller låt en påminnelse vänta")
    person.page.get_by_label("Till och med").fill(days_ahead("4 working days"))
    person.page.get_by_label("Varför den kan vänta").fill("Samtal bokat")
    person.press("Låt den vänta")
    assert person.page.url == task
    person.follow("Ändra datum eller låt en påminnelse vänta")
    person.press("Flytta datumet")
    person.sees("Skriv varför")
    person.page.get_by_label("Nytt datum").fill(days_ahead("P14D"))
    person.page.get_by_label("Varför datumet flyttas").fill("Familjen är bortrest")
    person.press("Flytta datumet")
    assert person.page.url == task
    person.click(person.page.locator('main a[href^="/cases/"]').first)
    for reason in ("Samtal bokat", "Familjen är bortrest"):
        assert reason in person.page.content()


def test_somebody_says_when_they_are_away_and_comes_back_early(browser: Browser, example_site: Site) -> None:
    person = Person.at(browser, example_site.base_url, width=390)
    person.log_in("kurator.skovde", PASSWORD)
    person.open("/account")
    person.follow("Min frånvaro")
    first, last = days_ahead("P30D"), days_ahead("P44D")
    person.page.get_by_label("Första dagen").fill(last)
    person.page.get_by_label("Sista dagen").fill(first)
    person.press("Lägg till")
    person.sees(re.compile("före den första"))
    person.page.get_by_label("Första dagen").fill(first)
    person.page.get_by_label("Sista dagen").fill(last)
    person.press("Lägg till")
    rows = person.page.get_by_role("row").filter(has_text=first)
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text(last)
    person.press(re.compile("^Ta bort"))
    expect(rows).to_have_count(0)


@pytest.mark.parametrize(
    ("username", "paths"),
    [
        ("administrator", ["/calendar", "/calendar/deadlines/sip/summons-receipt"]),
        ("kurator.skovde", ["/absences", "the date of a task"]),
    ],
)
def test_the_pages_about_time_can_be_read_enlarged_in_english(
    browser: Browser, example_site: Site, username: str, paths: list[str]
) -> None:
    person = Person.at(browser, example_site.base_url, width=ENLARGED)
    person.log_in(username, PASSWORD)
    person.speak("English")
    for path in paths:
        if path.startswith("/"):
            person.open(path)
        else:
            person.open("/")
            person.click(person.page.locator('main a[href^="/tasks/"]').first)
            person.follow("Change the date or let a reminder wait")
        button = person.page.locator("main form button").last
        button.scroll_into_view_if_needed()
        expect(button).to_be_in_viewport()
        person.press(re.compile("^(Save the closed days|Show what it would do|Add|Move the date)$"))
        person.sees(re.compile("Say why|Enter a date"))
    person.speak("Svenska")
