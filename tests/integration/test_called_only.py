"""A part that other processes call is offered nowhere and refused with a clear answer; its scenarios run it all the same."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from engine import Engine, VirtualClock
from engine.errors import CalledOnly, NotFound
from tests.page_inspector import PASSWORD, PageInspector
from tests.web_app import running_app

PART = Path(__file__).parents[2] / "processes/consent"


@pytest.fixture
def app(database_url: str) -> Iterator[Flask]:
    with running_app(database_url, clock=VirtualClock("2026-03-20T10:00+01:00")) as made:
        made.extensions["samled"].publish(PART)
        yield made


@pytest.fixture
def engine(app: Flask) -> Engine:
    return app.extensions["samled"]


def test_it_is_published_and_not_among_what_people_start(engine: Engine) -> None:
    assert "consent" in {version.process_id for version in engine.processes()}
    assert "consent" not in {version.process_id for version in engine.startable()}
    with pytest.raises(CalledOnly):
        engine.demand_startable("consent")
    with pytest.raises(NotFound):
        engine.demand_startable("nothing-of-this-name")


def test_the_page_does_not_offer_it_and_its_address_says_why(app: Flask, engine: Engine) -> None:
    browser = PageInspector(app)
    browser.log_in("kurator.skovde")
    assert "Samtycke" not in browser.get("/start").text
    refused = browser.get("/start/consent", status=409)
    assert "Det är en del av andra processer, och de leder dit." in refused.text
    assert not engine.cases()


def test_the_api_refuses_it_with_a_code_of_its_own(app: Flask, engine: Engine) -> None:
    name = b64encode(f"kurator.skovde:{PASSWORD}".encode()).decode()
    client, headers = app.test_client(use_cookies=False), {"Authorization": f"Basic {name}"}
    offered = client.get("/api/v1/processes", headers=headers).get_json()
    assert "consent" not in {process["id"] for process in offered}
    started = client.post("/api/v1/cases", headers=headers, json={"process": "consent", "answers": {}})
    asked = client.get("/api/v1/processes/consent/form", headers=headers)
    assert [(one.status_code, one.get_json()["error"]["code"]) for one in (started, asked)] == [
        (409, "called-only")
    ] * 2
    assert not engine.cases()
