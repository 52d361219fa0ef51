"""A finding: what is wrong in a file, where, by which rule, and what to do about it, in Swedish and English."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Severity = Literal["error", "publishing", "warning"]
Language = Literal["en", "sv"]


@dataclass(frozen=True)
class Finding:
    """One fault of one element. `str()` gives the line that `samled validate` prints. `engine.rules` makes them."""

    file: str
    #: Element id, component key or TOML key; empty for the file as a whole.
    element: str
    severity: Severity
    #: Rule id, such as `unsupported-element`.
    rule: str
    #: In English, as is the remedy.
    message: str
    remedy: str
    element_name: str | None = None
    #: Message and remedy in Swedish.
    swedish: tuple[str, str] | None = None
    #: Element ids from a start to where it goes wrong: a counter-example that can be played.
    path: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.line()

    def texts(self, language: Language = "en") -> tuple[str, str]:
        """Message and remedy."""
        return self.swedish if language == "sv" and self.swedish else (self.message, self.remedy)

    def line(self, language: Language = "en") -> str:
        """`file:element: severity rule: message. remedy.`"""
        message, remedy = (text.rstrip(".") for text in self.texts(language))
        return f"{self.file}:{self.element}: {self.severity} {self.rule}: {message}. {remedy}."

    def as_dict(self) -> dict[str, Any]:
        """The finding as JSON keys, for `--json`."""
        message, remedy = self.texts("sv")
        return {
            "file": self.file,
            "element": self.element,
            "element_name": self.element_name,
            "severity": self.severity,
            "rule": self.rule,
            "message": self.message,
            "remedy": self.remedy,
            "sv": {"message": message, "remedy": remedy},
            "path": list(self.path),
        }
