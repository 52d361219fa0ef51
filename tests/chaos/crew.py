"""All that runs while things fail: schedulers, a website with somebody at it, people, and a mail server."""

from __future__ import annotations

import base64
import json
import os
import re
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import default
from http.client import HTTPException
from multiprocessing.process import BaseProcess
from pathlib import Path
from random import Random
from threading import Event, Thread
from typing import Any

from aiosmtpd.controller import Controller
from argon2 import PasswordHasher

from engine import Engine
from tests.chaos import account, children
from tests.chaos.account import Account
from tests.site import free_port

#: How long each part of the chaos lasts, and from which seed it draws: `make chaos` says longer.
SECONDS = float(os.environ.get("SAMLED_CHAOS_SECONDS", "3"))
IN_EARNEST = SECONDS >= 30
#: However slow the machine, it goes on until so much was acknowledged, else nothing would be shown.
LEAST = 10
SEED = int(os.environ.get("SAMLED_CHAOS_SEED", "20260327"))
PASSWORD = "example only"


class Mail:
    """A mail server: how many mails came about each case, and how many were doubles by their Message-ID."""

    def __init__(self) -> None:
        self.about: Counter[str] = Counter()
        self.keys: Counter[str] = Counter()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        mail = message_from_bytes(envelope.content, policy=default)
        self.keys[str(mail["Message-ID"])] += 1
        self.about.update(set(re.findall(r"\b\d{4}-\d{5,}\b", mail.get_content())))  # one mail may tell of several
        return "250 OK"


@dataclass
class Crew:
    """The processes by place; whoever dies is replaced."""

    folder: Path
    settings: dict[str, str]
    chance: Random
    mail: Mail
    places: list[Callable[[], BaseProcess]] = field(default_factory=list)
    living: list[BaseProcess] = field(default_factory=list)
    kills: int = 0
    #: What the person at the website was told: lines as the others write them.
    web_told: list[str] = field(default_factory=list)

    def add(self, target: Callable[..., None], log: str, *arguments: Callable[[], Any]) -> None:
        """A process; the arguments are made anew for each that takes its place."""

        def place() -> BaseProcess:
            return children.start(target, self.folder / log, self.settings, *[make() for make in arguments])

        self.places.append(place)
        self.living.append(place())

    def add_schedulers(self, count: int) -> None:
        for _ in range(count):
            self.add(children.scheduler, "scheduler.log")

    def add_people(self, count: int, url: str) -> None:
        for number in range(count):
            self.add(
                children.person, "person.log", lambda: url, lambda: self.chance.getrandbits(32),
                lambda number=number: self.folder / f"{number}.told", lambda: self.folder / "stop",
            )  # fmt: skip

    def add_website(self, *, with_scheduler: bool, over: Event) -> None:
        port = free_port()
        self.add(children.website, "web.log", lambda: port, lambda: with_scheduler)
        Thread(target=self._browse, args=(f"http://127.0.0.1:{port}/api/v1", over), daemon=True).start()

    def kill_one(self) -> None:
        """One of them, and another takes its place."""
        number = self.chance.randrange(len(self.living))
        children.kill(self.living[number])
        self.kills += 1
        self.living[number] = self.places[number]()

    def works(self, began: float) -> bool:
        """Whether the chaos goes on; `began`: by time.monotonic()."""
        lasted = time.monotonic() - began
        assert lasted < SECONDS + account.SETTLED_SECONDS, "next to nothing was acknowledged"
        return lasted < SECONDS or len(self.told()) < LEAST

    def told(self) -> list[str]:
        """All that was acknowledged. A line that a kill has cut off was not."""
        lines = [line for path in self.folder.glob("*.told") for line in path.read_text().splitlines(keepends=True)]
        return [line for line in lines if line.endswith("\n")] + self.web_told

    def _browse(self, base: str, over: Event) -> None:
        """Somebody at the website, by its API."""
        login = base64.b64encode(f"anna:{PASSWORD}".encode()).decode()
        headers = {"Authorization": f"Basic {login}", "Content-Type": "application/json"}

        def ask(path: str, body: dict[str, Any] | None = None) -> Any:
            data = None if body is None else json.dumps(body).encode()
            with urllib.request.urlopen(urllib.request.Request(base + path, data, headers), timeout=30) as answer:
                return json.loads(answer.read() or b"null")

        while not over.wait(0.02):
            try:
                self.web_told.append(f"started {ask('/cases', {'process': 'busy'})['id']} -")
                for task in ask("/tasks?limit=3")["items"]:
                    ask(f"/tasks/{task['id']}/completion", {"answers": {}})
                    self.web_told.append(f"completed {task['case_id']} {task['element_id']}")
            except (OSError, ValueError, HTTPException):  # refused, or killed meanwhile: nothing was acknowledged
                continue


@contextmanager
def at_work(url: str, folder: Path, seed: int) -> Iterator[Crew]:
    """A crew on a database that it sets up, with its mail server. All of it is ended afterwards."""
    account.set_up(url, folder)
    engine = Engine(url)
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    engine.directory.set_password_hash("anna", cheap.hash(PASSWORD))
    engine.close()
    mail = Mail()
    post = Controller(mail, hostname="127.0.0.1", port=free_port())
    post.start()
    settings = {
        "SAMLED_DATABASE_URL": url,
        "SAMLED_SECRET_KEY": "only for tests " * 4,
        "SAMLED_SMTP_URL": f"smtp://127.0.0.1:{post.port}?from=samled@example.org",
    }
    crew = Crew(folder, settings, Random(seed), mail)
    try:
        yield crew
    finally:
        for child in crew.living:
            children.kill(child)
        post.stop()


def reckon(crew: Crew, url: str, over: Event) -> Account:
    """Let what is begun come to its end, then draw up the account."""
    over.set()
    (crew.folder / "stop").touch()
    engine = Engine(url)
    try:
        account.settle(engine)
        return account.draw_up(engine, crew.told(), crew.mail.about)
    finally:
        engine.close()


def say(what: str, crew: Crew, found: Account, *more: str) -> None:
    """The figures, for whoever runs `make chaos`."""
    doubles = sum(crew.mail.keys.values()) - len(crew.mail.keys)
    figures = [
        f"{crew.kills} kills", *more, f"{found.cases} cases", f"{found.commands} commands",
        f"{len(crew.told())} acknowledged", f"{len(found.late)} deadlines, late {found.lateness()}",
        f"{len(crew.mail.keys)} mails, {doubles} sent twice", f"seed {SEED}",
    ]  # fmt: skip
    print(f"\n{what}: " + "; ".join(figures))
