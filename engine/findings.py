"""A finding: what is wrong in a file, where, by which rule, and what to do about it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

Severity = Literal["error", "publishing", "warning"]


@dataclass(frozen=True)
class Finding:
    """One fault of one element. `str()` gives the line that `samled validate` prints."""

    file: str
    #: Element id, component key or TOML key; empty for the file as a whole.
    element: str
    severity: Severity
    #: Rule id, such as `unsupported-element`.
    rule: str
    message: str
    remedy: str
    element_name: str | None = None

    def __str__(self) -> str:
        message, remedy = self.message.rstrip("."), self.remedy.rstrip(".")
        return f"{self.file}:{self.element}: {self.severity} {self.rule}: {message}. {remedy}."

    def as_dict(self) -> dict[str, str | None]:
        """The finding as JSON keys, for `--json`."""
        return asdict(self)
