"""Compiles expressions in a thread of its own, before anybody asks for them: JavaScript runs beside Python.

Life cycle: begins with what is likely to be asked for; who asks for one that is not there yet is served next and
waits; `finish` ends it after what it is at, and gives away its runtime, which one thread at a time may use.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from engine.feel.runtime import Key, Runtime

#: So many go in one call: no other thread can be let in between more often than that.
AT_ONCE = 16


class Ahead:
    """The thread, begun when it is made."""

    def __init__(self, runtime: Runtime, keys: Sequence[Key]) -> None:
        self._runtime = runtime
        self._likely = list(reversed(keys))
        self._asked: list[Key] = []
        #: None: it came to a limit.
        self._found: dict[Key, dict[str, Any] | None] = {}
        self._changed = threading.Condition()
        self._ending = False
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def facts(self, key: Key) -> dict[str, Any] | None:
        """What compiling gave; None where it came to a limit, which whoever compiles it again is told."""
        with self._changed:
            if key not in self._found:
                self._asked.append(key)
                self._changed.notify_all()
                self._changed.wait_for(lambda: key in self._found)
            return self._found[key]

    def finish(self) -> tuple[Runtime, dict[Key, dict[str, Any]]]:
        """Ends the thread: its runtime, and what it has compiled."""
        with self._changed:
            self._ending = True
            self._changed.notify_all()
        self._thread.join()
        return self._runtime, {key: facts for key, facts in self._found.items() if facts is not None}

    def _work(self) -> None:
        while some := self._next():
            found: Sequence[dict[str, Any] | None]
            try:
                found = self._runtime.compile_all(some)
            except Exception:
                # Not ours to tell: whoever asks compiles it again and is told.
                found = [None] * len(some)
            with self._changed:
                self._found.update(zip(some, found, strict=True))
                self._changed.notify_all()

    def _next(self) -> list[Key]:
        """What to compile in one call; nothing at the end."""
        with self._changed:
            while not self._ending:
                waiting = self._asked or self._likely
                some: list[Key] = []
                while waiting and len(some) < AT_ONCE:
                    if (key := waiting.pop()) not in self._found and key not in some:
                        some.append(key)
                if some:
                    return some
                if not self._asked and not self._likely:
                    self._changed.wait()
        return []
