"""Questions answered in words: a line (textfield) and a paragraph (textarea)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar

from forms.characters import storable
from forms.components.base import Question
from forms.components.choices import PICKERS, Picker
from forms.limits import PATTERN, TEXT
from forms.messages import Message
from forms.nodes import Node
from forms.patterns import Pattern, UnsupportedPattern
from forms.scope import Scope
from forms.templating import Template
from forms.wrong import Wrong

#: A number, or the FEEL source that gives it.
Bound = Decimal | str | None

_EMAIL = re.compile(r"[^\s@,;<>()\"]{1,64}@(?:[\w-]{1,63}\.){1,8}[\w-]{2,63}")
#: An international number (+46…, 0046…) or a national one (070…), written with the usual separators.
_PHONE = re.compile(r"(?:\+|00)[1-9]\d{6,14}|0[1-9]\d{5,12}")
_PHONE_SEPARATORS = re.compile(r"[\s\-–/().\u00a0]")


def load_bound(node: Node, name: str) -> Bound:
    """A limit of `validate`: a number, a number in text, or FEEL."""
    value = node.part("validate").get(name)
    if value is None or value == "" or value is False:
        return None
    if isinstance(value, str) and value.startswith("="):
        return node.feel(f"validate.{name}", value)
    try:
        bound = Decimal(str(value)) if not isinstance(value, bool) else Decimal("NaN")
    except InvalidOperation:
        bound = Decimal("NaN")
    if bound.is_finite():
        return bound
    node.refuse("property-type.limit", property=f"validate.{name}")
    return None


def bound_now(bound: Bound, scope: Scope) -> Decimal | None:
    """The limit as it is just now. An expression that gives no number sets no limit, as in form-js."""
    if not isinstance(bound, str):
        return bound
    value = scope.feel(bound)
    try:
        number = Decimal(str(value)) if value is not None and not isinstance(value, bool) else None
    except InvalidOperation:
        return None
    return number if number is not None and number.is_finite() else None


@dataclass(frozen=True, kw_only=True)
class Text(Question):
    """What a line and a paragraph have in common."""

    rules: ClassVar[frozenset[str]] = frozenset(
        {"required", "minLength", "maxLength", "pattern", "patternErrorMessage", "validationType"}
    )
    empty: ClassVar[Any] = ""

    shortest: Bound = None
    longest: Bound = None
    pattern: Pattern | None = None
    #: The form's own words for what the pattern asks.
    pattern_message: str = ""
    #: "email", "phone" or nothing.
    kind: str = ""

    @classmethod
    def settings(cls, node: Node) -> dict[str, Any]:
        validate = node.part("validate")
        kind = validate.get("validationType") or ""
        if kind not in ("", "custom", "email", "phone"):
            node.refuse("unsupported-rule.kind", kind=kind)
        message = validate.get("patternErrorMessage") or ""
        return {
            "shortest": load_bound(node, "minLength"),
            "longest": load_bound(node, "maxLength"),
            "pattern": _load_pattern(node, validate.get("pattern")),
            "pattern_message": message if isinstance(message, str) else "",
            "kind": kind if kind in ("email", "phone") else "",
        }

    def read(self, raw: Any) -> Any:
        if raw is None:
            return ""
        if not isinstance(raw, str):
            raise Wrong("not-text")
        if len(raw) > TEXT * 2:
            raise Wrong("too-long", limit=TEXT, length=len(raw))
        text = self.tidy(storable(raw))
        if len(text) > TEXT:
            raise Wrong("too-long", limit=TEXT, length=len(text))
        return text

    def tidy(self, text: str) -> str:
        """The text as this component stores it."""
        return text

    def check(self, value: Any, scope: Scope) -> list[Message]:
        text = str(value)
        problems: list[Message] = []
        shortest, longest = bound_now(self.shortest, scope), bound_now(self.longest, scope)
        if shortest is not None and len(text) < shortest:
            problems.append(Message("too-short", {"limit": int(shortest)}))
        if longest is not None and len(text) > longest:
            problems.append(Message("too-long", {"limit": int(longest), "length": len(text)}))
        if self.pattern and not self.pattern.matches(text):
            own = self.pattern_message
            problems.append(Message("pattern-own", {"own": own}) if own else Message("pattern"))
        if self.kind == "email" and not _EMAIL.fullmatch(text):
            problems.append(Message("email"))
        if self.kind == "phone" and not _PHONE.fullmatch(_PHONE_SEPARATORS.sub("", text)):
            problems.append(Message("phone"))
        return problems

    def expressions(self) -> dict[str, str]:
        found = super().expressions()
        for name, bound in (("validate.minLength", self.shortest), ("validate.maxLength", self.longest)):
            if isinstance(bound, str):
                found[name] = bound
        return found

    def schema_metadata(self) -> dict[str, Any]:
        found: dict[str, Any] = {"maxLength": int(self.longest) if isinstance(self.longest, Decimal) else TEXT}
        if isinstance(self.shortest, Decimal):
            found["minLength"] = int(self.shortest)
        if self.pattern:
            found["pattern"] = self.pattern.source
        if self.kind == "email":
            found["format"] = "email"
        return found


@dataclass(frozen=True, kw_only=True)
class Textfield(Text):
    """One line. With `"samled": "unit"` and the like among its properties, a choice of one of those."""

    type = "textfield"

    prefix: Template
    suffix: Template
    picker: Picker | None = None

    @classmethod
    def settings(cls, node: Node) -> dict[str, Any]:
        appearance = node.part("appearance")
        return {
            **super().settings(node),
            "prefix": node.as_template("appearance.prefixAdorner", str(appearance.get("prefixAdorner") or "")),
            "suffix": node.as_template("appearance.suffixAdorner", str(appearance.get("suffixAdorner") or "")),
            "picker": Picker.load(node, PICKERS),
        }

    def tidy(self, text: str) -> str:
        return text.replace("\n", " ").replace("\t", " ")

    def check(self, value: Any, scope: Scope) -> list[Message]:
        if self.picker:
            return self.picker.check([value], scope)
        return super().check(value, scope)

    def in_words(self, value: Any, scope: Scope) -> str:
        if self.picker and value:
            return self.picker.label_of(value, scope)
        return super().in_words(value, scope)


@dataclass(frozen=True, kw_only=True)
class Textarea(Text):
    """A paragraph or more; line breaks are kept."""

    type = "textarea"


def _load_pattern(node: Node, source: Any) -> Pattern | None:
    if source in (None, ""):
        return None
    if not isinstance(source, str):
        node.refuse("property-type.text", property="validate.pattern")
        return None
    if len(source) > PATTERN:
        node.refuse("unsupported-pattern.long", limit=PATTERN)
        return None
    try:
        return Pattern.compile(source)
    except UnsupportedPattern as reason:
        node.refuse("unsupported-pattern", pattern=source[:80], reason=str(reason))
        return None
