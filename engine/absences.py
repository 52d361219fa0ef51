"""Who is away, and who is asked instead: reminders to somebody absent go to a colleague, else to the unit's mailbox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, delete, insert, select

from engine import counters
from engine.errors import NotFound, SamledError
from engine.schema import absences, memberships


class NoSubstitute(SamledError):
    """Whoever is asked instead works at the same unit. Choose a colleague, or nobody: then the unit is asked."""


@dataclass(frozen=True, slots=True)
class Absence:
    """Somebody is away on these days, both included (local dates)."""

    id: int
    person_id: str
    first_day: date
    last_day: date
    #: None: the unit's mailbox is asked.
    substitute_id: str | None = None


_ALL = select(
    absences.c.id, absences.c.person_id, absences.c.first_day, absences.c.last_day, absences.c.substitute_id
).order_by(absences.c.first_day, absences.c.id)


def load(tx: Connection) -> Mapping[str, Sequence[Absence]]:
    """Person id → absences, the first first."""
    found: dict[str, list[Absence]] = {}
    for key, person, first, last, substitute in tx.execute(_ALL):
        one = Absence(key, person, date.fromisoformat(first), date.fromisoformat(last), substitute)
        found.setdefault(person, []).append(one)
    return found


def asked_instead(known: Mapping[str, Sequence[Absence]], person: str, day: date) -> str | None:
    """Who is asked on a day: the person, who stands in for them, for those in turn; None: nobody of them is there."""
    asked: set[str] = set()
    who: str | None = person
    while who is not None and who not in asked:
        asked.add(who)
        away = [one for one in known.get(who, ()) if one.first_day <= day <= one.last_day]
        if not away:
            return who
        who = next((one.substitute_id for one in away if one.substitute_id), None)
    return None


def add(
    tx: Connection,
    person: str,
    first_day: date,
    last_day: date,
    substitute: str | None,
    by: str | None,
    now: datetime,
) -> int:
    """Somebody will be away.

    Raises ValueError when it ends before it begins, NoSubstitute for somebody who is no colleague.
    """
    if last_day < first_day:
        raise ValueError(f"The absence from {first_day} ends before it begins. Write its last day after its first.")
    if substitute is not None and (substitute == person or not _are_colleagues(tx, person, substitute)):
        raise NoSubstitute
    counters.raise_organisation(tx)
    row = {
        "person_id": person, "first_day": first_day.isoformat(), "last_day": last_day.isoformat(),
        "substitute_id": substitute, "changed_at": now, "changed_by": by,
    }  # fmt: skip
    key: int = tx.execute(insert(absences).values(**row).returning(absences.c.id)).scalar_one()
    return key


def remove(tx: Connection, absence_id: int, person: str) -> None:
    """Somebody is there after all. Raises NotFound."""
    gone = delete(absences).where(absences.c.id == absence_id, absences.c.person_id == person)
    if not tx.execute(gone).rowcount:
        raise NotFound("This absence is gone already. Look at the list.")
    counters.raise_organisation(tx)


def _are_colleagues(tx: Connection, one: str, other: str) -> bool:
    theirs = memberships.alias()
    both = select(memberships.c.unit_id).join(theirs, theirs.c.unit_id == memberships.c.unit_id)
    return tx.execute(both.where(memberships.c.person_id == one, theirs.c.person_id == other)).first() is not None
