"""Subscriptions: which case waits for which message or signal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, insert, select

from engine.prepared import Prepared
from engine.schema import subscriptions

MESSAGE, SIGNAL = "message", "signal"


@dataclass(frozen=True, slots=True)
class SubscriptionRow:
    """A wait for a message or a signal, as projected from a run."""

    token_id: int
    #: message | signal
    kind: str
    name: str
    #: The message's correlation key.
    key: str | None
    element_id: str


_INSERT = Prepared(insert(subscriptions))
_DELETE = Prepared(
    delete(subscriptions).where(
        subscriptions.c.case_id == bindparam("case"), subscriptions.c.token_id == bindparam("token")
    )
)
_WAITING = (
    select(subscriptions.c.process_id, subscriptions.c.case_id)
    .where(subscriptions.c.kind == bindparam("kind"), subscriptions.c.name == bindparam("name"))
    .order_by(subscriptions.c.case_id)
)


def waiting(tx: Connection, kind: str, name: str, key: str | None = None) -> list[tuple[str, int]]:
    """Process id and inner case id of whoever waits for it, the oldest case first, each case once."""
    query = _WAITING if kind == SIGNAL else _WAITING.where(subscriptions.c.key == key)
    found = tx.execute(query, {"kind": kind, "name": name})
    return list(dict.fromkeys((row.process_id, row.case_id) for row in found))


def add(tx: Connection, case: int, process_id: str, rows: Sequence[SubscriptionRow]) -> None:
    """Write new waits."""
    _INSERT.run_many(
        tx,
        [
            {
                "case_id": case, "token_id": row.token_id, "kind": row.kind, "name": row.name, "key": row.key,
                "process_id": process_id, "element_id": row.element_id,
            }
            for row in rows
        ],
    )  # fmt: skip


def remove(tx: Connection, case: int, tokens: Iterable[int]) -> None:
    """Forget waits that are over."""
    _DELETE.run_many(tx, [{"case": case, "token": token} for token in tokens])
