"""Collects what is wrong in a model while it is read, so that its owner hears of everything at once."""

from __future__ import annotations

from lxml import etree

from engine.errors import FeelError
from engine.findings import Finding, Severity


class Faults:
    """The findings of one file."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.findings: list[Finding] = []

    def add(
        self, node: etree._Element | None, rule: str, message: str, remedy: str, *, severity: Severity = "error"
    ) -> None:
        """Remember a fault of the element `node` (of the whole file where None)."""
        element = node.get("id", "") if node is not None else ""
        name = node.get("name") if node is not None else None
        finding = Finding(self.file, element, severity, rule, message, remedy, name)
        if finding not in self.findings:
            self.findings.append(finding)

    def expression(self, node: etree._Element, error: FeelError) -> None:
        """Remember an expression that does not parse."""
        self.add(node, "expression", str(error).rstrip("."), "Correct the FEEL expression")
