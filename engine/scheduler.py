"""The scheduler: a tick every few seconds that fires what is due, delivers between cases and sends notices.

As many as one likes may run against one database: the rows are the truth, and a claim is a lock that ends with its
process. APScheduler only ticks; its own job store is not used for deadlines.
"""

from __future__ import annotations

import logging
import os
import socket
from threading import Event

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.schedulers.base import BaseScheduler

from engine.engine import Engine
from engine.errors import SamledError

log = logging.getLogger(__name__)

#: Seconds between two ticks: how late a deadline may be when nothing else is.
INTERVAL = 2.0
#: Deadlines fired before messages, notices and the heartbeat get their turn.
BATCH = 200


class Scheduler:
    """Ticks for one engine until it is stopped."""

    def __init__(self, engine: Engine, *, interval: float = INTERVAL, name: str | None = None) -> None:
        """`interval`: seconds. `name`: by which the heartbeat is known, such as machine and process."""
        self.engine = engine
        self.interval = interval
        self.name = name or f"{socket.gethostname()}:{os.getpid()}"
        self._stopped = Event()
        self._ticker: BaseScheduler = BackgroundScheduler(timezone="UTC")

    def tick(self) -> int:
        """Do all that is due now. How many deadlines fired. Raises what the database raises."""
        total, latest = 0, 0.0
        while not self._stopped.is_set():
            fired, lateness = self.engine.fire_due_and_tell(BATCH)
            total, latest = total + fired, max(latest, lateness)
            self.engine.deliver()
            self.engine.send_notices(BATCH)
            self.engine.beat(self.name, latest, total)
            if fired < BATCH:
                break
        return total

    def start(self) -> None:
        """Tick in a thread of this process."""
        self._ticker.add_job(
            self._safe_tick, "interval", seconds=self.interval, max_instances=1, coalesce=True, misfire_grace_time=None
        )
        self._ticker.start()

    def run(self) -> None:
        """Tick until `stop` is called, from a signal handler for instance."""
        self.start()
        try:
            self._stopped.wait()
        finally:
            self.stop()

    def stop(self) -> None:
        """Let the running tick finish what it has in hand, and end."""
        self._stopped.set()
        if self._ticker.running:
            self._ticker.shutdown(wait=True)

    def _safe_tick(self) -> None:
        try:
            self.tick()
        except SamledError as error:
            # A database that is gone for a minute must not end the scheduler: the next tick tries again.
            log.warning("The scheduler could not tick: %s", error)
        except Exception:
            log.exception("The scheduler could not tick")
