"""A team's rhythm and agenda: what waits for its meeting, who may see it, and the pages and API that show it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest
from flask import Flask

from engine import Actor, Engine, Forbidden, NotFound, VirtualClock
from engine.example import PASSWORD
from engine.promises import Promise
from engine.rhythms import Rhythm
from tests.integration import drawing as draw
from tests.page_inspector import PageInspector
from tests.web_app import running_app

TEAM = "insatsteam-skovde"
COORDINATOR = Actor("samordnare.insatsteam", units=[TEAM], roles=["staff"])
LEADER = Actor("teamledare.insatsteam", units=[TEAM], roles=["unit-manager"])
STRANGER = Actor("kurator.skovde", units=["elevhalsa-skovde"], roles=["staff"])
ADMINISTRATOR = Actor("administrator", units=["forvaltning-skovde"], roles=["administrator"])
MARK = '<zeebe:properties><zeebe:property name="agenda" value="true"/></zeebe:properties>'
SETTINGS = """
[process]
title = "Frågan"
[roles.team]
title = "Team"
kinds = ["insatsteam"]
[deadlines.team-meeting]
value = "P14D"
source = "local"
escalate = ["unit-manager"]
"""


def model() -> str:
    """Each case waits for the team's meeting; a task beside is not for the meeting."""
    due = '=if next meeting("team") = null then deadline("team-meeting") else next meeting("team")'
    return draw.process(
        "asking",
        '<startEvent id="start"/><parallelGateway id="both"/><endEvent id="end"/><endEvent id="over"/>',
        draw.task("discuss", group="team", due=due, before=MARK),
        draw.task("beside", group="team", due=due),
        draw.flows("start>both>discuss>end", "both>beside>over"),
    )


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock("2026-01-12T09:00+01:00")  # the team meets on 20 January and 3 February


@pytest.fixture
def app(database_url: str, tmp_path: Path, clock: VirtualClock) -> Iterator[Flask]:
    with running_app(database_url, clock=clock) as made:
        made.extensions["samled"].publish(draw.package(tmp_path, "asking", model(), SETTINGS))
        yield made


@pytest.fixture
def engine(app: Flask) -> Engine:
    return app.extensions["samled"]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def begin(engine: Engine, count: int) -> list[str]:
    return [engine.start("asking", by=COORDINATOR).id for _ in range(count)]


def test_what_is_marked_and_due_by_the_next_meeting_is_on_its_agenda(engine: Engine, clock: VirtualClock) -> None:
    [first] = begin(engine, 1)
    clock.advance("P1D")
    [second] = begin(engine, 1)
    agenda = engine.agenda(TEAM, by=COORDINATOR)
    assert agenda.meetings[:2] == [at("2026-01-20T13:00+01:00"), at("2026-02-03T13:00+01:00")]
    assert [(task.case_id, task.element_id) for task in agenda.items] == [(first, "discuss"), (second, "discuss")]
    assert agenda.later == []


def test_what_the_meeting_has_no_time_for_waits_and_is_first_the_next_time(engine: Engine, clock: VirtualClock) -> None:
    cases = begin(engine, 8)
    agenda = engine.agenda(TEAM)
    assert [task.case_id for task in agenda.items] == cases[:6]
    assert [task.case_id for task in agenda.later] == cases[6:]
    for task in agenda.items:
        engine.complete(task.id, by=COORDINATOR)
    clock.set("2026-01-20T14:00+01:00")
    assert engine.agenda(TEAM).meetings[0] == at("2026-01-20T13:00+01:00")  # they are sitting in it
    [new] = begin(engine, 1)
    clock.advance("P1D")
    assert [task.case_id for task in engine.agenda(TEAM).items] == [*cases[6:], new]


def test_a_cancelled_meeting_leaves_dates_and_moves_the_agenda(engine: Engine) -> None:
    [case] = begin(engine, 1)
    rhythm = engine.settings().rhythms[TEAM]
    cancelled = Rhythm(rhythm.cycle, cancelled=frozenset({date(2026, 1, 20)}))
    engine.set_rhythm(TEAM, cancelled, "Utbildningsdag", by=LEADER)
    agenda = engine.agenda(TEAM)
    assert agenda.meetings[0] == at("2026-02-03T13:00+01:00")
    assert [(task.case_id, task.due_at) for task in agenda.items] == [(case, at("2026-01-20T13:00+01:00"))]
    begin(engine, 1)
    assert {task.due_at for task in engine.agenda(TEAM).items} == {
        at("2026-01-20T13:00+01:00"),
        at("2026-02-03T13:00+01:00"),
    }


def test_what_is_due_by_the_meeting_after_can_be_taken_up_by_an_extra_one(engine: Engine) -> None:
    [case] = begin(engine, 1)
    rhythm = engine.settings().rhythms[TEAM]
    engine.set_rhythm(TEAM, Rhythm(rhythm.cycle, extra=frozenset({datetime(2026, 1, 15, 9)})), "Kö", by=LEADER)
    agenda = engine.agenda(TEAM)
    assert agenda.meetings[0] == at("2026-01-15T09:00+01:00")
    assert (list(agenda.items), [task.case_id for task in agenda.later]) == ([], [case])


def test_what_is_due_after_both_meetings_is_counted_on_the_page(app: Flask, engine: Engine) -> None:
    begin(engine, 1)
    engine.set_rhythm(TEAM, Rhythm("R/2026-01-13T09:00/P1D"), "Varje dag", by=LEADER)
    agenda = engine.agenda(TEAM)
    assert (list(agenda.items), list(agenda.later), agenda.beyond) == ([], [], 1)
    assert "1 till ska vara klart senare." in PageInspector(app).enter(COORDINATOR.id).get(f"/units/{TEAM}/agenda").text


def test_a_unit_without_a_rhythm_shows_all_that_is_marked(engine: Engine) -> None:
    [case] = begin(engine, 1)
    engine.set_rhythm(TEAM, None, "Teamet är nedlagt", by=ADMINISTRATOR)
    agenda = engine.agenda(TEAM)
    assert (agenda.rhythm, agenda.meetings, [task.case_id for task in agenda.items]) == (None, [], [case])
    [other] = begin(engine, 1)
    due = {task.element_id: task.due_at for task in engine.tasks(case=other)}
    assert due["discuss"] == at("2026-01-26T09:00+01:00")


def test_who_set_a_rhythm_when_and_why_stays_on_record(engine: Engine) -> None:
    engine.set_rhythm(TEAM, Rhythm("R/2026-03-02T09:00/P1W"), "Fler ärenden", by=LEADER)
    change = engine.setting_changes(by=ADMINISTRATOR)[0]
    assert (change.key, change.changed_by, change.reason) == (f"rhythm:{TEAM}", LEADER.id, "Fler ärenden")


def test_the_agenda_and_the_rhythm_are_the_teams_own(engine: Engine) -> None:
    with pytest.raises(NotFound):
        engine.agenda(TEAM, by=STRANGER)
    with pytest.raises(NotFound):
        engine.agenda(TEAM, by=ADMINISTRATOR)
    with pytest.raises(NotFound):
        engine.agenda("nowhere", by=COORDINATOR)
    for actor in (COORDINATOR, STRANGER):
        with pytest.raises(Forbidden):
            engine.set_rhythm(TEAM, None, "nej", by=actor)
    with pytest.raises(NotFound):
        engine.set_rhythm("nowhere", None, "nej", by=ADMINISTRATOR)


def test_my_tasks_lead_to_the_agenda_of_ones_own_team_only(app: Flask, engine: Engine) -> None:
    [case] = begin(engine, 1)
    inbox = PageInspector(app).enter(COORDINATOR.id).get("/")
    assert "Nästa möte: 20 januari 2026 kl. 13:00" in inbox.text
    page = inbox.follow("Dagordning för Tidiga insatser Skövde")
    assert case in page.text
    assert "0 dagar" in page.text
    assert case not in page.title
    page.follow(f"Discuss: {case}")
    stranger = PageInspector(app).enter(STRANGER.id)
    assert "Dagordning" not in stranger.get("/").text
    stranger.get(f"/units/{TEAM}/agenda", status=404)
    stranger.get(f"/units/{TEAM}/rhythm", status=404)
    PageInspector(app).enter(COORDINATOR.id).get(f"/units/{TEAM}/rhythm", status=404)


def test_a_manager_sets_when_the_team_meets(app: Flask, engine: Engine) -> None:
    page = PageInspector(app).enter(LEADER.id).get(f"/units/{TEAM}/agenda").follow("Ändra när vi möts")
    wrong = {"hour": "lunch", "cancelled": "i maj", "extra": "9999-02-10 13:00", "room": "många", "reason": ""}
    told = page.submit("Spara när vi möts", **wrong)
    for text in (
        "Skriv ett klockslag",
        "Skriv en dag per rad",
        "Skriv en dag och ett klockslag",
        "Skriv ett tal",
        "varför",
    ):
        assert text in told.text
    right = {
        "first": "2026-01-14", "hour": "08:30", "often": "P1W", "closed_day": "skip", "room": "4",
        "cancelled": "2026-01-21", "extra": "2026-01-22 15:00\n2026-02-04T10:00", "reason": "Fler ärenden",
    }  # fmt: skip
    told = told.submit("Spara när vi möts", **right)
    assert "14 januari 2026 kl. 08:30" in told.text
    assert engine.settings().rhythms[TEAM] == Rhythm(
        "R/2026-01-14T08:30/P1W",
        "skip",
        frozenset({date(2026, 1, 21)}),
        frozenset({datetime(2026, 1, 22, 15), datetime(2026, 2, 4, 10)}),
        4,
    )
    same = told.follow("Ändra när vi möts").fields(button="Spara när vi möts")
    assert {name: same[name].split() for name in right if name not in ("reason", "extra")} == {
        name: value.split() for name, value in right.items() if name not in ("reason", "extra")
    }
    assert same["extra"].split() == ["2026-01-22", "15:00", "2026-02-04", "10:00"]


def test_room_beyond_what_a_number_can_be_is_told_and_kept(app: Flask) -> None:
    page = PageInspector(app).enter(LEADER.id).get(f"/units/{TEAM}/rhythm")
    told = page.submit("Spara när vi möts", room="9" * 4301, reason="Fler ärenden")
    assert (told.status, "Skriv ett tal från 1 till" in told.text) == (422, True)


def test_an_administrator_finds_every_team_and_ends_its_meetings(app: Flask, engine: Engine) -> None:
    page = PageInspector(app).enter("administrator").get("/calendar")
    assert "nästa möte 20 januari 2026" in page.text
    page = page.follow("Tidiga insatser Skövde")
    told = page.submit("Spara när vi möts", first="", reason="Teamet är nedlagt")
    assert "Sparat." in told.text
    assert engine.settings().rhythms == {}
    engine.set_promise(TEAM, Promise("Vi svarar."), "Beslut", by=LEADER)
    engine.set_role_kinds("asking", "team", ["insatsteam"], principal=None, reason="Beslut", by=ADMINISTRATOR)
    told = PageInspector(app).enter("administrator").get("/calendar")
    assert "Löftet från Tidiga insatser Skövde" in told.text
    assert "Slag av enheter för roller" in told.text
    assert "Möten i Tidiga insatser Skövde" in told.text
    assert "När Elevhälsan Skövde möts" in told.submit("Ange när den möts", unit="elevhalsa-skovde").text


def test_the_api_gives_the_same_agenda(app: Flask, engine: Engine) -> None:
    cases = begin(engine, 7)
    client = app.test_client()
    answer = client.get(f"/api/v1/units/{TEAM}/agenda", auth=(COORDINATOR.id, PASSWORD))
    assert answer.status_code == 200
    assert [item["case_id"] for item in answer.json["items"]] == cases[:6]
    assert [item["case_id"] for item in answer.json["later"]] == cases[6:]
    assert answer.json["meetings"][0] == "2026-01-20T12:00:00+00:00"
    assert client.get(f"/api/v1/units/{TEAM}/agenda", auth=(STRANGER.id, PASSWORD)).status_code == 404
