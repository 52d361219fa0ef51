"""Values that the organisation gives deadlines itself: from when, for whom, by whom and why. Rows are only added."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, insert, select, update

from engine import counters
from engine.calendars import Calendar
from engine.durations import WorkingDays, parse_duration
from engine.process_settings import DeadlineSetting
from engine.schema import deadline_values

#: Characters of a value, and the longest time.
LONGEST_TEXT = 100
LONGEST = timedelta(days=3660)


@dataclass(frozen=True, slots=True)
class OwnValue:
    """One value, from one moment."""

    id: int
    process_id: str
    #: The deadline of process.toml.
    name: str
    #: None: the package's own again.
    value: str | None
    valid_from: datetime
    #: Does it hold for what is waited for already, too?
    running: bool
    reason: str
    changed_at: datetime
    changed_by: str | None
    #: The last case to which it has been applied, and when there was none left.
    applied_to: int = 0
    applied_at: datetime | None = None
    #: The organisation (huvudman) whose units it is for; None: all.
    principal: str | None = None

    def is_of(self, process_id: str, name: str, principal: str | None) -> bool:
        """Is it about this deadline, and this organisation's?"""
        return (self.process_id, self.name, self.principal) == (process_id, name, principal)


_ALL = select(*[deadline_values.c[name] for name in OwnValue.__slots__]).order_by(
    deadline_values.c.valid_from, deadline_values.c.id
)


def load(tx: Connection) -> tuple[OwnValue, ...]:
    """All there ever were, in the order in which they begin to hold."""
    return tuple(OwnValue(*row) for row in tx.execute(_ALL))


def in_force(
    own: Iterable[OwnValue],
    process_id: str,
    declared: Mapping[str, DeadlineSetting],
    now: datetime,
    principals: Sequence[str] = (),
) -> dict[str, str]:
    """Deadline name → its value now.

    The first of `principals` that has one of its own decides, then what is set for all, then the package.
    """
    values = {name: setting.value for name, setting in declared.items()}
    held: dict[tuple[str | None, str], str | None] = {}
    for one in own:  # the later replaces the earlier
        setting = declared.get(one.name)
        if one.process_id == process_id and setting and setting.adjustable and one.valid_from <= now:
            held[one.principal, one.name] = one.value
    for principal in (None, *reversed(principals)):
        values |= {name: value for (whose, name), value in held.items() if whose == principal and value}
    return values


def decides(one: OwnValue, own: Sequence[OwnValue], principals: Sequence[str], now: datetime) -> bool:
    """Is a wait of these organisations a matter of this value, as none that comes before has one of its own?"""
    order = (*principals, None)
    if one.principal not in order:
        return False
    for principal in order[: order.index(one.principal)]:
        theirs = [
            other for other in own if other.is_of(one.process_id, one.name, principal) and other.valid_from <= now
        ]
        if theirs and theirs[-1].value:
            return False
    return True


def demand_duration(value: str) -> None:
    """Raises ValueError unless a deadline may be this long: a duration that leads forward, at most ten years."""
    amount = parse_duration(value)
    forward = amount.count > 0 if isinstance(amount, WorkingDays) else amount.positive
    start = datetime(2024, 1, 1, tzinfo=UTC)
    if not forward or len(value) > LONGEST_TEXT or Calendar().add(start, amount) - start > LONGEST:
        raise ValueError(f"“{value}” is no time for a deadline. Write more than nothing and at most ten years.")


def add(
    tx: Connection,
    process_id: str,
    name: str,
    value: str | None,
    *,
    valid_from: datetime,
    running: bool,
    reason: str,
    by: str | None,
    now: datetime,
    principal: str | None = None,
) -> int:
    """Give a deadline a value from a moment on; `running`: for open waits too. Raises ValueError for no duration."""
    if value is not None:
        demand_duration(value)
    counters.raise_organisation(tx)
    row = {
        "process_id": process_id, "name": name, "value": value, "valid_from": valid_from, "running": running,
        "reason": reason, "changed_at": now, "changed_by": by, "principal": principal,
    }  # fmt: skip
    key: int = tx.execute(insert(deadline_values).values(**row).returning(deadline_values.c.id)).scalar_one()
    return key


def waiting(tx: Connection, now: datetime) -> OwnValue | None:
    """One that holds by now and has not been applied to all running cases yet, locked; passes over others' locks."""
    due = deadline_values.c.running & deadline_values.c.applied_at.is_(None) & (deadline_values.c.valid_from <= now)
    row = tx.execute(_ALL.where(due).limit(1).with_for_update(skip_locked=True)).first()
    return OwnValue(*row) if row else None


def mark_applied(tx: Connection, key: int, last_case: int, done_at: datetime | None) -> None:
    """So far, or to all."""
    if done_at is not None:
        counters.raise_organisation(tx)  # snapshots need not look at it any more
    done = {"applied_to": last_case, "applied_at": done_at}
    tx.execute(update(deadline_values).where(deadline_values.c.id == key).values(**done))
