"""The REST API: the same people, the same rights, one shape of error."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from engine import Engine, VirtualClock
from engine.packages import Package
from tests import trial_process
from tests.models import bpmn
from tests.page_inspector import PASSWORD, PageInspector
from tests.web_app import running_app
from web.limits import limiter


@pytest.fixture
def app(database_url: str) -> Iterator[Flask]:
    with running_app(database_url, clock=VirtualClock("2026-03-27T10:00+01:00")) as made:
        trial_process.publish(made.extensions["samled"])
        limiter.reset()
        yield made


@pytest.fixture
def engine(app: Flask) -> Engine:
    return app.extensions["samled"]


class System:
    """Another system, which sends name and password each time."""

    def __init__(self, app: Flask, username: str, password: str = PASSWORD) -> None:
        self.http: FlaskClient = app.test_client(use_cookies=False)
        self.headers = {"Authorization": "Basic " + b64encode(f"{username}:{password}".encode()).decode()}

    def get(self, path: str, **query: Any) -> TestResponse:
        return self.http.get(f"/api/v1{path}", headers=self.headers, query_string=query)

    def post(self, path: str, body: Any) -> TestResponse:
        return self.http.post(f"/api/v1{path}", headers=self.headers, json=body)


@pytest.fixture
def kurator(app: Flask) -> System:
    return System(app, "kurator.skovde")


def test_a_case_is_started_worked_on_and_read(engine: Engine, kurator: System, app: Flask) -> None:
    started = kurator.post("/cases", {"process": "trial", "answers": {"due": "2026-03-30T10:00:00+02:00"}})
    assert started.status_code == 201
    number = started.get_json()["id"]
    tasks = kurator.get("/tasks").get_json()
    assert [(task["name"], task["case_id"], task["units"]) for task in tasks["items"]] == [
        ("Ställ frågan", number, ["elevhalsa-skovde"])
    ]
    assert tasks["next"] is None
    task = tasks["items"][0]["id"]
    assert kurator.get(f"/tasks/{task}").get_json()["due_at"] == "2026-03-30T08:00:00+00:00"
    assert kurator.post(f"/tasks/{task}/completion", {"answers": {"question": "Vem?"}}).status_code == 204
    case = kurator.get(f"/cases/{number}").get_json()
    assert case["data"]["question"] == "Vem?"
    assert [item["id"] for item in kurator.get("/cases").get_json()["items"]] == [number]
    assert "completed" in [entry["kind"] for entry in kurator.get(f"/cases/{number}/history").get_json()]
    assert [task["name"] for task in System(app, "psykolog.bup").get("/tasks").get_json()["items"]] == [
        "Svara på frågan"
    ]
    assert len(engine.reads(number)) >= 1


def test_without_a_name_nothing_is_told(app: Flask) -> None:
    answer = app.test_client().get("/api/v1/tasks")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic")
    assert answer.get_json()["error"]["code"] == "unauthorised"


def test_wrong_passwords_have_to_wait_here_too(app: Flask) -> None:
    guesser = System(app, "kurator.skovde", "fel")
    assert [guesser.get("/tasks").status_code for _ in range(6)] == [401] * 5 + [429]


def test_what_is_not_yours_is_not_there(app: Flask, engine: Engine) -> None:
    case = trial_process.start(engine)
    stranger = System(app, "lakare.norrmalm")
    for answer in (
        stranger.get(f"/cases/{case.id}"),
        stranger.get(f"/cases/{case.id}/history"),
        stranger.get("/tasks/1"),
        stranger.post("/tasks/1/completion", {"answers": {}}),
        stranger.post("/tasks/1/date", {"due_at": "2026-04-20T16:00:00+02:00", "reason": "Bortrest"}),
        stranger.post("/tasks/1/snooze", {"until": "2026-04-01T16:00:00+02:00", "reason": "Möte"}),
    ):
        assert (answer.status_code, answer.get_json()["error"]["code"]) == (404, "not-found")
    assert stranger.get("/cases").get_json()["items"] == []
    assert engine.task(1).name == "Ställ frågan"


def test_a_task_done_twice_is_a_conflict(engine: Engine, kurator: System) -> None:
    trial_process.start(engine)
    assert kurator.post("/tasks/1/completion", {"answers": {}}).status_code == 204
    again = kurator.post("/tasks/1/completion", {"answers": {}})
    assert again.status_code == 409
    assert "kurator.skovde" in " ".join(again.get_json()["error"]["changes"])


def test_an_older_revision_is_a_conflict(engine: Engine, kurator: System) -> None:
    case = trial_process.start(engine)
    stale = kurator.post("/tasks/1/completion", {"answers": {}, "revision": case.revision - 1})
    assert stale.status_code == 409


@pytest.mark.parametrize(
    ("body", "field"),
    [({}, "answers"), ({"answers": []}, "answers"), ({"answers": {}, "more": 1}, "more")],
)
def test_a_body_that_does_not_fit_is_told_by_field(engine: Engine, kurator: System, body: Any, field: str) -> None:
    trial_process.start(engine)
    answer = kurator.post("/tasks/1/completion", body)
    assert answer.status_code == 422
    assert list(answer.get_json()["error"]["fields"]) == [field]


def test_a_body_that_is_no_json_is_told(kurator: System) -> None:
    answer = kurator.http.post("/api/v1/cases", headers=kurator.headers, data="{", content_type="application/json")
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (400, "bad-request")


def test_lists_are_paged(engine: Engine, kurator: System) -> None:
    wanted = [trial_process.start(engine).id for _ in range(5)]
    met, after = [], None
    while True:
        page = kurator.get("/tasks", limit=2, **({"after": after} if after else {})).get_json()
        met += [task["case_id"] for task in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert met == wanted
    assert kurator.get("/tasks", limit=100_000).status_code == 422


def test_a_date_is_moved_and_a_reminder_waits_with_a_reason(engine: Engine, kurator: System) -> None:
    case = trial_process.start(engine)
    waits = kurator.post("/tasks/1/snooze", {"until": "2026-04-01T16:00:00+02:00", "reason": "Möte på tisdag"})
    assert waits.status_code == 204
    moved = kurator.post("/tasks/1/date", {"due_at": "2026-04-20T16:00:00+02:00", "reason": "Familjen är bortrest"})
    assert (moved.status_code, moved.data) == (204, b"")
    assert kurator.get("/tasks/1").get_json()["due_at"] == "2026-04-20T14:00:00+00:00"
    said = {entry.kind: entry.payload.get("reason") for entry in engine.history(case.id)}
    assert (said["deadline-moved"], said["snoozed"]) == ("Familjen är bortrest", "Möte på tisdag")


def test_a_date_beyond_the_limits_or_without_a_reason_is_told_by_field(engine: Engine, kurator: System) -> None:
    case = trial_process.start(engine)
    before = engine.deadlines(case.id)
    wrong: list[tuple[str, Any, str]] = [
        ("date", {"due_at": "2026-03-27T09:59:00+01:00", "reason": "Bortrest"}, "due_at"),
        ("date", {"due_at": "2026-09-28T10:00:00+02:00", "reason": "Bortrest"}, "due_at"),
        ("date", {"due_at": "0001-01-01T00:00:00+14:00", "reason": "Bortrest"}, "due_at"),
        ("date", {"due_at": "9999-12-31T23:59:59-14:00", "reason": "Bortrest"}, "due_at"),
        ("date", {"due_at": "2026-04-20T16:00:00", "reason": "Bortrest"}, "due_at"),
        ("date", {"reason": "Bortrest"}, "due_at"),
        ("date", {"due_at": "2026-04-20T16:00:00+02:00", "reason": " "}, "reason"),
        ("date", {"due_at": "2026-04-20T16:00:00+02:00"}, "reason"),
        ("snooze", {"until": "2026-03-28T16:00:00+01:00", "reason": "Möte"}, "until"),
        ("snooze", {"until": "2026-04-20T16:00:00+02:00", "reason": "Möte"}, "until"),
        ("snooze", {"until": "2026-04-01T16:00:00+02:00", "reason": ""}, "reason"),
    ]
    for path, body, field in wrong:
        answer = kurator.post(f"/tasks/1/{path}", body)
        assert (answer.status_code, list(answer.get_json()["error"]["fields"])) == (422, [field]), body
    assert engine.deadlines(case.id) == before


def test_the_date_of_a_task_that_is_done_is_not_there(engine: Engine, kurator: System) -> None:
    trial_process.start(engine)
    assert kurator.post("/tasks/1/completion", {"answers": {}}).status_code == 204
    for path, name in (("date", "due_at"), ("snooze", "until")):
        late = kurator.post(f"/tasks/1/{path}", {name: "2026-04-01T16:00:00+02:00", "reason": "Möte"})
        assert late.status_code == 404


def test_a_session_of_a_page_needs_the_csrf_token_to_change_something(app: Flask, engine: Engine) -> None:
    trial_process.start(engine)
    browser = PageInspector(app)
    token = browser.enter("kurator.skovde").get("/").fields(at="/language")["csrf_token"]
    assert browser.http.get("/api/v1/tasks").status_code == 200
    refused = browser.http.post("/api/v1/tasks/1/completion", json={"answers": {}})
    assert (refused.status_code, refused.get_json()["error"]["code"]) == (400, "csrf")
    headers = {"X-CSRFToken": token}
    assert browser.http.post("/api/v1/tasks/1/completion", json={"answers": {}}, headers=headers).status_code == 204


def test_a_form_is_told_as_the_schema_its_answers_are_read_by(engine: Engine, kurator: System) -> None:
    engine.publish(Path(__file__).parents[2] / "processes/sip")
    assert {"sip", "trial"} <= {process["id"] for process in kurator.get("/processes").get_json()}
    asked = kurator.get("/processes/sip/form").get_json()
    assert asked["form"] == "need"
    assert asked["answers"]["properties"]["child"]["properties"]["name"]["type"] == "string"
    assert {"reason", "why"} <= set(asked["answers"]["required"])
    refused = kurator.post("/cases", {"process": "sip", "answers": {"need": {"reason": "nothing"}}})
    assert refused.status_code == 422
    assert "why" in " ".join(refused.get_json()["error"]["fields"])
    trial_process.start(engine)
    assert kurator.get("/tasks/1/form").get_json() == {"form": None, "answers": {"type": "object"}}


def test_a_message_reaches_a_case_only_from_those_who_may_see_it(app: Flask, engine: Engine) -> None:
    model = bpmn(
        '<startEvent id="start"/><intermediateCatchEvent id="wait"><messageEventDefinition messageRef="m"/>'
        '</intermediateCatchEvent><endEvent id="end"/>'
        "<flows>\nstart -> wait\nwait -> end\n</flows>",
        process="waiting",
        declared='<bpmn:message id="m" name="arrived"><bpmn:extensionElements>'
        '<zeebe:subscription correlationKey="=case.id"/></bpmn:extensionElements></bpmn:message>',
    )
    engine.publish_package(Package.from_files({"waiting.bpmn": model}, "waiting"))
    case = engine.start("waiting", {}, by=engine.directory.actor("kurator.skovde"))
    body = {"name": "arrived", "correlation_key": case.id, "payload": {}}
    assert System(app, "lakare.norrmalm").post("/messages", body).status_code == 404
    assert engine.case(case.id).closed_at is None
    assert System(app, "kurator.skovde").post("/messages", body).status_code == 204
    assert engine.case(case.id).closed_at is not None


def test_the_description_names_every_path(app: Flask) -> None:
    described = app.test_client().get("/api/v1/openapi.json").get_json()
    assert set(described["paths"]) == {
        "/api/v1/tasks",
        "/api/v1/tasks/{task_id}",
        "/api/v1/tasks/{task_id}/completion",
        "/api/v1/tasks/{task_id}/date",
        "/api/v1/tasks/{task_id}/form",
        "/api/v1/tasks/{task_id}/snooze",
        "/api/v1/processes",
        "/api/v1/processes/{process_id}/form",
        "/api/v1/cases",
        "/api/v1/cases/{number}",
        "/api/v1/cases/{number}/history",
        "/api/v1/messages",
        "/api/v1/units/{unit_id}/agenda",
    }
    assert described["components"]["securitySchemes"]["basic"]["scheme"] == "basic"
