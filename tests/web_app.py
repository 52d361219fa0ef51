"""The web application over a real database with the example organisation in it, for tests that fetch pages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from argon2 import PasswordHasher
from flask import Flask

from engine import Engine
from engine.clock import Clock, SystemClock
from engine.example import PASSWORD, load_example_organisation, sign_ins
from web.app import create_app
from web.settings import Settings


@cache
def _hash() -> str:
    """Of everybody's password, made once: a hash is meant to take time."""
    return PasswordHasher().hash(PASSWORD)


@contextmanager
def running_app(
    database_url: str, *, clock: Clock | None = None, example: bool = False, **config: Any
) -> Iterator[Flask]:
    """An application whose example people can log in; its engine is `app.extensions["samled"]`."""
    engine = Engine(database_url, clock=clock or SystemClock())
    try:
        engine.upgrade()
        load_example_organisation(engine)
        people = engine.directory.people()
        engine.directory.add_people(people, {person.id: _hash() for person in people})
        yield create_app(engine=engine, settings=Settings(secret_key="k" * 40, example=example), TESTING=True, **config)
    finally:
        engine.close()


__all__ = ["PASSWORD", "running_app", "sign_ins"]
