"""The administrator's page about time: closed days, school terms, own values of deadlines, and what these would do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest
from flask import Flask

from engine import Actor, Engine, VirtualClock
from engine.school_years import SchoolYears
from tests.integration import drawing as draw
from tests.page_inspector import PageInspector
from tests.web_app import running_app

SETTINGS = """
[process]
title = "Frågan"
[roles.coordinator]
title = "Samordnare"
[deadlines.answer]
title = "Svar"
value = "P10D"
source = "local"
adjustable = true
escalate = ["unit-manager"]
[deadlines.law]
title = "Lagens frist"
value = "P3W"
source = "SoL"
escalate = ["unit-manager"]
"""


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    with running_app(database_url, clock=VirtualClock("2026-03-27T10:00+01:00")) as made:
        model = draw.chain("ladder", draw.task("ask", group="coordinator", due='=deadline("answer")'))
        made.extensions["samled"].publish(draw.package(tmp_path, "ladder", model, SETTINGS))
        yield made


@pytest.fixture
def engine(app: Flask) -> Engine:
    return app.extensions["samled"]


@pytest.fixture
def administrator(app: Flask) -> PageInspector:
    return PageInspector(app).enter("administrator")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_a_value_is_shown_by_what_it_would_do_before_it_can_be_saved(
    engine: Engine, administrator: PageInspector
) -> None:
    case = engine.start("ladder", by=Actor("kurator.skovde", units=["elevhalsa-skovde"]))
    page = administrator.get("/calendar")
    assert "10 dagar" in page.text
    page = page.follow("Ändra: Svar")
    assert "Spara" not in [button.text for button in page.root.iter("button")]
    page = page.submit("Visa vad det gör", **{"value": "P3D", "for": "running", "reason": "Vi är fler"})
    assert "1 går ut tidigare" in page.text
    assert engine.tasks(case=case.id)[0].due_at == at("2026-04-06T10:00+02:00")
    told = page.submit("Spara", _do="save")
    assert "Tidsfristen är sparad." in told.text
    assert "3 dagar" in told.text
    engine.apply_deadlines()
    assert engine.tasks(case=case.id)[0].due_at == at("2026-03-30T10:00+02:00")
    assert "Vi är fler" in administrator.get("/calendar/deadlines/ladder/answer").text


def test_a_value_from_a_day_ahead_begins_with_that_day(engine: Engine, administrator: PageInspector) -> None:
    page = administrator.get("/calendar/deadlines/ladder/answer")
    page = page.submit("Visa vad det gör", **{"value": "5 working days", "from": "2026-04-01", "reason": "Prov"})
    page.submit("Spara", _do="save")
    [own] = engine.settings().own_values
    assert (own.value, own.valid_from, own.running) == ("5 working days", at("2026-04-01T00:00+02:00"), False)


def test_a_value_from_the_first_day_there_is_holds_at_once(engine: Engine, administrator: PageInspector) -> None:
    page = administrator.get("/calendar/deadlines/ladder/answer")
    told = page.submit("Visa vad det gör", value="P5D", reason="Beslut", **{"from": "0001-01-01"})
    told.submit("Spara")
    [own] = engine.settings().own_values
    assert own.valid_from == at("2026-03-27T10:00+01:00")


def test_what_cannot_be_understood_is_told_and_kept(engine: Engine, administrator: PageInspector) -> None:
    page = administrator.get("/calendar/deadlines/ladder/answer")
    told = page.submit("Visa vad det gör", **{"value": "snart", "from": "i maj", "reason": ""})
    for text in ("Skriv till exempel", "Skriv ett datum", "Skriv varför"):
        assert text in told.text
    assert told.fields(button="Visa vad det gör")["value"] == "snart"
    assert engine.settings().own_values == ()


def test_what_is_fixed_cannot_be_set(administrator: PageInspector) -> None:
    assert "Ändra: Lagens frist" not in administrator.get("/calendar").links()
    administrator.get("/calendar/deadlines/ladder/law", status=404)
    administrator.get("/calendar/deadlines/ladder/none", status=404)


def test_closed_days_are_kept_with_who_and_why(engine: Engine, administrator: PageInspector) -> None:
    page = administrator.get("/calendar")
    told = page.submit("Spara de stängda dagarna", **{"closed": "2026-05-15\nfredag", "closed-reason": "Klämdag"})
    assert "”fredag” är inget datum" in told.text
    assert engine.calendar().closed_days == frozenset()
    told = told.submit("Spara de stängda dagarna", **{"closed": "2026-05-15\n2026-06-05\n", "closed-reason": "Klämdag"})
    assert "Sparat." in told.text
    assert engine.calendar().closed_days == {date(2026, 5, 15), date(2026, 6, 5)}
    assert "Klämdag" in told.text


def test_school_terms_and_their_rule_are_kept(engine: Engine, administrator: PageInspector) -> None:
    page = administrator.get("/calendar")
    places = page.fields(button="Spara skolterminerna").getlist("place")
    field = f"terms-{places.index('Skövde') + 1}"
    wrong = {field: "2026-06-12 2026-01-08", "school-reason": "Läsår", "rule": "wait"}
    told = page.submit("Spara skolterminerna", **wrong)
    assert "Skriv en termin per rad" in told.text
    right = wrong | {field: "2026-01-08 2026-06-12\n2026-08-17 – 2026-12-18"}
    told.submit("Spara skolterminerna", **right)
    terms = ((date(2026, 1, 8), date(2026, 6, 12)), (date(2026, 8, 17), date(2026, 12, 18)))
    assert engine.settings().school_years == SchoolYears({"Skövde": terms}, rule="wait")


def test_saving_the_terms_of_some_leaves_those_of_others(engine: Engine, administrator: PageInspector) -> None:
    terms = ((date(2026, 1, 8), date(2026, 6, 12)), (date(2026, 8, 17), date(2026, 12, 18)))
    engine.set_school_years(SchoolYears({"": terms, "Gullspång": terms}))
    page = administrator.get("/calendar")
    page.submit("Spara skolterminerna", **{"rule": "ask", "school-reason": "Läsår"})
    assert engine.settings().school_years == SchoolYears({"": terms, "Gullspång": terms}, rule="ask")


def test_hours_and_eves_are_set(engine: Engine, administrator: PageInspector) -> None:
    page = administrator.get("/calendar")
    page.submit("Spara hur tid räknas", **{"hours": "working-days", "counting-reason": "Vår överenskommelse"})
    assert engine.calendar().hours_of_working_days
    assert engine.calendar().eves


def test_only_administrators_see_it(app: Flask) -> None:
    staff = PageInspector(app).enter("kurator.skovde")
    assert "Tid" not in staff.get("/").links()
    staff.get("/calendar", status=404)
