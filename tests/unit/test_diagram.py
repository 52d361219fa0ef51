"""What is marked on the drawing of a process."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from engine.history import Entry
from engine.tasks import Task
from tests.models import bpmn
from web import i18n
from web.diagram import Drawing, Marks, marks

NOW = datetime(2026, 3, 20, 9, 0, tzinfo=UTC)
MODEL = bpmn(
    '<startEvent id="start"/><subProcess id="round" name="Omgång"><userTask id="inner"/></subProcess>'
    '<exclusiveGateway id="choice"/><callActivity id="call" name="Tvist"/><userTask id="last" name="Sist"/>'
    '<subProcess id="event" name="Avvikelse" triggeredByEvent="true"><startEvent id="noticed" name="Märkt"/></subProcess>'
    "<flows>\nstart -> round\nround -> choice\nchoice -> call\ncall -> last\n</flows>"
)


@pytest.fixture(autouse=True)
def swedish() -> Iterator[None]:
    app = Flask(__name__)
    app.config["BABEL_DEFAULT_TIMEZONE"] = "Europe/Stockholm"
    i18n.init_app(app)
    with app.test_request_context():
        yield


def happened(*what: str) -> list[Entry]:
    """`entered:round` or `flow:f1_start_round`."""
    found = []
    for number, said in enumerate(what):
        kind, _, element = said.partition(":")
        payload: dict[str, Any] = {"flow": element} if kind == "flow" else {}
        found.append(Entry(number, NOW, None, None, kind, element, None, None, payload))
    return found


def task(element: str, due_at: datetime | None = None) -> Task:
    return Task(1, element, element.title(), "2026-00001", None, None, due_at)


def marked(*what: str, tasks: list[Task] | None = None, waits: tuple[str, ...] = ()) -> Marks:
    return marks(Drawing(MODEL, "p"), happened(*what), tasks or [], waits, NOW)


def states(found: Marks) -> dict[str, str]:
    return {element: mark["state"] for element, mark in found.elements.items()}


def test_what_was_left_is_done_and_the_way_there_too() -> None:
    found = marked(
        "flow:f1_start_round", "entered:round", "completed:round", "flow:f2_round_choice", "flow:f3_choice_call"
    )
    assert states(found) == {"start": "done", "round": "done", "choice": "done"}
    assert found.flows == ["f1_start_round", "f2_round_choice", "f3_choice_call"]


def test_a_sub_process_with_a_round_going_on_is_not_done() -> None:
    found = marked("completed:inner", "completed:round", tasks=[task("inner")])
    assert states(found) == {"inner": "waiting"}


def test_a_late_task_is_late_whatever_else_waits_in_the_same_place() -> None:
    late, early = task("last", NOW - timedelta(days=1)), task("last", NOW + timedelta(days=9))
    assert states(marked(tasks=[late, early])) == {"last": "late"}


def test_a_task_of_a_called_process_is_marked_on_the_call() -> None:
    late = task("elsewhere", NOW - timedelta(days=1))
    assert states(marked("entered:call", tasks=[late])) == {"call": "late"}
    assert states(marked("entered:call")) == {"call": "waiting"}
    assert states(marked("entered:call", "completed:call")) == {"call": "done"}


def test_an_occasion_is_called_as_the_sub_process_that_it_starts() -> None:
    assert Drawing(MODEL, "p").occasions == {"noticed": "Avvikelse"}


def test_a_drawing_speaks_another_language() -> None:
    assert (
        'name="Deviation"'
        in Drawing(MODEL, "p").in_words(lambda text: {"Avvikelse": "Deviation"}.get(text, text)).decode()
    )
