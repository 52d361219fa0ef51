"""A model that is opened in the editor and written again is the same model, whatever tool it came from."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import ROOT
from web.security import HEADERS

BUNDLE = ROOT / "web" / "static" / "dist" / "editor"
OTHER_TOOLS = Path(__file__).parent / "models" / "other_tools.bpmn"
#: Every fourth: each costs a second, and their kinds of parts are the same.
PACKAGES = sorted((ROOT / "processes").glob("*/*.bpmn"))[::4]
PLACE = "http://editor.example"
PAGE = '<!doctype html><html lang="sv"><title>Editor</title><div id="canvas"></div><div id="panel"></div></html>'
ROUND_TRIP = """async ({ module, xml }) => {
    const { makeDiagram, openModel } = await import(module);
    const [canvas, panel] = ["canvas", "panel"].map((id) => document.getElementById(id));
    const facts = { byId: () => null, forms: () => [], declared: () => ({ roles: [], deadlines: [] }) };
    window.modeler ??= makeDiagram({ canvas, panel, facts, language: "sv" });
    const lost = await openModel(window.modeler, xml);
    return { lost, xml: (await window.modeler.saveXML({ format: true })).xml };
}"""


@pytest.fixture
def page(browser: Browser) -> Page:
    """An empty page under our content security policy, with nothing but the bundle."""
    page = browser.new_context().new_page()
    page.route(f"{PLACE}/**", lambda route: route.fulfill(path=BUNDLE / route.request.url.rpartition("/")[2]))
    page.route(f"{PLACE}/", lambda route: route.fulfill(body=PAGE, headers={**HEADERS, "Content-Type": "text/html"}))
    page.goto(f"{PLACE}/")
    return page


def round_trip(page: Page, xml: str) -> dict[str, object]:
    """What is lost, and the text that is written."""
    (module,) = BUNDLE.glob("diagram-*.js")
    return dict(page.evaluate(ROUND_TRIP, {"module": f"/{module.name}", "xml": xml}))


def test_models_keep_every_element_and_attribute_also_those_of_other_tools(page: Page) -> None:
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    for model in (OTHER_TOOLS, *PACKAGES):
        assert round_trip(page, model.read_text(encoding="utf-8"))["lost"] == [], model.name
    assert not faults


def test_what_would_be_lost_is_told(page: Page) -> None:
    """Otherwise the test above could pass for want of looking."""
    whole = OTHER_TOOLS.read_text(encoding="utf-8")
    told = round_trip(page, whole.replace("<bpmn:error ", '<bpmn:noSuchThing id="new" /><bpmn:error '))["lost"]
    assert any("noSuchThing" in part for part in told)
