"""The rows of moves: what was asked for, what came of it, and what is needed to take it back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, LargeBinary, delete, func, insert, select, type_coerce, update

from engine.errors import NotFound
from engine.projection import Projection
from engine.schema import cases, deadlines, move_batches, moves, tasks, versions
from engine.versions import Version

WAITING, MOVED, REFUSED, TAKEN_BACK = "waiting", "moved", "refused", "taken-back"


@dataclass(frozen=True)
class Batch:
    """Cases to be moved, asked for at once."""

    id: int
    process_id: str
    to_version_id: int
    #: The version's number.
    to_number: int
    mapping: Mapping[str, str]
    recompute: bool
    reason: str
    created_at: datetime
    created_by: str | None
    #: waiting | moved | refused | taken-back → how many cases.
    counts: Mapping[str, int]

    @property
    def is_done(self) -> bool:
        """Has every case been moved or refused?"""
        return not self.counts.get(WAITING)


@dataclass(frozen=True)
class Move:
    """One case of a batch."""

    id: int
    batch_id: int
    #: The case's number.
    case_id: str
    state: str
    #: The number of the version it came from.
    from_number: int | None
    #: As `Outcome.as_dict`.
    outcome: Mapping[str, Any]
    at: datetime | None
    #: May it be taken back: has the case not gone on since?
    may_go_back: bool


def add_batch(tx: Connection, values: Mapping[str, Any], case_keys: Iterable[int]) -> int:
    """Write what is asked for; nothing is moved yet."""
    batch: int = tx.execute(insert(move_batches).values(**values).returning(move_batches.c.id)).scalar_one()
    rows = [{"batch_id": batch, "case_id": case, "state": WAITING} for case in case_keys]
    if rows:
        tx.execute(insert(moves), rows)
    return batch


def batch(tx: Connection, batch_id: int) -> Batch:
    """One batch. Raises NotFound."""
    found = _batches(tx, move_batches.c.id == batch_id)
    if not found:
        raise NotFound(f"No cases were moved as number {batch_id}. Look at the process's page.")
    return found[0]


def batches(tx: Connection, process_id: str) -> list[Batch]:
    """Those of a process, the newest first."""
    return _batches(tx, move_batches.c.process_id == process_id)


def _batches(tx: Connection, condition: Any) -> list[Batch]:
    query = select(move_batches, versions.c.number).join(versions, versions.c.id == move_batches.c.to_version_id)
    rows = tx.execute(query.where(condition).order_by(move_batches.c.id.desc()).limit(100)).all()
    count = select(moves.c.batch_id, moves.c.state, func.count()).group_by(moves.c.batch_id, moves.c.state)
    counts: dict[int, dict[str, int]] = {}
    for key, state, number in tx.execute(count.where(moves.c.batch_id.in_([row.id for row in rows]))):
        counts.setdefault(key, {})[state] = number
    return [
        Batch(
            row.id, row.process_id, row.to_version_id, row.number, row.mapping, row.recompute, row.reason,
            row.created_at, row.created_by, counts.get(row.id, {}),
        )
        for row in rows
    ]  # fmt: skip


def of_batch(tx: Connection, batch_id: int) -> list[Move]:
    """What came of a batch, case by case."""
    newer = moves.alias("newer")
    later = (
        select(func.count())
        .where(newer.c.case_id == moves.c.case_id, newer.c.id > moves.c.id, newer.c.state == MOVED)
        .scalar_subquery()
    )
    query = (
        select(moves, cases.c.number, cases.c.revision.label("now"), versions.c.number.label("version"))
        .add_columns(later.label("later"))
        .join(cases, cases.c.id == moves.c.case_id)
        .join(versions, versions.c.id == moves.c.from_version_id, isouter=True)
    )
    return [
        Move(
            row.id, row.batch_id, row.number, row.state, row.version, row.outcome or {}, row.at,
            row.state == MOVED and row.now == row.revision and not row.later,
        )
        for row in tx.execute(query.where(moves.c.batch_id == batch_id).order_by(cases.c.id))
    ]  # fmt: skip


def waiting(tx: Connection, batch_id: int, limit: int) -> list[tuple[int, int]]:
    """Rows that have not been tried: their ids and the inner ids of their cases."""
    query = select(moves.c.id, moves.c.case_id).where(moves.c.batch_id == batch_id, moves.c.state == WAITING)
    return [(row.id, row.case_id) for row in tx.execute(query.order_by(moves.c.id).limit(limit))]


def row(tx: Connection, move_id: int) -> Any:
    """One move as it is stored; ask once its case is locked."""
    return tx.execute(select(moves).where(moves.c.id == move_id)).one()


def finish(tx: Connection, move_id: int, values: Mapping[str, Any]) -> None:
    """Write what came of a move."""
    tx.execute(update(moves).where(moves.c.id == move_id).values(**values))


def raw_state(tx: Connection, case: int) -> bytes:
    """A case's state as it is stored, byte for byte."""
    return bytes(tx.execute(select(type_coerce(cases.c.state, LargeBinary)).where(cases.c.id == case)).scalar_one())


def put_version(tx: Connection, case: int, version_id: int, raw: bytes | None = None) -> None:
    """Let a case run on a version; `raw`: and its state be this, byte for byte."""
    values: dict[Any, Any] = {cases.c.version_id: version_id}
    if raw is not None:
        values[cases.c.state] = type_coerce(raw, LargeBinary)
    tx.execute(update(cases).where(cases.c.id == case).values(values))


# The rows beside the state

_LADDER = [one for one in deadlines.columns if one.name not in ("id", "case_id")]


def rows_of(tx: Connection, case: int) -> dict[str, Any]:
    """The deadlines of a case as they stand in their rows, and which of its tasks are overdue."""
    ladder = [
        {key: value.isoformat() if isinstance(value, datetime) else value for key, value in one._mapping.items()}
        for one in tx.execute(select(*_LADDER).where(deadlines.c.case_id == case))
    ]
    late = tx.execute(select(tasks.c.token_id).where(tasks.c.case_id == case, tasks.c.overdue)).scalars()
    return {"deadlines": ladder, "overdue": list(late)}


def put_rows(tx: Connection, case: int, before: Mapping[str, Any], tokens: Iterable[int]) -> None:
    """Put the deadlines of some tokens back as they stood."""
    wanted = set(tokens)
    for one in before["deadlines"]:
        if one["token_id"] not in wanted:
            continue
        token = (deadlines.c.case_id == case) & (deadlines.c.token_id == one["token_id"])
        tx.execute(delete(deadlines).where(token))
        values = {key: _instant(key, value) for key, value in one.items()}
        tx.execute(insert(deadlines).values(case_id=case, **values))
    late = [token for token in before["overdue"] if token in wanted]
    tx.execute(update(tasks).where(tasks.c.case_id == case, tasks.c.token_id.in_(late)).values(overdue=True))


def _instant(key: str, value: Any) -> Any:
    return datetime.fromisoformat(value) if key.endswith("_at") and value is not None else value


def rename_deadlines(tx: Connection, case: int, before: Projection, after: Projection) -> set[int]:
    """Give deadlines that go on the ids of the new version, so that their ladders stay where they are.

    Returns the tokens whose deadlines do not go on: another date, or another deadline of process.toml.
    """
    others: set[int] = set()
    for token, old in before.deadlines.items():
        new = after.deadlines.get(token)
        if new == old:
            continue
        if new is None or (new.due_at, new.name, new.is_timer) != (old.due_at, old.name, old.is_timer):
            others.add(token)
            continue
        here = (deadlines.c.case_id == case) & (deadlines.c.token_id == token)
        tx.execute(update(deadlines).where(here).values(element_id=new.element_id))
        before.deadlines[token] = new
    return others


def open_cases(tx: Connection, to: Version, numbers: Collection[str] | None) -> list[Any]:
    """Open cases of a process without their states, the oldest first: these, else all on other versions.

    An organisation's local variant is its own: of its cases only those that are named.
    """
    columns = [one for one in cases.columns if one.name != "state"]
    query = select(*columns).join(versions, versions.c.id == cases.c.version_id)
    query = query.where(cases.c.process_id == to.process_id, cases.c.closed_at.is_(None), cases.c.version_id != to.id)
    if numbers is not None:
        query = query.where(cases.c.number.in_(list(numbers)))
    else:
        query = query.where(versions.c.principal.is_(None) | (versions.c.principal == to.principal))
    return list(tx.execute(query.order_by(cases.c.id)))
