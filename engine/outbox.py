"""The outbox: what must leave after a command has committed, written in its transaction.

Kinds: `notice` (e-mail to whoever is awaited), `message`, `signal` and `start-case` (to other cases: a command never
locks two cases). Delivered at least once; the key guards against doubles. A failure is tried again with growing
pauses, and parked after the last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from engine.prepared import Prepared
from engine.schema import outbox

#: After each failure; after the last the row is parked for an administrator.
PAUSES = (
    timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30),
    timedelta(hours=2), timedelta(hours=6), timedelta(hours=12), timedelta(hours=24),
)  # fmt: skip
#: While one process sends a notice, others leave it alone for this long; if it dies, they take over.
LEASE = timedelta(minutes=5)
NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """Something to be sent."""

    key: str
    kind: str
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that has not left yet."""

    id: int
    key: str
    kind: str
    #: The inner id of the case it comes from.
    case: int | None
    payload: Mapping[str, Any]
    attempts: int
    next_try_at: datetime | None = None
    error: str | None = None


_COLUMNS = (
    outbox.c.id, outbox.c.key, outbox.c.kind, outbox.c.case_id,
    outbox.c.payload, outbox.c.attempts, outbox.c.next_try_at, outbox.c.error,
)  # fmt: skip
_NEW = ["key", "kind", "case_id", "payload", "created_at", "next_try_at", "attempts"]
#: What stands there already under the key is not written again.
_INSERT = {
    "sqlite": Prepared(sqlite.insert(outbox).on_conflict_do_nothing(index_elements=["key"]), _NEW),
    "postgresql": Prepared(postgresql.insert(outbox).on_conflict_do_nothing(index_elements=["key"]), _NEW),
}
_DUE = (
    select(*_COLUMNS)
    .where(outbox.c.next_try_at <= bindparam("now"))
    .order_by(outbox.c.next_try_at, outbox.c.id)
    .limit(bindparam("limit"))
)
_INTERNAL, _NOTICES = _DUE.where(outbox.c.kind != NOTICE), _DUE.where(outbox.c.kind == NOTICE)
_CLAIM = (
    update(outbox)
    .where(outbox.c.id == bindparam("key_id"), outbox.c.sent_at.is_(None), outbox.c.next_try_at <= bindparam("now"))
    .values(next_try_at=bindparam("until"))
)
_SENT = (
    update(outbox)
    .where(outbox.c.id == bindparam("key_id"), outbox.c.sent_at.is_(None))
    .values(sent_at=bindparam("now"), next_try_at=None, error=None)
)


def put(tx: Connection, case: int | None, wanted: Sequence[Outgoing], now: datetime) -> None:
    """Write what must leave, in the command's own transaction; a key that is known already is left as it is."""
    _INSERT[tx.dialect.name].run_many(
        tx,
        [
            {
                "key": item.key, "kind": item.kind, "case_id": case, "payload": dict(item.payload),
                "created_at": now, "next_try_at": now, "attempts": 0,
            }
            for item in wanted
        ],
    )  # fmt: skip


def due(tx: Connection, now: datetime, limit: int, *, internal: bool) -> list[Waiting]:
    """What may be tried now, oldest first: what goes to other cases (`internal`), or notices."""
    return [Waiting(*row) for row in tx.execute(_INTERNAL if internal else _NOTICES, {"now": now, "limit": limit})]


def claim(tx: Connection, item: int, now: datetime) -> bool:
    """Take a notice for sending. False: another process has it, or it has left."""
    return bool(tx.execute(_CLAIM, {"key_id": item, "now": now, "until": now + LEASE}).rowcount)


def hold(tx: Connection, items: Sequence[int], until: datetime) -> None:
    """Let notices wait, to leave together."""
    tx.execute(update(outbox).where(outbox.c.id.in_(items), outbox.c.sent_at.is_(None)).values(next_try_at=until))


def mark_sent(tx: Connection, item: int, now: datetime) -> bool:
    """It has left. False: somebody else was first; then the caller must undo what it did."""
    return bool(tx.execute(_SENT, {"key_id": item, "now": now}).rowcount)


def mark_failed(tx: Connection, item: Waiting, error: str, now: datetime) -> None:
    """It could not leave: try again later, or park it."""
    again = now + PAUSES[item.attempts] if item.attempts < len(PAUSES) else None
    tx.execute(
        update(outbox)
        .where(outbox.c.id == item.id, outbox.c.sent_at.is_(None))
        .values(attempts=item.attempts + 1, next_try_at=again, error=error[:2000])
    )


def retry(tx: Connection, item: int, now: datetime) -> bool:
    """Let a row that was given up be tried at once. False: it is not parked."""
    parked = (outbox.c.id == item, outbox.c.next_try_at.is_(None), outbox.c.sent_at.is_(None))
    return bool(tx.execute(update(outbox).where(*parked).values(next_try_at=now, attempts=0)).rowcount)


def parked(tx: Connection, limit: int = 100) -> list[Waiting]:
    """What was given up, the oldest first."""
    query = select(*_COLUMNS).where(outbox.c.next_try_at.is_(None), outbox.c.sent_at.is_(None))
    return [Waiting(*row) for row in tx.execute(query.order_by(outbox.c.id).limit(limit))]


def forget_sent(tx: Connection, before: datetime, limit: int = 1000) -> int:
    """Remove rows that left before then, the oldest first. How many."""
    old = select(outbox.c.id).where(outbox.c.sent_at < before).order_by(outbox.c.sent_at).limit(limit)
    return tx.execute(delete(outbox).where(outbox.c.id.in_(old))).rowcount


def unsent(tx: Connection, limit: int = 100) -> list[Waiting]:
    """What has not left, parked rows included."""
    return [Waiting(*row) for row in tx.execute(select(*_COLUMNS).where(outbox.c.sent_at.is_(None)).limit(limit))]


def waiting(tx: Connection) -> int:
    """How many rows wait to leave."""
    return tx.execute(select(func.count()).where(outbox.c.next_try_at.is_not(None))).scalar_one()


def parked_count(tx: Connection) -> int:
    """How many rows were given up."""
    parked = select(func.count()).where(outbox.c.next_try_at.is_(None), outbox.c.sent_at.is_(None))
    return tx.execute(parked).scalar_one()
