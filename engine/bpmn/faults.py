"""Collects what is wrong in a model while it is read, so that its owner hears of everything at once."""

from __future__ import annotations

from typing import Any

from lxml import etree

from engine.errors import FeelError
from engine.findings import Finding, Severity
from engine.rules import finding


class Faults:
    """The findings of one file."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.findings: list[Finding] = []

    def add(self, node: etree._Element | None, rule: str, *, severity: Severity | None = None, **values: Any) -> None:
        """Remember a fault of the element `node` (of the whole file where None), in the words of `rule`."""
        element, name = (node.get("id", ""), node.get("name")) if node is not None else ("", None)
        found = finding(rule, self.file, element, name=name, severity=severity, **values)
        if found not in self.findings:
            self.findings.append(found)

    def expression(self, node: etree._Element, error: FeelError) -> None:
        """Remember an expression that does not parse."""
        self.add(node, "expression", problem=error.said, remedy=error.remedy)
