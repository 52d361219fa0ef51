"""Whoever is away is not waited for: their reminders go to who stands in for them, else to the unit."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from engine import Actor, Engine, Forbidden, NotFound, VirtualClock
from engine.absences import NoSubstitute
from engine.directory import Membership, Person
from engine.outbox import unsent
from tests.integration import drawing as draw

CHEF = Actor("chef", units=["elevhalsa-skovde"], roles=["unit-manager"])
#: A manager, but of another unit; here on the staff only.
OTHER_CHEF = Actor("sara", units=["soc-skovde", "elevhalsa-skovde"], roles=["unit-manager", "staff"])
SETTINGS = """
[roles.coordinator]
title = "Coordinator"
[deadlines.answer]
value = "P10D"
source = "local"
remind = "P2D"
escalate = ["unit-manager"]
"""
FIRST, LAST = date(2026, 4, 1), date(2026, 4, 30)


@pytest.fixture
def staffed(organisation: Engine, anna: Actor, clock: VirtualClock, tmp_path: Path) -> Engine:
    """Anna has taken a task that is due on 6 April; Maja and Nils work beside her."""
    organisation.directory.add_people(
        [Person("maja", "maja", "Maja Exempel", "maja@example.org"), Person("nils", "nils", "Nils Exempel")]
    )
    organisation.directory.add_memberships(
        [Membership("maja", "elevhalsa-skovde"), Membership("nils", "elevhalsa-skovde")]
    )
    model = draw.chain("ladder", draw.task("ask", group="coordinator", due='=deadline("answer")'))
    organisation.publish(draw.package(tmp_path, "ladder", model, SETTINGS))
    organisation.claim(organisation.tasks(case=organisation.start("ladder", by=anna).id)[0].id, by=anna)
    return organisation


def reminded(engine: Engine, clock: VirtualClock) -> list[str]:
    clock.set("2026-04-04T10:00+02:00")
    engine.fire_due()
    with engine.database.reading() as tx:
        return [str(item.payload["to"]) for item in unsent(tx) if item.payload.get("reason") == "remind"]


def test_somebody_who_is_there_is_reminded(staffed: Engine, clock: VirtualClock) -> None:
    staffed.add_absence("anna", date(2026, 4, 5), LAST, "maja")
    assert reminded(staffed, clock) == ["person:anna"]


def test_a_substitute_is_reminded_of_whoever_is_away(staffed: Engine, anna: Actor, clock: VirtualClock) -> None:
    staffed.add_absence("anna", FIRST, LAST, "maja", by=anna)
    assert reminded(staffed, clock) == ["person:maja"]


def test_a_substitute_who_is_away_has_a_substitute_of_their_own(staffed: Engine, clock: VirtualClock) -> None:
    staffed.add_absence("anna", FIRST, LAST, "maja")
    staffed.add_absence("maja", FIRST, LAST, "chef", by=CHEF)
    assert reminded(staffed, clock) == ["person:chef"]


@pytest.mark.parametrize("substitutes", [{"anna": None}, {"anna": "maja", "maja": "anna"}])
def test_where_nobody_stands_in_the_unit_is_reminded(
    staffed: Engine, clock: VirtualClock, substitutes: dict[str, str | None]
) -> None:
    for person, substitute in substitutes.items():
        staffed.add_absence(person, FIRST, LAST, substitute)
    assert reminded(staffed, clock) == ["unit:elevhalsa-skovde"]


def test_whoever_has_no_address_is_reminded_through_the_unit(staffed: Engine, clock: VirtualClock) -> None:
    staffed.add_absence("anna", FIRST, LAST, "nils")
    assert reminded(staffed, clock) == ["unit:elevhalsa-skovde"]


def test_of_two_absences_the_one_with_a_substitute_counts(staffed: Engine, clock: VirtualClock) -> None:
    staffed.add_absence("anna", FIRST, LAST)
    staffed.add_absence("anna", date(2026, 4, 3), date(2026, 4, 6), "maja")
    assert reminded(staffed, clock) == ["person:maja"]


def test_whoever_comes_back_early_is_reminded_again(staffed: Engine, anna: Actor, clock: VirtualClock) -> None:
    staffed.add_absence("anna", FIRST, LAST, "maja", by=anna)
    [absence] = staffed.absences("anna", by=anna)
    staffed.remove_absence(absence.id, "anna", by=anna)
    assert reminded(staffed, clock) == ["person:anna"]
    with pytest.raises(NotFound):
        staffed.remove_absence(absence.id, "anna", by=anna)


def test_an_absence_is_said_by_themselves_their_manager_or_an_administrator(staffed: Engine) -> None:
    administrator = Actor("admin", roles=["administrator"])
    for allowed in (Actor("anna"), CHEF, administrator):
        staffed.add_absence("anna", FIRST, LAST, by=allowed)
    for stranger in (Actor("maja", units=["elevhalsa-skovde"], roles=["staff"]), OTHER_CHEF):
        with pytest.raises(Forbidden):
            staffed.add_absence("anna", FIRST, LAST, by=stranger)
        with pytest.raises(Forbidden):
            staffed.absences("anna", by=stranger)


def test_only_a_colleague_stands_in_and_an_absence_ends_after_it_begins(staffed: Engine) -> None:
    for nobody in ("sara", "anna", "unknown"):
        with pytest.raises(NoSubstitute):
            staffed.add_absence("anna", FIRST, LAST, nobody)
    with pytest.raises(ValueError, match="ends before it begins"):
        staffed.add_absence("anna", LAST, FIRST)
