"""Units: how each is reached and what it promises; the promise and the chain where a question is asked."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy
from flask import Flask

from engine import Actor, Engine, VirtualClock
from engine.errors import Forbidden, NotFound
from engine.promises import LONGEST, Promise
from engine.rhythms import Rhythm
from tests.page_inspector import PageInspector
from tests.web_app import running_app

PROCESSES = Path(__file__).parents[2] / "processes"
UNIT = "uph-skovde"
QUESTION = {
    "kind": "general",
    "about": "mental-health",
    "text": "Behövs en remiss?",
    "unit": UNIT,
}


@pytest.fixture
def app(database_url: str) -> Iterator[Flask]:
    with running_app(database_url, clock=VirtualClock("2027-03-08T09:00+01:00")) as made:
        yield made


@pytest.fixture
def engine(app: Flask) -> Engine:
    return app.extensions["samled"]


def browser(app: Flask, username: str = "kurator.skovde") -> PageInspector:
    found = PageInspector(app)
    found.log_in(username)
    return found


def test_everybody_on_staff_sees_how_a_unit_is_reached(app: Flask) -> None:
    listed = browser(app).get("/units", query_string={"text": "skövde"})
    assert f"{UNIT}@example.org" in listed.text
    assert "genom Elevhälsan Skövde" in listed.text
    assert "Lidköping" not in listed.text
    unit = listed.follow("Exempelskolan Skövde")
    assert "elevhalsa-skovde@example.org" in unit.text
    assert "Formulera löftet" not in unit.text


def statements(page: PageInspector, url: str) -> int:
    """How many statements the page costs, once what is kept between requests has been read."""
    page.get(url)
    sent: list[object] = []
    listener = ("before_cursor_execute", lambda *told: sent.append(told))
    sqlalchemy.event.listen(sqlalchemy.Engine, *listener)
    try:
        page.get(url)
    finally:
        sqlalchemy.event.remove(sqlalchemy.Engine, *listener)
    return len(sent)


def test_more_units_and_teams_cost_no_more_statements(app: Flask, engine: Engine) -> None:
    administrator = browser(app, "administrator")
    before = [statements(administrator, url) for url in ("/units", "/calendar")]
    example = engine.directory.unit(UNIT)
    more = [dataclasses.replace(example, id=f"more-{number}") for number in range(5)]
    engine.directory.add_units(more)
    for unit in more:
        engine.set_rhythm(unit.id, Rhythm("R/2027-03-01T13:00/P2W"), "Team")
    assert [statements(administrator, url) for url in ("/units", "/calendar")] == before


def test_a_manager_words_the_promise_and_who_did_why_stays(app: Flask, engine: Engine) -> None:
    manager = browser(app, "enhetschef.bup")
    page = manager.get("/units/bup-skaraborg")
    without = page.submit("Spara löftet", text="Vi ringer.")
    assert without.status == 422
    assert "Skriv varför." in without.text
    saved = page.submit("Spara löftet", text="{unit} ringer.", watched="Varje morgon", reason="Beslut i ledningen")
    assert "Löftet är sparat." in saved.text
    assert engine.promise("bup-skaraborg") == Promise("{unit} ringer.", "Varje morgon")
    assert "Beslut i ledningen" in saved.text
    assert [change.changed_by for change in engine.promise_changes("bup-skaraborg")] == ["enhetschef.bup"]
    assert "Varje morgon" in browser(app).get("/units").text


def test_whoever_is_no_manager_there_may_not_word_it(app: Flask, engine: Engine) -> None:
    refused = browser(app, "enhetschef.bup")
    refused.get(f"/units/{UNIT}")
    assert "Formulera löftet" not in refused.get(f"/units/{UNIT}").text
    with pytest.raises(Forbidden):
        engine.set_promise(UNIT, Promise("Nej"), "Prov", by=engine.directory.actor("enhetschef.bup"))
    with pytest.raises(NotFound):
        engine.set_promise("nobody", Promise("Nej"), "Prov", by=Actor(id="x", units=[], roles=["administrator"]))
    with pytest.raises(ValueError, match="at most"):
        engine.set_promise(UNIT, Promise("x" * (LONGEST + 1)))
    assert engine.promises() == {}
    browser(app).get("/units/nobody", status=404)


def test_who_asks_sees_the_promise_and_then_the_chain(app: Flask, engine: Engine) -> None:
    engine.publish(PROCESSES / "contact")
    asking = browser(app)
    form = asking.get("/start/contact")
    assert "svarar inom" not in form.text
    looked = form.submit(None, at="/start/contact", _do="look", **QUESTION)
    assert "Ungas psykiska hälsa Skövde svarar inom 48 timmar." in looked.text
    engine.set_promise(UNIT, Promise("Vi svarar inom {answer}, alltid.", "Klockan 8"), "Eget löfte")
    case = looked.submit("Starta ärendet", _do="start", **QUESTION)
    assert "Vi svarar inom 48 timmar, alltid." in case.text
    assert "Klockan 8" in case.text
    assert "har inte svarat än" in case.text

    task = engine.tasks(unit=UNIT)[0]
    answer = {"kind": "passed-on", "next_unit": "bup-skaraborg", "reason": "De kan det här."}
    engine.complete(task.id, {"answer": answer}, by=engine.directory.actor("behandlare.uph"))
    chain = asking.get(f"/cases/{task.case_id}").text
    assert "hjälpte den vidare" in chain
    assert "De kan det här." in chain
    assert "BUP Skaraborg svarar inom 48 timmar." in chain
    browser(app, "socialsekreterare.lidkoping").get(f"/cases/{task.case_id}", status=404)
