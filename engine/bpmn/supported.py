"""What the engine cannot run faithfully is refused here, before anything is parsed: element, rule and remedy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Set

from lxml import etree

from engine.bpmn.faults import Faults
from engine.bpmn.reading import BPMN, is_true
from engine.bpmn.words import element_word, trigger_word

_TASKS = {"task", "userTask", "manualTask", "scriptTask", "serviceTask", "businessRuleTask", "sendTask", "receiveTask"}
ACTIVITIES = _TASKS | {"callActivity", "subProcess"}
GATEWAYS = {"exclusiveGateway", "inclusiveGateway", "parallelGateway", "eventBasedGateway"}
EVENTS = {"startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent"}
FLOW_NODES = ACTIVITIES | GATEWAYS | EVENTS

#: Elements of BPMN that would change what happens, and that are not run as the standard says.
_REFUSED = frozenset(
    {
        "transaction", "adHocSubProcess", "complexGateway", "standardLoopCharacteristics", "loopCardinality",
        "cancelEventDefinition", "compensateEventDefinition", "multipleEventDefinition", "globalUserTask", "globalTask",
        "resourceRole", "potentialOwner", "humanPerformer", "performer",
    }
)  # fmt: skip
#: Attributes that would do the same, with what changes nothing.
_REFUSED_ATTRIBUTES = {
    "isForCompensation": ("false", "0"),
    "startQuantity": ("1",),
    "completionQuantity": ("1",),
    "instantiate": ("false", "0"),
    "eventGatewayType": ("Exclusive",),
    "behavior": ("All",),
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
        faults.add(None, "not-bpmn")
        return
    _check_ids(root, faults)
    executable = [process for process in _children(root, {"process"}) if is_executable(process)]
    if not executable:
        faults.add(None, "no-executable-process")
    for process in executable:
        for node in process.iter():
            if _local(node) in _REFUSED:
                faults.add(_element_of(node), f"unsupported-element.{_local(node)}")
            for attribute, harmless in _REFUSED_ATTRIBUTES.items() if _local(node) else ():
                if node.get(attribute, harmless[0]) not in harmless:
                    faults.add(_element_of(node), f"unsupported-element.{attribute}")
            _check_foreign(node, faults)
        for scope in [process, *process.iter(f"{{{BPMN}}}subProcess")]:
            _Scope(scope, faults).check()


def is_executable(process: etree._Element) -> bool:
    """Is the process meant to run? As in Camunda 8, only where it says so."""
    return is_true(process, "isExecutable")


def _check_foreign(node: etree._Element, faults: Faults) -> None:
    """Refuse what another engine would act on; its notes that change nothing are left alone."""
    names = [node.tag, *node.attrib] if isinstance(node.tag, str) else []
    for name in map(etree.QName, names):
        engine = _OTHER_ENGINES.get(name.namespace or "")
        if engine and name.localname not in _FOREIGN_NOTES:
            faults.add(_element_of(node), "foreign-extension", extension=name.localname, engine=engine)


def _element_of(node: etree._Element) -> etree._Element:
    while not node.get("id") or node.tag.endswith(_SUFFIX) or node.tag.endswith("Characteristics"):
        node = node.getparent()
    return node


def _children(node: etree._Element, names: Set[str]) -> list[etree._Element]:
    return [child for child in node if _local(child) in names]


def _check_ids(root: etree._Element, faults: Faults) -> None:
    ids = Counter(node.get("id") for node in root.iter() if _local(node) and node.get("id"))
    for node in root.iter():
        if ids.get(node.get("id"), 0) > 1 and _local(node):
            faults.add(node, "duplicate-id", id=node.get("id"))
        elif _local(node) in FLOW_NODES | {"sequenceFlow", "process"} and not node.get("id"):
            faults.add(node, "missing-id", kind=element_word(_local(node)))


class _Scope:
    """One process or sub-process: its elements and flows."""

    def __init__(self, scope: etree._Element, faults: Faults) -> None:
        self.scope = scope
        self.faults = faults
        self.nodes = {node.get("id"): node for node in _children(scope, FLOW_NODES)}
        #: Elements that are refused for what they are. They are there all the same: no second finding for that.
        self.refused = {node.get("id") for node in _children(scope, _REFUSED)}
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
        inside, of_event = _local(self.scope) == "subProcess", is_true(self.scope, "triggeredByEvent")
        if not starts:
            self.faults.add(self.scope, "no-start")
        elif inside and len(starts) > 1:
            self.faults.add(self.scope, "start.several", count=len(starts))
        elif inside and bool(_definitions(starts[0])) != of_event:
            self.faults.add(starts[0], "start.needs-trigger" if of_event else "start.needs-none")
        for start in starts:
            if not of_event and _definitions(start) & {"error", "escalation"}:
                self.faults.add(start, "start.caught")
        if of_event and (self._entering_scope() or self._leaving_scope()):
            self.faults.add(self.scope, "start.connected")

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
                if flow.get(end) not in self.nodes and flow.get(end) not in self.refused:
                    self.faults.add(flow, f"dangling-flow.{end}")

    def _check_definitions(self, node: etree._Element) -> None:
        allowed = _DEFINITIONS.get(_local(node))
        if allowed is None:
            return
        kinds = [_local(child).removesuffix(_SUFFIX) for child in node if _local(child).endswith(_SUFFIX)]
        if len(kinds) > 1:
            self.faults.add(node, "unsupported-event.several", count=len(kinds))
        elif kinds and kinds[0] not in allowed and kinds[0] not in ("cancel", "compensate"):
            trigger, kind = trigger_word(kinds[0]), element_word(_local(node))
            self.faults.add(node, "unsupported-event.kind", trigger=trigger, kind=kind)
        elif kinds == ["error"] and not _interrupts(node):
            self.faults.add(node, "unsupported-event.lasting-error")
        elif not kinds and _local(node) in ("boundaryEvent", "intermediateCatchEvent"):
            self.faults.add(node, "unsupported-event.none")

    def _check_leaving(self, node: etree._Element) -> None:
        leaving, kind = self._leaving(node), _local(node)
        conditional = [flow for flow in leaving if flow.find(f"{{{BPMN}}}conditionExpression") is not None]
        if kind == "eventBasedGateway":
            self._check_event_gateway(node, leaving)
        elif kind in ("exclusiveGateway", "inclusiveGateway"):
            without = [flow for flow in leaving if flow not in conditional and flow.get("id") != node.get("default")]
            for flow in without if len(leaving) > 1 else ():
                self.faults.add(flow, "missing-condition", target=self._name(flow.get("targetRef")))
        elif conditional:
            self.faults.add(node, "conditional-flow")
        elif len(leaving) > 1 and kind != "parallelGateway":
            self.faults.add(node, "implicit-split", count=len(leaving))
        if kind == "endEvent" and leaving:
            self.faults.add(node, "flow-after-end")
        if kind in ("startEvent", "boundaryEvent") and self._entering(node):
            self.faults.add(node, "flow-into-start", kind=element_word(kind))

    def _name(self, element_id: str | None) -> str:
        node = self.nodes.get(element_id)
        return (node.get("name") if node is not None else None) or element_id or ""

    def _check_event_gateway(self, gateway: etree._Element, leaving: list[etree._Element]) -> None:
        if not leaving:
            self.faults.add(gateway, "event-gateway.nothing")
        for flow in leaving:
            target = self.nodes.get(flow.get("targetRef"))
            if target is None:
                continue
            name = self._name(gateway.get("id"))
            if _local(target) not in ("intermediateCatchEvent", "receiveTask") or "link" in _definitions(target):
                self.faults.add(target, "event-gateway.no-event", gateway=name)
            elif len(self._entering(target)) > 1:
                self.faults.add(target, "event-gateway.reached-otherwise", gateway=name)

    def _check_boundaries(self) -> None:
        for node in self.nodes.values():
            if _local(node) != "boundaryEvent" or node.get("attachedToRef") in self.refused:
                continue
            host = self.nodes.get(node.get("attachedToRef"))
            if host is None or _local(host) not in ACTIVITIES or is_true(host, "triggeredByEvent"):
                self.faults.add(node, "boundary-host")

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
                self.faults.add(node, "link", link=name or "", count=catches[name])


def _interrupts(event: etree._Element) -> bool:
    return is_true(event, "cancelActivity", otherwise=True) and is_true(event, "isInterrupting", otherwise=True)


def _definitions(event: etree._Element) -> set[str]:
    return {_local(child).removesuffix(_SUFFIX) for child in _event_definitions(event)}


def _event_definitions(event: etree._Element) -> Iterator[etree._Element]:
    return (child for child in event if _local(child).endswith(_SUFFIX))
