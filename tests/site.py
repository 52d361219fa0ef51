"""Samled as it runs for real: web and scheduler processes, a mail server, and a clock that the test moves for all of them."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import Message
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as MessageHandler

SAMLED = Path(sys.executable).with_name("samled")
STARTUP_SECONDS = 60
#: Kept from our own environment: what programs need, and nothing that could change what Samled does.
KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "PYTHONPATH")


class Mailbox(MessageHandler):
    """Receives by SMTP and keeps what came."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[Message] = []

    def handle_message(self, message: Message) -> None:
        self.messages.append(message)

    def to(self, address: str) -> list[Message]:
        """What came for an address."""
        return [message for message in self.messages if address in str(message["X-RcptTo"])]


@contextmanager
def mail_server() -> Iterator[tuple[Mailbox, str]]:
    """A mail server of our own; its mailbox and address."""
    mailbox = Mailbox()
    controller = Controller(mailbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        yield mailbox, f"smtp://127.0.0.1:{controller.port}"
    finally:
        controller.stop()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def environment(**settings: str) -> dict[str, str]:
    """What a Samled process is given: a bare environment and these settings."""
    return {**{name: os.environ[name] for name in KEPT if name in os.environ}, **settings}


def until(happened: Callable[[], object], what: str, seconds: float = STARTUP_SECONDS) -> None:
    """Wait until something has happened. Raises AssertionError with `what` did not."""
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, f"{what}: not within {seconds:g} seconds"
        time.sleep(0.1)


def answers(url: str) -> bool:
    """Whether a server answers there, and well."""
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return bool(response.status == 200)
    except OSError:
        return False


@contextmanager
def process(arguments: list[str], settings: Mapping[str, str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A program that runs meanwhile, then is asked to end. Raises AssertionError when it ends badly."""
    log = folder / f"{'-'.join(re.findall(r'[a-z]+', ' '.join(arguments[1:])))}.log"
    with log.open("ab") as output:
        running = subprocess.Popen(arguments, env=dict(settings), cwd=folder, stdout=output, stderr=output)
    try:
        yield running
    finally:
        ended_by_itself = running.poll()
        running.send_signal(signal.SIGTERM)
        try:
            running.wait(timeout=20)
        except subprocess.TimeoutExpired:
            running.kill()
            raise AssertionError(f"{arguments} does not end when asked to:\n{log.read_text()}") from None
        assert ended_by_itself is None, f"{arguments} ended with {ended_by_itself}:\n{log.read_text()}"


@dataclass
class Site:
    """A running installation in example mode."""

    base_url: str
    folder: Path
    mailbox: Mailbox
    settings: Mapping[str, str]
    shifted: timedelta = field(default_factory=timedelta)

    def advance(self, amount: timedelta) -> None:
        """Let time pass, for all processes at once."""
        self.shifted += amount
        new = self.folder / "shift.new"
        new.write_text(str(int(self.shifted.total_seconds())))
        new.replace(self.folder / "shift")

    def samled(self, *arguments: str, code: int = 0) -> str:
        """Run a command to its end; what it prints."""
        return run(self.settings, self.folder, *arguments, code=code)


def run(settings: Mapping[str, str], folder: Path, *arguments: str, code: int = 0) -> str:
    """Run `samled` to its end; what it prints. Raises AssertionError on another exit code."""
    done = subprocess.run(
        [SAMLED, *arguments], env=dict(settings), cwd=folder, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == code, (
        f"samled {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
    )
    return done.stdout


def example_database(shared: Path) -> Path:
    """A database with the example organisation, to be copied; made once for all test processes that share a folder."""
    database = shared / "example.db"
    with (shared / "example.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not database.exists():
            making = shared / "making.db"
            settings = environment(SAMLED_DATABASE_URL=f"sqlite:///{making}", SAMLED_EXAMPLE="1")
            run(settings, shared, "init", "--demo")
            making.rename(database)
    return database


@contextmanager
def running(database_url: str, folder: Path, *, apart: bool = True, filled: bool = False) -> Iterator[Site]:
    """The example organisation over a database: web and scheduler `apart`, as in production, or in one process.

    `filled`: the database has the example organisation already.
    """
    port = free_port()
    base_url = f"http://127.0.0.1:{port}"
    with ExitStack() as stack:
        mailbox, smtp_url = stack.enter_context(mail_server())
        settings = environment(
            SAMLED_DATABASE_URL=database_url,
            SAMLED_SECRET_KEY="only for tests " * 4,
            SAMLED_EXAMPLE="1",
            SAMLED_CLOCK_FILE=str(folder / "shift"),
            SAMLED_SMTP_URL=smtp_url,
            SAMLED_BASE_URL=base_url,
        )
        if not filled:
            run(settings, folder, "init", "--demo")
        commands = [["web", "--port", str(port)], ["scheduler"]] if apart else [["run", "--port", str(port)]]
        for command in commands:
            stack.enter_context(process([str(SAMLED), *command], settings, folder))
        until(lambda: answers(f"{base_url}/health"), f"{base_url} answers")
        yield Site(base_url, folder, mailbox, settings)


@contextmanager
def copied(database: Path, folder: Path) -> Iterator[Site]:
    """The same on a copy of an SQLite database, in one process."""
    own = shutil.copy(database, folder / "samled.db")
    with running(f"sqlite:///{own}", folder, apart=False, filled=True) as site:
        yield site
