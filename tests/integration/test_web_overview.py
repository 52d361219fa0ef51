"""The overview: what is published, and whether deadlines fire."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from engine import Engine, VirtualClock
from tests import trial_process
from tests.page_inspector import PageInspector
from tests.web_app import running_app


@pytest.fixture
def app(database_url: str) -> Iterator[Flask]:
    with running_app(database_url, clock=VirtualClock("2026-03-27T10:00+01:00")) as made:
        yield made


@pytest.fixture
def engine(app: Flask) -> Engine:
    return app.extensions["samled"]


def test_a_process_owner_sees_versions_and_not_the_schedulers(app: Flask, engine: Engine) -> None:
    owner = PageInspector(app).enter("processagare.skaraborg")
    assert "Ingen process är publicerad än." in owner.get("/overview").text
    trial_process.publish(engine)
    page = owner.get("/overview")
    assert "trial" in page.text
    assert "Nya ärenden startar här" in page.text
    assert "schemaläggare" not in page.text


def test_an_administrator_is_told_when_nothing_fires(app: Flask, engine: Engine) -> None:
    administrator = PageInspector(app).enter("administrator")
    assert "Ingen schemaläggare är i gång" in administrator.get("/overview").text
    engine.beat("example-host", [0.1], 1)
    assert "Alla tidsfrister utlöses i tid" in administrator.get("/overview").text
    engine.clock.advance("PT10M")
    assert "Ingen schemaläggare är i gång" in administrator.get("/overview").text


def test_late_deadlines_are_counted(app: Flask, engine: Engine) -> None:
    trial_process.publish(engine)
    trial_process.start(engine, "2026-03-27T11:00+01:00")
    engine.clock.advance("PT2H")
    engine.beat("example-host", [0.1], 1)
    administrator = PageInspector(app).enter("administrator")
    assert "1 tidsfrist är sen." in administrator.get("/overview").text
    engine.fire_due()
    assert "tidsfrist är sen" not in administrator.get("/overview").text


def test_staff_have_no_overview(app: Flask) -> None:
    staff = PageInspector(app).enter("kurator.skovde")
    assert "Översikt" not in staff.get("/").links()
    staff.get("/overview", status=404)
