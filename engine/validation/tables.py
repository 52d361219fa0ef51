"""Check 7, decision tables: what cannot be read of them, and what they leave open or answer twice.

Exact over constants; nothing is said of what only the case's data can tell. A gap is a warning: the decision is then
null, which the model may well expect. Rules that contradict each other stop the case, so they are errors.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice

from engine.decisions import Decisions
from engine.dmn import RawDecision, Reading, Table, read
from engine.errors import FeelError, InvalidModel
from engine.feel import current_feel
from engine.findings import Finding
from engine.rules import finding
from engine.validation.subject import Subject
from engine.validation.table_answers import answers_given, answers_of
from engine.validation.table_cover import Box, Budget, TooLarge, gap, meet, overlaps
from engine.validation.table_space import Answers, Path, Space
from engine.validation.table_types import kind_findings
from engine.validation.table_words import conditions, shown
from engine.validation.unary_tests import constant, parse

#: Policies that give one result, and null where no rule fits.
_SINGLE = frozenset({"UNIQUE", "FIRST", "ANY", "PRIORITY"})
#: Of findings of one kind about one table.
_MOST = 5


def check(subject: Subject) -> Iterator[Finding]:
    """Every `.dmn` file of the package."""
    asked = answers_of(subject.forms)
    for name, content in subject.package.dmn.items() if subject.package else ():
        try:
            Decisions.parse(content, name)
        except InvalidModel as error:
            yield from error.findings
            continue
        reading = read(content, name)
        for decision in reading.decisions:
            yield from _Checker(reading, decision, asked).findings()


class _Checker:
    """One decision of a file."""

    def __init__(self, reading: Reading, decision: RawDecision, asked: Mapping[Path, Answers]) -> None:
        self.reading = reading
        self.decision = decision
        self.asked = asked
        self.budget = Budget()
        self.known = {one.id: one for one in reading.decisions}

    def findings(self) -> Iterator[Finding]:
        """Everything that is wrong with it."""
        yield from self._declarations()
        if not isinstance(self.decision.logic, Table):
            return
        table = self.decision.logic
        names = [name for needed in self.decision.required for name in self._aliases(needed)]
        space = Space.of(table, names, self._values)
        yield from kind_findings(self.reading.file, self.decision, table, space)
        unlisted = list(self._unlisted(table, space))
        yield from unlisted
        try:
            yield from self._gap(table, space)
            yield from self._overlaps(table, space)
            yield from islice(self._unreachable(table, space, {one.element for one in unlisted}), _MOST)
        except TooLarge:
            yield self._finding("dmn-too-large", table.element)

    def _finding(self, rule: str, element: str, **values: object) -> Finding:
        return finding(rule, self.reading.file, element, name=self.decision.name or None, **values)  # type: ignore[arg-type]

    # What it reads

    def _aliases(self, decision_id: str) -> tuple[str, ...]:
        needed = self.known[decision_id]
        return tuple(name for name in (needed.variable, needed.id, needed.name) if name)

    def _declarations(self) -> Iterator[Finding]:
        """Input data that is named and not there; and, where inputs are declared at all, what is read besides."""
        given = self.reading.input_data
        for missing in self.decision.inputs:
            if missing not in given:
                yield self._finding("dmn-input.missing", self.decision.id, input=missing)
        named = {given.get(one, "") for one in self.decision.inputs}
        # An input without a variable is a title for people: it says nothing of what is read.
        if not named or not all(named) or not isinstance(self.decision.logic, Table):
            return
        declared = named | {name for needed in self.decision.required for name in self._aliases(needed)}
        for column in self.decision.logic.inputs:
            for name in sorted(_roots(column.text, declared) - declared):
                yield self._finding("dmn-input.undeclared", column.element, input=name)

    def _values(self, path: Path) -> Answers | None:
        """What a variable can be, as far as a form or a required decision says."""
        needed = next((one for one in self.decision.required if path[0] in self._aliases(one)), None)
        if needed is None:
            return self.asked.get(path)
        logic = self.known[needed].logic
        single = isinstance(logic, Table) and logic.hit_policy in _SINGLE and len(logic.outputs) == 1
        return answers_given(logic) if isinstance(logic, Table) and single and len(path) == 1 else None

    # What it answers

    def _gap(self, table: Table, space: Space) -> Iterator[Finding]:
        """The smallest case that no rule fits, where that leaves no result at all; and rules without one."""
        for number, rule in enumerate(table.rules):
            if not any(cell.text for cell in rule.results):
                yield self._finding("dmn-gap.result", rule.element, number=number + 1)
        aggregated = table.aggregator not in (None, "COUNT")
        if not (table.hit_policy in _SINGLE or aggregated) or any(output.default for output in table.outputs):
            return
        room = tuple(dimension.possible for dimension in space.dimensions)
        sure = _independent(space)
        # Where not every value can occur, or nobody knows how they go together, any test may be the one that fits.
        boxes = [
            tuple(mask if index in sure or not mask else room[index] for index, mask in enumerate(box))
            for box in space.maybe
        ]
        if not table.rules:
            yield self._finding("dmn-gap.empty", table.element)
        elif (found := gap(boxes, room, self.budget)) is not None:
            yield self._finding("dmn-gap", table.element, when=conditions(space, found))

    def _overlaps(self, table: Table, space: Space) -> Iterator[Finding]:
        """Rules that fit at once although the hit policy forbids it; one finding for each rule that meets another."""
        if table.hit_policy not in ("UNIQUE", "ANY"):
            return
        room = tuple(d.everything if d.asks_null else d.possible for d in space.dimensions)
        told = set[int]()
        for first, second, shared in overlaps(space.sure, room):
            if second in told or len(told) >= _MOST or not _can_occur(space, shared):
                continue
            if table.hit_policy == "ANY" and not _contradict(table, first, second):
                continue
            told.add(second)
            certain = all(
                d.certain for d, mask in zip(space.dimensions, shared, strict=True) if mask & d.possible != d.possible
            )
            yield finding(
                f"dmn-overlap.{table.hit_policy.lower()}", self.reading.file, table.rules[second].element,
                name=self.decision.name or None, severity="error" if certain else "warning",
                first=first + 1, second=second + 1, when=conditions(space, shared),
            )  # fmt: skip

    def _unreachable(self, table: Table, space: Space, told: Collection[str]) -> Iterator[Finding]:
        """Rules that fit nothing (unless it was `told`), and under FIRST those whose cases all go to earlier rules."""
        everything = tuple(dimension.everything for dimension in space.dimensions)
        for number, box in enumerate(space.maybe):
            element = table.rules[number].element
            if not all(meet(box, everything)):
                if any(cell.element in told for cell in table.rules[number].tests):
                    continue
                yield self._finding("dmn-unreachable.never", element, number=number + 1)
            elif table.hit_policy == "FIRST" and number and gap(space.sure[:number], box, self.budget) is None:
                yield self._finding("dmn-unreachable.first", element, number=number + 1)

    def _unlisted(self, table: Table, space: Space) -> Iterator[Finding]:
        """Texts that are tested for and that the input cannot have."""
        for dimension in space.dimensions:
            if dimension.kind != "string":
                continue
            values = [one for bit, one in enumerate(dimension.constants) if dimension.possible >> bit & 1]
            beyond = {one.key for one in dimension.constants} - {one.key for one in values}
            if not beyond or dimension.possible >> len(dimension.constants) & 1:
                continue
            listed = ", ".join(one.shown for one in values)
            for number, rule in enumerate(table.rules):
                for column in dimension.columns:
                    for one in parse(rule.tests[column].text).constants:
                        if one.key in beyond:
                            yield self._finding(
                                "dmn-value.input", rule.tests[column].element, number=number + 1, value=one.shown,
                                input=shown(dimension), listed=listed,
                            )  # fmt: skip


def _roots(source: str, declared: Iterable[str]) -> frozenset[str]:
    try:
        return current_feel().compile(source, names=declared).names
    except FeelError:
        return frozenset()


def _independent(space: Space) -> set[int]:
    """Dimensions that take every value of theirs whatever the others have."""
    chosen: set[int] = set()
    for index, dimension in enumerate(space.dimensions):
        if dimension.certain and not space.related[index] & chosen:
            chosen.add(index)
    return chosen


def _can_occur(space: Space, box: Box) -> bool:
    """Are the dimensions that matter independent of each other?"""
    narrow = {
        index
        for index, (dimension, mask) in enumerate(zip(space.dimensions, box, strict=True))
        if mask & dimension.possible != dimension.possible
    }
    return not any(space.related[index] & narrow for index in narrow)


def _contradict(table: Table, first: int, second: int) -> bool:
    """Do two rules certainly give different results?"""
    pairs = zip(table.rules[first].results, table.rules[second].results, strict=True)
    values = [(constant(one.text or "null"), constant(other.text or "null")) for one, other in pairs]
    return any(one is not None and other is not None and one.key != other.key for one, other in values)
