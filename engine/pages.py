"""A page of a long list, and the cursors to its neighbours. Keyset paging: page 1,000 costs what page 1 does."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from engine.errors import NotFound

T = TypeVar("T")
#: Marks the cursor of a page that is read from its end.
_BACKWARD = "<"


class Page(list[T]):
    """The items of one page, and cursors of its neighbours: None where there is nothing at this moment."""

    def __init__(self, items: Iterable[T] = (), next: str | None = None, previous: str | None = None) -> None:
        super().__init__(items)
        self.next, self.previous = next, previous


@dataclass(frozen=True)
class Turn:
    """Where a page begins: after a row with these sort keys, or before it, reading backwards."""

    keys: Sequence[Any]
    backward: bool = False


#: Gives at most so many rows beyond a turn (None: from the beginning), those that lie nearest to it first.
Fetch = Callable[[Turn | None, int], Sequence[T]]


@dataclass(frozen=True)
class Pager(Generic[T]):
    """How a list is read and where its rows stand in it."""

    fetch: Fetch[T]
    #: The sort keys of a row, as text and numbers.
    keys: Callable[[T], Sequence[Any]]
    #: The sort keys of a cursor as the database wants them. May raise TypeError, ValueError.
    read: Callable[[Sequence[Any]], Sequence[Any]]

    def page(self, cursor: str | None, limit: int) -> Page[T]:
        """The page at a cursor. Raises NotFound for one that was not made here."""
        turn = self._turn(cursor) if cursor else None
        rows = list(self.fetch(turn, limit + 1))
        more, shown = len(rows) > limit, rows[:limit]
        if not shown:
            return Page()
        if turn is None:
            return Page(shown, self._cursor(shown[-1]) if more else None)
        if turn.backward:
            shown.reverse()
        first, last = shown[0], shown[-1]
        after = self._beyond(last, backward=False) if turn.backward else more
        before = more if turn.backward else self._beyond(first, backward=True)
        return Page(shown, self._cursor(last) if after else None, self._cursor(first, _BACKWARD) if before else None)

    def _turn(self, cursor: str) -> Turn:
        keys = from_cursor(cursor)
        backward = keys[:1] == [_BACKWARD]
        try:
            return Turn(self.read(keys[1:] if backward else keys), backward)
        except (TypeError, ValueError) as error:
            raise NotFound("There is no such page. Go back to the first.") from error

    def _cursor(self, row: T, *mark: str) -> str:
        return to_cursor(*mark, *self.keys(row))

    def _beyond(self, row: T, *, backward: bool) -> bool:
        """Whether anything lies beyond a row now: what was there when the cursor was made may be gone."""
        return bool(self.fetch(Turn(self.read(self.keys(row)), backward), 1))


def one_number(keys: Sequence[Any]) -> tuple[int]:
    """The key of a list that is sorted by a number. Raises TypeError, ValueError."""
    (number,) = keys
    if type(number) is not int or abs(number) >= 2**63:
        raise ValueError(number)
    return (number,)


def to_cursor(*keys: Any) -> str:
    """A cursor out of the sort keys of a page's last row (text and numbers)."""
    return base64.urlsafe_b64encode(json.dumps(keys).encode()).decode().rstrip("=")


def from_cursor(cursor: str) -> list[Any]:
    """The sort keys of a cursor. Raises NotFound for one that was not made here."""
    try:
        keys = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error, RecursionError) as error:
        raise NotFound("There is no such page. Go back to the first.") from error
    if not isinstance(keys, list):
        raise NotFound("There is no such page. Go back to the first.")
    return keys
