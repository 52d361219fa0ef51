"""A process owner changes a process without drawing: the list of steps and the texts, with the keyboard alone."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, expect

from engine.example import PASSWORD
from tests.browser import Person
from tests.site import Site


def test_a_step_gets_a_time_and_one_is_added_with_the_keyboard_alone(browser: Browser, example_site: Site) -> None:
    owner = Person.at(browser, example_site.base_url)
    owner.log_in("processagare.skaraborg", PASSWORD)
    owner.open("/processes/meeting")
    owner.press("Ändra processen")
    page = owner.page

    def enter(place: str) -> None:
        owner.tab_to(page.locator(place).first)
        owner.key("Enter")

    enter("nav a:text-is('Steg')")
    row = page.locator("tr", has=page.locator("td[data-label='Klart inom']")).first
    changed = f"#{row.get_attribute('id')}"
    enter("tr:has(td[data-label='Klart inom']) a:text('Ändra')")

    # A time that is none: said beside the field, and nothing typed is lost.
    field = page.locator("#d-value")
    owner.tab_to(field)
    page.keyboard.press("Control+a")
    page.keyboard.type("noll")
    enter("button:text-is('Spara steget')")
    expect(page.locator(".error-summary")).to_be_visible()
    expect(field).to_have_value("noll")
    owner.tab_to(field)
    page.keyboard.press("Control+a")
    page.keyboard.type("9")
    enter("button:text-is('Spara steget')")
    owner.sees(re.compile("är sparat"))
    expect(page.locator(f"{changed} td[data-label='Klart inom']")).to_contain_text("9 arbetsdagar")

    # A step beside it.
    enter("tr:has(td[data-label='Klart inom']) a:text('Ändra')")
    owner.tab_to(page.locator("details summary").last)
    page.keyboard.press("Enter")
    owner.tab_to(page.get_by_label("Det nya stegets namn", exact=True))
    page.keyboard.type("Ring familjen först")
    owner.tab_to(page.locator("input[name='a-role']").first)
    page.keyboard.press("Space")
    enter("button:text-is('Lägg till steget')")
    owner.sees(re.compile("Ring familjen först.*är tillagt"))

    enter("nav a:text-is('Vad som skiljer')")
    owner.sees(re.compile("Ring familjen först"))
    enter("nav a:text-is('Texter och tidsfrister')")
    owner.tab_to(page.get_by_label("Namn", exact=True))
    page.keyboard.press("Control+a")
    page.keyboard.type("Möte på våra villkor")
    enter("button:text-is('Spara')")
    owner.sees("Sparat.")
    expect(page.get_by_label("Namn", exact=True)).to_have_value("Möte på våra villkor")
    enter("nav a:text-is('Steg')")
