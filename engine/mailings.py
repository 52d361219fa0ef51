"""When somebody was last sent mail, so that what comes next can be collected."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, select

from engine.schema import mailings
from engine.upsert import upsert

NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def last(tx: Connection, recipient: str) -> datetime:
    """When a mail last left to `person:<id>` or `unit:<id>`; `NEVER`."""
    return tx.execute(select(mailings.c.at).where(mailings.c.recipient == recipient)).scalar() or NEVER


def mark(tx: Connection, recipient: str, now: datetime) -> None:
    """A mail has left."""
    upsert(tx, mailings, {"recipient": recipient, "at": now})
