"""Style that prevents faults: bpmnlint's rules, by bpmnlint itself, in our words and with our severities.

Which of its rules are asked stands in engine/bpmnio/javascript/rules.js. What another check of ours tells as an error
is not told again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lxml import etree

from engine.bpmn.reading import BPMN
from engine.bpmn.supported import EVENTS, FLOW_NODES, GATEWAYS, is_executable
from engine.bpmnio import Failed, Script
from engine.bpmnio.lean import lean
from engine.findings import Finding
from engine.rules import Text, finding
from engine.validation.concurrency import Concurrency, TooEntangled
from engine.validation.subject import Subject

#: Seconds of CPU time for a file; one of 2,000 elements takes less than one.
TIME_LIMIT = 3.0
#: What bpmnlint reports: its rule, the element (None where the rule itself failed), its words.
Report = tuple[str, str | None, str]

#: The rules of bpmnlint that are asked, as in rules.js. The names are ours too.
TAKEN = (
    "end-event-required", "event-based-gateway", "label-required", "no-duplicate-sequence-flows",
    "no-gateway-join-fork", "no-implicit-end", "no-overlapping-elements", "single-blank-start-event",
    "superfluous-gateway", "superfluous-label",
)  # fmt: skip
#: Where one of them says several things: how its words begin → our variant.
_VARIANTS = {
    "Element overlaps": "no-overlapping-elements.overlaps",
    "Element is outside": "no-overlapping-elements.outside",
    "An <Event-based Gateway>": "event-based-gateway.single",
    "A <Sequence Flow>": "event-based-gateway.condition",
}
_TOO_MANY = Text("too many branches run side by side", "för många grenar löper sida vid sida")
_TOO_SLOW = Text("it takes too long", "det tar för lång tid")


def check(subject: Subject) -> Iterator[Finding]:
    """Every process that runs, of every model."""
    linting: Script | None = None
    for file, root in subject.roots.items():
        drawn = _Drawn(root, file)
        if not drawn.running:
            continue
        yield from drawn.fake_joins()
        try:
            linting = linting or Script("lint")
            reports = linting(etree.tostring(lean(root, drawn.running), encoding="unicode"), seconds=TIME_LIMIT)
        except Failed as failed:
            linting = None
            reason = _TOO_SLOW if "interrupted" in str(failed) else str(failed)
            yield finding("style-not-checked", file, reason=reason)
        else:
            yield from drawn.findings([(rule, element, words) for rule, element, words in reports])


class _Drawn:
    """The elements of a file that runs, by their ids."""

    def __init__(self, root: etree._Element, file: str) -> None:
        self.file = file
        processes = [process for process in root.iterchildren(f"{{{BPMN}}}process") if is_executable(process)]
        self.running = [process.get("id") for process in processes]
        self.scopes = [scope for process in processes for scope in (process, *process.iter(f"{{{BPMN}}}subProcess"))]
        self.nodes = {node.get("id"): node for node in root.iter(f"{{{BPMN}}}*") if node.get("id")}
        self._left = {flow.get("sourceRef") for flow in root.iter(f"{{{BPMN}}}sequenceFlow")}
        self._unreached = {node.get("id") for scope in self.scopes for node in _unreached(scope)}

    def fake_joins(self) -> Iterator[Finding]:
        """Where branches come together that run side by side."""
        try:
            for scope in self.scopes:
                for node in Concurrency(scope).meetings():
                    yield self._finding("fake-join", node.get("id"))
        except TooEntangled:
            yield finding("style-not-checked", self.file, reason=_TOO_MANY)

    def findings(self, reports: Iterable[Report]) -> Iterator[Finding]:
        """The reports in our words, without what is told elsewhere."""
        reports = list(reports)
        told = {(rule, element) for rule, element, _ in reports}
        for rule, element, words in reports:
            if element is None:
                yield finding("style-not-checked", self.file, reason=f"{rule}: {words}")
            elif element in self.nodes and not self._told_elsewhere(rule, element, told):
                yield self._finding(self._variant(rule, element, words), element)

    def _finding(self, rule: str, element: str) -> Finding:
        name = self.nodes[element].get("name") or None
        return finding(rule, self.file, element, name=name, label=name or element)

    def _told_elsewhere(self, rule: str, element: str, told: set[tuple[str, str | None]]) -> bool:
        node = self.nodes[element]
        kind = _local(node)
        if rule == "no-implicit-end":
            # Nothing gets there (dead-part), nothing follows an event gateway (event-gateway), or nothing ends at all.
            endless = ("end-event-required", node.getparent().get("id")) in told
            return element in self._unreached or kind == "eventBasedGateway" or endless
        if rule == "no-duplicate-sequence-flows":
            # It reports the elements at both ends as well.
            return kind != "sequenceFlow"
        if rule == "single-blank-start-event":
            return kind != "process"  # start
        if rule == "event-based-gateway":
            return kind == "eventBasedGateway" and element not in self._left  # event-gateway
        return rule == "superfluous-gateway" and kind == "eventBasedGateway"

    def _variant(self, rule: str, element: str, words: str) -> str:
        if rule == "label-required":
            return f"label-required.{_label_kind(_local(self.nodes[element]))}"
        return next((variant for begin, variant in _VARIANTS.items() if words.startswith(begin)), rule)


def _label_kind(kind: str) -> str:
    if kind in EVENTS:
        return "event"
    if kind in GATEWAYS:
        return "gateway"
    return {"sequenceFlow": "flow", "lane": "lane", "participant": "pool"}.get(kind, "task")


def _unreached(scope: etree._Element) -> list[etree._Element]:
    """What no flow leads to from where the scope starts; the check of soundness tells of it."""
    nodes = {node.get("id"): node for node in scope if _local(node) in FLOW_NODES}
    following: dict[str | None, list[str]] = {}
    for flow in scope.iterchildren(f"{{{BPMN}}}sequenceFlow"):
        following.setdefault(flow.get("sourceRef"), []).append(flow.get("targetRef"))
    for name, node in nodes.items():
        if node.get("attachedToRef"):
            following.setdefault(node.get("attachedToRef"), []).append(name)
    links = [name for name, node in nodes.items() if node.find(f"{{{BPMN}}}linkEventDefinition") is not None]
    starts = [name for name, node in nodes.items() if _local(node) == "startEvent" or node.get("triggeredByEvent")]
    waiting, reached = [*starts, *links], set[str]()
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += following.get(name, [])
    return [node for name, node in nodes.items() if name not in reached]


def _local(node: etree._Element) -> str:
    return node.tag.rpartition("}")[2] if isinstance(node.tag, str) else ""
