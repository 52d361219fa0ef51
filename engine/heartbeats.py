"""Heartbeats: when each scheduler last ticked, for monitoring and for the banner of administrators."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from engine.schema import heartbeats
from engine.upsert import upsert


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """A scheduler's last sign of life."""

    #: Machine and process id.
    name: str
    at: datetime
    #: Seconds by which the latest deadline of that tick fired late.
    lateness: int
    #: Deadlines fired in that tick.
    fired: int


def beat(tx: Connection, name: str, now: datetime, lateness: float, fired: int) -> None:
    """A scheduler has ticked."""
    upsert(tx, heartbeats, {"name": name, "at": now, "lateness": int(lateness), "fired": fired})


def newest(tx: Connection) -> list[Heartbeat]:
    """All schedulers, the one that ticked last first."""
    query = select(heartbeats.c.name, heartbeats.c.at, heartbeats.c.lateness, heartbeats.c.fired)
    return [Heartbeat(*row) for row in tx.execute(query.order_by(heartbeats.c.at.desc()))]
