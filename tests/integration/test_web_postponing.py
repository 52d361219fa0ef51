"""The page on which staff move a task's date or have a reminder wait."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest
from flask import Flask

from engine import Engine, VirtualClock
from tests import trial_process
from tests.page_inspector import PageInspector
from tests.web_app import running_app


@pytest.fixture
def app(database_url: str) -> Iterator[Flask]:
    with running_app(database_url, clock=VirtualClock("2026-03-27T10:00+01:00")) as made:
        trial_process.publish(made.extensions["samled"])
        yield made


@pytest.fixture
def engine(app: Flask) -> Engine:
    return app.extensions["samled"]


@pytest.fixture
def task_id(engine: Engine) -> int:
    return engine.tasks(case=trial_process.start(engine).id)[0].id


def test_a_date_is_moved_with_a_reason_that_the_history_shows(app: Flask, engine: Engine, task_id: int) -> None:
    staff = PageInspector(app).enter("kurator.skovde")
    page = staff.get(f"/tasks/{task_id}").follow("Ändra datum eller låt en påminnelse vänta")
    told = page.submit("Flytta datumet", **{"move-date": "2026-04-20", "move-reason": "Familjen är bortrest"})
    assert "Datumet är flyttat till 20 april 2026" in told.text
    task = engine.task(task_id)
    assert task.due_at == datetime.fromisoformat("2026-04-20T16:00+02:00")
    history = staff.get(f"/cases/{task.case_id}").text
    assert "Nytt datum, 20 april 2026" in history
    assert "Familjen är bortrest" in history


def test_what_is_missing_or_too_far_is_told_and_nothing_typed_is_lost(app: Flask, engine: Engine, task_id: int) -> None:
    staff = PageInspector(app).enter("kurator.skovde")
    page = staff.get(f"/tasks/{task_id}/date")
    told = page.submit("Flytta datumet", **{"move-date": "2036-04-20", "move-reason": "Familjen är bortrest"})
    assert "högst ett halvår bort" in told.text
    assert told.fields(button="Flytta datumet")["move-reason"] == "Familjen är bortrest"
    told = page.submit("Flytta datumet", **{"move-date": "i morgon", "move-reason": ""})
    assert "Skriv ett datum" in told.text
    assert "Skriv varför" in told.text
    told = page.submit("Låt den vänta", **{"wait-date": "2026-05-20", "wait-reason": "Möte"})
    assert "högst fem arbetsdagar" in told.text
    assert engine.task(task_id).due_at == datetime.fromisoformat("2026-03-30T10:00+02:00")


def test_a_reminder_waits(app: Flask, engine: Engine, task_id: int) -> None:
    staff = PageInspector(app).enter("kurator.skovde")
    page = staff.get(f"/tasks/{task_id}/date")
    told = page.submit("Låt den vänta", **{"wait-date": "2026-04-01", "wait-reason": "Möte på tisdag"})
    assert "Nästa påminnelse väntar till 1 april 2026" in told.text
    assert engine.next_due() == datetime.fromisoformat("2026-04-01T16:00+02:00")


def test_a_task_of_others_shows_nothing(app: Flask, task_id: int) -> None:
    stranger = PageInspector(app).enter("processagare.skaraborg")
    stranger.get(f"/tasks/{task_id}/date", status=404)
