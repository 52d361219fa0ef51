"""What one request asks for again and again and that cannot change under it: asked of the engine once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any, TypeVar

from flask import g

from engine.caching import Published
from engine.calendars import Calendar
from engine.directory import Organisation, Unit
from engine.organisations import Settings
from engine.school_years import SchoolYears
from web.context import engine

T = TypeVar("T")


def once(key: Hashable, ask: Callable[[], T]) -> T:
    """The answer of the first time in this request."""
    answers: dict[Hashable, Any] = g.setdefault("remembered", {})
    if key not in answers:
        answers[key] = ask()
    found: T = answers[key]
    return found


def the_version(version_id: int) -> Published:
    """A version: it never changes."""
    return once(("version", version_id), lambda: engine().published(version_id))


def the_units() -> Mapping[str, Unit]:
    """The units of the organisation, by name."""
    return the_organisation().units


def the_organisation() -> Organisation:
    """Units and their managers."""
    return once("organisation", lambda: engine().organisation())


def the_settings() -> Settings:
    """The organisation's calendar, rhythms and own values."""
    return once("settings", lambda: engine().settings())


def the_calendar() -> Calendar:
    """The organisation's calendar."""
    return once("calendar", lambda: engine().calendar())


def the_school_years() -> SchoolYears:
    """The terms of the organisation's schools."""
    return the_settings().school_years
