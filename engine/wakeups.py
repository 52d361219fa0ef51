"""Wake-ups: a command that sets a deadline which is due before the schedulers' next tick tells them, with its commit.

On PostgreSQL by NOTIFY, on SQLite (one process) by an event in memory. Only for deadlines this near: those further off
are found by a tick in good time, and PostgreSQL lets only one transaction at a time commit a NOTIFY. A wake-up that
gets lost costs nothing but the seconds to the next tick.
"""

from __future__ import annotations

import logging
import threading
import time
from datetime import timedelta

import psycopg
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import DBAPIError

from engine.database import Database
from engine.prepared import Prepared

log = logging.getLogger(__name__)

CHANNEL = "samled_due"
#: Deadlines nearer than this are announced; more than the seconds between two ticks.
NEAR = timedelta(seconds=5)
#: Seconds until a lost connection is made again.
PAUSE = 5.0

_NOTIFY = Prepared(select(func.pg_notify(CHANNEL, "")))


def announce(tx: Connection) -> None:
    """Something is due at once, or nearly, when this transaction has committed."""
    if tx.dialect.name == "postgresql":
        _NOTIFY.run(tx, {})
    else:
        # Before the commit, but whoever wakes begins with the write lock, which we still hold.
        alarm: threading.Event = tx.get_execution_options()["samled_alarm"]
        alarm.set()


class Waker:
    """Listens for announcements, in the one thread that waits for them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: psycopg.Connection | None = None
        self._again_at = 0.0

    def wait(self, seconds: float) -> bool:
        """Wait for an announcement, so many seconds at most. Whether one came. Never raises for a lost connection."""
        if self._database.kind == "sqlite":
            came = self._database.alarm.wait(seconds)
            self._database.alarm.clear()
            return came
        connection = self._listening()
        if connection is None:
            time.sleep(seconds)
            return False
        try:
            return any(connection.notifies(timeout=seconds, stop_after=1))
        except psycopg.Error:
            log.warning("The connection for wake-ups is lost; ticks go on, and it is made again in %g seconds", PAUSE)
            self.close()
            return False

    def close(self) -> None:
        """Give the connection back; the next `wait` makes a new one, after a pause."""
        self._again_at = time.monotonic() + PAUSE
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _listening(self) -> psycopg.Connection | None:
        if self._connection is None and time.monotonic() >= self._again_at:
            try:
                self._connection = self._database.own_connection()
                self._connection.execute(f"LISTEN {CHANNEL}")
            except (DBAPIError, psycopg.Error):
                self.close()
        return self._connection
