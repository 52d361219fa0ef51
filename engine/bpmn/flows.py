"""Sequence flows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.bpmn.nodes import Node
    from engine.bpmn.values import Value


@dataclass(eq=False, slots=True)
class Flow:
    """A sequence flow. The order in the file is the order in which conditions are asked."""

    id: str
    source: Node
    target: Node
    condition: Value | None = None
    is_default: bool = False
    name: str | None = None
