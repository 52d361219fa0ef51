"""What an expression of a form can see, and who evaluates it."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

#: FEEL source without its leading "=", and the variables it may read → a JSON value. It should answer what FEEL
#: cannot compute (a comparison with an empty field) with None rather than raise: most of its life a form is half empty.
Evaluate = Callable[[str, Mapping[str, Any]], Any]


@dataclass(frozen=True)
class Option:
    """One choice: what is stored and what a person reads."""

    value: Any
    label: str


#: Kind of picker (`unit`, `person`, `party`) → what can be picked just now.
Lookups = Mapping[str, Callable[[], list[Option]]]


@dataclass(frozen=True)
class Situation:
    """All that is fixed while one form is read, checked or shown once."""

    form_id: str
    evaluate: Evaluate
    #: Case data; a form's earlier answers are under the form's id.
    known: Mapping[str, Any] = field(default_factory=dict)
    #: None: pickers accept any value (nobody is here to say what exists).
    lookups: Lookups | None = None
    zone: str = "Europe/Stockholm"
    language: str = "sv"

    def earlier(self) -> Mapping[str, Any]:
        """What this form was answered with before, or nothing."""
        answers = self.known.get(self.form_id)
        return answers if isinstance(answers, Mapping) else {}

    def today(self) -> datetime.date:
        """The engine's today, which a test may have moved."""
        return datetime.date.fromisoformat(str(self.evaluate("today()", {}))[:10])

    def options(self, kind: str) -> list[Option] | None:
        """What a picker of this kind offers; None when nobody knows."""
        if self.lookups is None or kind not in self.lookups:
            return None
        return self.lookups[kind]()


@dataclass(frozen=True)
class Scope:
    """A situation seen from one place of the form: the root, or one row of a list."""

    situation: Situation
    #: The form's current data, from its root. Hidden answers are None.
    data: Mapping[str, Any]
    #: The row's own data; the form's at the root.
    this: Mapping[str, Any]
    parent: Mapping[str, Any] | None = None
    #: Row numbers from the outermost list inwards, counted from 1 as in FEEL.
    rows: tuple[int, ...] = ()

    @classmethod
    def root(cls, situation: Situation, data: Mapping[str, Any]) -> Scope:
        """The scope of the form as a whole."""
        return cls(situation, data, data)

    def row(self, number: int, this: Mapping[str, Any]) -> Scope:
        """The scope of row `number` (from 1) of a list in this scope."""
        return replace(self, this=this, parent=self.this, rows=(*self.rows, number))

    def variables(self) -> dict[str, Any]:
        """What form-js gives an expression, and the case data beneath it."""
        here = {"this": self.this, "parent": self.parent, "i": list(self.rows)}
        return {
            **self.situation.known,
            self.situation.form_id: self.data,
            **here,
            **self.data,
            **{f"_{name}_": value for name, value in here.items()},
        }

    def feel(self, source: str) -> Any:
        """Evaluate FEEL source (without "=")."""
        return self.situation.evaluate(source, self.variables())
