"""Schools between terms: what is asked of them waits, or somebody else is asked, as the organisation chooses."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest

from engine import Actor, Engine, Forbidden, VirtualClock
from engine.commands.own_deadlines import Impact
from engine.outbox import unsent
from engine.school_years import Rule, SchoolYears
from tests.integration import drawing as draw

SUMMER = (date(2026, 6, 13), date(2026, 8, 16))
TERMS = {
    "Skövde": ((date(2026, 1, 8), date(2026, 6, 12)), (date(2026, 8, 17), date(2026, 12, 18))),
}
SETTINGS = """
[roles.school]
title = "School"
kinds = ["elevhalsa"]
[roles.social]
title = "Social services"
kinds = ["socialtjanst"]
[deadlines.answer]
value = "P10D"
source = "local"
adjustable = true
remind = "2 working days"
escalate = ["unit-manager"]
"""


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.fixture
def summons(organisation: Engine, clock: VirtualClock, tmp_path: Path) -> Engine:
    """Social services own the case and ask the school on 10 June, three days before school is over."""
    model = draw.process(
        "summons",
        '<startEvent id="start"/><parallelGateway id="both"/><endEvent id="end"/><endEvent id="over"/>',
        draw.task("ask", group="elevhalsa-skovde", due='=deadline("answer")'),
        draw.task("wait", group="soc-skovde", due='=deadline("answer")'),
        draw.flows("start>both>ask>end", "both>wait>over"),
    )
    organisation.publish(draw.package(tmp_path, "summons", model, SETTINGS))
    clock.set("2026-06-10T10:00+02:00")
    return organisation


def start(engine: Engine, rule: Rule) -> dict[str, datetime | None]:
    engine.set_school_years(SchoolYears(TERMS, rule=rule), reason="läsår")
    case = engine.start("summons", by=Actor("sara", units=["soc-skovde"]))
    return {task.element_id: task.due_at for task in engine.tasks(case=case.id)}


def told(engine: Engine) -> set[tuple[str, str]]:
    with engine.database.reading() as tx:
        return {(str(item.payload["to"]), str(item.payload["reason"])) for item in unsent(tx)}


def test_a_deadline_of_a_school_waits_for_the_term_where_the_organisation_wants_it(summons: Engine) -> None:
    due = start(summons, "wait")
    assert due == {"ask": at("2026-08-17T10:00+02:00"), "wait": at("2026-06-20T10:00+02:00")}
    reminders = {deadline.element_id: deadline.due_at for deadline in summons.deadlines()}
    assert reminders["ask"] == at("2026-06-11T10:00+02:00"), "two days on which the school works before"
    assert reminders["wait"] == at("2026-06-17T10:00+02:00")


@pytest.mark.parametrize("rule", ["say", "ask"])
def test_else_it_stands_and_the_break_is_told(summons: Engine, rule: Rule) -> None:
    assert set(start(summons, rule).values()) == {at("2026-06-20T10:00+02:00")}
    assert summons.school_break(["elevhalsa-skovde"], date(2026, 6, 20)) == SUMMER
    assert summons.school_break(["elevhalsa-skovde"], date(2026, 6, 10)) is None
    assert summons.school_break(["elevhalsa-skovde", "soc-skovde"], date(2026, 6, 20)) is None
    assert summons.school_break(["soc-skovde"], date(2026, 6, 20)) is None


@pytest.mark.parametrize(
    ("rule", "heard"), [("say", {"unit:elevhalsa-skovde"}), ("ask", {"unit:elevhalsa-skovde", "unit:soc-skovde"})]
)
def test_the_owner_hears_of_what_a_closed_school_does_not_answer(
    summons: Engine, clock: VirtualClock, rule: Rule, heard: set[str]
) -> None:
    start(summons, rule)
    [wait] = [task for task in summons.tasks() if task.element_id == "wait"]
    summons.complete(wait.id, {})
    clock.set("2026-06-18T10:00+02:00")
    summons.fire_due()
    assert {recipient for recipient, reason in told(summons) if reason == "remind"} == heard


def test_what_a_value_would_do_is_counted_on_the_school_s_calendar(summons: Engine, clock: VirtualClock) -> None:
    start(summons, "wait")
    assert summons.preview_deadline("summons", "answer", "P11D") == Impact(2, sooner=0, later=1, overdue=0)


def test_a_term_that_ends_before_it_begins_or_overlaps_is_refused() -> None:
    with pytest.raises(ValueError, match="ends before it begins"):
        SchoolYears.read({"terms": {"": [["2026-06-12", "2026-01-08"]]}})
    with pytest.raises(ValueError, match="overlap on 2026-06-12"):
        SchoolYears.read({"terms": {"": [["2026-01-08", "2026-06-12"], ["2026-06-12", "2026-12-18"]]}})
    with pytest.raises(ValueError, match="Nobody would be at school"):
        SchoolYears.read({"terms": {"": [["2026-01-08", "2026-06-12"], ["2029-08-17", "2029-12-18"]]}})
    with pytest.raises(ValueError, match="no rule"):
        SchoolYears.read({"rule": "sleep"})


def test_who_changed_a_setting_when_and_why_is_on_record(summons: Engine, clock: VirtualClock) -> None:
    administrator = Actor("admin", roles=["administrator"])
    with pytest.raises(Forbidden):
        summons.set_school_years(SchoolYears(), by=Actor("sara", units=["soc-skovde"], roles=["staff"]))
    summons.set_school_years(SchoolYears(TERMS, rule="wait"), "Läsårstider 2026", by=administrator)
    summons.set_counting(eves=True, hours_of_working_days=True, reason="Bara arbetsdagar", by=administrator)
    told_changes = [(change.key, change.reason, change.changed_by) for change in summons.setting_changes()]
    assert told_changes == [
        ("hours-of-working-days", "Bara arbetsdagar", "admin"),
        ("eves", "Bara arbetsdagar", "admin"),
        ("school-years", "Läsårstider 2026", "admin"),
    ]
    assert summons.settings().school_years == SchoolYears(TERMS, rule="wait")
    assert summons.calendar().hours_of_working_days
