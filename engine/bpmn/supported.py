"""What the engine cannot run faithfully is refused here, before anything is parsed: element, rule and remedy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from lxml import etree

from engine.bpmn.faults import Faults
from engine.bpmn.reading import BPMN

_TASKS = {"task", "userTask", "manualTask", "scriptTask", "serviceTask", "businessRuleTask", "sendTask", "receiveTask"}
ACTIVITIES = _TASKS | {"callActivity", "subProcess"}
GATEWAYS = {"exclusiveGateway", "inclusiveGateway", "parallelGateway", "eventBasedGateway"}
EVENTS = {"startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent"}
FLOW_NODES = ACTIVITIES | GATEWAYS | EVENTS

#: Elements of BPMN that would change what happens, why they are refused, and what to draw instead.
_REFUSED = {
    "transaction": ("Transactions are not run", "Draw a sub-process with error events"),
    "adHocSubProcess": ("Ad-hoc sub-processes are not run", "Draw the order of the steps"),
    "complexGateway": (
        "Complex gateways are not run",
        "Use an inclusive gateway, or a multi-instance with a completion condition",
    ),
    "standardLoopCharacteristics": (
        "The loop marker is not run",
        "Draw the loop with a gateway, or use a multi-instance",
    ),
    "loopCardinality": ("A multi-instance by number is not run", "Name its input collection, such as =[1, 2, 3]"),
    "cancelEventDefinition": ("Cancel events are not run", "Use an error event"),
    "compensateEventDefinition": ("Compensation is not run", "Draw the way back as ordinary steps"),
    "globalUserTask": ("Global tasks are not run", "Draw a process with one task and call that"),
    "globalTask": ("Global tasks are not run", "Draw a process with one task and call that"),
    "resourceRole": ("Resource roles are not read", "Use the task's assignment"),
    "potentialOwner": ("Potential owners are not read", "Use the task's assignment"),
    "humanPerformer": ("Human performers are not read", "Use the task's assignment"),
    "performer": ("Performers are not read", "Use the task's assignment"),
    "multipleEventDefinition": ("Multiple events are not run", "Draw one event for each"),
}
#: Namespaces of other engines, whose extensions say how a process is run.
_OTHER_ENGINES = {
    "http://camunda.org/schema/1.0/bpmn": "Camunda 7",
    "http://flowable.org/bpmn": "Flowable",
    "http://activiti.org/bpmn": "Activiti",
    "http://spiffworkflow.org/bpmn/schema/1.0/core": "SpiffWorkflow",
}
_FOREIGN_NOTES = {
    "versionTag",
    "historyTimeToLive",
    "isStartableInTasklist",
    "diagramRelationId",
    "properties",
    "property",
}
_DEFINITIONS: dict[str, set[str]] = {
    "startEvent": {"message", "timer", "signal", "conditional", "error", "escalation"},
    "endEvent": {"message", "signal", "error", "escalation", "terminate"},
    "intermediateCatchEvent": {"message", "timer", "signal", "conditional", "link"},
    "intermediateThrowEvent": {"message", "signal", "escalation", "link"},
    "boundaryEvent": {"message", "timer", "signal", "conditional", "error", "escalation"},
}
_SUFFIX = "EventDefinition"


def _local(node: etree._Element) -> str:
    return etree.QName(node).localname if isinstance(node.tag, str) and node.tag.startswith(f"{{{BPMN}}}") else ""


def check_supported(root: etree._Element, faults: Faults) -> None:
    """Add a finding for everything in the file that would not run as drawn."""
    if _local(root) != "definitions":
        faults.add(None, "not-bpmn", "The file is no BPMN model", "Save it from a BPMN editor")
        return
    _check_ids(root, faults)
    executable = [process for process in _children(root, {"process"}) if is_executable(process)]
    if not executable:
        faults.add(
            None, "no-executable-process", "No process in the file is executable", "Tick “Executable” on the process"
        )
    for process in executable:
        for node in process.iter():
            if _local(node) in _REFUSED:
                message, remedy = _REFUSED[_local(node)]
                faults.add(_element_of(node), "unsupported-element", message, remedy)
            _check_foreign(node, faults)
        for scope in [process, *process.iter(f"{{{BPMN}}}subProcess")]:
            _Scope(scope, faults).check()


def is_executable(process: etree._Element) -> bool:
    """Is the process meant to run? As in Camunda 8, only where it says so."""
    return process.get("isExecutable") in ("true", "1")


def _check_foreign(node: etree._Element, faults: Faults) -> None:
    """Refuse what another engine would act on; its notes that change nothing are left alone."""
    names = [node.tag, *node.attrib] if isinstance(node.tag, str) else []
    for name in map(etree.QName, names):
        engine = _OTHER_ENGINES.get(name.namespace or "")
        if engine and name.localname not in _FOREIGN_NOTES:
            message = f"{name.localname} is for {engine} and would be ignored here"
            faults.add(
                _element_of(node), "foreign-extension", message, "Say the same in the Camunda 8 dialect, and remove it"
            )


def _element_of(node: etree._Element) -> etree._Element:
    while not node.get("id") or node.tag.endswith(_SUFFIX) or node.tag.endswith("Characteristics"):
        node = node.getparent()
    return node


def _children(node: etree._Element, names: set[str]) -> list[etree._Element]:
    return [child for child in node if _local(child) in names]


def _check_ids(root: etree._Element, faults: Faults) -> None:
    ids = Counter(node.get("id") for node in root.iter() if _local(node) and node.get("id"))
    for node in root.iter():
        if ids.get(node.get("id"), 0) > 1 and _local(node):
            faults.add(node, "duplicate-id", "Several elements have this id", "Give each element an id of its own")
        elif _local(node) in FLOW_NODES | {"sequenceFlow", "process"} and not node.get("id"):
            faults.add(node, "missing-id", f"A {_local(node)} has no id", "Open and save the model in the editor")


class _Scope:
    """One process or sub-process: its elements and flows."""

    def __init__(self, scope: etree._Element, faults: Faults) -> None:
        self.scope = scope
        self.faults = faults
        self.nodes = {node.get("id"): node for node in _children(scope, FLOW_NODES)}
        self.flows = _children(scope, {"sequenceFlow"})
        self._by_source: dict[str | None, list[etree._Element]] = {}
        self._by_target: dict[str | None, list[etree._Element]] = {}
        for flow in self.flows:
            self._by_source.setdefault(flow.get("sourceRef"), []).append(flow)
            self._by_target.setdefault(flow.get("targetRef"), []).append(flow)

    def check(self) -> None:
        """Check everything directly inside."""
        self._check_starts()
        self._check_flows()
        for node in self.nodes.values():
            self._check_definitions(node)
            self._check_leaving(node)
        self._check_boundaries()
        self._check_links()

    def _leaving(self, node: etree._Element) -> list[etree._Element]:
        return self._by_source.get(node.get("id"), [])

    def _entering(self, node: etree._Element) -> list[etree._Element]:
        return self._by_target.get(node.get("id"), [])

    def _check_starts(self) -> None:
        starts = _children(self.scope, {"startEvent"})
        inside, of_event = _local(self.scope) == "subProcess", self.scope.get("triggeredByEvent") == "true"
        if not starts:
            self.faults.add(self.scope, "no-start", "It has no start event", "Draw a start event")
        elif inside and len(starts) > 1:
            self.faults.add(self.scope, "start", "A sub-process starts in one place only", "Keep one start event")
        elif inside and bool(_definitions(starts[0])) != of_event:
            remedy = "Give it a trigger, such as a message" if of_event else "Remove its trigger"
            self.faults.add(starts[0], "start", "The start event does not fit its sub-process", remedy)
        for start in starts:
            kinds = _definitions(start)
            if not of_event and kinds & {"error", "escalation"}:
                self.faults.add(start, "start", "A process is not started by an error or escalation", "Use a message")
        if of_event and (self._entering_scope() or self._leaving_scope()):
            self.faults.add(self.scope, "start", "An event sub-process is not connected by flows", "Remove the flows")

    def _entering_scope(self) -> bool:
        return self._siblings("targetRef")

    def _leaving_scope(self) -> bool:
        return self._siblings("sourceRef")

    def _siblings(self, end: str) -> bool:
        flows = _children(self.scope.getparent(), {"sequenceFlow"})
        return any(flow.get(end) == self.scope.get("id") for flow in flows)

    def _check_flows(self) -> None:
        for flow in self.flows:
            for end in ("sourceRef", "targetRef"):
                if flow.get(end) not in self.nodes:
                    self.faults.add(
                        flow, "dangling-flow", "The flow leads from or to nothing here", "Connect both of its ends"
                    )

    def _check_definitions(self, node: etree._Element) -> None:
        allowed = _DEFINITIONS.get(_local(node))
        if allowed is None:
            return
        kinds = [_local(child).removesuffix(_SUFFIX) for child in node if _local(child).endswith(_SUFFIX)]
        if len(kinds) > 1:
            self.faults.add(node, "unsupported-event", "An event has one trigger only", "Draw one event for each")
        elif kinds and kinds[0] not in allowed and kinds[0] not in ("cancel", "compensate"):
            self.faults.add(
                node,
                "unsupported-event",
                f"A {_local(node)} cannot be a {kinds[0]} event",
                "Use another kind of event here",
            )
        elif not kinds and _local(node) in ("boundaryEvent", "intermediateCatchEvent"):
            self.faults.add(
                node, "unsupported-event", "The event waits for nothing", "Give it a trigger, such as a timer"
            )

    def _check_leaving(self, node: etree._Element) -> None:
        leaving, kind = self._leaving(node), _local(node)
        conditional = [flow for flow in leaving if flow.find(f"{{{BPMN}}}conditionExpression") is not None]
        if kind == "eventBasedGateway":
            self._check_event_gateway(node, leaving)
        elif kind in ("exclusiveGateway", "inclusiveGateway"):
            without = [flow for flow in leaving if flow not in conditional and flow.get("id") != node.get("default")]
            for flow in without if len(leaving) > 1 else ():
                self.faults.add(
                    flow,
                    "missing-condition",
                    "The flow out of the gateway has no condition",
                    "Write one, or make it the default flow",
                )
        elif conditional:
            self.faults.add(
                node,
                "conditional-flow",
                "A flow with a condition leaves something that is no gateway",
                "Put an exclusive or inclusive gateway there",
            )
        elif len(leaving) > 1 and kind != "parallelGateway":
            self.faults.add(
                node, "implicit-split", "Several flows leave at once", "Put a parallel or exclusive gateway there"
            )
        if kind == "endEvent" and leaving:
            self.faults.add(
                node, "flow-after-end", "A flow leaves an end event", "Remove it, or use an intermediate event"
            )
        if kind in ("startEvent", "boundaryEvent") and self._entering(node):
            self.faults.add(
                node,
                "flow-into-start",
                "A flow leads into a start or boundary event",
                "Connect it to a task or gateway",
            )

    def _check_event_gateway(self, gateway: etree._Element, leaving: list[etree._Element]) -> None:
        if not leaving:
            self.faults.add(gateway, "event-gateway", "No event follows the gateway", "Draw the events it waits for")
        for flow in leaving:
            target = self.nodes.get(flow.get("targetRef"))
            if target is None:
                continue
            if _local(target) not in ("intermediateCatchEvent", "receiveTask") or "link" in _definitions(target):
                self.faults.add(
                    target, "event-gateway", "Only catch events may follow an event gateway", "Draw an event there"
                )
            elif len(self._entering(target)) > 1:
                self.faults.add(
                    target,
                    "event-gateway",
                    "The event is reached past its gateway too",
                    "Draw another event for that way",
                )

    def _check_boundaries(self) -> None:
        for node in self.nodes.values():
            if _local(node) != "boundaryEvent":
                continue
            host = self.nodes.get(node.get("attachedToRef"))
            if host is None or _local(host) not in ACTIVITIES or host.get("triggeredByEvent") == "true":
                self.faults.add(
                    node, "boundary-host", "The boundary event sits on nothing", "Attach it to a task or sub-process"
                )

    def _check_links(self) -> None:
        throws: dict[str | None, etree._Element] = {}
        catches: Counter[str | None] = Counter()
        for node in self.nodes.values():
            for link in node.iterchildren(f"{{{BPMN}}}linkEventDefinition"):
                if _local(node) == "intermediateThrowEvent":
                    throws[link.get("name")] = node
                else:
                    catches[link.get("name")] += 1
        for name, node in throws.items():
            if catches[name] != 1:
                self.faults.add(
                    node, "link", "The link leads to no event, or to several", "Name exactly one catching link so"
                )


def _definitions(event: etree._Element) -> set[str]:
    return {_local(child).removesuffix(_SUFFIX) for child in _event_definitions(event)}


def _event_definitions(event: etree._Element) -> Iterator[etree._Element]:
    return (child for child in event if _local(child).endswith(_SUFFIX))
