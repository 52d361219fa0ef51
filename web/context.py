"""What views reach for: the engine of this application, its directory and its clock."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from flask import current_app

from engine import Engine
from engine.directory import Directory


def engine() -> Engine:
    """The engine this application works on."""
    return cast(Engine, current_app.extensions["samled"])


def directory() -> Directory:
    """Units and people."""
    return engine().directory


def now() -> datetime:
    """The time by the engine's clock, which tests may have moved."""
    return engine().clock.now()
