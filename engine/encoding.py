"""The one JSON form of everything that is stored: case data, answers, history, outbox.

Only what JSON knows may be stored (dates are ISO text): a `date`, a tuple or an integer key would come back
as something else, so it is refused here instead of changing silently.
"""

from __future__ import annotations

import json
import zlib
from typing import Any

#: Below this many bytes zlib makes the text longer, not shorter.
_WORTH_COMPRESSING = 90
_PLAIN, _DEFLATED = b"j", b"z"

_encoder = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def encode(value: Any) -> str:
    """The JSON text of a value. Raises TypeError or ValueError for what JSON has no form for."""
    return _encoder.encode(value)


def decode(text: str | bytes) -> Any:
    """The value of a JSON text."""
    return json.loads(text)


def pack(value: Any) -> bytes:
    """The JSON of a value as bytes, compressed where that pays."""
    return pack_text(_encoder.encode(value).encode())


def pack_text(plain: bytes) -> bytes:
    """The same of JSON that is text already."""
    if len(plain) < _WORTH_COMPRESSING:
        return _PLAIN + plain
    return _DEFLATED + zlib.compress(plain, 1)


def unpack(blob: bytes) -> Any:
    """The value of what `pack` made."""
    return json.loads(blob[1:] if blob[:1] == _PLAIN else zlib.decompress(blob[1:]))


def plain(value: Any, path: str = "") -> Any:
    """A copy of the value with JSON types only. Raises TypeError naming the path of what is none."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            raise TypeError(f"{path or 'value'}: {value} is not a number that can be stored")
        return value
    if isinstance(value, dict):
        return {_key(key, path): plain(item, f"{path}.{key}" if path else str(key)) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item, f"{path}[{number}]") for number, item in enumerate(value)]
    raise TypeError(f"{path or 'value'}: {type(value).__name__} has no JSON form; write dates as text")


def _key(key: Any, path: str) -> str:
    if not isinstance(key, str):
        raise TypeError(f"{path or 'value'}: the key {key!r} is not text")
    return key
