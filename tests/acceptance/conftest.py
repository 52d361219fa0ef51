"""A browser for the test process, and a running installation to look at."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests import browser as browsers
from tests import site as sites


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, started once a test process; each person has a context of their own."""
    with browsers.running() as running:
        yield running


@pytest.fixture(scope="session")
def example_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the example organisation, for tests to copy: made once, whichever test process is first."""
    own = tmp_path_factory.getbasetemp()
    return sites.example_database(own.parent if "PYTEST_XDIST_WORKER" in os.environ else own)


@pytest.fixture(scope="session")
def example_site(tmp_path_factory: pytest.TempPathFactory, example_database: Path) -> Iterator[sites.Site]:
    """`samled run` on SQLite with the example organisation, for tests that only look."""
    with sites.copied(example_database, tmp_path_factory.mktemp("example")) as running:
        yield running
