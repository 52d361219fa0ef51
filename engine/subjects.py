"""Whom a case is about: a keyed hash of the personal identity number, so that a second case for the same child is
noticed without the number standing in any column."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from engine import organisations

_KEY = "subject-key"


def prepare(tx: Connection, now: datetime) -> None:
    """Make the organisation's key, once."""
    if organisations.get(tx, _KEY) is None:
        organisations.put(tx, _KEY, secrets.token_hex(32), None, now)


def key_of(tx: Connection, path: str | None, data: Mapping[str, Any], today: date) -> str | None:
    """The hash for the number at a dotted path of the case's data; None when there is none."""
    value: Any = data if path else None
    for part in (path or "").split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    number = normal(value, today) if isinstance(value, str) else None
    if number is None:
        return None
    key = bytes.fromhex(organisations.get(tx, _KEY))
    return hmac.new(key, number.encode(), hashlib.sha256).hexdigest()


def normal(number: str, today: date) -> str | None:
    """The twelve digits of a personal identity or co-ordination number; None for anything else.

    Ten digits get their century by folkbokföringslagen (1991:481) 18 §: `+` in place of `-` from the year of 100.
    """
    digits = "".join(letter for letter in number if letter.isdigit())
    if len(digits) == 12:
        return digits
    if len(digits) != 10:
        return None
    year = today.year - (today.year - int(digits[:2])) % 100
    return f"{year - 100 if '+' in number else year}{digits[2:]}"
