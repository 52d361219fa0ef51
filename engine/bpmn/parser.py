"""From BPMN to something that runs: SpiffWorkflow's parser, with our parser for each element.

The library walks from element to element and from sub-process to sub-process by recursion; here every element of a
process is made first and then connected, and sub-processes wait in a list, so no model is too long or too deep.
"""

from __future__ import annotations

from typing import Any, ClassVar

from lxml import etree
from SpiffWorkflow.bpmn.parser.BpmnParser import BpmnParser
from SpiffWorkflow.bpmn.parser.ProcessParser import ProcessParser
from SpiffWorkflow.bpmn.parser.TaskParser import TaskParser
from SpiffWorkflow.bpmn.parser.util import full_tag

from engine.bpmn import activities, events, gateways
from engine.bpmn.definitions import Definitions
from engine.bpmn.dialect import read_extensions
from engine.bpmn.faults import Faults
from engine.bpmn.flows import Flow
from engine.bpmn.multi_instance import MultiInstance
from engine.bpmn.nodes import Activity, Node
from engine.bpmn.processes import ProcessSpec
from engine.bpmn.reading import is_true
from engine.bpmn.supported import check_supported
from engine.bpmn.values import Value
from engine.errors import FeelError


class ElementParser(TaskParser):  # type: ignore[misc]
    """Makes the spec of one element; flows are connected by the process's parser."""

    process_parser: ScopeParser

    @property
    def bpmn_attributes(self) -> dict[str, Any]:
        return {"lane": self.lane, "bpmn_name": self.node.get("name"), "description": etree.QName(self.node).localname}

    @property
    def faults(self) -> Faults:
        """Where faults are collected."""
        return self.process_parser.parser.faults

    def parse_node(self) -> Node:
        node: Node = self.create_task()
        node.dialect = read_extensions(self.node, self.faults)
        self._check_complete(node)
        loop = self.node.find(full_tag("multiInstanceLoopCharacteristics"))
        if loop is not None and isinstance(node, Activity):
            node = self._multi_instance(node, loop)
        elif loop is not None:
            self.faults.add(self.node, "unsupported-element.thrownForEach")
        return node

    def create_task(self) -> Node:
        node: Node = self.spec_class(self.spec, self.bpmn_id, **self.bpmn_attributes)
        return node

    def _check_complete(self, node: Node) -> None:
        for spec_class, attribute in _NEEDED:
            if isinstance(node, spec_class) and not getattr(node.dialect, attribute):
                self.faults.add(self.node, f"incomplete-task.{attribute}")

    def _multi_instance(self, inner: Activity, loop: etree._Element) -> MultiInstance:
        said = read_extensions(loop, self.faults).loop
        del self.spec.task_specs[inner.name]
        body = MultiInstance(self.spec, self.bpmn_id, **self.bpmn_attributes)
        # The library names the inner task so as well; "[" cannot stand in an id.
        inner.name = f"{self.bpmn_id} [child]"
        self.spec.task_specs[inner.name] = inner
        body.inner, body.sequential = inner, is_true(loop, "isSequential")
        body.completion = self.process_parser.condition(loop, "completionCondition", self.node)
        if said is not None:
            body.loop = said
        else:
            self.faults.add(self.node, "loop")
        return body


class EventParser(ElementParser):
    """Makes an event with its trigger."""

    def create_task(self) -> Node:
        trigger = self.process_parser.parser.definitions.trigger(self.node)
        more = {"cancel_activity": is_true(self.node, "cancelActivity", otherwise=True)} if self._is_boundary else {}
        node: Node = self.spec_class(self.spec, self.bpmn_id, event_definition=trigger, **more, **self.bpmn_attributes)
        if read_extensions(self.node, self.faults).job_type is not None:
            self.faults.add(self.node, "unsupported-extension.eventJob")
        return node

    @property
    def _is_boundary(self) -> bool:
        return issubclass(self.spec_class, events.BoundaryEvent)


class WorkParser(ElementParser):
    """A script or business-rule task, which in Camunda 8 may also be a job like a service task's."""

    def create_task(self) -> Node:
        said = read_extensions(self.node, self.faults)
        is_job = said.job_type is not None and said.script is None and said.decision_id is None
        spec_class = activities.ServiceTask if is_job else self.spec_class
        return spec_class(self.spec, self.bpmn_id, **self.bpmn_attributes)


class SendTaskParser(ElementParser):
    """A send task calls its job type where it has one (as in Camunda 8), else it throws its message."""

    def create_task(self) -> Node:
        if read_extensions(self.node, self.faults).job_type is not None or not self.node.get("messageRef"):
            return activities.ServiceTask(self.spec, self.bpmn_id, **self.bpmn_attributes)
        trigger = self.process_parser.parser.definitions.message(self.node, self.node.get("messageRef"))
        return events.ThrowEvent(self.spec, self.bpmn_id, event_definition=trigger, **self.bpmn_attributes)


class InsideParser(ElementParser):
    """A sub-process: its inside is parsed later, from a list."""

    def create_task(self) -> Node:
        triggered = is_true(self.node, "triggeredByEvent")
        spec_class = events.EventSubProcess if triggered else self.spec_class
        node: Any = spec_class(self.spec, self.bpmn_id, **self.bpmn_attributes)
        node.inside = self.process_parser.parser.open_inside(
            self.node, self.process_parser, node if triggered else None
        )
        return node  # type: ignore[no-any-return]


class CallActivityParser(ElementParser):
    """A call activity: which process it calls stands in `zeebe:calledElement`."""

    def create_task(self) -> Node:
        node = super().create_task()
        called = read_extensions(self.node, self.faults).called_process or self.node.get("calledElement") or ""
        if called.startswith("="):
            self.faults.add(self.node, "called-process")
        node.inside = called  # type: ignore[attr-defined]
        self.process_parser.parser.calls.append((called, self.node))
        return node


#: What a task cannot run without.
_NEEDED = (
    (activities.ScriptTask, "script"),
    (activities.ServiceTask, "job_type"),
    (activities.BusinessRuleTask, "decision_id"),
)

_PARSERS: dict[str, tuple[type[ElementParser], type]] = {
    "startEvent": (EventParser, events.StartEvent),
    "endEvent": (EventParser, events.EndEvent),
    "intermediateCatchEvent": (EventParser, events.CatchEvent),
    "intermediateThrowEvent": (EventParser, events.ThrowEvent),
    "boundaryEvent": (EventParser, events.BoundaryEvent),
    "receiveTask": (EventParser, events.ReceiveTask),
    "sendTask": (SendTaskParser, activities.ServiceTask),
    "userTask": (ElementParser, activities.UserTask),
    "manualTask": (ElementParser, activities.PassTask),
    "task": (ElementParser, activities.PassTask),
    "scriptTask": (WorkParser, activities.ScriptTask),
    "serviceTask": (ElementParser, activities.ServiceTask),
    "businessRuleTask": (WorkParser, activities.BusinessRuleTask),
    "callActivity": (CallActivityParser, activities.CallActivity),
    "subProcess": (InsideParser, activities.SubProcess),
    "exclusiveGateway": (ElementParser, gateways.ExclusiveGateway),
    "inclusiveGateway": (ElementParser, gateways.InclusiveGateway),
    "parallelGateway": (ElementParser, gateways.ParallelGateway),
    "eventBasedGateway": (ElementParser, gateways.EventGateway),
}


class ScopeParser(ProcessParser):  # type: ignore[misc]
    """Parses one process or the inside of one sub-process."""

    parser: DialectParser
    key: str
    process_id: str

    def create_spec(self) -> ProcessSpec:
        return ProcessSpec(self.key, self.process_id, self.parser.faults.file, self.node.get("name"))

    def _parse(self) -> None:
        self.spec = self.create_spec()
        self.add_tasks()

    def add_tasks(self) -> None:
        elements = [child for child in self.node if child.tag in self.parser.OVERRIDE_PARSER_CLASSES]
        nodes: dict[str, Node] = {}
        for element in elements:
            node = nodes[element.get("id")] = self.parse_node(element)
            if isinstance(node, events.StartEvent):
                self.spec.start_events.append(node)
            if isinstance(node, gateways.InclusiveGateway):
                self.spec.inclusive_joins.append(node)
        self._attach_boundaries(elements, nodes)
        self._connect(elements, nodes)
        self._link(elements, nodes)

    def _attach_boundaries(self, elements: list[etree._Element], nodes: dict[str, Node]) -> None:
        for element in elements:
            host = nodes.get(element.get("attachedToRef", ""))
            if isinstance(host, Activity):
                boundary: Any = nodes[element.get("id")]
                host.boundaries.append(boundary)
                boundary.host_activity = host

    def _connect(self, elements: list[etree._Element], nodes: dict[str, Node]) -> None:
        defaults = {element.get("default") for element in elements if element.get("default")}
        for flow in self.node.iterchildren(full_tag("sequenceFlow")):
            source, target = nodes.get(flow.get("sourceRef")), nodes.get(flow.get("targetRef"))
            if source is None or target is None:
                continue  # a finding of the check for dangling references
            condition = self.condition(flow, "conditionExpression", flow)
            is_default = flow.get("id") in defaults
            source.connect_flow(Flow(flow.get("id"), source, target, condition, is_default, flow.get("name")))

    def _link(self, elements: list[etree._Element], nodes: dict[str, Node]) -> None:
        catchers = {
            node.trigger.name: node
            for node in nodes.values()
            if isinstance(node, events.CatchEvent) and node.trigger.kind == "link"
        }
        for node in list(nodes.values()):
            if isinstance(node, events.ThrowEvent) and node.trigger.kind == "link" and node.trigger.name in catchers:
                target = catchers[node.trigger.name]
                node.connect_flow(Flow(f"{node.bpmn_id}->{target.bpmn_id}", node, target))

    def condition(self, holder: etree._Element, tag: str, element: etree._Element) -> Value | None:
        """The FEEL expression in a child element `tag`."""
        child = holder.find(full_tag(tag))
        if child is None or not (child.text or "").strip():
            return None
        try:
            return Value.read(child.text, element=element.get("id", ""), file=self.parser.faults.file, feel=True)
        except FeelError as error:
            self.parser.faults.expression(element, error)
            return None


class DialectParser(BpmnParser):  # type: ignore[misc]
    """Parses one BPMN file in the Camunda 8 dialect."""

    OVERRIDE_PARSER_CLASSES: ClassVar = {full_tag(tag): pair for tag, pair in _PARSERS.items()}
    PROCESS_PARSER_CLASS = ScopeParser

    def __init__(self, root: etree._Element, file: str) -> None:
        super().__init__()
        self.faults = Faults(file)
        self.definitions = Definitions(root, self.faults)
        #: Called process id and the call activity, for each call.
        self.calls: list[tuple[str, etree._Element]] = []
        self._inside: list[tuple[ScopeParser, events.EventSubProcess | None, ScopeParser]] = []
        check_supported(root, self.faults)
        if not self.faults.findings:
            self.add_bpmn_xml(root, file)

    def _add_data_stores(self, bpmn: etree._Element) -> None:
        """Data stores are notes in this dialect."""

    def _add_correlations(self, bpmn: etree._Element) -> None:
        """Correlation is by `zeebe:subscription`."""

    def _add_diagram_indexes(self, bpmn: etree._Element) -> None:
        """Lanes only: where a shape is drawn decides nothing, and a coordinate that is no number breaks nothing."""
        references = [(reference.text or "", reference.getparent()) for reference in bpmn.iter("{*}flowNodeRef")]
        self.document_lanes[id(bpmn)] = {text.strip(): lane.get("name") for text, lane in references}

    def create_parser(self, node: etree._Element, filename: str | None = None, lane: str | None = None) -> None:
        super().create_parser(node, filename, lane)
        parser = self.process_parsers[node.get("id")]
        parser.key = parser.process_id = node.get("id")

    def open_inside(self, node: etree._Element, parent: ScopeParser, event: events.EventSubProcess | None) -> str:
        """Note a sub-process for later; returns the name of its spec."""
        super().create_parser(node, self.faults.file)
        parser = self.process_parsers[node.get("id")]
        parser.process_id, parser.parent = parent.process_id, parent
        parser.key = f"{parent.process_id}/{node.get('id')}"
        self._inside.append((parser, event, parent))
        return str(parser.key)

    def specs(self) -> dict[str, ProcessSpec]:
        """Every executable process and the inside of every sub-process, by name."""
        found = {}
        for process_id in self.get_process_ids():
            found[process_id] = self.get_spec(process_id)
        while self._inside:
            parser, event, parent = self._inside.pop(0)  # in the order of the file
            spec = found[parser.key] = parser.get_spec()
            if event is not None:
                self._event_start(parser, spec, event, parent.spec)
        return found

    def _event_start(
        self, parser: ScopeParser, spec: ProcessSpec, sub_process: events.EventSubProcess, around: ProcessSpec
    ) -> None:
        start = spec.start_events[0]
        waiting = events.EventStart(around, start.bpmn_id, bpmn_name=start.bpmn_name)
        node = parser.get_node_by_id(start.bpmn_id)
        waiting.event_definition, waiting.sub_process, waiting.dialect = start.trigger, sub_process, start.dialect
        waiting.interrupting = is_true(node, "isInterrupting", otherwise=True)
        around.event_starts.append(waiting)
