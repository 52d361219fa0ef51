"""The promise of the unit that is asked, in words: its own, or the process's template.

A process says the template and where the unit stands (`promise`, `promise_by` in process.toml); each unit may word its
own on its page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.caching import Published
from engine.directory import Unit
from engine.promises import Promise
from web import chain
from web.context import engine, now
from web.durations import duration_words
from web.remembered import the_units
from web.texts import text_of


@dataclass(frozen=True)
class Promised:
    """What is shown to whoever asks."""

    unit_id: str
    text: str
    #: When the unit's mailbox is watched.
    watched: str = ""


def promised(published: Published, process_id: str, data: Mapping[str, Any]) -> Promised | None:
    """What the unit promises that is asked, as far as the data says which; None where nothing is promised."""
    settings = published.package.settings
    unit_id = chain.holder(data) or _at(data, settings.promise_by)
    unit = the_units().get(unit_id)
    if unit is None or not settings.promise:
        return None
    own = engine().promise(unit.id)
    return Promised(unit.id, in_words(own, published, process_id, unit), own.watched)


def in_words(own: Promise, published: Published, process_id: str, unit: Unit) -> str:
    """The promise with the unit's name and its organisation's deadlines filled in."""
    principals = [unit.principal] if unit.principal else []
    values = engine().settings().deadline_values(process_id, published.deadlines, now(), principals)
    words = {name: duration_words(value) for name, value in values.items()}
    return own.in_words(text_of(published, published.package.promise), words | {"unit": unit.name})


def _at(data: Mapping[str, Any], path: str | None) -> str:
    place: Any = data
    for part in (path or "").split("."):
        place = place.get(part) if isinstance(place, Mapping) else None
    return place if isinstance(place, str) else ""
