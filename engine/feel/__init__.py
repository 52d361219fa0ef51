"""FEEL, the expression language of models: evaluated in a sandbox, under limits, with nothing to reach from it."""

from engine.feel.context import CalendarTable, FeelContext
from engine.feel.expression import Expression, Kind, Warning
from engine.feel.feel import Feel, current_feel
from engine.feel.runtime import BundleMissing
from engine.feel.source import Static, parse_static_or_feel
from engine.feel.tree import Tree

__all__ = [
    "BundleMissing",
    "CalendarTable",
    "Expression",
    "Feel",
    "FeelContext",
    "Kind",
    "Static",
    "Tree",
    "Warning",
    "current_feel",
    "parse_static_or_feel",
]
