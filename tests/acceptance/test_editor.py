"""A process owner draws a step, sees what the checks say, and finds it again: the editor in a real browser."""

from __future__ import annotations

from playwright.sync_api import Browser, expect

from engine.example import PASSWORD
from tests.browser import Person
from tests.site import Site

#: The editor is no page for staff: the drawing library alone weighs more than such a page may.
SECONDS = 20_000


def test_a_step_is_drawn_named_checked_saved_and_found_again(browser: Browser, example_site: Site) -> None:
    owner = Person.at(browser, example_site.base_url)
    owner.inspects = False
    owner.log_in("processagare.skaraborg", PASSWORD)
    owner.open("/processes/handover")
    owner.press("Ändra processen")
    page = owner.page
    owner.open(page.url.removeprefix(example_site.base_url).rstrip("/") + "/diagram")
    editor = page.locator("[data-editor]")
    expect(editor).to_have_attribute("data-ready", "", timeout=SECONDS)

    # A step hung on to the first, by the pad beside it.
    element = page.locator(".djs-shape[data-element-id]:has(.djs-visual)").filter(has_text="Välj").first
    element.click()
    page.locator('.djs-context-pad [data-action="append.user-task"]').click()
    page.keyboard.press("Escape")
    page.locator(".bio-properties-panel-group-header").filter(has_text="Allmänt").first.click()
    page.locator('.bio-properties-panel [name="name"]').fill("Ring familjen")
    expect(page.locator("[data-status]")).to_have_text("Sparat", timeout=SECONDS)

    # Two ways leave the first step now, and the new one leads nowhere: told on the element and in the list.
    told = page.locator('[data-findings] [data-rule="implicit-split"]')
    expect(told).to_be_visible(timeout=SECONDS)
    expect(page.locator(".djs-overlay .finding-error").first).to_be_visible()

    page.locator("#editor-comment").fill("Är det här rätt ställe?")
    page.locator("[data-comment-form] button").click()
    expect(page.locator("[data-comment-list]")).to_contain_text("Är det här rätt ställe?")

    page.reload()
    expect(editor).to_have_attribute("data-ready", "", timeout=SECONDS)
    expect(page.locator(".djs-shape").filter(has_text="Ring familjen").first).to_be_visible()
    expect(page.locator("[data-comment-list]")).to_contain_text("Är det här rätt ställe?")

    # What was saved can be taken back, also after the visit that made it.
    page.locator('[data-tool="undo"]').click()
    expect(page.locator(".djs-shape").filter(has_text="Ring familjen")).to_have_count(0, timeout=SECONDS)
    # The browser blocked nothing: the content security policy holds for all of it.
    assert not owner._faults
