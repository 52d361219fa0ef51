"""The one function that decides who may do what."""

from __future__ import annotations

from typing import get_args

import pytest

from engine import Actor
from engine.access import Action, AnswersAccess, CaseAccess, OrganisationAccess, may
from engine.actors import SYSTEM
from engine.tasks import Task

OWNER = Actor(id="anna", units=["owner"], roles=["staff"])
PARTY = Actor(id="bea", units=["party"], roles=["staff"])
STRANGER = Actor(id="x", units=["elsewhere"], roles=["staff", "unit-manager", "administrator", "process-owner"])


def task(**held: object) -> Task:
    return Task(1, "ask", "Ask", "2026-00001", None, None, None, **held)  # type: ignore[arg-type]


CASE = CaseAccess("owner", ["party"], [task(units=("holder",))])


@pytest.mark.parametrize("action", get_args(Action))
def test_the_system_may_everything(action: Action) -> None:
    assert may(SYSTEM, action, CASE)


@pytest.mark.parametrize("action", get_args(Action))
def test_a_stranger_may_nothing_with_a_case_however_many_roles_they_have(action: Action) -> None:
    if action in ("start-case", "publish", "administer"):
        assert may(STRANGER, action)
    else:
        assert not may(STRANGER, action, CASE)
        assert not may(STRANGER, action, task(units=("owner",)))
        assert not may(STRANGER, action, None)


def test_owner_parties_and_holders_read_a_case() -> None:
    assert may(OWNER, "read-case", CASE)
    assert may(PARTY, "read-case", CASE)
    assert may(Actor(id="h", units=["holder"]), "read-case", CASE)
    assert not may(Actor(id="n"), "read-case", CASE)


def test_the_owner_alone_closes_and_reads_the_log() -> None:
    for action in ("close-case", "read-log"):
        assert may(OWNER, action, CASE)  # type: ignore[arg-type]
        assert not may(PARTY, action, CASE)  # type: ignore[arg-type]


def test_answers_are_corrected_by_the_owner_or_the_unit_that_gave_them() -> None:
    given = AnswersAccess("owner", "party")
    assert may(OWNER, "correct-answers", given)
    assert may(PARTY, "correct-answers", given)
    assert not may(STRANGER, "correct-answers", given)
    assert not may(PARTY, "correct-answers", AnswersAccess("owner", None))


@pytest.mark.parametrize(
    ("held", "actor", "holds"),
    [
        ({"units": ("u",)}, Actor("a", units=["u", "v"]), True),
        ({"units": ("u",)}, Actor("u", units=["v"], roles=["u"]), False),
        ({"groups": ("g",)}, Actor("a", roles=["g"]), True),
        ({"groups": ("g",)}, Actor("g", units=["g"]), False),
        ({"people": ("a",)}, Actor("a"), True),
        ({"people": ("a",)}, Actor("b", units=["a"], roles=["a"]), False),
        ({}, Actor("a", units=["u"], roles=["staff"]), False),
    ],
)
def test_a_task_is_held_by_unit_plain_group_or_name(held: dict[str, object], actor: Actor, holds: bool) -> None:
    for action in ("read-task", "complete-task", "take-task", "release-task", "assign-task", "add-file"):
        assert may(actor, action, task(**held)) is holds  # type: ignore[arg-type]


def test_publishing_is_for_process_owners_once_anybody_is_registered() -> None:
    staff, owner = Actor("a", roles=["staff"]), Actor("p", roles=["process-owner"])
    assert may(staff, "publish", OrganisationAccess(has_people=False))
    assert not may(staff, "publish", OrganisationAccess(has_people=True))
    assert may(owner, "publish", OrganisationAccess(has_people=True))
    assert not may(owner, "administer", OrganisationAccess(has_people=True))


def test_a_case_is_started_by_somebody_who_works_somewhere() -> None:
    assert may(OWNER, "start-case")
    assert not may(Actor("guest", roles=["staff"]), "start-case")
