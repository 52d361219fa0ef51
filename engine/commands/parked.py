"""What was given up after its last try: an administrator lets it try again."""

from __future__ import annotations

from sqlalchemy import Connection

from engine import cases, deadlines, history, outbox, wakeups
from engine.access import OrganisationAccess, may
from engine.actors import Actor
from engine.commands.change import Workplace
from engine.errors import Forbidden, NotFound


def demand_administrator(place: Workplace, tx: Connection, by: Actor | None) -> None:
    """Raises Forbidden when somebody asks who is no administrator."""
    has_people = place.snapshots.get(tx).organisation.has_people
    if by is not None and not may(by, "administer", OrganisationAccess(has_people)):
        raise Forbidden("Only administrators do this. Ask one of them.")


def retry_deadline(place: Workplace, deadline_id: int, by: Actor | None) -> None:
    """Let a parked deadline be tried at once. Raises NotFound, Forbidden."""
    with place.database.command() as tx:
        demand_administrator(place, tx, by)
        row = deadlines.parked_row(tx, deadline_id)
        if row is None:
            raise NotFound("This deadline does not stand still: it has fired, or is being tried again.")
        cases.lock_by_id(tx, row.case_id)
        now = place.clock.now(tx)
        if deadlines.retry(tx, deadline_id, now):
            history.append(
                tx, row.case_id, "deadline-retried", now=now, actor=by.id if by else None, element_id=row.element_id
            )
            wakeups.announce(tx)


def retry_sending(place: Workplace, item_id: int, by: Actor | None) -> None:
    """Let something of the outbox that was given up be tried at once. Raises NotFound, Forbidden."""
    with place.database.command() as tx:
        demand_administrator(place, tx, by)
        if not outbox.retry(tx, item_id, place.clock.now(tx)):
            raise NotFound("This has left meanwhile, or is being tried again.")
