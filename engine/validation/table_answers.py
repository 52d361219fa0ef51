"""What a decision table's inputs can be, as far as the forms that ask for them and the decisions before it fix it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

import forms
from engine.dmn import Table
from engine.validation.domains import Domain, of_form
from engine.validation.table_space import Answers, Path
from engine.validation.unary_tests import Constant, Kind, Part, Tests, constant

#: Type of an answer → the kind of its value. Dates and times are kept as text.
_KINDS: Mapping[str, Kind] = {
    "boolean": "boolean", "number": "number",
    "text": "string", "date": "string", "time": "string", "datetime": "string",
}  # fmt: skip


def answers_of(asked: Mapping[str, forms.Form]) -> Mapping[Path, Answers]:
    """Path of every field that some form asks for → what its answer can be."""
    return {
        (form_id, *path): _answers(domain)
        for form_id, form in asked.items()
        for path, domain in of_form(form).items()
        if domain.type in _KINDS
    }


def answers_given(table: Table) -> Answers | None:
    """What a table with one output gives, where its results are constants of one kind."""
    default = table.outputs[0].default
    cells = [rule.results[0] for rule in table.rules] + ([default] if default else [])
    results = [constant(cell.text) for cell in cells if cell.text]
    known = [one for one in results if one is not None and one.kind != "null"]
    if None in results or len({one.kind for one in known}) != 1:
        return None
    # A date leaves the decision as text.
    plain = known[0].kind in ("string", "number", "boolean")
    return Answers(known[0].kind, allowed=_either(known)) if plain else Answers("string")


def _answers(domain: Domain) -> Answers:
    kind = _KINDS[domain.type]
    if kind == "number" and domain.values is None:
        bounded = Part(_bound(domain.least), _bound(domain.most))
        return Answers(kind, domain.whole, Tests((bounded,)) if bounded.constants else None)
    if kind == "string" and domain.type == "text" and domain.values is not None:
        texts = [value for value in domain.values if isinstance(value, str)]
        return Answers(kind, allowed=_either([Constant("string", text, f"“{text}”") for text in texts]))
    return Answers(kind)


def _bound(value: float | None) -> Constant | None:
    return None if value is None else Constant("number", Decimal(str(value)), f"{value:g}")


def _either(constants: Sequence[Constant]) -> Tests:
    return Tests(tuple(Part(one, one) for one in constants))
