"""An answer of the wrong shape, while it is being read."""

from __future__ import annotations

from typing import Any


class Wrong(Exception):
    """The raw answer has the wrong shape. Carries a message's key and values; the label is added where it is known."""

    def __init__(self, key: str, **params: Any) -> None:
        self.key, self.params = key, params
        super().__init__(key)
