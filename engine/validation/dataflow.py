"""Check 5 of the validator, data-flow: every expression reads only what something before it can have written.

Nothing is said where it is not certain: a variable that is written under a decision and read under one that looks at
the same data is trusted to be there, and what a task without a form, a start or a message may bring is trusted too,
as far as no other element of the model writes it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from engine.bpmn.gateways import ExclusiveGateway, InclusiveGateway
from engine.bpmn.model import Model
from engine.bpmn.processes import ProcessSpec
from engine.errors import FeelError
from engine.feel import current_feel
from engine.findings import Finding, Severity
from engine.rules import finding
from engine.validation.data_detours import detour, is_later
from engine.validation.data_steps import Read
from engine.validation.data_ways import Place, Ways
from engine.validation.form_fields import Fields, Path
from engine.validation.subject import Subject
from engine.validation.written import ANYTHING, Fact

_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"')
#: From here on, an expression may not come to be evaluated: FEEL stops at the first false of an `and`.
_PERHAPS = re.compile(r"\b(then|else|and|or)\b")
_CASE = frozenset({"id", "owner", "started"})


def check(model: Model) -> list[Finding]:
    """Findings about every expression that reads what may not be there, and about conditions that are constant."""
    return _check(model, Ways.solved(model))


def _check(model: Model, ways: Ways | None) -> list[Finding]:
    found: list[Finding] = []
    if ways is not None:
        checker = _Checker(model, ways)
        found += [one for read in ways.reads for one in checker.findings(read)]
    found += [one for spec in model.specs.values() for one in _constant_conditions(spec)]
    return list(dict.fromkeys(found))


def check_subject(subject: Subject) -> list[Finding]:
    """The same of a package."""
    return _check(subject.model, subject.ways) if subject.model else []


class _Checker:
    """What is known of the whole model."""

    def __init__(self, model: Model, ways: Ways) -> None:
        self.model = model
        self.ways = ways
        self.writers: dict[str, list[Place]] = {}
        #: Roots that some element writes with something else than a form's answers.
        self.open: set[str] = set()
        for place, after in ways.after.items():
            before = ways.before[place]
            for name in after.kinds.keys() - before.kinds.keys() | (after.sure - before.sure):
                self.writers.setdefault(name, []).append(place)
            self.open |= {name for name, held in after.kinds.items() if ANYTHING in held}
        for name, places in self.writers.items():
            for place in places:  # grows: what is written inside a sub-process, its host writes
                places += [
                    host
                    for host in ways.hosts(place[0])
                    if host not in places and host in ways.after and name in ways.after[host].kinds
                ]
        self._fields: dict[str, Fields | None] = {}

    def findings(self, read: Read) -> Iterator[Finding]:
        """What is wrong with one expression."""
        for name in sorted(read.expression.names):
            if name == "case" or _is_guarded(read, name):
                continue
            if name in read.state.sure:
                yield from self._field_findings(read, name)
            elif name in read.state.kinds:
                yield from self._unsure(read, name) or self._field_findings(read, name)
            elif not _is_function(name):
                yield from self._unknown(read, name)
        for path in sorted(read.expression.paths):
            if path[0] == "case" and path[1:] and path[1] not in _CASE:
                yield _finding(read, "unknown-variable.case", "error", variable=".".join(path))

    def _unknown(self, read: Read, name: str) -> Iterator[Finding]:
        state, later = read.state, self._elsewhere(read, name)
        covered = state.covered is None or name in state.covered
        if covered and self.model.package_of(read.spec.process_id).bare:
            return
        if later is not None and not covered:
            certain = is_later(self.ways, read, later)
            rule = "unwritten-on-a-way.later" if certain else "unwritten-on-a-way.unordered"
            severity: Severity = "error" if certain and read.strict and not _is_perhaps(read, (name,)) else "warning"
            yield _finding(read, rule, severity, variable=name, writer=self._name(later))
        elif covered and state.taints:
            yield _finding(read, "unknown-variable.perhaps", "warning", variable=name, source=sorted(state.taints)[0])
        else:
            yield _finding(read, "unknown-variable.nothing", "warning" if covered else "error", variable=name)

    def _elsewhere(self, read: Read, name: str) -> Place | None:
        """An element of the same process that writes it."""
        writers = self.writers.get(name, ())
        return next((one for one in writers if self.model.specs[one[0]].process_id == read.spec.process_id), None)

    def _unsure(self, read: Read, name: str) -> list[Finding]:
        state = read.state
        if self._goes_together(read, name):
            return []
        covered = state.covered is None or name in state.covered
        places = set(self.writers.get(name, ()))
        if covered and (not read.strict or is_later(self.ways, read, *places)):
            return []
        certain = read.strict and not covered and not _is_perhaps(read, (name,))
        way = detour(self.ways, read, name, places)
        rule = f"unwritten-on-a-way.{way.variant}"
        severity: Severity = "error" if certain else "warning"
        return [_finding(read, rule, severity, path=way.path, variable=name, **way.values)]

    def _goes_together(self, read: Read, name: str) -> bool:
        """Do the decisions before this read look at what decided whether it is written? Then trust the model."""
        facts = read.state.facts
        if _is_perhaps(read, (name,)):
            facts = facts | {(path, "", "") for path in read.expression.reads if path[0] != name}
        for place in self.writers.get(name, ()):
            theirs = self.ways.before[place].facts
            here, there = facts - theirs, theirs - facts
            if any(path[0] == name for path, *_ in here) or _related(here, there):
                return True
            if {path[0] for path, *_ in here} & self._written_under(there):
                return True
        return False

    def _written_under(self, facts: frozenset[Fact]) -> set[str]:
        """Roots that are written under one of these decisions: a note of which way was taken."""
        return {
            name
            for name, places in self.writers.items()
            if any(facts & self.ways.before[place].facts for place in places)
        }

    # Fields

    def _field_findings(self, read: Read, name: str) -> Iterator[Finding]:
        held = read.state.kinds.get(name, frozenset())
        if not held or ANYTHING in held:
            return
        forms = [form for kind in sorted(held) if (form := self._form(kind)) is not None]
        for path in sorted(path for path in read.expression.paths if path[0] == name and path[1:]):
            known = [form for form in forms if form.has(path[1:])]
            if forms and not known:
                yield self._no_field(read, path, forms[0])
            elif read.strict and (hiders := [form.hidden_by(path[1:]) for form in known]):
                yield from self._hidden(read, path, hiders)

    def _no_field(self, read: Read, path: Path, form: Fields) -> Finding:
        sure = path[0] not in self.open and not read.state.taints
        severity: Severity = "error" if sure else "warning"
        return _finding(read, "unknown-variable.field", severity, variable=".".join(path), form=form.form.id)

    def _hidden(self, read: Read, path: Path, hiders: list[frozenset[Path] | None]) -> Iterator[Finding]:
        conditions = [reads for reads in hiders if reads is not None]
        if len(conditions) < len(hiders):
            return
        facts = {fact for fact, *_ in read.state.facts}
        if _is_perhaps(read, path):
            facts |= {other for other in read.expression.reads if other != path}
        if all(_meet(facts, reads) for reads in conditions) or any(fact[: len(path)] == path for fact in facts):
            return
        yield _finding(read, "hidden-field", "warning", variable=".".join(path))

    def _form(self, kind: str) -> Fields | None:
        if kind not in self._fields:
            process_id, form_id = kind.split("/", 1)
            content = self.model.package_of(process_id).forms.get(form_id)
            self._fields[kind] = Fields.load(content) if content is not None else None
        return self._fields[kind]

    def _name(self, place: Place) -> str:
        node = self.ways.nodes[place]
        return node.bpmn_name or node.bpmn_id


def _finding(read: Read, rule: str, severity: Severity, *, path: tuple[str, ...] = (), **values: str) -> Finding:
    name = read.node.bpmn_name if read.element == read.node.bpmn_id else None
    return finding(rule, read.spec.file, read.element, name=name, severity=severity, path=path, **values)


def _is_guarded(read: Read, name: str) -> bool:
    """Does the expression itself ask whether the variable is there?"""
    return bool(re.search(rf"\b(is defined|get or else)\s*\(\s*{re.escape(name)}(?!\w)", read.expression.source))


def _is_perhaps(read: Read, path: Path) -> bool:
    """May the expression not come to read it?"""
    source = _TEXT.sub('""', read.expression.source)
    first = re.search(rf"(?<![\w.]){re.escape('.'.join(path))}(?!\w)", source)
    perhaps = _PERHAPS.search(source)
    return bool(first and perhaps and perhaps.start() < first.start())


def _is_function(name: str) -> bool:
    """Is this a function that is handed on, as in sort(list, before)?"""
    try:
        current_feel().compile(f"{name}()")
    except FeelError:
        return False
    return True


def _related(here: frozenset[Fact], there: frozenset[Fact]) -> bool:
    """Do two gateways look at the same data? (Two ways out of one gateway say nothing of each other.)"""
    return any(_meet([one], [other]) for one, _, gateway in here for other, _, at in there if gateway != at)


def _meet(first: Collection[Path], second: Collection[Path]) -> bool:
    """Is one of these paths the same as, inside or around one of those?"""
    return any(one[: len(other)] == other[: len(one)] for one in first for other in second)


def _constant_conditions(spec: ProcessSpec) -> Iterator[Finding]:
    """Conditions that look at nothing, so that the gateway does not decide."""
    for node in spec.task_specs.values():
        if not isinstance(node, (ExclusiveGateway, InclusiveGateway)) or len(node.outgoing) < 2:
            continue
        constant = [flow for flow in node.outgoing if not flow.is_default and _looks_at_nothing(flow.condition)]
        for flow in constant:
            yield finding("constant-condition", spec.file, flow.id, condition=flow.condition.text)  # type: ignore[union-attr]


def _looks_at_nothing(condition: object) -> bool:
    expression = getattr(condition, "expression", None)
    return expression is not None and not expression.reads and not expression.needs_context
