"""What is wrong with an expression, as the runtime tells it: a variant of the rule `feel` and its values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.rules import Text

#: FEEL's type → what people call it.
TYPES = {
    "nil": Text("null", "null"),
    "context": Text("a context", "en kontext"),
    "list": Text("a list", "en lista"),
    "string": Text("a text", "en text"),
    "number": Text("a number", "ett tal"),
    "boolean": Text("true or false", "sant eller falskt"),
    "date": Text("a date", "ett datum"),
    "time": Text("a time", "ett klockslag"),
    "date time": Text("a date and time", "ett datum med klockslag"),
    "duration": Text("a duration", "en tidslängd"),
    "range": Text("a range", "ett intervall"),
    "function": Text("a function", "en funktion"),
    "literal": Text("something else", "något annat"),
}
#: What a function of ours asks for.
NEEDS = {
    "moment-and-number": Text(
        "a date, or a date and time, and a whole number", "ett datum, eller ett datum med klockslag, och ett heltal"
    ),
    "moment": Text("a date, or a date and time", "ett datum, eller ett datum med klockslag"),
    "deadline": Text("the name of a deadline in process.toml", "namnet på en frist i process.toml"),
    "deadline-duration": Text("a deadline with a duration in process.toml", "en frist med en tidslängd i process.toml"),
    "start": Text(
        "a date, or a date and time, to count from", "ett datum, eller ett datum med klockslag, att räkna från"
    ),
    "two-dates": Text("two dates", "två datum"),
    "later-day": Text("a day that is not before the birth date", "en dag som inte är före födelsedatumet"),
    "unit-and-start": Text(
        "a unit or a role, and a date, or a date and time, to count from",
        "en enhet eller en roll, och ett datum, eller ett datum med klockslag, att räkna från",
    ),
    "role": Text("the name of a role in process.toml", "namnet på en roll i process.toml"),
}
_NOTHING = Text("nothing", "ingenting")
_QUOTES = frozenset("\"'“”„’‘»«`´")
#: What other languages write where FEEL has words, or one sign.
_SIGNS = frozenset({"&&", "||", "==", "===", "!", "!==", "<>", "=>", ":=", "&", "|"})


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong."""

    #: Variant of the rule `feel`, such as `no-variable`.
    key: str
    values: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> Problem:
        """Of what the runtime tells: `{"problem": …, "values": {…}}`, types and needs by their keys."""
        values = {name: _value(name, value) for name, value in told["values"].items()}
        key, found = told["problem"], values.get("found")
        if key == "unexpected" and found in _SIGNS:
            return cls("sign", values)
        if key == "unexpected" and found in _QUOTES:
            return cls("quotes", values)
        return cls(key, values)


def _value(name: str, value: Any) -> Any:
    if name in ("type", "first", "second"):
        return TYPES[value]
    if name == "types":
        return _joined([TYPES[one] for one in value])
    return NEEDS[value] if name == "needs" else value


def _joined(words: Sequence[Text]) -> Text:
    if not words:
        return _NOTHING
    return Text(" and ".join(word.en for word in words), " och ".join(word.sv for word in words))
