"""A question answered by a number."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Any, ClassVar

from forms.components.base import Question
from forms.components.texts import Bound, bound_now, load_bound
from forms.limits import SHORT_TEXT
from forms.messages import Message
from forms.nodes import Node
from forms.scope import Scope
from forms.templating import Template
from forms.wrong import Wrong

#: Digits that every JSON reader keeps exactly: 2^53 has sixteen.
_DIGITS = 15
#: Digits of a number stored as text.
_TEXT_DIGITS = 60
_NUMBER = re.compile(r"([+-]?)(\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE]([+-]?\d{1,2}))?")
#: Thousands are set apart by spaces in Swedish, some of them unbreakable.
_SPACES = re.compile(r"[\s\u00a0\u202f]")


@dataclass(frozen=True, kw_only=True)
class Number(Question):
    """A number: stored as JSON number, or as decimal text with `serializeToString`."""

    type = "number"
    rules: ClassVar[frozenset[str]] = frozenset({"required", "min", "max"})
    properties = Question.properties | {"increment", "decimalDigits", "serializeToString"}

    least: Bound = None
    most: Bound = None
    increment: Decimal | None = None
    decimals: int | None = None
    as_text: bool = False
    prefix: Template
    suffix: Template

    @classmethod
    def settings(cls, node: Node) -> dict[str, Any]:
        appearance = node.part("appearance")
        return {
            "least": load_bound(node, "min"),
            "most": load_bound(node, "max"),
            "increment": _load_increment(node),
            "decimals": node.whole_number("decimalDigits"),
            "as_text": node.flag("serializeToString"),
            "prefix": node.as_template("appearance.prefixAdorner", str(appearance.get("prefixAdorner") or "")),
            "suffix": node.as_template("appearance.suffixAdorner", str(appearance.get("suffixAdorner") or "")),
        }

    def read(self, raw: Any) -> Any:
        if raw is None or (isinstance(raw, str) and not raw.strip()):
            return None
        number = parse_number(raw)
        digits = len(number.as_tuple().digits)
        size = max(digits, number.adjusted() + 1, -int(number.as_tuple().exponent))
        limit = _TEXT_DIGITS if self.as_text else _DIGITS
        if size > limit and not (isinstance(raw, float) and abs(number.adjusted()) < _DIGITS):
            raise Wrong("number-size", limit=limit)
        return plain(number) if self.as_text else as_json(number)

    def check(self, value: Any, scope: Scope) -> list[Message]:
        with localcontext() as exact:
            exact.prec = 3 * _TEXT_DIGITS
            return self._broken(Decimal(str(value)), scope)

    def _broken(self, number: Decimal, scope: Scope) -> list[Message]:
        problems: list[Message] = []
        least, most = bound_now(self.least, scope), bound_now(self.most, scope)
        if self.decimals is not None and -int(number.normalize().as_tuple().exponent) > self.decimals:
            problems.append(Message("decimals", {"limit": self.decimals}) if self.decimals else Message("whole-number"))
        if least is not None and number < least:
            problems.append(Message("too-small", {"limit": least}))
        if most is not None and number > most:
            problems.append(Message("too-large", {"limit": most}))
        if self.increment and number % self.increment:
            below = (number // self.increment) * self.increment
            if below > number:
                below -= self.increment
            nearest = {"step": self.increment, "below": below, "above": below + self.increment}
            problems.append(Message("increment", nearest))
        return problems

    def in_words(self, value: Any, scope: Scope) -> str:
        if value is None:
            return ""
        try:
            number = super().in_words(Decimal(str(value)), scope)
        except ArithmeticError:
            return str(value)
        return " ".join(filter(None, (self.prefix.render(scope), number, self.suffix.render(scope))))

    def expressions(self) -> dict[str, str]:
        found = super().expressions()
        for name, bound in (("validate.min", self.least), ("validate.max", self.most)):
            if isinstance(bound, str):
                found[name] = bound
        return found

    def schema_metadata(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if not self.as_text:
            bounds = (("minimum", self.least), ("maximum", self.most), ("multipleOf", self.increment))
            found = {name: as_json(bound) for name, bound in bounds if isinstance(bound, Decimal)}
        return found


def parse_number(raw: Any) -> Decimal:
    """A number as people write it (comma or point, spaces between thousands). Raises Wrong."""
    if isinstance(raw, bool) or not isinstance(raw, (int, float, str)):
        raise Wrong("not-a-number", example=Decimal("3.5"))
    if isinstance(raw, int) and abs(raw) >= 10**_TEXT_DIGITS:
        raise Wrong("number-size", limit=_TEXT_DIGITS)
    text = str(raw)
    found = None if len(text) > SHORT_TEXT else _NUMBER.fullmatch(_SPACES.sub("", text).replace("−", "-"))
    if not found or not found[0].isascii():
        raise Wrong("not-a-number", example=Decimal("3.5"))
    return Decimal(found[0].replace(",", "."))


def plain(number: Decimal) -> str:
    """Decimal text without exponent or needless zeros: `10.5`."""
    text = format(number, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def as_json(number: Decimal) -> int | float:
    """A JSON number, an integer where it is one."""
    return int(number) if number == number.to_integral_value() else float(number)


def _load_increment(node: Node) -> Decimal | None:
    value = node.content.get("increment")
    if value in (None, ""):
        return None
    try:
        increment = parse_number(value)
    except Wrong:
        increment = Decimal(0)
    if increment > 0:
        return increment
    node.refuse("property-type.increment")
    return None
