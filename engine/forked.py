"""The same for each of many, side by side: in a process for each core, forked with everything that has been read.

A process with several threads is never forked, nor is one that has a single core: then it is done here, one by one.
"""

from __future__ import annotations

import os
import pickle
import signal
import threading
from collections.abc import Callable, Sequence
from typing import Any, NoReturn, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

#: How a process ends that was given no more memory.
_MEMORY = 3


def each_of(function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """`function` of each item, in the order of the items. Results must be picklable; whatever is raised is passed on.

    Raises:
        MemoryError: a process ran out of memory.
        ChildProcessError: a process is gone.
    """
    share = min(_cores(), len(items))
    if share < 2 or not _alone():
        return [function(item) for item in items]
    results: list[Result | None] = [None] * len(items)
    others = [(first, _Other(function, items[first::share])) for first in range(1, share)]
    try:
        results[::share] = [function(item) for item in items[::share]]
        for first, other in others:
            results[first::share] = other.results()
    finally:
        for _, other in others:
            other.end()
    return results  # type: ignore[return-value]


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1


def _alone() -> bool:
    """Is this the only thread? The JavaScript engine's module starts one too, which never does anything here."""
    return all(one is threading.current_thread() or one.name.startswith("quickjs-") for one in threading.enumerate())


class _Other:
    """A forked process at work."""

    def __init__(self, function: Callable[[Item], Result], items: Sequence[Item]) -> None:
        reading, writing = os.pipe()
        # Alarms are not inherited: where this process has a time limit, the other gets what is left of it.
        left, _ = signal.getitimer(signal.ITIMER_REAL)
        self.process = os.fork()
        if self.process == 0:
            os.close(reading)
            signal.setitimer(signal.ITIMER_REAL, left)
            _work(function, items, writing)
        os.close(writing)
        self._answers = os.fdopen(reading, "rb")

    def results(self) -> list[Any]:
        """Waits until it is done."""
        with self._answers:
            answer = self._answers.read()
        code = os.waitstatus_to_exitcode(os.waitpid(self.process, 0)[1])
        self.process = 0
        if code == _MEMORY:
            raise MemoryError
        if code or not answer:
            raise ChildProcessError(f"A process ended with {code}. Run it again; report it if it does so again.")
        found, error = pickle.loads(answer)  # noqa: S301 - our own child's
        if error is not None:
            raise error
        return list(found)

    def end(self) -> None:
        """Stop it if it still runs."""
        if self.process:
            os.kill(self.process, signal.SIGKILL)
            os.waitpid(self.process, 0)
            self._answers.close()


def _work(function: Callable[[Item], Result], items: Sequence[Item], writing: int) -> NoReturn:
    """In the forked process; it leaves without running anything that the first would run at its end."""
    code = 1
    try:
        try:
            answer = pickle.dumps(([function(item) for item in items], None))
        except MemoryError:
            code = _MEMORY
            raise
        except Exception as error:
            answer = pickle.dumps((None, error))
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(answer)
        code = 0
    finally:
        os._exit(code)
