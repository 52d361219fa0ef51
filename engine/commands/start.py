"""Start a case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from engine import cases, counters, subjects, versions
from engine.access import may
from engine.actors import SYSTEM, Actor
from engine.bpmn.environment import Environment
from engine.bpmn.run import Run
from engine.caching import Published
from engine.commands import answers as answering
from engine.commands.change import Change, Workplace, open_change
from engine.errors import Forbidden, InvalidAnswers, NotFound

#: The owner of a case that a tool starts without saying whose it is.
NOBODY = "system"


@dataclass(frozen=True)
class Beginning:
    """What a case starts with."""

    process_id: str
    answers: Mapping[str, Any]
    by: Actor | None = None
    owner: str | None = None
    #: Start event, where it is not the plain one.
    at: str | None = None
    #: Payload of a message, or data of another case: not checked against the start form.
    unchecked: bool = False
    #: The number of the case that starts this one.
    origin: str | None = None

    def owner_unit(self) -> str:
        """The unit that will answer for the case. Raises Forbidden for an actor without a unit."""
        actor = self.by or SYSTEM
        owner = self.owner or actor.unit or (NOBODY if actor.is_system else None)
        if owner is None or not may(actor, "start-case"):
            raise Forbidden(
                "Only somebody who works at a unit can start a case. Ask an administrator for a membership."
            )
        if self.owner and not actor.is_system and self.owner not in actor.units:
            raise Forbidden("You can start cases for your own units only. Leave the owner out, or ask that unit.")
        return owner


def start(place: Workplace, tx: Connection, beginning: Beginning) -> Change:
    """Write a new case and run it until it waits. Raises NotFound, Forbidden, InvalidAnswers."""
    owner = beginning.owner_unit()
    now = place.clock.now(tx)
    snapshot = place.snapshots.get(tx)
    published = _published(place, tx, beginning, snapshot.organisation.principal(owner))
    year = now.astimezone(snapshot.settings.calendar.zone_info).year
    number = counters.next_case_number(tx, year)
    # The case's own start event needs the number; its data needs the answers, cleaned in the case's surroundings.
    bare = Environment(
        now=now, calendar=snapshot.settings.calendar, meetings=snapshot.meetings, case={"id": number, "owner": owner}
    )
    process_id = beginning.process_id
    data = _data(published, beginning, bare)
    run = Run.start(published.model, process_id, data, bare, at=beginning.at)
    case = cases.add(
        tx,
        {
            "number": number,
            "version_id": published.version.id,
            "process_id": process_id,
            "owner": owner,
            "revision": 0,
            "state": {},
            "started_at": now,
            "started_by": beginning.by.id if beginning.by else None,
            "incidents": 0,
        },
    )
    change = open_change(place, tx, cases.lock_by_id(tx, case), beginning.by, now=now, run=run)
    payload = {"answers": data, **({"from": beginning.origin} if beginning.origin else {})}
    change.save("started", element_id=beginning.at, payload=payload)
    return change


def _published(place: Workplace, tx: Connection, beginning: Beginning, principal: str | None) -> Published:
    """The owner's local variant, or the newest version; that, too, where a message starts what the variant has not."""
    found = newest(place, tx, beginning.process_id, principal)
    if beginning.at is not None and found.model.element(beginning.at, beginning.process_id) is None:
        return newest(place, tx, beginning.process_id)
    return found


def newest(place: Workplace, tx: Connection, process_id: str, principal: str | None = None) -> Published:
    """The version of a process on which an organisation's cases start. Raises NotFound."""
    version = versions.latest(tx, process_id, principal)
    if version is None:
        raise NotFound(f"There is no process {process_id}. Publish it first, or check its id.")
    return place.publications.get(tx, version.id)


def _data(published: Published, beginning: Beginning, environment: Environment) -> dict[str, Any]:
    process_id = beginning.process_id
    form_id = None if beginning.unchecked else published.model.start_form(process_id)
    cleaned = answering.clean(published, process_id, form_id, beginning.answers, environment, {})
    if "case" in cleaned:
        raise InvalidAnswers({"case": ["“case” is what the engine itself knows of a case. Use another name."]})
    return cleaned


def principal_of(place: Workplace, tx: Connection, by: Actor | None, owner: str | None) -> str | None:
    """Whose variant a case would start on: of the unit that would own it."""
    unit = owner or (by.unit if by else None)
    return place.snapshots.get(tx).organisation.principal(unit) if unit else None


def same_subject(
    place: Workplace, tx: Connection, process_id: str, given: Mapping[str, Any], by: Actor | None, owner: str | None
) -> Sequence[cases.CaseSummary]:
    """Open cases of any process about the same child, those that `by` may know of."""
    published = newest(place, tx, process_id, principal_of(place, tx, by, owner))
    key = subjects.key_of(tx, published.package.subject, given, place.clock.now(tx).date())
    return cases.page(tx, by, open=True, subject_key=key) if key else []
