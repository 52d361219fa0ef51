"""One of the bundles in an embedded JavaScript engine of its own, under limits of time and memory."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import quickjs

from engine.errors import SamledError

_DIST = Path(__file__).parent / "dist"
#: Bytes. A model of 2,000 elements takes a tenth of it.
MEMORY_LIMIT = 256 * 2**20
#: Bytes; a thread's own stack is 8 MB on Linux, so the guard fires long before that is full.
STACK_SIZE = 1024 * 1024


class BundleMissing(SamledError):
    """A bundle of bpmn.io's libraries is not built: see engine/bpmnio/dist/. Run `make setup`."""


class Failed(Exception):
    """The script did not come to an end within its limits, or could not do what it was asked. The text says which."""


class Script:
    """A bundle, loaded (some 20 ms). For one thread; of no more use once it has `Failed`."""

    def __init__(self, name: str) -> None:
        self._context = quickjs.Context()
        self._context.set_max_stack_size(STACK_SIZE)
        self._context.set_memory_limit(MEMORY_LIMIT)
        self._context.eval(_bundle(name))
        self._name = name

    def __call__(self, text: str, *, seconds: float) -> Any:
        """The answer to `text` as JSON can hold it, within so many seconds of CPU time for each of its steps.

        Raises:
            Failed: it took too long, needed too much memory, or raised an error.
        """
        self._context.set_time_limit(seconds)
        try:
            self._context.get(self._name)(text)
            while self._context.execute_pending_job():
                pass
        except quickjs.JSException as error:
            raise Failed(str(error).splitlines()[0]) from None
        answer = json.loads(self._context.get("answer") or '{"error": "no answer"}')
        if "error" in answer:
            raise Failed(answer["error"])
        return answer["value"]


@cache
def _bundle(name: str) -> str:
    try:
        return (_DIST / f"{name}.js").read_text("utf-8")
    except OSError:
        raise BundleMissing from None
