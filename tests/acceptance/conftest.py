"""A browser for the test process, and a running installation to look at."""

from __future__ import annotations

from collections.abc import Iterator

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
def example_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sites.Site]:
    """`samled run` on SQLite with the example organisation, for tests that only look."""
    folder = tmp_path_factory.mktemp("example")
    with sites.running(f"sqlite:///{folder / 'samled.db'}", folder, apart=False) as running:
        yield running
