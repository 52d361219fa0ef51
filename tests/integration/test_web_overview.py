"""The overview: what is published, and whether deadlines fire."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from click.testing import CliRunner
from flask import Flask

from engine import Engine, VirtualClock
from tests import trial_process
from tests.page_inspector import PageInspector
from tests.web_app import running_app
from web.cli import main


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


def test_every_page_warns_an_administrator_when_no_scheduler_ticks_and_nobody_else(app: Flask, engine: Engine) -> None:
    administrator, staff = PageInspector(app).enter("administrator"), PageInspector(app).enter("kurator.skovde")
    assert "Ingen schemaläggare är i gång" in administrator.get("/account").text
    assert "Ingen schemaläggare är i gång" not in staff.get("/account").text
    engine.beat("example-host")
    assert "Ingen schemaläggare är i gång" not in administrator.get("/account").text
    engine.clock.advance("PT61S")
    assert "Ingen schemaläggare är i gång" in administrator.get("/account").text


def test_an_administrator_lets_what_stands_still_try_again(app: Flask, engine: Engine) -> None:
    trial_process.publish(engine)
    trial_process.start(engine, "2026-03-27T11:00+01:00")
    [deadline] = engine.deadlines()
    with engine.database.command() as tx:
        tx.exec_driver_sql(
            "UPDATE deadlines SET run_at = NULL, parked_at = due_at, attempts = 6, error = 'ZeroDivisionError in fire'"
        )
    administrator = PageInspector(app).enter("administrator")
    page = administrator.get("/overview")
    assert "Tidsfrister som har stannat" in page.text
    assert "ZeroDivisionError in fire" in page.text
    page = page.submit(at=f"/overview/deadlines/{deadline.id}/retry")
    assert "Tidsfristen försöker igen nu." in page.text
    assert "Tidsfrister som har stannat" not in page.text
    assert engine.parked() == ([], [])


def test_monitoring_asks_whether_a_scheduler_ticks(app: Flask, engine: Engine) -> None:
    client = app.test_client()
    assert client.get("/health/scheduler").status_code == 503
    engine.beat("example-host")
    answer = client.get("/health/scheduler")
    assert (answer.status_code, answer.get_json()) == (200, {"status": "ok"})


def test_the_command_tells_the_status_in_words_and_for_programs(app: Flask, engine: Engine) -> None:
    url = engine.database.url.render_as_string(hide_password=False)
    real = Engine(url)  # by the clock that the command goes by
    run = CliRunner(env={"SAMLED_DATABASE_URL": url})
    silent = run.invoke(main, ["scheduler", "--status"])
    assert (silent.exit_code, silent.output.splitlines()[0]) == (1, "No scheduler has ticked for a minute.")
    real.beat("example-host:1", [0.1] * 98 + [3.0, 7.0], 250)
    alive = run.invoke(main, ["scheduler", "--status"])
    assert alive.exit_code == 0
    assert "example-host:1: ticks" in alive.output
    assert "lateness: p50 0.1 s, p99 3 s, max 7 s of the last 100" in alive.output
    told = json.loads(run.invoke(main, ["scheduler", "--status", "--json"]).output)
    assert told["alive"]
    assert told["lateness"] == {"p50": 0.1, "p99": 3.0, "max": 7.0, "fires": 100}
    assert told["deadlines"] == {"due": 0, "oldest_seconds": 0.0, "parked": 0}
    assert told["schedulers"][0]["fired"] == 250
    assert run.invoke(main, ["scheduler", "--json"]).exit_code == 2
    real.close()
