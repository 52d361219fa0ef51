"""A value in a model: plain text, or FEEL where it begins with "=" (as in Camunda 8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.feel import Expression, current_feel

if TYPE_CHECKING:
    from engine.bpmn.tokens import Token


@dataclass(frozen=True)
class Value:
    """Text of an attribute in a model, compiled when the model is loaded."""

    text: str
    expression: Expression | None

    @classmethod
    def read(cls, text: str, *, element: str, file: str, feel: bool = False) -> Value:
        """Compile `text`. With `feel`, it is an expression even without a leading "=".

        Raises:
            FeelError: the expression does not parse.
        """
        text = text.strip()
        if not feel and not text.startswith("="):
            return cls(text, None)
        source = text.removeprefix("=").strip()
        return cls(text, current_feel().compile(source, element=element, file=file))

    @property
    def deadline_name(self) -> str | None:
        """The deadline of `process.toml` that it names, if it names just one."""
        names = self.expression.deadline_names if self.expression is not None else frozenset()
        return next(iter(names)) if len(names) == 1 else None

    def of(self, token: Token, *, strict: bool = True, **more: Any) -> Any:
        """What the value is for `token` now: a JSON value.

        Raises:
            FeelError: the expression fails or, where `strict`, warns.
        """
        if self.expression is None:
            return self.text
        return token.evaluate(self.expression, strict=strict, **more)


def as_names(value: Any) -> tuple[str, ...]:
    """Group or user names from a list, or from text with commas."""
    if value is None or value == "":
        return ()
    parts = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else [value]
    return tuple(str(part).strip() for part in parts if part is not None and str(part).strip())
