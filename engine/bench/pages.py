"""Part 3: inbox, search and case page over HTTP, of a small installation and of a county's, in turn."""

from __future__ import annotations

import os
import re
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from math import ceil
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any
from urllib.parse import urlencode

from engine import Engine
from engine.bench.databases import Databases
from engine.bench.filling import USERNAME, Volume, fill
from engine.errors import SamledError
from engine.example import PASSWORD

#: Seconds until the web process must answer.
_STARTUP = 60
_COMMAND = Path(sys.executable).with_name("samled")


class NoAnswer(SamledError):
    """The web process that was to be measured did not answer as hoped. Run `samled web` by hand to see why."""


@dataclass(frozen=True, slots=True)
class Amount:
    """Two installations, and how often each page is asked for."""

    small: Volume
    large: Volume
    requests: int


FULL = Amount(Volume(1_000, 1_000), Volume(100_000, 1_000_000), 200)
QUICK = Amount(Volume(100, 100), Volume(1_000, 2_000), 5)


def measure(databases: list[Databases], amount: Amount) -> dict[str, Any]:
    """p50 and p99 of each page in milliseconds, small and large, and their ratio."""
    found = {}
    for one in databases:
        with ExitStack() as stack:
            small, large = (stack.enter_context(_site(one, volume)) for volume in (amount.small, amount.large))
            found[one.kind] = {
                name: _compared(small, large, name, amount.requests)
                for name in ("inbox", "search by number", "search by name", "case page")
            }
    return {
        "what": (
            f"milliseconds a page over HTTP; × is p50 with {amount.large.open} open and {amount.large.closed} closed "
            f"cases against {amount.small.open} and {amount.small.closed}, asked for in turn"
        ),
        "requests": amount.requests,
        "databases": found,
    }


def _compared(small: Site, large: Site, name: str, requests: int) -> dict[str, Any]:
    took: dict[str, list[float]] = {"small": [], "large": []}
    for number in range(requests + 2):
        for size, site in (("small", small), ("large", large)):
            began = perf_counter()
            site.get(site.paths[name])
            if number >= 2:  # the first ones compile templates and statements
                took[size].append(perf_counter() - began)
    found: dict[str, Any] = {size: _told(times) for size, times in took.items()}
    return {**found, "ratio": round(found["large"]["p50"] / found["small"]["p50"], 2)}


def _told(times: list[float]) -> dict[str, float]:
    last = sorted(times)[ceil(len(times) * 0.99) - 1]
    return {"p50": round(median(times) * 1000, 2), "p99": round(last * 1000, 2)}


class Site:
    """A running `samled web` and somebody who has logged in to it."""

    def __init__(self, port: int, real: str) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=_STARTUP)
        self._cookies: dict[str, str] = {}
        self.paths = {
            "inbox": "/",
            "search by number": f"/cases?{urlencode({'text': '2025-1000010', 'state': 'all'})}",
            "search by name": f"/cases?{urlencode({'text': 'Elevhälsan Skövde', 'state': 'all'})}",
            "case page": f"/cases/{real}",
        }

    def log_in(self) -> None:
        """As a person of the example organisation. Raises NoAnswer."""
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self._ask("GET", "/login", {})[1])
        if token is None:
            raise NoAnswer
        form = {"csrf_token": token[1], "_login": "1", "username": USERNAME, "password": PASSWORD}
        status, _ = self._ask("POST", "/login", form)
        if status not in (302, 303):
            raise NoAnswer

    def get(self, path: str) -> str:
        """A page. Raises NoAnswer when it is not shown."""
        status, body = self._ask("GET", path, {})
        if status != 200 or 'name="password"' in body:
            raise NoAnswer
        return body

    def _ask(self, method: str, path: str, form: dict[str, str]) -> tuple[int, str]:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        if form:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self._connection.request(method, path, urlencode(form) or None, headers)
        response = self._connection.getresponse()
        for cookie in response.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name] = value
        return response.status, response.read().decode()


@contextmanager
def _site(database: Databases, volume: Volume) -> Iterator[Site]:
    """A filled database with a web process of its own before it."""
    with database.fresh() as url, tempfile.TemporaryDirectory() as folder:
        with closing(Engine(url)) as engine:
            real = fill(engine, volume)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        settings = {
            **{name: value for name, value in os.environ.items() if not name.startswith("SAMLED_")},
            "SAMLED_DATABASE_URL": url,
            "SAMLED_SECRET_KEY": secrets.token_hex(32),
        }
        command = [str(_COMMAND), "web", "--port", str(port)]
        with (Path(folder) / "log").open("wb") as log:
            process = subprocess.Popen(command, env=settings, cwd=folder, stdout=log, stderr=log)  # noqa: S603 - ours
        try:
            site = _when_ready(port, real, process)
            site.log_in()
            yield site
        finally:
            process.terminate()
            process.wait(timeout=30)


def _when_ready(port: int, real: str, process: subprocess.Popen[bytes]) -> Site:
    until = time.monotonic() + _STARTUP
    while process.poll() is None and time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return Site(port, real)
        except OSError:
            time.sleep(0.1)
    raise NoAnswer
