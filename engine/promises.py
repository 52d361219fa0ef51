"""What a unit promises whoever asks it something, in its own words, and when its mailbox is watched.

A process has a template of the promise (`promise` in process.toml); a unit that has worded nothing promises that. Kept
as a setting, `promise:<unit>`: who changed it, when and why stays on record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from engine import counters, organisations
from engine.organisations import SettingChange
from engine.schema import setting_changes, settings

KEY = "promise:"
#: Characters of each text.
LONGEST = 500


@dataclass(frozen=True)
class Promise:
    """A unit's own words; nothing: the template."""

    text: str = ""
    #: When the function mailbox is watched, and by whom: a function, not a name.
    watched: str = ""

    def in_words(self, template: str, values: Mapping[str, str]) -> str:
        """The unit's own text, else the template; `{unit}` and `{name of a deadline}` replaced where they are known."""
        text = self.text or template
        for name, value in values.items():
            text = text.replace(f"{{{name}}}", value)
        return text


def of_unit(tx: Connection, unit: str) -> Promise:
    """What a unit promises; empty when it has worded nothing."""
    return _read(organisations.get(tx, KEY + unit))


def of_all(tx: Connection) -> Mapping[str, Promise]:
    """Unit id → its promise, for units that have worded one."""
    rows = tx.execute(select(settings.c.key, settings.c.value).where(settings.c.key.startswith(KEY, autoescape=True)))
    return {row.key.removeprefix(KEY): _read(row.value) for row in rows}


def put(tx: Connection, unit: str, promise: Promise, by: str | None, now: datetime, reason: str) -> None:
    """Word a unit's promise anew. Raises ValueError for a text that is too long."""
    if max(len(promise.text), len(promise.watched)) > LONGEST:
        raise ValueError(f"A promise has at most {LONGEST} characters. Say it shorter.")
    counters.raise_organisation(tx)  # first: whoever changes a setting at the same time waits here
    if of_unit(tx, unit) == promise:
        return
    value = {"text": promise.text, "watched": promise.watched}
    organisations.put(tx, KEY + unit, value, by, now)
    row = {"key": KEY + unit, "value": value, "reason": reason, "changed_at": now, "changed_by": by}
    tx.execute(insert(setting_changes).values(**row))


def history(tx: Connection, unit: str, limit: int = 20) -> list[SettingChange]:
    """Who worded it how, when and why, the newest first."""
    columns = [setting_changes.c[name] for name in SettingChange.__slots__]
    query = select(*columns).where(setting_changes.c.key == KEY + unit).order_by(setting_changes.c.id.desc())
    return [SettingChange(*row) for row in tx.execute(query.limit(limit))]


def _read(value: Any) -> Promise:
    return Promise(str(value.get("text", "")), str(value.get("watched", ""))) if isinstance(value, dict) else Promise()
