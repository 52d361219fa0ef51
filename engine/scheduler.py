"""The scheduler: fires what is due, delivers between cases and sends notices, in a process of its own or in the web's.

As many as one likes may run against one database, on as many machines: the rows are the truth, and a claim is a lock
that ends with its process. APScheduler only ticks; its job store is not used for deadlines.

Two jobs tick, each in a thread: one fires and delivers, the other sends, so that a mail server that does not answer
makes no deadline late. A third thread wakes them before their time: when a deadline comes that is due at once, when the
nearest one is due, and when ticks stay away, for APScheduler goes by the machine's clock: if that is set back an hour,
it would wait for an hour.
"""

from __future__ import annotations

import logging
import os
import socket
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from math import inf
from threading import Event, Thread

from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.schedulers.base import BaseScheduler

from engine.engine import Engine
from engine.errors import SamledError
from engine.heartbeats import RECENT
from engine.reasons import reason
from engine.wakeups import Waker

log = logging.getLogger(__name__)

#: Seconds between two ticks: how late a deadline may be when a wake-up gets lost.
INTERVAL = 2.0
#: Deadlines fired before what cases throw at each other and the heartbeat get their turn.
BATCH = 200
#: Seconds between two heartbeats while nothing fires.
BEAT = 10.0
#: Seconds between two looks for what may be forgotten.
TIDY = 3600.0
#: How long rows of the outbox are kept after they have left.
KEEP_SENT = timedelta(days=90)
#: Seconds for which the waking thread waits at a time; then it looks whether the nearest deadline has changed.
_SLICE = 0.25


class Scheduler:
    """Ticks for one engine until it is stopped."""

    def __init__(
        self,
        engine: Engine,
        *,
        interval: float = INTERVAL,
        name: str | None = None,
        keep_sent: timedelta = KEEP_SENT,
    ) -> None:
        """`interval`: seconds. `name`: by which the heartbeat is known, such as machine and process."""
        self.engine = engine
        self.interval = interval
        self.keep_sent = keep_sent
        self.name = name or f"{socket.gethostname()}:{os.getpid()}"
        self._stopped = Event()
        self._ticker: BaseScheduler = BackgroundScheduler(timezone="UTC")
        self._waker = Waker(engine.database)
        self._watcher = Thread(target=self._watch, name="wake-ups", daemon=True)
        self._fired = 0
        self._late: deque[float] = deque(maxlen=RECENT)
        # All by time.monotonic(), which no change of the machine's clock moves.
        self._beat_at = self._tidy_at = 0.0
        self._ticked_at = time.monotonic()
        self._next_at = inf
        #: Somebody has asked for a tick; one that runs already may have looked too early.
        self._wanted = Event()
        #: What stands in the way of each job, told once and not at every tick.
        self._trouble: dict[str, str] = {}

    def tick(self) -> int:
        """Do all that is due now. How many deadlines fired. Raises what the database raises."""
        fired = self.fire()
        self.send()
        return fired

    def fire(self) -> int:
        """Fire what is due and deliver between cases. How many deadlines fired."""
        total = 0
        while not self._stopped.is_set():
            late = self.engine.fire_due_timed(BATCH)
            total += len(late)
            self._fired += len(late)
            self._late.extend(late)
            self.engine.deliver()
            self.engine.apply_deadlines()
            if late or time.monotonic() >= self._beat_at:
                self.engine.beat(self.name, list(self._late), self._fired)
                self._beat_at = time.monotonic() + BEAT
            if len(late) < BATCH:
                break
        seconds = self.engine.seconds_to_next()
        # What is due and did not fire is in another's hands; to ask again at once would only turn round and round.
        waits = seconds is not None and (seconds > 0 or total > 0)
        self._next_at = time.monotonic() + (seconds or 0) if waits else inf
        return total

    def send(self) -> None:
        """Send notices, publish what was agreed to begin now, and now and then forget what left long ago."""
        self.engine.send_notices(BATCH)
        self.engine.editing.publish_due()
        if time.monotonic() >= self._tidy_at:
            self.engine.tidy(self.keep_sent)
            self._tidy_at = time.monotonic() + TIDY

    def start(self) -> None:
        """Tick in threads of this process."""
        for name, job in (("fire", self._fire_safely), ("send", self._send_safely)):
            self._ticker.add_job(
                job, "interval", seconds=self.interval, id=name, max_instances=1, coalesce=True,
                misfire_grace_time=None, next_run_time=datetime.now(UTC),
            )  # fmt: skip
        self._ticker.start()
        self._watcher.start()

    def run(self) -> None:
        """Tick until `stop` is called, from a signal handler for instance."""
        self.start()
        try:
            self._stopped.wait()
        finally:
            self.stop()

    def stop(self) -> None:
        """Let the running ticks finish what they have in hand, and end."""
        self._stopped.set()
        if self._watcher.is_alive():
            self._watcher.join(timeout=5)
        if self._ticker.running:
            self._ticker.shutdown(wait=True)

    def _watch(self) -> None:
        while not self._stopped.is_set():
            self._safely(self._wait)
        self._waker.close()

    def _wait(self) -> None:
        """Wait a little, and wake the jobs when there is reason to."""
        announced = self._waker.wait(min(_SLICE, max(0.01, self._next_at - time.monotonic())))
        now = time.monotonic()
        if announced or now >= self._next_at or now - self._ticked_at > 2 * self.interval:
            self._next_at = inf
            self._wake()

    def _wake(self) -> None:
        self._wanted.set()
        self._ticked_at = time.monotonic()
        for name in ("fire", "send"):
            try:
                self._ticker.modify_job(name, next_run_time=datetime.now(UTC))
            except JobLookupError:  # stopped meanwhile
                return

    def _fire_safely(self) -> None:
        self._ticked_at = time.monotonic()
        while not self._stopped.is_set():
            self._wanted.clear()
            self._safely(self.fire)
            if not self._wanted.is_set():
                return

    def _send_safely(self) -> None:
        self._safely(self.send)

    def _safely(self, job: Callable[[], object]) -> None:
        """A database that is gone for a minute must not end the scheduler: the next tick tries again."""
        before = self._trouble.pop(job.__name__, None)
        try:
            job()
        except Exception as error:
            why = self._trouble[job.__name__] = reason(error)
            if why != before:
                level = logging.WARNING if isinstance(error, SamledError) else logging.ERROR
                log.log(level, "The scheduler cannot %s: %s", job.__name__.strip("_"), why)
        else:
            if before:
                log.info("The scheduler can %s again", job.__name__.strip("_"))
