"""Parties: the units that take part in a case, as what, and on what ground."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, select, update

from engine.prepared import Prepared
from engine.schema import parties


@dataclass(frozen=True, slots=True)
class Party:
    """A unit in a case, from one moment to another."""

    unit: str
    #: Roles of process.toml that it holds in this case.
    roles: tuple[str, ...]
    since: datetime
    #: None: still a party.
    until: datetime | None = None
    #: The consent or legal ground on record.
    ground: str | None = None


_ALL = (
    select(parties.c.unit, parties.c.roles, parties.c.since, parties.c.until, parties.c.ground)
    .where(parties.c.case_id == bindparam("case"))
    .order_by(parties.c.id)
)
_OF_CASE, _CURRENT = Prepared(_ALL), Prepared(_ALL.where(parties.c.until.is_(None)))
_INSERT = insert(parties)
_CLOSE = Prepared(update(parties).where(parties.c.case_id == bindparam("case")).values(closed=bindparam("closed")))


def of_case(tx: Connection, case: int, *, current: bool = True) -> list[Party]:
    """The parties of a case; with `current=False` those of the past too."""
    rows = (_CURRENT if current else _OF_CASE).all(tx, {"case": case})
    return [Party(row.unit, tuple(row.roles), row.since, row.until, row.ground) for row in rows]


def of_cases(tx: Connection, found: Sequence[int]) -> dict[int, list[Party]]:
    """The current parties of several cases, by inner id; a case without any is left out."""
    query = select(
        parties.c.case_id, parties.c.unit, parties.c.roles, parties.c.since, parties.c.until, parties.c.ground
    )
    query = query.where(parties.c.case_id.in_(found), parties.c.until.is_(None)).order_by(parties.c.id)
    by_case: dict[int, list[Party]] = {}
    for case, unit, roles, *rest in tx.execute(query):
        by_case.setdefault(case, []).append(Party(unit, tuple(roles), *rest))
    return by_case


def replace(tx: Connection, case: int, before: Sequence[Party], after: Sequence[Party], now: datetime) -> None:
    """Write what changed: whoever left keeps a row with its end, so that one can tell who was a party when."""
    was, now_are = {party.unit: party for party in before}, {party.unit: party for party in after}
    for unit, party in was.items():
        if now_are.get(unit) == party:
            continue
        mine = (parties.c.case_id == case, parties.c.unit == unit, parties.c.until.is_(None))
        tx.execute(update(parties).where(*mine).values(until=now))
    added = [party for unit, party in now_are.items() if was.get(unit) != party]
    if added:
        tx.execute(
            _INSERT,
            [
                {
                    "case_id": case, "unit": party.unit, "roles": list(party.roles),
                    "since": now, "until": None, "ground": party.ground,
                }
                for party in added
            ],
        )  # fmt: skip


def close(tx: Connection, case: int) -> None:
    """The case is closed, for all that took part."""
    _CLOSE.run(tx, {"case": case, "closed": True})
