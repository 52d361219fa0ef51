"""A page of a long list, and the cursor to the next. Keyset paging: page 1,000 costs what page 1 does."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable
from typing import Any, TypeVar

from engine.errors import NotFound

T = TypeVar("T")


class Page(list[T]):
    """The items of one page; `next` is the cursor of the following one, None on the last."""

    def __init__(self, items: Iterable[T] = (), next: str | None = None) -> None:
        super().__init__(items)
        self.next = next


def to_cursor(*keys: Any) -> str:
    """A cursor out of the sort keys of a page's last row (text and numbers)."""
    return base64.urlsafe_b64encode(json.dumps(keys).encode()).decode().rstrip("=")


def from_cursor(cursor: str, count: int) -> list[Any]:
    """The sort keys of a cursor. Raises NotFound for one that was not made here."""
    try:
        keys = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error) as error:
        raise NotFound("There is no such page. Go back to the first.") from error
    if not isinstance(keys, list) or len(keys) != count:
        raise NotFound("There is no such page. Go back to the first.")
    return keys
