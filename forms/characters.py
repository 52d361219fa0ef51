"""Which characters an answer may hold, so that it survives every database and every page."""

from __future__ import annotations

import re
import unicodedata

from forms.wrong import Wrong

#: Control characters (PostgreSQL's jsonb refuses NUL) and lone surrogates (no UTF-8 for them); line feed and tab stay.
_UNSTORABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


def storable(text: str) -> str:
    """The text in NFC, without white space around it. Raises Wrong when it cannot be stored."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if _UNSTORABLE.search(text):
        raise Wrong("characters")
    return unicodedata.normalize("NFC", text).strip()


def showable(text: str) -> str:
    """The text as a page can hold it: what cannot be sent is marked."""
    return _UNSTORABLE.sub("\ufffd", text)


def printable(text: str, most: int = 60) -> str:
    """Any text made harmless for a message or a log."""
    text = showable(text)
    return text if len(text) <= most else text[: most - 1] + "…"
