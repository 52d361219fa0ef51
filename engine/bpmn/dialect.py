"""The Camunda 8 dialect: what the `zeebe:` extension elements of an element say, and which are refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from lxml import etree

from engine.bpmn.faults import Faults
from engine.bpmn.reading import BPMN, is_true
from engine.bpmn.values import Value
from engine.errors import FeelError

ZEEBE = "http://camunda.org/schema/zeebe/1.0"


@dataclass(frozen=True)
class Loop:
    """`zeebe:loopCharacteristics`."""

    collection: Value
    element: str | None
    output_collection: str | None
    output_element: Value | None


@dataclass(frozen=True)
class Extensions:
    """Everything read from one element's extension elements; None or empty where nothing is said."""

    form_id: str | None = None
    assignee: Value | None = None
    candidate_groups: Value | None = None
    candidate_users: Value | None = None
    due: Value | None = None
    follow_up: Value | None = None
    priority: Value | None = None
    script: Value | None = None
    decision_id: str | None = None
    called_process: str | None = None
    propagate_parent: bool = True
    propagate_child: bool = True
    result: str | None = None
    job_type: Value | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    inputs: tuple[tuple[Value, str], ...] = ()
    outputs: tuple[tuple[Value, str], ...] = ()
    loop: Loop | None = None
    correlation_key: Value | None = None
    properties: Mapping[str, str] = field(default_factory=dict)
    user_task: bool = False

    @property
    def deadline_name(self) -> str | None:
        """The deadline of `process.toml` that the due date names, if it names just one."""
        return self.due.deadline_name if self.due else None


NOTHING = Extensions()

#: Extension elements of the dialect that would change what happens, and that we do not run.
_REFUSED = frozenset(
    {"userTaskForm", "executionListeners", "taskListeners", "adHoc", "linkedResources", "conditionalFilter"}
)
#: Children that are read as part of their parent, or that change nothing.
_HARMLESS = {"versionTag", "modelerTemplate"}


class _Reader:
    """Reads one element's extension elements."""

    def __init__(self, node: etree._Element, faults: Faults) -> None:
        self.node = node
        self.faults = faults
        self.found = NOTHING

    def read(self) -> Extensions:
        holder = self.node.find(f"{{{BPMN}}}extensionElements")
        for child in holder if holder is not None else ():
            if not isinstance(child.tag, str) or not child.tag.startswith(f"{{{ZEEBE}}}"):
                continue
            name = etree.QName(child).localname
            if name in _REFUSED:
                self.faults.add(self.node, f"unsupported-extension.{name}")
            elif (reader := getattr(self, f"_read_{name}", None)) is not None:
                reader(child)
            elif name not in _HARMLESS:
                self.faults.add(self.node, "unsupported-extension.unknown", extension=name)
        return self.found

    def _set(self, **values: object) -> None:
        self.found = replace(self.found, **values)  # type: ignore[arg-type]

    def _value(self, text: str | None, *, feel: bool = False) -> Value | None:
        if text is None or not text.strip():
            return None
        try:
            return Value.read(text, element=self.node.get("id", ""), file=self.faults.file, feel=feel)
        except FeelError as error:
            self.faults.expression(self.node, error)
            return None

    def _read_formDefinition(self, child: etree._Element) -> None:
        if child.get("formId") is None:
            self.faults.add(self.node, "unsupported-extension.form")
        self._set(form_id=child.get("formId"))

    def _read_assignmentDefinition(self, child: etree._Element) -> None:
        self._set(
            assignee=self._value(child.get("assignee")),
            candidate_groups=self._value(child.get("candidateGroups")),
            candidate_users=self._value(child.get("candidateUsers")),
        )

    def _read_taskSchedule(self, child: etree._Element) -> None:
        self._set(due=self._value(child.get("dueDate")), follow_up=self._value(child.get("followUpDate")))

    def _read_priorityDefinition(self, child: etree._Element) -> None:
        self._set(priority=self._value(child.get("priority")))

    def _read_script(self, child: etree._Element) -> None:
        self._set(script=self._value(child.get("expression"), feel=True), result=child.get("resultVariable"))

    def _read_calledDecision(self, child: etree._Element) -> None:
        self._set(decision_id=child.get("decisionId"), result=child.get("resultVariable"))

    def _read_calledElement(self, child: etree._Element) -> None:
        self._set(
            called_process=child.get("processId"),
            propagate_parent=is_true(child, "propagateAllParentVariables", otherwise=True),
            propagate_child=is_true(child, "propagateAllChildVariables", otherwise=True),
        )

    def _read_taskDefinition(self, child: etree._Element) -> None:
        self._set(job_type=self._value(child.get("type")))

    def _read_taskHeaders(self, child: etree._Element) -> None:
        self._set(headers={header.get("key", ""): header.get("value", "") for header in child})

    def _read_properties(self, child: etree._Element) -> None:
        self._set(properties={item.get("name", ""): item.get("value", "") for item in child})

    def _read_ioMapping(self, child: etree._Element) -> None:
        self._set(inputs=self._mappings(child, "input"), outputs=self._mappings(child, "output"))

    def _mappings(self, child: etree._Element, tag: str) -> tuple[tuple[Value, str], ...]:
        found = []
        for mapping in child.findall(f"{{{ZEEBE}}}{tag}"):
            value, target = self._value(mapping.get("source")), (mapping.get("target") or "").strip()
            if not target:
                self.faults.add(self.node, f"mapping.{tag}")
            elif value is not None:
                found.append((value, target))
        return tuple(found)

    def _read_loopCharacteristics(self, child: etree._Element) -> None:
        collection = self._value(child.get("inputCollection"))
        if collection is None:
            return  # told by the parser, for the activity
        output, element = child.get("outputCollection"), self._value(child.get("outputElement"))
        self._set(loop=Loop(collection, child.get("inputElement"), output or None, element))

    def _read_subscription(self, child: etree._Element) -> None:
        self._set(correlation_key=self._value(child.get("correlationKey")))

    def _read_userTask(self, child: etree._Element) -> None:
        self._set(user_task=True)


def read_extensions(node: etree._Element, faults: Faults) -> Extensions:
    """What the extension elements of `node` say; faults are collected, not raised."""
    return _Reader(node, faults).read()
