"""A compiled FEEL expression: what it reads and calls, and how it is evaluated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from json import JSONEncoder
from typing import TYPE_CHECKING, Any, Literal

from engine.errors import FeelError
from engine.feel.context import FeelContext
from engine.feel.problems import Problem
from engine.feel.runtime import Key, LimitReached
from engine.feel.tree import Tree

if TYPE_CHECKING:
    from engine.feel.feel import Feel

Kind = Literal["expression", "unary"]

#: The parts of a variable that an expression reads; None is all of it.
Shape = Mapping[str, "Shape"] | None


@dataclass(frozen=True)
class Warning:
    """What FEEL answers with `null` and a remark instead of an error. It holds no values of variables."""

    #: feelin's, such as `NO_VARIABLE_FOUND`.
    type: str
    problem: Problem
    #: Index of a character in the source, from 0.
    position: int | None = None


def _plain(value: Any) -> Any:
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, tuple):
        return list(value)
    raise TypeError(f"a {type(value).__name__} has no place in case data")


_to_json = JSONEncoder(separators=(",", ":"), allow_nan=False, default=_plain).encode


@dataclass(frozen=True, eq=False, slots=True)
class Expression:
    """Cheap and immutable; any thread may use it. Made by `Feel.compile`."""

    source: str
    kind: Kind
    #: Of the model: for messages only.
    element: str | None
    file: str | None
    #: Root names of the variables it certainly reads.
    names: frozenset[str]
    #: The same with the path behind each, such as `("consent", "given")`.
    paths: frozenset[tuple[str, ...]]
    #: Names that are either a variable or a key of the items of the list they filter, as `status` in `[status = "x"]`.
    ambiguous_names: frozenset[str]
    #: Built-in functions it calls, ours included.
    functions: frozenset[str]
    #: Constant names given to `deadline()`.
    deadline_names: frozenset[str]
    #: Constant names given to `units with role()`.
    role_names: frozenset[str]
    #: Names with spaces or signs that were declared when it was compiled.
    declared: tuple[str, ...] = ()
    _shape: Mapping[str, Shape] = field(default_factory=dict, repr=False)
    _needs_context: bool = field(default=True, repr=False)
    _feel: Feel = field(default=None, repr=False)  # type: ignore[assignment]

    @property
    def key(self) -> Key:
        """By which a runtime knows it."""
        return (self.source, self.kind, self.declared)

    def evaluate(self, variables: Mapping[str, Any], context: FeelContext, *, strict: bool = True) -> Any:
        """The value as JSON; dates, times and durations as ISO text. For `kind="unary"`, `variables["?"]` is tested.

        Raises `FeelError` for a failure or a limit and, when strict, for every warning.
        """
        answer = self._answer(variables, context)
        if strict and "w" in answer:
            first = answer["w"][0]
            raise self.error(Problem.read(first), first["position"])
        return answer["v"]

    def evaluate_with_warnings(self, variables: Mapping[str, Any], context: FeelContext) -> tuple[Any, list[Warning]]:
        """The value and what was remarked. Raises `FeelError` for a failure or a limit."""
        answer = self._answer(variables, context)
        warnings = [
            Warning(w["type"], Problem.read(w), _character(self.source, w["position"])) for w in answer.get("w", ())
        ]
        return answer["v"], warnings

    @property
    def reads(self) -> frozenset[tuple[str, ...]]:
        """Every path it may read, ambiguous names included."""
        return self.paths | {(name,) for name in self.ambiguous_names}

    @property
    def needs_context(self) -> bool:
        """Does it ask for the time, the calendar, the deadlines or the units?"""
        return self._needs_context

    @property
    def tree(self) -> Tree:
        """How it is built up. Raises `FeelError` for a limit."""
        try:
            return Tree.of(self._feel.runtime.tree(self.key), self.source)
        except LimitReached as limit:
            raise self.error(limit.problem) from None
        except RecursionError:
            raise self.error(Problem("depth-limit")) from None

    def error(self, problem: Problem, position: int | None = None) -> FeelError:
        """A `FeelError` that names this expression. `position` counts UTF-16 units, as JavaScript does."""
        return FeelError(
            problem.key,
            problem.values,
            expression=self.source,
            position=_character(self.source, position),
            element=self.element,
            file=self.file,
        )

    def _answer(self, variables: Mapping[str, Any], context: FeelContext) -> dict[str, Any]:
        try:
            text = variables_text(self._shape, variables)
        except ValueError as error:
            raise self.error(Problem("variable", {"said": error})) from None
        runtime = self._feel.runtime
        if len(text) > runtime.largest_payload:
            raise self.error(Problem("variables-limit"))
        try:
            answer = runtime.evaluate(self.key, text, context if self._needs_context else None)
        except LimitReached as limit:
            raise self.error(limit.problem) from None
        if "e" in answer:
            raise self.error(Problem.read(answer["e"]), answer.get("p"))
        return answer


def variables_text(shape: Mapping[str, Shape], variables: Mapping[str, Any]) -> str:
    """What is read of the variables, as JSON. Raises `ValueError` for a value that has no JSON form."""
    picked = {name: _pick(variables[name], part) for name, part in shape.items() if name in variables}
    try:
        return _to_json(picked)
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(str(error)) from None


def _pick(value: Any, shape: Shape) -> Any:
    if shape is None or not isinstance(value, Mapping):
        return value
    return {key: _pick(value[key], part) for key, part in shape.items() if key in value}


def _character(source: str, units: int | None) -> int | None:
    if units is None or source.isascii():
        return units
    return len(source.encode("utf-16-le")[: 2 * units].decode("utf-16-le", "ignore"))


def shape_of(paths: Iterable[tuple[str, ...]]) -> dict[str, Shape]:
    """Which parts of the variables these paths read."""
    shape: dict[str, Any] = {}
    # Longest first: a path that ends higher up, and so reads all below, then replaces what is there.
    for *steps, last in sorted(paths, key=len, reverse=True):
        branch = shape
        for step in steps:
            branch = branch.setdefault(step, {})
        branch[last] = None
    return shape
