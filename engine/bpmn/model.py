"""A model: one version of a process with everything it calls, parsed once and shared by all its cases."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from engine.bpmn.parser import DialectParser
from engine.bpmn.processes import ProcessSpec
from engine.bpmn.reading import read_xml
from engine.bpmn.supported import FLOW_NODES, is_executable
from engine.bpmn.triggers import Condition, Message
from engine.decisions import Decision, Decisions
from engine.errors import InvalidModel
from engine.findings import Finding
from engine.packages import Package
from engine.rules import finding


@dataclass(frozen=True)
class ElementInfo:
    """What the outside needs to know of one element."""

    id: str
    name: str | None
    #: The BPMN tag, such as `userTask`.
    type: str
    process_id: str
    lane: str | None
    form_id: str | None
    deadline_name: str | None
    documentation: str | None
    #: Of `zeebe:properties`.
    properties: Mapping[str, str] = field(default_factory=dict)


class NoScripts:
    """In the place of the library's script engine, which evaluates Python: a model never reaches Python."""

    environment = None

    def evaluate(self, task: Any, expression: Any, external_context: Any = None) -> Any:
        """Refuses."""
        raise PermissionError("Expressions are FEEL, and are evaluated by the token.")

    execute = evaluate


class Model:
    """Everything needed to run one version."""

    script_engine = NoScripts()

    def __init__(self, package: Package, job_types: Collection[str] = ()) -> None:
        self.package = package
        self._job_types = frozenset(job_types)
        #: Process id, or `process/sub-process id` → what runs.
        self.specs: dict[str, ProcessSpec] = {}
        #: Process id → its title.
        self.process_ids: dict[str, str] = {}
        #: Process id → the message that starts it → start event id.
        self.message_starts: dict[str, dict[str, str]] = {}
        self.main = ""
        self.has_conditions = False
        #: Where a simulation counts: (name of the spec, node or sequence flow) for all that any case has passed.
        self.passed: set[tuple[str, str]] | None = None
        self._elements: dict[tuple[str, str], ElementInfo] = {}
        self._decisions: dict[str, Decisions] = {}
        self._packages: dict[str, Package] = {}

    @classmethod
    def load(cls, package: Package, job_types: Collection[str] = ()) -> Model:
        """Parse a package and what it calls; service tasks of other types than `job_types`, where given, are refused.

        Raises:
            InvalidModel: something in it cannot be run as drawn; every fault found is named.
        """
        model, findings = cls(package, job_types), list(package.findings)
        calls: list[tuple[str, str, Any]] = []
        for called in (package, *dict.fromkeys(package.called.values())):
            findings += model._add(called, calls, own=called is package)
        for process_id, file, node in calls:
            if process_id not in model.specs and not process_id.startswith("="):
                rule = "reference.process" if process_id else "reference.no-process"
                findings.append(finding(rule, file, node.get("id", ""), name=node.get("name"), id=process_id))
        errors = [one for one in findings if one.severity == "error"]
        if errors:
            raise InvalidModel(errors)
        model._choose_main()
        return model

    def _add(self, package: Package, calls: list[tuple[str, str, Any]], *, own: bool) -> list[Finding]:
        findings: list[Finding] = []
        decisions: dict[str, Decisions] = {}
        for file, content in package.dmn.items():
            try:
                found = Decisions.parse(content, file)
                decisions |= dict.fromkeys(found.ids, found)
            except InvalidModel as error:
                findings += error.findings
        for file, content in package.bpmn.items():
            shown = file if own else f"{package.name}/{file}"
            try:
                root = read_xml(content, shown)
                parser = DialectParser(root, shown)
                specs = {} if parser.faults.findings else parser.specs()
            except InvalidModel as error:
                findings += error.findings
                continue
            calls += [(process_id, shown, node) for process_id, node in parser.calls]
            findings += parser.faults.findings
            if not parser.faults.findings:
                self._describe(root, specs, package)
                findings += self._check_references(specs, package, decisions, shown)
            if own and not self.main and len(specs):
                self.main = next(iter(specs))
        for decision_id, found in decisions.items():
            self._decisions[f"{package.name}/{decision_id}"] = found
        return findings

    def _describe(self, root: etree._Element, specs: Mapping[str, ProcessSpec], package: Package) -> None:
        for key, spec in specs.items():
            self.specs[key] = spec
            for node in spec.task_specs.values():
                trigger = getattr(node, "event_definition", None)
                self.has_conditions = self.has_conditions or isinstance(trigger, Condition)
        for process in root.iterchildren("{*}process"):
            if not is_executable(process):
                continue
            process_id = process.get("id")
            self._packages[process_id] = package
            self.process_ids[process_id] = process.get("name") or process_id
            self.message_starts[process_id] = {
                start.trigger.name: start.bpmn_id
                for start in self.specs[process_id].start_events
                if isinstance(start.trigger, Message)
            }
            for element in _flow_nodes(process):
                self._elements[process_id, element.get("id")] = self._info(process_id, element)

    def _info(self, process_id: str, element: etree._Element) -> ElementInfo:
        element_id = element.get("id")
        node = next(
            (
                spec.task_specs[name]
                for key, spec in self.specs.items()
                if key == process_id or key.startswith(f"{process_id}/")
                for name in (f"{element_id} [child]", element_id)
                if name in spec.task_specs
            ),
            None,
        )
        documentation = element.findtext("{*}documentation")
        dialect = node.dialect if node is not None else None
        return ElementInfo(
            element_id,
            element.get("name"),
            etree.QName(element).localname,
            process_id,
            node.lane if node is not None else None,
            dialect.form_id if dialect else None,
            dialect.deadline_name if dialect else None,
            documentation.strip() if documentation else None,
            dialect.properties if dialect else {},
        )

    def _check_references(
        self, specs: Mapping[str, ProcessSpec], package: Package, decisions: Mapping[str, Any], file: str
    ) -> list[Finding]:
        found = []
        for (process_id, _), info in self._elements.items():
            if process_id in specs and info.form_id and info.form_id not in package.forms:
                found.append(finding("reference.form", file, info.id, name=info.name, id=info.form_id))
        for spec in specs.values():
            for node in spec.task_specs.values():
                decision = node.dialect.decision_id
                if decision and decision not in decisions:
                    found.append(finding("reference.decision", file, node.bpmn_id, name=node.bpmn_name, id=decision))
                job_type = node.dialect.job_type
                unknown = job_type is not None and job_type.expression is None and job_type.text not in self._job_types
                if unknown and self._job_types:
                    values = {"type": job_type.text, "known": ", ".join(sorted(self._job_types))}
                    found.append(finding("reference.job-type", file, node.bpmn_id, name=node.bpmn_name, **values))
        return found

    def _choose_main(self) -> None:
        own = [process_id for process_id, package in self._packages.items() if package is self.package]
        if self.package.name in own:
            self.main = self.package.name
        elif own:
            self.main = own[0]

    def element(self, element_id: str, process_id: str | None = None) -> ElementInfo | None:
        """An element of a process; of any process of this version where none is named, the main one first."""
        if process_id is not None:
            return self._elements.get((process_id, element_id))
        for known in (self.main, *self.process_ids):
            if (known, element_id) in self._elements:
                return self._elements[known, element_id]
        return None

    @property
    def elements(self) -> Mapping[tuple[str, str], ElementInfo]:
        """(process id, element id) → what is known of it."""
        return self._elements

    def package_of(self, process_id: str) -> Package:
        """The package that a process of this version comes from."""
        return self._packages[process_id]

    def start_form(self, process_id: str | None = None) -> str | None:
        """The form id of the start event without a trigger."""
        for start in self.specs[process_id or self.main].start_events:
            if start.dialect.form_id:
                return start.dialect.form_id
        return None

    def decision(self, process_id: str, decision_id: str) -> Decision:
        """A decision that a process calls."""
        return self._decisions[f"{self._packages[process_id].name}/{decision_id}"].decision(decision_id)


def _flow_nodes(process: etree._Element) -> Iterator[etree._Element]:
    yield from process.iter(*[f"{{*}}{tag}" for tag in FLOW_NODES])
