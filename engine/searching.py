"""What people type into a search field: a case's number or its beginning, or part of a unit's name.

The words are looked up first, in what is small; cases are then found by index. A part from the middle of a number
could only be found by reading every case there is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, exists, or_, select

from engine.schema import cases, counters, parties, units

_NUMBER = re.compile(r"([0-9]{4})-([0-9]*)")
_DIGITS = re.compile(r"[0-9]{1,12}")
#: A running number is written with at least as many digits: one that is, is whole.
_WHOLE = 5
_COUNTER = "case-"
#: After every running number that begins like it, however a database sorts text.
_LAST = "9" * 18


@dataclass(frozen=True)
class Meant:
    """What a search may mean."""

    #: Case numbers, whole.
    numbers: Sequence[str] = ()
    #: The first and last number that begin so.
    between: tuple[str, str] | None = None
    #: Units with such a name, or this id.
    units: Sequence[str] = ()

    @property
    def is_nothing(self) -> bool:
        """Nothing can be found."""
        return not (self.numbers or self.between or self.units)

    @property
    def is_exact(self) -> bool:
        """Only whole numbers are meant: a handful of cases."""
        return not (self.between or self.units)

    def condition(self) -> ColumnElement[bool]:
        """For a query over `cases`."""
        found: list[ColumnElement[bool]] = [cases.c.number.in_(self.numbers)] if self.numbers else []
        if self.between:
            found.append(cases.c.number.between(*self.between))
        if self.units:
            # An alias: a list of visible cases reads `parties` itself, and would lend its row to the sub-query.
            party = parties.alias("involved")
            takes_part = party.c.unit.in_(self.units) & party.c.until.is_(None)
            found += [cases.c.owner.in_(self.units), exists().where(party.c.case_id == cases.c.id, takes_part)]
        return or_(*found)


def meant(tx: Connection, text: str) -> Meant:
    """What these words may mean; a unit that only takes part counts by its id, too."""
    part = text.strip()
    named = select(units.c.id).where(or_(units.c.name.icontains(part, autoescape=True), units.c.id == part))
    known = list(tx.execute(named.order_by(units.c.id)).scalars())
    found = known or ([part] if _is_used(tx, part) else [])
    if whole := _NUMBER.fullmatch(part):
        return _of_number(whole[1], whole[2], found)
    if _DIGITS.fullmatch(part):
        numbers = [f"{year}-{int(part):0{_WHOLE}d}" for year in _years(tx)]
        return Meant(numbers, _range(f"{part}-") if len(part) == 4 else None, found)
    return Meant(units=found)


def _of_number(year: str, running: str, units: Sequence[str]) -> Meant:
    if len(running) >= _WHOLE:
        return Meant([f"{year}-{running}"], None, units)
    numbers = [f"{year}-{int(running):0{_WHOLE}d}"] if running else []
    return Meant(numbers, _range(f"{year}-{running}"), units)


def _range(beginning: str) -> tuple[str, str]:
    return beginning, beginning + _LAST


def _is_used(tx: Connection, unit: str) -> bool:
    """Does a case know a unit that the directory does not?"""
    owns = select(cases.c.id).where(cases.c.owner == unit).limit(1)
    joins = select(parties.c.id).where(parties.c.unit == unit).limit(1)
    return tx.execute(owns).first() is not None or tx.execute(joins).first() is not None


def _years(tx: Connection) -> list[str]:
    """The years in which cases have been numbered, the latest first."""
    names = tx.execute(select(counters.c.name).where(counters.c.name.startswith(_COUNTER))).scalars()
    return sorted((name.removeprefix(_COUNTER) for name in names), reverse=True)
