"""Why a form file cannot be used: what is wrong, in which component, by which rule, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reason:
    """One fault of one component. The caller turns it into a finding of its own kind, field by field."""

    file: str
    #: Component key, path or id; empty for the form as a whole.
    component: str
    #: Rule id, such as `unsupported-component`.
    rule: str
    message: str
    remedy: str

    def __str__(self) -> str:
        return (
            f"{self.file}:{self.component}: error {self.rule}: {self.message.rstrip('.')}. {self.remedy.rstrip('.')}."
        )
