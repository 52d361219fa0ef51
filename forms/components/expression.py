"""An answer that nobody types: computed from the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from forms.components.base import Component
from forms.nodes import Node


@dataclass(frozen=True, kw_only=True)
class Expression(Component):
    """A FEEL expression whose value is stored under the key. What is posted for it is ignored.

    `computeOn` (`change` or `presubmit`) makes no difference to what is stored: it is computed when the form is read.
    """

    type = "expression"
    properties = frozenset({"key", "label", "description", "expression", "computeOn"})

    keys: tuple[str, ...]
    #: FEEL source.
    source: str

    @classmethod
    def settings(cls, node: Node) -> dict[str, Any]:
        if node.text("computeOn") not in ("", "change", "presubmit"):
            node.refuse("property-type.compute-on")
        source = node.feel("expression", node.content.get("expression"))
        return {"keys": node.keys("key", required=True), "source": source}

    def expressions(self) -> dict[str, str]:
        return {**super().expressions(), "expression": self.source}
