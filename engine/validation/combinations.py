"""All that several conditions can be at once: every combination of their terms' values, and what each condition says.

Bounded: where there are too many combinations nothing is concluded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from math import prod
from typing import Any

from engine.errors import FeelError
from engine.feel import Expression, FeelContext, current_feel
from engine.validation.domains import MISSING, UNKNOWN, Domain, Path
from engine.validation.logic import Condition, Term

#: Of one gateway's terms. A person does not keep more apart either.
MOST = 3_000

#: A value for each term, in their order.
Combination = tuple[Any, ...]


class Combinations:
    """The combinations that are possible. `domain` tells what stands under a path.

    An expression that reaches a limit raises `FeelError`, here as in `says`.
    """

    def __init__(self, conditions: Sequence[Condition], domain: Callable[[Path], Domain], context: FeelContext) -> None:
        self.context = context
        self.terms = list(dict.fromkeys(term for condition in conditions for term in condition.terms))
        self.domains: dict[Term, Domain] = {term: domain(term.path) if term.path else _of(term) for term in self.terms}
        self._named: dict[str, dict[Path, Path]] = {}
        hides = self._hides(domain)
        self.place = {term: index for index, term in enumerate(self.terms)}
        values = [term.may_be(self.domains[term]) for term in self.terms]
        #: Were there few enough to look at all?
        self.complete = prod(map(len, values)) <= MOST
        self._answers: dict[tuple[str, Combination], Any] = {}
        self.all: list[Combination] = list(self._possible(values, hides)) if self.complete else []

    def says(self, condition: Condition, combination: Combination) -> bool | None:
        """True or false; None where the engine would stop with an incident."""
        mine = tuple(combination[self.place[term]] for term in condition.terms)
        key = condition.source, mine
        if key not in self._answers:
            self._answers[key] = self._evaluate(condition, mine)
        answer: bool | None = self._answers[key]
        return answer

    def _evaluate(self, condition: Condition, values: Combination) -> bool | None:
        named = zip(condition.terms, values, strict=True)
        variables = {term.name: value for term, value in named if value is not MISSING}
        answer = _strictly(condition.expression, variables, self.context)
        return answer if isinstance(answer, bool) else None

    # Fields that are hidden by others

    def _hides(self, domain: Callable[[Path], Domain]) -> dict[Term, list[Expression]]:
        """For each field that may be hidden, what hides it; the fields which that looks at become terms too."""
        found: dict[Term, list[Expression]] = {}
        known = {term.path: term for term in self.terms if term.path}
        for term in list(self.terms):
            for source in self.domains[term].hides:
                hide = self._hide(source, self.domains[term].form_id, term, domain, known)
                if hide is not None:
                    found.setdefault(term, []).append(hide)
        return found

    def _hide(
        self,
        source: str,
        form_id: str,
        term: Term,
        domain: Callable[[Path], Domain],
        known: dict[Path, Term],
    ) -> Expression | None:
        """None where it looks at more than short lists of answers: then nobody knows when the field is hidden."""
        try:
            hide = current_feel().compile(source)
        except FeelError:
            return None
        named = {path: _full(path, form_id, domain) for path in hide.reads}
        paths = set(named.values())
        if term.path in paths or any(domain(path).values is None for path in paths):
            return None
        for path in sorted(paths):
            if path not in known:
                other = known[path] = Term(".".join(path), path, frozenset({path}), f"hide{len(known)}")
                self.terms.append(other)
                self.domains[other] = domain(path)
        self._named[source] = named
        return hide

    def _possible(self, values: list[tuple[Any, ...]], hides: Mapping[Term, list[Expression]]) -> Iterator[Combination]:
        for combination in product(*values):
            if all(self._fits(combination, term, hiding) for term, hiding in hides.items()):
                yield combination

    def _fits(self, combination: Combination, term: Term, sources: list[Expression]) -> bool:
        """Is this field there just when the form shows it?"""
        hidden = any(self._is_true(source, combination) for source in sources)
        missing = combination[self.place[term]] is MISSING
        # What hides it may be understood only in part.
        return missing if hidden else not missing or len(sources) < len(self.domains[term].hides)

    def _is_true(self, source: Expression, combination: Combination) -> bool:
        paths = {path: self.place[term] for term in self.terms if (path := term.path)}
        read = self._named[source.source]
        values = tuple(combination[paths[full]] for full in read.values())
        key = f"hide {source.source}", values
        if key not in self._answers:
            variables: dict[str, Any] = {}
            for path, value in zip(read, values, strict=True):
                _put(variables, path, None if value is MISSING else value)
            self._answers[key] = _loosely(source, variables, self.context)
        return self._answers[key] is True


def _of(term: Term) -> Domain:
    """What a part can be that is no variable: a count is a whole number from nought on."""
    counts = term.text.replace(" ", "").startswith(("count(", "stringlength("))
    return Domain("number", least=0, whole=True) if counts else Domain()


def _full(path: Path, form_id: str, domain: Callable[[Path], Domain]) -> Path:
    """A form's expression may name its own fields without the form's id."""
    own = (form_id, *path)
    return path if path[0] == form_id or domain(own) == UNKNOWN else own


def _put(variables: dict[str, Any], path: Path, value: Any) -> None:
    for key in path[:-1]:
        variables = variables.setdefault(key, {})
    variables[path[-1]] = value


def _strictly(expression: Expression, variables: Mapping[str, Any], context: FeelContext) -> Any:
    value, failed = _tried(expression, variables, context)
    return None if failed else value


def _loosely(expression: Expression, variables: Mapping[str, Any], context: FeelContext) -> Any:
    return _tried(expression, variables, context)[0]


def _tried(expression: Expression, variables: Mapping[str, Any], context: FeelContext) -> tuple[Any, bool]:
    """The value, and whether there was something wrong. Raises `FeelError` for a limit: then nothing is concluded."""
    value, remarks = expression.evaluate_with_warnings(variables, context)
    return value, bool(remarks)
