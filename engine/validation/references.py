"""Check 6 of the validator: what a model names exists where it is needed, and what is declared is used.

Forms, decisions, called processes, messages and job types are looked up when the model is read (`engine.bpmn.model`);
here are roles, deadlines, services' inputs, results, and whoever catches what is thrown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from engine.bpmn.activities import BusinessRuleTask, ServiceTask, UserTask
from engine.bpmn.model import Model
from engine.bpmn.multi_instance import MultiInstance
from engine.bpmn.nodes import Node
from engine.bpmn.processes import ProcessSpec
from engine.bpmn.values import Value, as_names
from engine.feel import Expression
from engine.findings import Finding
from engine.job_types import JOB_TYPES
from engine.packages import Package, is_beside
from engine.process_settings import FILE as SETTINGS_FILE
from engine.process_settings import UNIT_MANAGER
from engine.rules import finding
from engine.validation import catching
from engine.validation.known import Known
from engine.validation.subject import Subject

_WORD = re.compile(r"[\w-]+")


def check(subject: Subject) -> Iterator[Finding]:
    """Everything that is named and not there, or there and not named."""
    known, package = subject.known, subject.package
    if known is None or package is None:
        return
    checker = _Checker(known, package)
    yield from checker.roles()
    yield from checker.deadlines()
    yield from checker.services()
    yield from checker.results()
    yield from catching.findings(known.model, known.ways)
    yield from _unused(package)
    yield from _started(subject, package, known.model)


class _Checker:
    def __init__(self, known: Known, package: Package) -> None:
        self.known = known
        self.model = known.model
        packages = [package, *package.called.values()]
        self.declared_roles = {role for one in packages for role in one.settings.roles}
        self.declared_deadlines = {name for one in packages for name in one.settings.deadlines}

    def _nodes(self) -> Iterator[tuple[ProcessSpec, Node]]:
        for spec in self.model.specs.values():
            for node in spec.task_specs.values():
                if isinstance(node, Node) and not isinstance(node, MultiInstance):
                    yield spec, node

    def _bare(self, spec: ProcessSpec) -> bool:
        return self.model.package_of(spec.process_id).bare

    # Roles and deadlines

    def roles(self) -> Iterator[Finding]:
        """Groups of user tasks that no process.toml declares. A unit's own id may be given too, as FEEL."""
        for spec, node in self._nodes():
            if isinstance(node, UserTask):
                for role in _static_groups(node):
                    if role not in self.declared_roles:
                        yield self._undeclared(spec, node, role)
        yield from self._asked_for()

    def _asked_for(self) -> Iterator[Finding]:
        """Roles whose units an expression asks for by name."""
        for read in self.known.ways.reads:
            for role in sorted(read.expression.role_names - self.declared_roles):
                nearest = get_close_matches(role, self.declared_roles, n=1)
                yield finding(
                    "undeclared-role.near" if nearest else "undeclared-role",
                    read.spec.file, read.element, name=_name_of(read.node, read.element),
                    severity="warning" if self._bare(read.spec) else None,
                    role=role, nearest=nearest[0] if nearest else "",
                )  # fmt: skip

    def _undeclared(self, spec: ProcessSpec, node: Node, role: str) -> Finding:
        bare = self._bare(spec)
        nearest = get_close_matches(role, self.declared_roles, n=1)
        lane = node.dialect.candidate_groups is None
        variant = "bare" if bare else "group-near" if nearest else "lane" if lane else "group"
        return finding(
            f"undeclared-role.{variant}", spec.file, node.bpmn_id, name=node.bpmn_name,
            severity="warning" if bare else None, role=role, nearest=nearest[0] if nearest else "",
        )  # fmt: skip

    def deadlines(self) -> Iterator[Finding]:
        """Deadlines that expressions ask for by name."""
        told = set[tuple[str, str, str]]()
        for read in self.known.ways.reads:
            for name in sorted(read.expression.deadline_names - self.declared_deadlines):
                if (read.spec.file, read.element, name) in told:
                    continue
                told.add((read.spec.file, read.element, name))
                bare = self._bare(read.spec)
                nearest = get_close_matches(name, self.declared_deadlines, n=1)
                yield finding(
                    "undeclared-deadline.near" if nearest else "undeclared-deadline",
                    read.spec.file, read.element, name=_name_of(read.node, read.element),
                    severity="warning" if bare or not read.strict else None,
                    deadline=name, nearest=nearest[0] if nearest else "",
                )  # fmt: skip

    # Services and decisions

    def services(self) -> Iterator[Finding]:
        """What a built-in service needs and neither an input mapping nor a header gives."""
        for spec, node in self._nodes():
            job = node.dialect.job_type
            if not isinstance(node, ServiceTask) or job is None or job.text not in JOB_TYPES:
                continue
            given = {key for key, value in node.dialect.headers.items() if value}
            given |= {target.split(".")[0] for _, target in node.dialect.inputs} | _item_names(spec, node)
            for names in JOB_TYPES[job.text].needs:
                if not given & set(names):
                    yield finding(
                        "missing-input", spec.file, node.bpmn_id, name=node.bpmn_name, job=job.text, input=names[0]
                    )

    def results(self) -> Iterator[Finding]:
        """Decisions whose answer nobody keeps, or nobody reads."""
        read = self._read_names()
        for spec, node in self._nodes():
            if not isinstance(node, BusinessRuleTask):
                continue
            result = node.dialect.result
            if not result:
                yield finding("unused-result", spec.file, node.bpmn_id, name=node.bpmn_name)
            elif result not in read and not self._bare(spec):
                yield finding("unused-result.unread", spec.file, node.bpmn_id, name=node.bpmn_name, variable=result)

    def _read_names(self) -> set[str]:
        """Roots of all that anything of the version reads, forms' own words included."""
        names = {name for one in self.known.ways.reads for name in _roots(one.expression)}
        packages = [self.model.package, *self.model.package.called.values()]
        forms = [content for package in packages for content in package.forms.values()]
        names |= _words([*forms, *(package.files.get(SETTINGS_FILE, b"") for package in packages)])
        return names


def _roots(expression: Expression) -> set[str]:
    return {path[0] for path in expression.reads}


def _static_groups(node: UserTask) -> Iterable[str]:
    groups = node.dialect.candidate_groups
    if groups is None:
        return [node.lane] if node.lane else []
    return as_names(groups.text) if groups.expression is None else []


def _item_names(spec: ProcessSpec, node: Node) -> set[str]:
    """What a child of a multi-instance has besides: its item."""
    body = spec.task_specs.get(node.bpmn_id)
    if isinstance(body, MultiInstance):
        return {"loopCounter", body.loop.element} if body.loop.element else {"loopCounter"}
    return set()


def _name_of(node: Node, element: str) -> str | None:
    return node.bpmn_name if element == node.bpmn_id else None


def _unused(package: Package) -> Iterator[Finding]:
    """Roles and deadlines of process.toml that nothing of the package, or of what it calls, names."""
    named = _words(
        content
        for one in (package, *package.called.values())
        for name, content in one.files.items()
        if name.endswith((".bpmn", ".dmn", ".form"))
    )
    settings = package.settings
    recipients = {role for deadline in settings.deadlines.values() for role in deadline.escalate}
    for role in settings.roles:
        if _is_word(role) and role not in named | recipients | {UNIT_MANAGER, settings.owner_role}:
            yield finding("unused-role", SETTINGS_FILE, f"roles.{role}", role=role)
    for deadline in settings.deadlines:
        if _is_word(deadline) and deadline not in named:
            yield finding("unused-deadline", SETTINGS_FILE, f"deadlines.{deadline}", deadline=deadline)


def _is_word(name: str) -> bool:
    return _WORD.fullmatch(name) is not None


def _words(contents: Iterable[bytes]) -> set[str]:
    """Every word, with and without the hyphens in it; ids are made of such words."""
    found = {word for content in contents for word in _WORD.findall(content.decode("utf-8", "replace"))}
    return found | {part for word in found if "-" in word for part in word.split("-")}


def _started(subject: Subject, package: Package, model: Model) -> Iterator[Finding]:
    """Processes that `start-case` starts: they may be published apart, so that they are only missed here."""
    if not subject.path.exists():
        return
    for spec in model.specs.values():
        for node in spec.task_specs.values():
            if not isinstance(node, ServiceTask) or node.dialect.job_type is None:
                continue
            named = _process_of(node) if node.dialect.job_type.text == "start-case" else None
            own = model.package_of(spec.process_id) is package
            if named and own and named not in model.process_ids and not is_beside(subject.path, named):
                yield finding("unknown-start", spec.file, node.bpmn_id, name=node.bpmn_name, process=named)


def _process_of(node: ServiceTask) -> str | None:
    """The process id, where it is fixed."""
    inputs = {target: value for value, target in node.dialect.inputs}
    for key in JOB_TYPES["start-case"].needs[0]:
        value: Value | None = inputs.get(key)
        if value is not None:
            literal = re.fullmatch(r'="([^"\\]+)"', value.text.replace("= ", "="))
            return literal[1] if literal else None if value.expression is not None else value.text
        if node.dialect.headers.get(key):
            return node.dialect.headers[key]
    return None
