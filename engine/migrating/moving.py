"""Move one case, or take that back: one transaction, the case locked first.

Life of a move: lock → the run of the old version → `transfer` onto the new one → refused: the reason is written, the
case is untouched; else deadlines that go on get their new ids, the rest is saved like any command, with a row in the
case's history → what is needed to take it back is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from engine import cases, projection, subscriptions
from engine.access import OrganisationAccess, may
from engine.actors import Actor
from engine.bpmn.run import Run
from engine.caching import Published
from engine.cases import LockedRow
from engine.commands.change import Change, Workplace, open_change
from engine.directory import Organisation
from engine.encoding import unpack
from engine.errors import Forbidden
from engine.migrating import stored
from engine.migrating.outcome import Outcome
from engine.migrating.transfer import Target, transfer
from engine.projection import Projection
from engine.schema import tasks


class GoneOn(Exception):
    """The case has gone on since it was moved, so that cannot be taken back."""


@dataclass
class Wanted:
    """A batch, ready to be carried out."""

    batch: stored.Batch
    published: Published
    by: Actor | None
    target: Target = field(init=False)

    def __post_init__(self) -> None:
        self.target = Target(self.published.model, self.batch.mapping, self.batch.recompute)


def may_move(organisation: Organisation, by: Actor | None, owner: str) -> bool:
    """May somebody move a case that this unit owns: a process owner of its organisation, or an administrator?"""
    if by is None or by.is_system or not organisation.has_people:
        return True
    everything = OrganisationAccess(True)
    if may(by, "administer", everything):
        return True
    theirs = organisation.principal(owner)
    return may(by, "publish", everything) and theirs in (None, *map(organisation.principal, by.units))


def demand_mover(organisation: Organisation, by: Actor | None) -> None:
    """Raises Forbidden for whoever may move no case at all."""
    if by is not None and not may(by, "publish", OrganisationAccess(organisation.has_people)):
        raise Forbidden("Only process owners move cases to another version. Ask one of them.")


def refusal_at_once(organisation: Organisation, by: Actor | None, case: Any, to: Published) -> str | None:
    """The code of what keeps a case from moving before one has looked into it. `to.version.id` 0: not published."""
    version = to.version
    if case.closed_at is not None:
        return "closed"
    if case.process_id != version.process_id:
        return "another-process"
    if case.version_id == version.id:
        return "there"
    if version.principal not in (None, organisation.principal(case.owner)):
        return "not-theirs"
    return None if may_move(organisation, by, case.owner) else "may-not"


def move(place: Workplace, wanted: Wanted, move_id: int, case: int) -> None:
    """Try one case of a batch; what came of it is in its row."""
    with place.database.command() as tx:
        row = cases.lock_by_id(tx, case)
        if stored.row(tx, move_id).state != stored.WAITING:
            return  # another has tried it meanwhile
        change, outcome = _moved(place, tx, row, wanted, move_id)
        if change is None:
            _refused(place, tx, move_id, row, outcome)
    if change is not None:
        change.keep_warm()


def refuse(place: Workplace, move_id: int, case: int, code: str) -> None:
    """Write that a case cannot move, for a reason that was found outside its transaction."""
    outcome = Outcome()
    outcome.refuse(code)
    with place.database.command() as tx:
        row = cases.lock_by_id(tx, case)
        _refused(place, tx, move_id, row, outcome)


def _refused(place: Workplace, tx: Connection, move_id: int, row: LockedRow, outcome: Outcome) -> None:
    values = {"state": stored.REFUSED, "from_version_id": row.version_id, "at": place.clock.now(tx)}
    stored.finish(tx, move_id, {**values, "outcome": outcome.as_dict()})


def _moved(
    place: Workplace, tx: Connection, row: LockedRow, wanted: Wanted, move_id: int
) -> tuple[Change | None, Outcome]:
    outcome = Outcome()
    organisation = place.snapshots.get(tx, row.organisation or 0).organisation
    code = refusal_at_once(organisation, wanted.by, row, wanted.published)
    if code is not None:
        outcome.refuse(code)
        return None, outcome
    was = open_change(place, tx, row, wanted.by)
    change = _onto(was, wanted.published, was.run)
    run, outcome = transfer(was.run, wanted.target, change.environment, began_of(tx, row.id))
    if not outcome.moves:
        was.run.attach(was.environment)
        was.keep_unchanged()
        return None, outcome
    raw, rows = stored.raw_state(tx, row.id), stored.rows_of(tx, row.id)
    change.run = run
    batch = wanted.batch
    payload = {
        "from": was.published.version.name, "to": wanted.published.version.name,
        "reason": batch.reason, "batch": batch.id, **outcome.as_dict(),
    }  # fmt: skip
    changed = _save(change, was.before, "moved", payload)
    stored.put_version(tx, row.id, wanted.published.version.id)
    values = {
        "state": stored.MOVED, "from_version_id": row.version_id, "outcome": outcome.as_dict(), "at": change.now,
        "revision": row.revision + 1, "before": raw, "rows": {**rows, "changed": sorted(changed)},
    }  # fmt: skip
    stored.finish(tx, move_id, values)
    return change, outcome


def take_back(place: Workplace, move_id: int, case: int, reason: str, by: Actor | None) -> None:
    """Put a case back as it was before a move. Raises GoneOn, Forbidden."""
    with place.database.command() as tx:
        row = cases.lock_by_id(tx, case)
        if not may_move(place.snapshots.get(tx, row.organisation or 0).organisation, by, row.owner):
            raise Forbidden
        kept = stored.row(tx, move_id)
        if kept.state != stored.MOVED or kept.revision != row.revision:
            raise GoneOn
        was = open_change(place, tx, row, by)
        published = place.publications.get(tx, kept.from_version_id)
        raw = bytes(kept.before)
        change = _onto(was, published, was.run)
        change.run = Run.restore(published.model, unpack(raw), change.environment)
        payload = {"from": was.published.version.name, "to": published.version.name, "reason": reason}
        changed = _save(change, was.before, "move-taken-back", payload)
        stored.put_rows(tx, row.id, kept.rows, {*changed, *kept.rows["changed"]})
        stored.put_version(tx, row.id, kept.from_version_id, raw)
        stored.finish(tx, move_id, {"state": stored.TAKEN_BACK, "at": change.now, "before": None, "rows": None})
    change.keep_warm()


def _onto(was: Change, published: Published, run: Run) -> Change:
    """The same locked case as one of another version."""
    row = was.row._replace(version_id=published.version.id)
    return Change(was.place, was.tx, row, was.by, published, was.snapshot, was.now, run)


def _save(change: Change, before: Projection, kind: str, payload: Mapping[str, Any]) -> set[int]:
    """Write a case that has another version by now. Returns the tokens whose deadlines did not simply go on."""
    after = projection.project(change.run, change.context.roles)
    before = Projection(dict(before.tasks), dict(before.deadlines), dict(before.subscriptions))
    changed = stored.rename_deadlines(change.tx, change.id, before, after)
    heard = {token for token, one in before.subscriptions.items() if after.subscriptions.get(token) != one}
    subscriptions.remove(change.tx, change.id, heard)
    for token in heard:
        del before.subscriptions[token]
    change.before, change._moved = before, {*before.tasks, *before.deadlines}
    change.save(kind, payload=payload)
    return changed


def began_of(tx: Connection, case: int) -> Callable[[int], datetime | None]:
    """When the open tasks of a case came, by token."""
    rows = tx.execute(select(tasks.c.token_id, tasks.c.created_at).where(tasks.c.case_id == case))
    found = {row.token_id: row.created_at for row in rows}
    return found.get
