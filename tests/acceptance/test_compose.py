"""What docker-compose.yml says, run without Docker: each service's own command and environment, against a real PostgreSQL."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests import postgres, site

ROOT = Path(__file__).parents[2]


class Compose:
    """The file, with what Docker would supply put in its place: names, secrets, ports."""

    def __init__(self, server: postgres.Server, database: str, folder: Path) -> None:
        self.services: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
        self.folder = folder
        self.port = str(site.free_port())
        self.places = {
            "@postgres:5432/samled": f"@/{database}?host={server.socket_folder}",
            "/run/secrets/": f"{folder}/",
            "8000": self.port,
            "0.0.0.0": "127.0.0.1",
        }
        for name in ("database_password", "secret_key"):
            (folder / name).write_text(name * 4)

    def environment(self, service: str) -> dict[str, str]:
        given: Mapping[str, str] = self.services[service]["environment"]
        return site.environment(**{name: self.placed(self.default(value)) for name, value in given.items()})

    def command(self, service: str) -> list[str]:
        return self.program(self.services[service]["command"])

    def health_check(self, service: str) -> list[str]:
        kind, *command = self.services[service]["healthcheck"]["test"]
        assert kind == "CMD"
        return self.program(command)

    def program(self, command: list[str]) -> list[str]:
        first, *rest = [self.placed(word) for word in command]
        return [str(site.SAMLED.with_name(first)), *rest]

    def placed(self, text: str) -> str:
        for name, here in self.places.items():
            text = text.replace(name, here)
        return text

    @staticmethod
    def default(text: str) -> str:
        """What Compose makes of ${NAME:-default} when NAME is not set."""
        return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)

    def healthy(self, service: str) -> bool:
        done = subprocess.run(
            self.health_check(service), env=self.environment(service), cwd=self.folder, capture_output=True, timeout=30
        )
        return done.returncode == 0


@pytest.fixture
def compose(postgresql_server: postgres.Server, tmp_path: Path) -> Compose:
    postgresql_server.run("DO $$ BEGIN CREATE ROLE samled LOGIN SUPERUSER; EXCEPTION WHEN duplicate_object THEN END $$")
    postgresql_server.drop("compose")
    postgresql_server.create("compose")
    return Compose(postgresql_server, "compose", tmp_path)


def test_init_then_web_and_scheduler_come_up_healthy_and_end_when_asked_to(compose: Compose) -> None:
    environment = compose.environment("init")
    done = subprocess.run(
        compose.command("init"), env=environment, cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert not compose.healthy("scheduler")
    with (
        site.process(compose.command("web"), compose.environment("web"), compose.folder),
        site.process(compose.command("scheduler"), compose.environment("scheduler"), compose.folder),
    ):
        site.until(lambda: compose.healthy("web"), "web is healthy")
        site.until(lambda: compose.healthy("scheduler"), "the scheduler is healthy")
        assert site.answers(f"http://127.0.0.1:{compose.port}/login")
