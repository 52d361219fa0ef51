"""A unit's manager hands over all that somebody has taken."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from engine import Engine, VirtualClock
from tests.integration import drawing as draw
from tests.page_inspector import PageInspector
from tests.web_app import running_app

UNIT, MANAGER = "elevhalsa-skovde", "elevhalsochef.skovde"


@pytest.fixture
def app(database_url: str) -> Iterator[Flask]:
    with running_app(database_url, clock=VirtualClock("2027-03-08T09:00+01:00")) as made:
        yield made


def browser(app: Flask, username: str) -> PageInspector:
    found = PageInspector(app)
    found.log_in(username)
    return found


def test_a_manager_hands_over_all_that_a_leaver_has(app: Flask, tmp_path: object) -> None:
    engine: Engine = app.extensions["samled"]
    engine.publish(draw.write(tmp_path, draw.chain("asks", draw.task("ask", due="2027-05-02"))))  # type: ignore[arg-type]
    leaver = engine.directory.actor("kurator.skovde")
    numbers = [engine.start("asks", by=leaver).id for _ in range(3)]
    for number in numbers:
        engine.claim(engine.tasks(case=number)[0].id, by=leaver)

    manager = browser(app, MANAGER)
    page = manager.get(f"/units/{UNIT}").follow("Lämna över uppgifter")
    wrong = page.submit("Lämna över", giver="kurator.skovde", taker="kurator.skovde")
    assert wrong.status == 422
    assert "Välj någon annan." in wrong.text
    assert "Skriv varför." in wrong.text
    done = page.submit("Lämna över", giver="kurator.skovde", taker=MANAGER, reason="Slutar i juni")
    assert "Slutar i juni" in done.text
    assert "Lämnades orörda 0" in " ".join(done.text.split())
    assert [engine.tasks(case=number)[0].assignee for number in numbers] == [MANAGER] * 3
    again = manager.get(f"/units/{UNIT}/hand-over")
    back = again.submit("Lämna över", giver=MANAGER, taker="-", reason="Ingen är vald än")
    assert "tillbaka till enheten" in back.text
    assert [engine.tasks(case=number)[0].assignee for number in numbers] == [None] * 3
    assert "Ingen har tagit" in manager.get(f"/units/{UNIT}/hand-over").text


def test_it_is_for_the_managers_of_that_unit(app: Flask) -> None:
    engine: Engine = app.extensions["samled"]
    batch = engine.ask_to_assign("a", None, unit=UNIT, reason="Prov").id
    for username in ("kurator.skovde", "enhetschef.bup", "administrator"):
        page = browser(app, username)
        assert "Lämna över uppgifter" not in page.get(f"/units/{UNIT}").text
        page.get(f"/units/{UNIT}/hand-over", status=404)
        page.get(f"/units/{UNIT}/hand-over/{batch}", status=404)
    manager = browser(app, MANAGER)
    manager.get(f"/units/{UNIT}/hand-over/{batch}")
    manager.get(f"/units/{UNIT}/hand-over/{batch + 1}", status=404)
    manager.get("/units/nobody/hand-over", status=404)
