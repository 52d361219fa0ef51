"""The steps of a task's deadline, and who is meant by a role or a recipient."""

from __future__ import annotations

from datetime import UTC, datetime

from engine.calendars import Calendar
from engine.deadlines import DueRow, Step, first_step, ladder, next_step
from engine.directory import Organisation, Unit
from engine.parties import Party
from engine.process_settings import DeadlineSetting, Role
from engine.roles import CaseRoles
from engine.subjects import normal

NOW = datetime(2026, 3, 27, 9, tzinfo=UTC)
DUE = datetime(2026, 4, 14, 8, tzinfo=UTC)
SETTING = DeadlineSetting("x", "P3W", "local", True, "2 working days", ("unit-manager", "partner-group"))
ORGANISATION = Organisation(
    units={
        "e": Unit("e", "Elevhälsa", "elevhalsa", None, "Skövde", "e@example.org"),
        "s": Unit("s", "Socialtjänst", "socialtjanst", None, "Skövde"),
        "p": Unit("p", "Partssamverkan", "partssamverkan", None, "Skövde"),
        "q": Unit("q", "Partssamverkan", "partssamverkan", None, "Mariestad"),
        "school": Unit("school", "Skola", "skola", None, "Skövde", None, "e"),
    },
    managers={"e": ("chef",)},
)
ROLES = {
    "coordinator": Role("coordinator", "Samordnare", ("elevhalsa",)),
    "anybody": Role("anybody", "Vem som helst"),
    "partner-group": Role("partner-group", "Partssamverkan", ("partssamverkan",)),
}


def row(kind: str, rung: int = 0) -> DueRow:
    return DueRow(1, 1, kind, rung, "ask", "x", DUE, DUE, 0)


def party(unit: str, *roles: str) -> Party:
    return Party(unit, roles, NOW)


def test_each_step_leads_to_the_next_and_the_last_comes_again_every_week() -> None:
    steps = ladder(DUE, SETTING, Calendar())
    assert [(step.kind, step.rung) for step in steps] == [("remind", 0), ("due", 0), ("escalate", 0), ("escalate", 1)]
    following = [next_step(row(step.kind, step.rung), SETTING, Calendar(), NOW) for step in steps]
    assert following == [*steps[1:], Step("escalate", 1, datetime(2026, 4, 21, 8, tzinfo=UTC))]


def test_what_would_have_come_again_during_an_outage_comes_once_and_later() -> None:
    back = datetime(2026, 5, 29, 12, tzinfo=UTC)
    again = next_step(row("escalate", 1), SETTING, Calendar(), back)
    assert (again.kind, again.rung) == ("escalate", 1)
    assert back < again.at <= datetime(2026, 6, 8, tzinfo=UTC)


def test_escalations_come_at_the_due_moment_and_then_every_so_many_working_days() -> None:
    friday = datetime(2026, 4, 17, 8, tzinfo=UTC)
    steps = ladder(friday, SETTING, Calendar())
    assert [step.at for step in steps if step.kind == "escalate"] == [friday, datetime(2026, 4, 21, 8, tzinfo=UTC)]


def test_a_reminder_that_would_come_at_once_is_left_out() -> None:
    assert first_step(DUE, SETTING, Calendar(), NOW).kind == "remind"
    assert first_step(DUE, SETTING, Calendar(), datetime(2026, 4, 13, tzinfo=UTC)) == Step("due", 0, DUE)


def test_a_date_without_a_setting_is_only_due() -> None:
    assert ladder(DUE, None, Calendar()) == [Step("due", 0, DUE)]


def test_a_role_means_its_parties_else_the_owner_else_fitting_parties_else_the_owner() -> None:
    cases = [
        ("s", [party("e", "coordinator"), party("p")], ("e",)),
        ("e", [party("s")], ("e",)),
        ("s", [party("e"), party("p")], ("e",)),
        ("s", [party("p")], ("s",)),
        ("unknown-unit", [], ("unknown-unit",)),
    ]
    for owner, parties, units in cases:
        assert CaseRoles(ROLES, owner, parties, ORGANISATION)["coordinator"] == units
    assert CaseRoles(ROLES, "s", [party("e")], ORGANISATION)["anybody"] == ("s",)


def test_a_group_is_a_role_a_unit_or_a_plain_name() -> None:
    roles = CaseRoles(ROLES, "s", [party("elsewhere")], ORGANISATION)
    assert roles.units_of_group("coordinator") == ("s",)
    assert roles.units_of_group("p") == ("p",)
    assert roles.units_of_group("elsewhere") == ("elsewhere",)
    assert roles.units_of_group("psychologists") == ()


def test_the_manager_is_told_or_the_mailbox_of_a_unit_without_one() -> None:
    roles = CaseRoles(ROLES, "s", [], ORGANISATION)
    assert roles.recipients("unit-manager", ["e"]) == ["person:chef"]
    assert roles.recipients("unit-manager", ["s"]) == ["unit:s"]
    assert roles.recipients("unit-manager", []) == ["unit:s"]


def test_a_recipient_is_a_party_else_a_unit_of_the_owners_municipality_else_the_owner() -> None:
    assert CaseRoles(ROLES, "e", [party("q", "partner-group")], ORGANISATION).recipients("partner-group", []) == [
        "unit:q"
    ]
    assert CaseRoles(ROLES, "e", [], ORGANISATION).recipients("partner-group", []) == ["unit:p"]
    assert CaseRoles(ROLES, "unknown", [], ORGANISATION).recipients("partner-group", []) == ["unit:unknown"]


def test_mail_reaches_a_unit_through_another() -> None:
    assert ORGANISATION.mailbox("school") == "e@example.org"
    assert ORGANISATION.mailbox("s") is None
    assert ORGANISATION.mailbox("unknown") is None


def test_a_personal_identity_number_is_one_however_it_is_written() -> None:
    today = NOW.date()
    assert normal("20180101-2392", today) == normal("201801012392", today) == normal("180101-2392", today)
    assert normal("180101+2392", today) == "191801012392"
    assert normal("991231-0000", today) == "199912310000"
    assert normal("unknown", today) is None
    assert normal("", today) is None
