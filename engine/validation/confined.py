"""Checking in a process of its own, under a limit of time and memory: what a model does to its reader stays there.

A helper process is started once. For each path it forks a child, which sets its limits, checks and sends what it finds
as it finds it. The first child imports the checks itself, and has the expressions parsed meanwhile; then the helper
imports them for all that follow. A child that is too slow ends by its own alarm; when the helper itself is gone or
silent, it is started anew.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import select
import signal
import subprocess
import sys
import threading
import time
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import IO, Any, NoReturn

from engine.findings import Finding
from engine.rules import Text, finding

#: Megabytes of its own memory that a check may use.
MEMORY_LIMIT = 500
#: Kilobytes of a process that may itself become the helper: a new one takes some 30,000.
FORK_LIMIT = 60_000
#: Seconds that the helper has on top of a child's, before it is taken to hang itself; it may have to import the engine.
_GRACE = 30.0
_REPOSITORY = Path(__file__).parent.parent.parent


class Confined:
    """The helper process, seen from here. Any thread may ask; one is answered after the other.

    `forked`: the helper is a fork of this process, which must have no other thread and little in it. That spares a
    command the start of another Python.
    """

    def __init__(self, *, forked: bool = False) -> None:
        self._lock = threading.Lock()
        self._forked = forked
        self._helper: subprocess.Popen[bytes] | _Fork | None = None

    @staticmethod
    def may_fork() -> bool:
        """Has this process one thread and so little in it that a fork begins as a new process would?"""
        return threading.active_count() == 1 and resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < FORK_LIMIT

    def findings(self, path: Path, *, publish: bool, seconds: float) -> list[Finding]:
        """What the checks find; a limit that was reached is a finding too."""
        request = {"path": str(path.absolute()), "publish": publish, "seconds": seconds}
        with self._lock:
            helper = self._running()
            try:
                _piped(helper.stdin).write(json.dumps(request).encode() + b"\n")
                _piped(helper.stdin).flush()
                return _answers(_piped(helper.stdout), path, seconds)
            except (OSError, EOFError, ValueError) as error:
                self._stop()
                return [finding("cannot-check", path.name, reason=f"the helper process ended: {error}")]

    def _running(self) -> subprocess.Popen[bytes] | _Fork:
        if self._helper is not None and self._helper.poll() is None:
            return self._helper
        if self._forked:
            self._helper = _Fork()
        else:
            # It is told where its modules are: it need not look for them (-S), least of all in the current folder (-P),
            # where a model may bring modules of its own.
            command = [sys.executable, "-P", "-S", "-c", "from engine.validation.confined import main; main()"]
            paths = os.pathsep.join([str(_REPOSITORY), *filter(None, sys.path)])
            self._helper = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": paths}
            )
        return self._helper

    def _stop(self) -> None:
        if self._helper is not None:
            self._helper.kill()
            self._helper.wait()
            self._helper = None


class _Fork:
    """The helper as a fork of this process, to be spoken to like a `Popen`."""

    def __init__(self) -> None:
        asked, asking = os.pipe()
        answering, answered = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(asking)
            os.close(answering)
            _serve_alone(asked, answered)
        os.close(asked)
        os.close(answered)
        self.stdin, self.stdout = os.fdopen(asking, "wb"), os.fdopen(answering, "rb")
        self._ended = False

    def poll(self) -> int | None:
        """None while it runs."""
        if not self._ended:
            self._ended = os.waitpid(self.pid, os.WNOHANG)[0] != 0
        return 0 if self._ended else None

    def kill(self) -> None:
        """End it."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> None:
        """Until it has ended."""
        if not self._ended:
            os.waitpid(self.pid, 0)
            self._ended = True


@cache
def confined() -> Confined:
    """The one of this process."""
    return Confined()


def _piped(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise EOFError("it has no pipe")
    return stream


def _answers(stream: IO[bytes], path: Path, seconds: float) -> list[Finding]:
    """Reads until the helper says how it ended."""
    found: list[Finding] = []
    torn = False
    until = time.monotonic() + seconds + _GRACE
    buffer, now_at = b"", Text("the beginning", "början")
    while True:
        if not select.select([stream], [], [], max(0.0, until - time.monotonic()))[0]:
            raise EOFError("it does not answer")
        read = os.read(stream.fileno(), 1 << 16)
        if not read:
            raise EOFError("it is gone")
        *lines, buffer = (buffer + read).split(b"\n")
        for line in filter(None, lines):
            try:
                kind, value = json.loads(line)
            except ValueError:
                # A child that was ended in the middle of a line; how it ended stands in the next.
                torn = True
                continue
            if kind == "finding":
                found.append(Finding(**{**value, "swedish": _pair(value["swedish"]), "path": tuple(value["path"])}))
            elif kind == "entering":
                now_at = Text(**value)
            elif kind == "ended":
                if torn and value == "done":
                    raise EOFError("it does not answer whole")
                return found + _ending(value, path, seconds, now_at)


def _pair(value: list[str] | None) -> tuple[str, str] | None:
    return (value[0], value[1]) if value else None


def _ending(how: str, path: Path, seconds: float, check: Text) -> list[Finding]:
    if how == "slow":
        return [finding("too-slow", path.name, limit=seconds, check=check)]
    if how == "memory":
        return [finding("too-much-memory", path.name, limit=MEMORY_LIMIT, check=check)]
    if how == "crashed":
        return [finding("cannot-check", path.name, reason=check)]
    return []


# --- the helper process -----------------------------------------------------------------------------------------------

#: How a child ends that was given no more memory.
_MEMORY = 3


def serve(requests: IO[bytes], answers: IO[str]) -> None:
    """Answer until nobody asks any more."""
    from engine.feel import current_feel  # noqa: F401 - imported once, for all children

    for number, line in enumerate(requests):
        request = json.loads(line)
        if number == 1:
            _import_checks()
        child = os.fork()
        if child == 0:
            _check(request, answers)
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        if code:
            # It may have been ended in the middle of a line.
            answers.write("\n")
        _tell(answers, "ended", {0: "done", _MEMORY: "memory", -signal.SIGALRM: "slow"}.get(code, "crashed"))


def _import_checks() -> None:
    # Modules are not garbage; looking for it among them takes a tenth of the time.
    gc.disable()
    from engine.validation import checks  # noqa: F401 - what findings_of needs

    gc.freeze()
    gc.enable()


def _check(request: dict[str, Any], answers: IO[str]) -> NoReturn:
    """In the child."""
    from engine.feel import current_feel
    from engine.validation import ahead, findings_of

    path, code = Path(request["path"]), 1
    try:
        # The alarm's default ends the process whatever it is in, a parser written in C included.
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, request["seconds"])
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_LIMIT * 2**20,) * 2)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

        def entering(name: Text) -> None:
            _tell(answers, "entering", asdict(name))

        # The thread that compiles must often be let in between.
        sys.setswitchinterval(0.0005)
        current_feel().compile_ahead(ahead.likely(path))
        _import_checks()
        for one in findings_of(path, publish=request["publish"], entering=entering):
            _tell(answers, "finding", asdict(one))
        code = 0
    except MemoryError:
        code = _MEMORY
    finally:
        os._exit(code)


def _tell(answers: IO[str], kind: str, value: object) -> None:
    answers.write(json.dumps([kind, value]) + "\n")
    answers.flush()


def _serve_alone(asked: int, answered: int) -> NoReturn:
    """The helper process where it is a fork: it leaves without running what the first would run at its end."""
    code = 1
    try:
        os.dup2(2, 1)
        serve(os.fdopen(asked, "rb"), os.fdopen(answered, "w", encoding="utf-8"))
        code = 0
    finally:
        os._exit(code)


def main() -> None:
    """The helper process."""
    # Nothing else may write where the answers go.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    serve(sys.stdin.buffer, answers)
