"""The engine: BPMN, time and persistence. Knows neither Flask nor web."""

from engine.actors import Actor
from engine.clock import SystemClock, VirtualClock
from engine.engine import Engine
from engine.errors import Conflict, Forbidden, InvalidAnswers, InvalidModel, NotFound, SamledError

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
