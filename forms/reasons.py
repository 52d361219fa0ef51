"""Why a form file cannot be used: in which component, by which rule. The words are the engine's, in two languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Reason:
    """One fault of one component. Whoever shows it has the words of the rule (`engine/rules/forms.toml`)."""

    file: str
    #: Component key, path or id; empty for the form as a whole.
    component: str
    #: Rule, perhaps with a variant: `unsupported-component`, `property-type.text`.
    rule: str
    #: What the words of the rule ask for.
    values: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        """For developers."""
        said = ", ".join(f"{name}={value!r}" for name, value in self.values.items())
        return f"{self.file}:{self.component}: {self.rule}" + (f" ({said})" if said else "")
