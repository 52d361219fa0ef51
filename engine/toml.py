"""Reading TOML that anybody may have written."""

from __future__ import annotations

import re
import tomllib
from typing import Any

#: A key of more parts than this: the library keeps every beginning of it, which is gigabytes for 20,000 parts.
_LONG_KEY = re.compile(r"""(?:(?:(?<![\w-])[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){100}""")


def read_toml(text: str) -> dict[str, Any]:
    """The table.

    Raises:
        tomllib.TOMLDecodeError: it is no TOML.
        RecursionError: it is nested too deep.
    """
    if _LONG_KEY.search(text):
        raise RecursionError
    return tomllib.loads(text)
