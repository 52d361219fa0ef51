"""Counters: the next case number of a year, and how often the organisation changed."""

from __future__ import annotations

from sqlalchemy import Connection, Select, select
from sqlalchemy.dialects import postgresql, sqlite

from engine.schema import counters

_ORGANISATION = "organisation"


def next_value(tx: Connection, name: str) -> int:
    """Raise a counter and give its new value; the first is 1. Others who want it wait until the commit."""
    kind = postgresql if tx.dialect.name == "postgresql" else sqlite
    raised = kind.insert(counters).values(name=name, value=1)
    raised = raised.on_conflict_do_update(index_elements=["name"], set_={"value": counters.c.value + 1})
    value: int = tx.execute(raised.returning(counters.c.value)).scalar_one()
    return value


def next_case_number(tx: Connection, year: int) -> str:
    """The next case number of a year, such as 2026-00123. Without gaps: a rollback gives it back."""
    return f"{year}-{next_value(tx, f'case-{year}'):05d}"


def raise_organisation(tx: Connection) -> None:
    """Directory or settings changed: snapshots of them are old from the commit on."""
    next_value(tx, _ORGANISATION)


#: How often the organisation has changed; read together with a case.
organisation_query: Select[int] = select(counters.c.value).where(counters.c.name == _ORGANISATION)


def organisation_changes(tx: Connection) -> int:
    """How often directory or settings have changed."""
    return tx.execute(organisation_query).scalar() or 0
