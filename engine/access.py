"""The one authorisation function. The façade asks it before every command, and every page before it shows anything.

A case is visible to its owner unit, to current party units, and to whoever holds a task of it. Consent will narrow
this function later; nothing else decides.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, Protocol

from engine.actors import Actor

Action = Literal[
    "read-case",
    "read-task",
    "read-log",
    "complete-task",
    "take-task",
    "release-task",
    "assign-task",
    "move-deadline",
    "add-file",
    "correct-answers",
    "close-case",
    "start-case",
    "publish",
    "set-absence",
    "read-agenda",
    "read-statistics",
    "set-rhythm",
    "set-promise",
    "hand-over-all",
    "administer",
]

_ORGANISERS = {"publish": ("process-owner", "administrator"), "administer": ("administrator",)}
_HOLDS = ("read-task", "complete-task", "take-task", "release-task", "assign-task", "add-file")


class TaskLike(Protocol):
    """What of a task decides who holds it."""

    @property
    def assignee(self) -> str | None: ...
    @property
    def units(self) -> Collection[str]: ...
    @property
    def groups(self) -> Collection[str]: ...
    @property
    def people(self) -> Collection[str]: ...


@dataclass(frozen=True)
class CaseAccess:
    """A case with its open tasks, for the question."""

    owner: str
    party_units: Collection[str] = ()
    tasks: Collection[TaskLike] = ()


@dataclass(frozen=True)
class AnswersAccess:
    """Answers that were given: by a unit, in a case."""

    owner: str
    #: The unit that answered.
    unit: str | None = None


@dataclass(frozen=True)
class PersonAccess:
    """Somebody of the staff, with the managers of the units where they work."""

    id: str
    managers: Collection[str] = ()


@dataclass(frozen=True)
class UnitAccess:
    """A unit, with its managers."""

    id: str
    managers: Collection[str] = ()


@dataclass(frozen=True)
class OrganisationAccess:
    """The organisation as a whole. With nobody registered in it, tools may set it up."""

    has_people: bool


def may(actor: Actor, action: Action, obj: object = None) -> bool:
    """May the actor do this to that? `obj`: a case, a task, given answers or the organisation, as the action asks."""
    if actor.is_system:
        return True
    match action:
        case "read-case":
            return _reads(actor, obj)
        case "read-log" | "close-case":
            return getattr(obj, "owner", None) in actor.units
        case "correct-answers":
            return bool(set(actor.units) & {getattr(obj, "owner", None), getattr(obj, "unit", None)} - {None})
        case "move-deadline":
            return getattr(obj, "owner", None) in actor.units or holds(actor, obj)
        case "start-case":
            return bool(actor.units)
        case "set-absence":
            return _says_who_is_away(actor, obj)
        case "read-agenda" | "read-statistics" | "set-rhythm" | "set-promise" | "hand-over-all":
            return _concerns_the_team(actor, action, obj)
        case "publish" | "administer":
            return _organised(obj, actor, *_ORGANISERS[action])
        case _:
            return action in _HOLDS and holds(actor, obj)


def holds(actor: Actor, task: object) -> bool:
    """Is the task for this actor: through one of their units, a plain group they carry, or by name?"""
    if actor.id == getattr(task, "assignee", None) or actor.id in getattr(task, "people", ()):
        return True
    units, groups = set(getattr(task, "units", ())), set(getattr(task, "groups", ()))
    return not units.isdisjoint(actor.units) or not groups.isdisjoint(actor.roles)


def _reads(actor: Actor, case: object) -> bool:
    units = {getattr(case, "owner", None), *getattr(case, "party_units", ())}
    return not units.isdisjoint(actor.units) or any(holds(actor, task) for task in getattr(case, "tasks", ()))


def _says_who_is_away(actor: Actor, person: object) -> bool:
    if not isinstance(person, PersonAccess):
        return False
    return actor.id in {person.id, *person.managers} or "administrator" in actor.roles


def _concerns_the_team(actor: Actor, action: Action, unit: object) -> bool:
    """Agenda and statistics are for those who work there; meetings and promise are set by managers, administrators."""
    if not isinstance(unit, UnitAccess):
        return False
    if action == "hand-over-all":  # whoever hands tasks on must hold them: for managers, and for nobody else
        return actor.id in unit.managers and unit.id in actor.units
    of_theirs = action in ("read-agenda", "read-statistics")
    others = unit.id in actor.units if of_theirs else "administrator" in actor.roles
    return actor.id in unit.managers or others


def _organised(obj: object, actor: Actor, *roles: str) -> bool:
    if isinstance(obj, OrganisationAccess) and not obj.has_people:
        return True
    return any(role in actor.roles for role in roles)
