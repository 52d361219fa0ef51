"""The pages that move running cases to another version, without JavaScript."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from engine import Actor, Engine, VirtualClock
from tests.integration import drawing as draw
from tests.page_inspector import PageInspector
from tests.web_app import running_app

STAFF = Actor("kurator.skovde", units=["elevhalsa-skovde"])
MOVE = "/processes/p/move"


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    with running_app(database_url, clock=VirtualClock("2026-03-27T10:00+01:00")) as made:
        engine = made.extensions["samled"]
        engine.publish(draw.write(tmp_path, draw.chain("p", "ask", "last")))
        for _ in range(3):
            engine.start("p", by=STAFF)
        yield made


@pytest.fixture
def engine(app: Flask) -> Engine:
    return app.extensions["samled"]


@pytest.fixture
def administrator(app: Flask) -> PageInspector:
    return PageInspector(app).enter("administrator")


def test_cases_are_looked_at_mapped_moved_and_taken_back(
    engine: Engine, administrator: PageInspector, tmp_path: Path
) -> None:
    assert "Inget ärende går på en annan version." in administrator.get(MOVE).text
    engine.publish(draw.write(tmp_path, draw.chain("p", "enquire", "approve", "last")))
    page = administrator.get("/processes/p").follow("Flytta pågående ärenden")
    for text in ("3 ärenden", "Ask: 3", "Ärendet står vid ”Ask”, som inte finns i den nya versionen"):
        assert text in page.text
    page = page.submit("Pröva igen", **{"map-ask": "enquire"})
    assert "Nya steg som kommer: Approve" in page.text
    refused = page.submit("Flytta ärendena")
    assert (refused.status, "Skriv varför." in refused.text) == (422, True)
    refused = refused.submit("Flytta ärendena", which="chosen", reason="Ny blankett")
    assert (refused.status, "Välj minst ett ärende." in refused.text) == (422, True)
    told = refused.submit("Flytta ärendena", which="all", reason="Ny blankett")
    assert "Ärenden flyttade till version 2" in told.text
    assert [case.version_number for case in engine.cases()] == [2, 2, 2]
    entry = engine.history("2026-00001")[-1]
    assert (entry.actor, entry.payload["reason"]) == ("administrator", "Ny blankett")
    [task] = engine.tasks(case="2026-00003")
    engine.complete(task.id, {}, by=STAFF)
    assert told.submit("Ta tillbaka").status == 422
    told = told.submit("Ta tillbaka", reason="För tidigt")
    assert "Återtagna: 2." in told.text
    assert "lämnas där de är: 2026-00003" in told.text
    assert [case.version_number for case in engine.cases()] == [2, 1, 1]
    assert "Flyttat tidigare" in administrator.get(MOVE).text


def test_a_batch_that_was_stopped_goes_on_at_a_press(
    engine: Engine, administrator: PageInspector, tmp_path: Path
) -> None:
    engine.publish(draw.write(tmp_path, draw.chain("p", "ask", "approve", "last")))
    batch = engine.ask_to_move("p", reason="stopped")
    page = administrator.get(f"{MOVE}/{batch.id}")
    assert "Alla ärenden har inte prövats än." in page.text
    assert "Alla ärenden har inte prövats än." not in page.submit("Fortsätt").text
    assert engine.moves(batch.id)[0].counts == {"moved": 3}
    administrator.get(f"/processes/other/move/{batch.id}", status=404)


def test_only_process_owners_see_what_moves(app: Flask) -> None:
    staff = PageInspector(app).enter("kurator.skovde")
    staff.get(MOVE, status=404)
    PageInspector(app).enter("administrator").get("/processes/none/move", status=404)
