"""Fire what is due, in batches: claim, token move, tasks, history and notices in one transaction.

Life of a deadline: due → its case is claimed by its lock → it is read again under the lock → it fires and its row is
deleted or moved on, all in one commit. So each fires exactly once, and a scheduler that dies leaves it as it was.

A case that fails undoes its batch. The failure is then written down by itself, which moves the deadline out of the way
(later, or parked after the last try), and the others go on: one by one at first, so that one of them which fails too
undoes nothing but itself, then in batches that grow again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection

from engine import cases, deadlines, history, outbox
from engine.claims import Claim, claim
from engine.commands import own_deadlines
from engine.commands.change import Change, Workplace, open_change
from engine.commands.climb import climb
from engine.database import is_about_the_database
from engine.deadlines import TIMER
from engine.errors import Conflict, DatabaseUnavailable
from engine.outbox import Outgoing
from engine.reasons import reason

log = logging.getLogger(__name__)

#: The most cases that one transaction takes.
BATCH = 40
#: Seconds after which a batch takes no further case: a person who wants to complete a task in it waits no longer.
LONGEST_BATCH = 0.1
#: The reason of the notice that a deadline was parked.
PARKED = "parked"


class _Failed(Exception):
    """A deadline could not fire; the transaction is to be rolled back."""

    def __init__(self, claim: Claim) -> None:
        self.claim = claim


def fire_due(place: Workplace, limit: int) -> list[float]:
    """Fire up to `limit` deadlines in due order: for each that fired, how many seconds late it was."""
    late: list[float] = []
    size = BATCH
    while len(late) < limit:
        try:
            fired = _fire_batch(place, min(size, limit - len(late)))
        except _Failed as failed:
            _remember_failure(place, failed)
            size = 1
            continue
        if fired is None:
            break
        late += fired
        size = min(BATCH, size * 2)
    return late


def _fire_batch(place: Workplace, most: int) -> list[float] | None:
    """Fire the earliest deadline of each of up to `most` cases. None: nothing is due that another does not hold."""
    late: list[float] = []
    changes: list[Change] = []
    with place.database.command() as tx:
        now = place.clock.now(tx)
        claims = claim(tx, now, most)
        if claims is None:
            return None
        for claimed in _in_time(claims):
            fired, change = _fire(place, tx, claimed, now)
            if fired:
                late.append(max(0.0, (now - claimed.due.due_at).total_seconds()))
            if change is not None:
                changes.append(change)
    for change in changes:
        change.keep_warm()
    return late


def _in_time(claims: list[Claim]) -> Iterator[Claim]:
    """The claims one by one, until the batch has taken long enough; those left over are free again at its commit."""
    until = time.monotonic() + LONGEST_BATCH
    for number, claimed in enumerate(claims):
        if number and time.monotonic() > until:
            return
        yield claimed


def _fire(place: Workplace, tx: Connection, claimed: Claim, now: datetime) -> tuple[bool, Change | None]:
    try:
        moved = own_deadlines.bring_to(place, tx, claimed) if claimed.due.name else None
        if moved is not None:
            return False, moved
        if claimed.due.kind != TIMER:
            return climb(place, tx, claimed, now), None
        return True, _fire_timer(place, tx, claimed, now)
    except DatabaseUnavailable:
        raise
    except Exception as error:
        if is_about_the_database(error):
            raise  # the case is not to blame
        raise _Failed(claimed) from error


def _fire_timer(place: Workplace, tx: Connection, claimed: Claim, now: datetime) -> Change | None:
    row = claimed.due
    change = open_change(place, tx, claimed.case, None, now=now, claim=claimed)
    try:
        change.run.fire(row.token_id)
    except Conflict:
        # The row and the run disagree, which `samled check` reports too; the run is right.
        log.error("A deadline of case %s at %s belongs to nothing that waits", change.number, row.element_id)
        deadlines.move(tx, row.id, None)
        return None
    change.save("fired", element_id=row.element_id)
    return change


def _remember_failure(place: Workplace, failed: _Failed) -> None:
    """Try again later; after the last try park it, and tell the unit that owns the case."""
    case, row = failed.claim.case, failed.claim.due
    why = reason(failed.__cause__)
    log.error("A deadline of case %s at %s could not fire: %s", case.number, row.element_id, why)
    with place.database.command() as tx:
        locked = cases.lock_by_id(tx, case.id)
        now = place.clock.now(tx)
        if not deadlines.mark_failed(tx, row, now, why):
            return
        told = f"unit:{locked.owner}"
        payload = {"to": [told], "attempts": row.attempts + 1}
        history.append(tx, case.id, "deadline-parked", now=now, element_id=row.element_id, payload=payload)
        if place.snapshots.get(tx, locked.organisation or 0).organisation.mailbox(locked.owner):
            key = f"{case.number}/{row.token_id}/{PARKED}/{now.isoformat()}/{told}"
            notice = Outgoing(key, outbox.NOTICE, {"case": case.number, "to": told, "reason": PARKED})
            outbox.put(tx, case.id, [notice], now)
