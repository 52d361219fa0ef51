"""Findings as SARIF 2.1.0 (OASIS), the form in which code hosts show them beside a file."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from engine.findings import Finding
from engine.rules import Rule, rules

_LEVELS = {"error": "error", "publishing": "warning", "warning": "note"}


def sarif(findings: Sequence[Finding]) -> dict[str, Any]:
    """One run with its rules and results, as JSON can hold it."""
    used = dict.fromkeys(finding.rule for finding in findings)
    driver = {
        "name": "samled",
        "version": version("samled"),
        "rules": [_rule(rules()[rule_id]) for rule_id in used],
    }
    results = [_result(finding) for finding in findings]
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}],
    }


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.title.en},
        "fullDescription": {"text": rule.why.en},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"check": rule.check},
    }


def _result(finding: Finding) -> dict[str, Any]:
    place: dict[str, Any] = {"physicalLocation": {"artifactLocation": {"uri": finding.file}}}
    if finding.element:
        named = {"name": finding.element_name} if finding.element_name else {}
        place["logicalLocations"] = [{"fullyQualifiedName": finding.element, "kind": "element", **named}]
    return {
        "ruleId": finding.rule,
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{finding.message.rstrip('.')}. {finding.remedy.rstrip('.')}."},
        "locations": [place],
    }
