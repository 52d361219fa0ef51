"""An engine under a virtual clock on a fresh database of each kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine import Actor, Engine, VirtualClock
from engine.directory import Membership, Person, Unit
from tests.integration import drawing

START = "2026-03-27T10:00+01:00"  # a Friday


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(START)


@pytest.fixture
def engine(database_url: str, clock: VirtualClock) -> Iterator[Engine]:
    engine = Engine(database_url, clock=clock)
    yield engine
    engine.close()


@pytest.fixture
def other_engine(database_url: str, clock: VirtualClock) -> Iterator[Engine]:
    """Another process's engine on the same database."""
    engine = Engine(database_url, clock=clock)
    yield engine
    engine.close()


@pytest.fixture
def anna() -> Actor:
    return Actor(id="anna", units=["elevhalsa-skovde"], roles=["staff"])


@pytest.fixture
def publish(engine: Engine, tmp_path: Path) -> Callable[[str], None]:
    """Publishes a model given as text."""

    def publish(model: str) -> None:
        engine.publish(drawing.write(tmp_path, model))

    return publish


@pytest.fixture
def organisation(engine: Engine) -> Engine:
    """A small organisation: three units in Skövde, one of the region, a manager with e-mail."""
    engine.directory.add_units(
        [
            Unit("elevhalsa-skovde", "Elevhälsan", "elevhalsa", "Skövde kommun", "Skövde", "elevhalsa@example.org"),
            Unit("soc-skovde", "Socialtjänsten", "socialtjanst", "Skövde kommun", "Skövde", "soc@example.org"),
            Unit("partner-skovde", "Partssamverkan", "partssamverkan", "Skövde", "Skövde", "partner@example.org"),
            Unit("partner-mariestad", "Partssamverkan", "partssamverkan", "Mariestad", "Mariestad", "m@example.org"),
            Unit("bup", "BUP", "bup", "Regionen", None, "bup@example.org"),
        ]
    )
    engine.directory.add_people(
        [
            Person("anna", "anna", "Anna Exempel", "anna@example.org"),
            Person("chef", "chef", "Chef Exempel", "chef@example.org", "en"),
            Person("sara", "sara", "Sara Exempel", "sara@example.org"),
        ]
    )
    engine.directory.add_memberships(
        [
            Membership("anna", "elevhalsa-skovde", "staff"),
            Membership("chef", "elevhalsa-skovde", "unit-manager"),
            Membership("sara", "soc-skovde", "staff"),
        ]
    )
    return engine
