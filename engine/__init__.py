"""The engine: BPMN, time and persistence. Knows neither Flask nor web."""

from typing import TYPE_CHECKING, Any

from engine.actors import Actor
from engine.clock import SystemClock, VirtualClock
from engine.errors import Conflict, Forbidden, InvalidAnswers, InvalidModel, NotFound, SamledError

if TYPE_CHECKING:
    from engine.engine import Engine

__all__ = [
    "Actor",
    "Conflict",
    "Engine",
    "Forbidden",
    "InvalidAnswers",
    "InvalidModel",
    "NotFound",
    "SamledError",
    "SystemClock",
    "VirtualClock",
]


def __getattr__(name: str) -> Any:
    # When first asked for: the database libraries take most of a second to import, and to validate needs none of them.
    if name == "Engine":
        from engine.engine import Engine

        return Engine
    raise AttributeError(name)
