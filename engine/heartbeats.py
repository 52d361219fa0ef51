"""Heartbeats: when each scheduler last ticked and how late its deadlines fired, for monitoring and administrators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from sqlalchemy import Connection, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from engine import outbox
from engine.schema import deadlines, heartbeats

#: A scheduler ticks every few seconds; one that has been silent for this long is stuck or gone.
SILENT = timedelta(minutes=1)
#: How many of its latest fires each scheduler tells the lateness of.
RECENT = 500
#: After this long a scheduler that has ended is forgotten.
FORGOTTEN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """A scheduler's last sign of life."""

    #: Machine and process id.
    name: str
    at: datetime
    started_at: datetime
    #: Deadlines fired since it started.
    fired: int
    #: Seconds by which each of its latest fires was late, the newest last.
    recent: Sequence[float]


@dataclass(frozen=True, slots=True)
class Lateness:
    """Seconds between the moment a deadline was due and the moment it fired."""

    p50: float
    p99: float
    max: float
    #: Of how many fires.
    fires: int


@dataclass(frozen=True, slots=True)
class Pulse:
    """How the schedulers are."""

    now: datetime
    #: Those that ticked within a day, the one that ticked last first.
    schedulers: list[Heartbeat]
    #: Of the latest fires; None when there was none.
    lateness: Lateness | None
    #: Deadlines that are due and have not fired, and for how many seconds the oldest has waited.
    backlog: int
    oldest: float
    #: Deadlines that stand still until an administrator lets them try again.
    parked: int
    #: Notices and messages that wait to leave, and those given up.
    unsent: int
    stuck: int

    @property
    def living(self) -> list[Heartbeat]:
        """The schedulers that tick."""
        return [beat for beat in self.schedulers if self.now - beat.at <= SILENT]

    @property
    def last_tick(self) -> datetime | None:
        """When any of them ticked last."""
        return self.schedulers[0].at if self.schedulers else None

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        late = self.lateness
        return {
            "alive": bool(self.living),
            "now": self.now,
            "last_tick": self.last_tick,
            "lateness": late and {"p50": late.p50, "p99": late.p99, "max": late.max, "fires": late.fires},
            "deadlines": {"due": self.backlog, "oldest_seconds": self.oldest, "parked": self.parked},
            "outbox": {"waiting": self.unsent, "parked": self.stuck},
            "schedulers": [
                {"name": beat.name, "at": beat.at, "started_at": beat.started_at, "fired": beat.fired}
                for beat in self.schedulers
            ],
        }


def beat(tx: Connection, name: str, now: datetime, late: Sequence[float], fired: int) -> None:
    """A scheduler has ticked. `late`: seconds, of its latest fires; `fired`: how many since it started."""
    kind = sqlite if tx.dialect.name == "sqlite" else postgresql
    ticked = {"at": now, "fired": fired, "recent": [round(seconds, 2) for seconds in late[-RECENT:]]}
    insert = kind.insert(heartbeats).values(name=name, started_at=now, **ticked)
    tx.execute(insert.on_conflict_do_update(index_elements=["name"], set_=ticked))


def forget_ended(tx: Connection, now: datetime) -> None:
    """Remove schedulers that ended long ago."""
    tx.execute(delete(heartbeats).where(heartbeats.c.at < now - FORGOTTEN))


def newest(tx: Connection) -> list[Heartbeat]:
    """All schedulers, the one that ticked last first."""
    columns = (heartbeats.c.name, heartbeats.c.at, heartbeats.c.started_at, heartbeats.c.fired, heartbeats.c.recent)
    return [Heartbeat(*row) for row in tx.execute(select(*columns).order_by(heartbeats.c.at.desc()))]


def last_tick(tx: Connection) -> datetime | None:
    """When any scheduler ticked last."""
    return tx.execute(select(func.max(heartbeats.c.at))).scalar()


def pulse(tx: Connection, now: datetime) -> Pulse:
    """How the schedulers are."""
    due = select(func.count(), func.min(deadlines.c.run_at)).where(deadlines.c.run_at <= now)
    backlog, oldest = tx.execute(due).one()
    parked = tx.execute(select(func.count()).where(deadlines.c.parked_at.is_not(None))).scalar_one()
    found = [beat for beat in newest(tx) if now - beat.at <= FORGOTTEN]
    return Pulse(
        now=now,
        schedulers=found,
        lateness=_lateness([seconds for beat in found for seconds in beat.recent]),
        backlog=backlog,
        oldest=(now - oldest).total_seconds() if oldest else 0.0,
        parked=parked,
        unsent=outbox.waiting(tx),
        stuck=outbox.parked_count(tx),
    )


def _lateness(seconds: list[float]) -> Lateness | None:
    if not seconds:
        return None
    ordered = sorted(seconds)

    def at(share: float) -> float:
        return ordered[max(0, ceil(share * len(ordered)) - 1)]

    return Lateness(at(0.5), at(0.99), ordered[-1], len(ordered))
