"""The rules that models are checked by: severity, reason and words, in the `.toml` files beside this one.

A file is one kind of check. A rule has a title, why it is there, and the words of its finding; where it has several
findings to tell, each is a variant of its own: `finding("unsupported-element.transaction", …)`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

from engine.findings import Finding, Language, Severity

#: In the order in which they run; each is a file here.
CHECKS = (
    "reading", "package", "bpmn", "supported", "style", "expressions", "references", "decisions", "forms", "soundness",
    "chairs", "scenarios",
)  # fmt: skip


@dataclass(frozen=True)
class Text:
    """The same in both languages. What stands in braces is filled in: `{name}`."""

    en: str
    sv: str

    def fill(self, language: Language, values: Mapping[str, Any]) -> str:
        """The text with its values; a value that is a `Text` itself is taken in the same language."""
        shown = {key: getattr(one, language) if isinstance(one, Text) else one for key, one in values.items()}
        return cast("str", getattr(self, language)).format_map(shown)


@dataclass(frozen=True)
class Words:
    """What one finding says."""

    message: Text
    remedy: Text


@dataclass(frozen=True)
class Rule:
    """One rule."""

    id: str
    #: Which check it belongs to: one of `CHECKS`.
    check: str
    severity: Severity
    title: Text
    #: Why it is there, for somebody who draws.
    why: Text
    #: Variant (empty where there is but one) → words.
    says: Mapping[str, Words] = field(default_factory=dict)


@cache
def rules() -> Mapping[str, Rule]:
    """Rule id → rule, in the order of the checks."""
    read = (
        _rule(rule_id, check, table)
        for check in CHECKS
        for rule_id, table in tomllib.loads((Path(__file__).parent / f"{check}.toml").read_text("utf-8")).items()
    )
    return MappingProxyType({rule.id: rule for rule in read})


def finding(
    rule: str,
    file: str,
    element: str = "",
    *,
    name: str | None = None,
    severity: Severity | None = None,
    path: tuple[str, ...] = (),
    **values: Any,
) -> Finding:
    """A finding in the words of a rule (`rule` or `rule.variant`), with `values` filled in.

    `severity` departs from the rule's own where the same fault weighs less, such as in a bare model.
    Raises KeyError for a rule, variant or value that does not exist: a fault of the caller.
    """
    said, rule_id = words(rule, values), rule.partition(".")[0]
    weight, swedish = severity or rules()[rule_id].severity, (said.message.sv, said.remedy.sv)
    return Finding(file, element, weight, rule_id, said.message.en, said.remedy.en, name, swedish, path)


def words(rule: str, values: Mapping[str, Any]) -> Words:
    """What a rule (`rule` or `rule.variant`) says, with `values` filled in. Raises KeyError as `finding` does."""
    rule_id, _, variant = rule.partition(".")
    said = rules()[rule_id].says[variant]
    message, remedy = (Text(text.fill("en", values), text.fill("sv", values)) for text in (said.message, said.remedy))
    return Words(message, remedy)


def _rule(rule_id: str, check: str, table: dict[str, Any]) -> Rule:
    variants = {key: value for key, value in table.items() if isinstance(value, dict) and "message" in value}
    said = {"": table} if "message" in table else {}
    says = {
        variant: Words(Text(**own["message"]), Text(**(own.get("remedy") or table["remedy"])))
        for variant, own in (said | variants).items()
    }
    return Rule(rule_id, check, table["severity"], Text(**table["title"]), Text(**table["why"]), MappingProxyType(says))
