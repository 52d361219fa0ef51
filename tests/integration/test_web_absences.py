"""The page on which people say when they are away, and the word on the case page that a school is closed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from flask import Flask

from engine import Engine, VirtualClock
from engine.school_years import SchoolYears
from tests import trial_process
from tests.page_inspector import PageInspector
from tests.web_app import running_app


@pytest.fixture
def app(database_url: str) -> Iterator[Flask]:
    with running_app(database_url, clock=VirtualClock("2026-06-10T10:00+02:00")) as made:
        trial_process.publish(made.extensions["samled"])
        yield made


@pytest.fixture
def engine(app: Flask) -> Engine:
    return app.extensions["samled"]


def test_an_absence_is_added_with_who_stands_in_and_removed(app: Flask, engine: Engine) -> None:
    staff = PageInspector(app).enter("specialpedagog.skovde")
    page = staff.get("/account").follow("Min frånvaro")
    told = page.submit("Lägg till", first="2026-06-15", last="2026-06-19", substitute="rektor.skovde")
    assert "Det är antecknat." in told.text
    [absence] = engine.absences("specialpedagog.skovde")
    assert (absence.first_day, absence.last_day) == (date(2026, 6, 15), date(2026, 6, 19))
    assert absence.substitute_id == "rektor.skovde"
    assert "Frånvaron är borttagen." in told.submit("Ta bort").text
    assert engine.absences("specialpedagog.skovde") == []


def test_wrong_days_and_strangers_are_told_and_kept(app: Flask, engine: Engine) -> None:
    page = PageInspector(app).enter("specialpedagog.skovde").get("/absences")
    told = page.submit("Lägg till", first="2026-06-19", last="2026-06-15")
    assert "Sista dagen ligger före den första" in told.text
    assert told.fields(button="Lägg till")["first"] == "2026-06-19"
    assert "Skriv ett datum" in page.submit("Lägg till", first="snart", last="").text
    told = page.submit("Lägg till", first="2026-06-15", last="2026-06-19", substitute="rektor.lidkoping")
    assert "Välj en kollega på samma enhet" in told.text
    assert engine.absences("specialpedagog.skovde") == []


def test_an_administrator_speaks_for_everybody(app: Flask, engine: Engine) -> None:
    administrator = PageInspector(app).enter("administrator")
    page = administrator.get("/calendar").follow("Frånvaro")
    told = page.submit(
        "Lägg till", person="rektor.lidkoping", first="2026-06-15", last="2026-06-19", substitute="kurator.skovde"
    )
    assert "Välj en kollega på samma enhet" in told.text
    told = page.submit("Lägg till", person="rektor.lidkoping", first="2026-06-15", last="2026-06-19")
    assert engine.directory.person("rektor.lidkoping").name in told.text
    [absence] = engine.absences("rektor.lidkoping")
    assert absence.substitute_id is None


def test_a_manager_speaks_for_their_staff_and_nobody_for_strangers(app: Flask, engine: Engine) -> None:
    manager = PageInspector(app).enter("rektor.skovde")
    page = manager.get("/absences")
    told = page.submit("Lägg till", person="specialpedagog.skovde", first="2026-06-15", last="2026-06-19")
    assert engine.directory.person("specialpedagog.skovde").name in told.text
    assert len(engine.absences("specialpedagog.skovde")) == 1
    token = page.fields(button="Lägg till")["csrf_token"]
    for stranger in ("rektor.lidkoping", "nobody"):
        data = {"csrf_token": token, "person": stranger, "first": "2026-06-15", "last": "2026-06-19"}
        manager.post("/absences", data, status=404)


def test_the_case_says_that_the_school_it_waits_for_is_closed(app: Flask, engine: Engine) -> None:
    terms = ((date(2026, 1, 8), date(2026, 6, 12)), (date(2026, 8, 17), date(2026, 12, 18)))
    case = trial_process.start(engine, "2026-06-20T10:00:00+02:00")
    staff = PageInspector(app).enter("kurator.skovde")
    assert "är stängd" not in staff.get(f"/cases/{case.id}").text
    engine.set_school_years(SchoolYears({"Skövde": terms}))
    assert "är stängd till och med söndag 16 augusti 2026" in staff.get(f"/cases/{case.id}").text
