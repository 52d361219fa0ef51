"""The same for each of many, side by side: in a process for each core, forked with everything that has been read.

A process with several threads is never forked, nor is one that has a single core: then it is done here, one by one.
"""

from __future__ import annotations

import os
import pickle
import signal
import threading
from collections.abc import Callable, Sequence
from typing import Any, Generic, NoReturn, Self, TypeVar

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


class Aside(Generic[Item, Result]):
    """`function` of each item in a process of its own while this one goes on; else here, each when it is asked for."""

    def __init__(self, function: Callable[[Item], Result], items: Sequence[Item]) -> None:
        self._here = map(function, items)
        self._other = _Other(function, items) if _cores() > 1 and _alone() else None

    def next(self) -> Result:
        """That of the next item. Raises what `each_of` raises."""
        found: Result = self._other.next() if self._other else next(self._here)
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._other:
            self._other.end()


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
        self._items = items
        self.process = os.fork()
        if self.process == 0:
            os.close(reading)
            signal.setitimer(signal.ITIMER_REAL, left)
            _work(function, items, writing)
        os.close(writing)
        self._answers = os.fdopen(reading, "rb")

    def results(self) -> list[Any]:
        """Waits until it is done."""
        return [self.next() for _ in self._items]

    def next(self) -> Any:
        """Waits for the result of the next item."""
        try:
            found, error = pickle.load(self._answers)  # noqa: S301 - our own child's
        except (EOFError, pickle.UnpicklingError):
            code = os.waitstatus_to_exitcode(os.waitpid(self.process, 0)[1])
            self.process = 0
            if code == _MEMORY:
                raise MemoryError from None
            problem = f"A process ended with {code}. Run it again; report it if it does so again."
            raise ChildProcessError(problem) from None
        if error is not None:
            raise error
        return found

    def end(self) -> None:
        """Stop it if it still runs."""
        self._answers.close()
        if self.process:
            os.kill(self.process, signal.SIGKILL)
            os.waitpid(self.process, 0)
            self.process = 0


def _work(function: Callable[[Item], Result], items: Sequence[Item], writing: int) -> NoReturn:
    """In the forked process; it leaves without running anything that the first would run at its end."""
    code = 1
    try:
        with os.fdopen(writing, "wb") as pipe:
            for item in items:
                try:
                    answer = pickle.dumps((function(item), None))
                except MemoryError:
                    code = _MEMORY
                    raise
                except Exception as error:
                    answer = pickle.dumps((None, error))
                pipe.write(answer)
                pipe.flush()
        code = 0
    finally:
        os._exit(code)
