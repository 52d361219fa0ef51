"""Who hears of what is thrown: errors and escalations go outwards, through sub-processes and calls, to the nearest that
expects them. What nobody expects stops the case (an error) or is lost (an escalation).
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.bpmn.activities import CallActivity, ServiceTask
from engine.bpmn.events import BoundaryEvent, CatchingNode, EndEvent, EventNode, EventStart, StartEvent, ThrowEvent
from engine.bpmn.model import Model
from engine.bpmn.nodes import Node
from engine.bpmn.processes import ProcessSpec
from engine.bpmn.triggers import NamedTrigger
from engine.findings import Finding, Severity
from engine.rules import finding
from engine.validation.data_steps import SILENT_JOBS
from engine.validation.data_ways import Ways
from engine.validation.known import inside_of

_KINDS = ("error", "escalation")


def findings(model: Model, ways: Ways) -> Iterator[Finding]:
    """Everything thrown that nobody catches, and everything caught that nobody throws."""
    catching = _Catching(model, ways)
    for key, spec in model.specs.items():
        for node in spec.task_specs.values():
            if not isinstance(node, EventNode):
                continue
            if isinstance(node, (EndEvent, ThrowEvent)) and node.trigger.kind in _KINDS:
                yield from catching.thrown(key, spec, node)
            elif isinstance(node, (BoundaryEvent, EventStart)) and node.trigger.kind in _KINDS:
                yield from catching.expected(key, spec, node)
    yield from _signals(model)


class _Catching:
    def __init__(self, model: Model, ways: Ways) -> None:
        self.model = model
        self.ways = ways

    def thrown(self, key: str, spec: ProcessSpec, node: EventNode) -> Iterator[Finding]:
        """Is there somebody on every way outwards?"""
        kind, code = node.trigger.kind, node.trigger.name
        lost = list(self._lost(key, kind, code, frozenset()))
        if not lost:
            return
        # Alone, a process may end with an error for whoever calls it: only its callers would tell.
        alone = key in self.model.process_ids and set(lost) == {key} and not self.ways.hosts(key)
        severity: Severity = "error" if kind == "error" and not alone else "warning"
        yield finding(
            f"uncaught-{kind}", spec.file, node.bpmn_id, name=node.bpmn_name, severity=severity, code=_code(code)
        )

    def _lost(self, key: str, kind: str, code: str | None, seen: frozenset[str], inside: str = "") -> Iterator[str]:
        """Names of the processes that it leaves without having been caught. `inside`: the spec that it comes from."""
        spec = self.model.specs[key]
        for start in spec.event_starts:
            if start.sub_process.inside != inside and _expects(start, kind, code):
                return
        if key in seen:
            return
        hosts = self.ways.hosts(key)
        if key in self.model.process_ids and (not hosts or key == self.model.main):
            yield key
        for outer, name in hosts:
            host = self.model.specs[outer].task_specs[name]
            if not any(_expects(one, kind, code) for one in getattr(host, "boundaries", ())):
                yield from self._lost(outer, kind, code, seen | {key}, key)

    def expected(self, key: str, spec: ProcessSpec, node: BoundaryEvent | EventStart) -> Iterator[Finding]:
        """Does anything inside throw it?"""
        kind, code = node.trigger.kind, node.trigger.name
        if isinstance(node, EventStart):
            throws = self._throws(key, kind, code, frozenset())
        else:
            throws = self._host_throws(node.host_activity, kind, code)
        if not throws:
            rule = f"never-thrown.{kind}"
            yield finding(rule, spec.file, node.bpmn_id, name=node.bpmn_name, code=_code(code))

    def _throws(self, key: str, kind: str, code: str | None, seen: frozenset[str]) -> bool:
        nodes = self.model.specs[key].task_specs.values() if key not in seen else ()
        return any(self._node_throws(node, kind, code, seen | {key}) for node in nodes)

    def _node_throws(self, node: object, kind: str, code: str | None, seen: frozenset[str]) -> bool:
        if isinstance(node, (EndEvent, ThrowEvent)):
            return node.trigger.kind == kind and (not code or not node.trigger.name or node.trigger.name == code)
        return isinstance(node, Node) and self._host_throws(node, kind, code, seen)

    def _host_throws(self, host: Node, kind: str, code: str | None, seen: frozenset[str] = frozenset()) -> bool:
        worker = getattr(host, "inner", host)
        if isinstance(worker, ServiceTask):
            job = worker.dialect.job_type
            return kind == "error" and (job is None or job.text not in SILENT_JOBS)
        inside = inside_of(host)
        if inside is None or inside not in self.model.specs:
            return isinstance(worker, CallActivity)
        return self._throws(inside, kind, code, seen)


def _expects(node: EventNode, kind: str, code: str | None) -> bool:
    trigger = node.trigger
    return trigger.kind == kind and isinstance(trigger, NamedTrigger) and trigger.matches(code)


def _code(code: str | None) -> str:
    return code or "?"


def _signals(model: Model) -> Iterator[Finding]:
    """Signals that are waited for, and that nothing known here sends."""
    nodes = [
        (spec, node)
        for spec in model.specs.values()
        for node in spec.task_specs.values()
        if isinstance(node, EventNode) and node.trigger.kind == "signal"
    ]
    sent = {node.trigger.name for _, node in nodes if isinstance(node, (EndEvent, ThrowEvent))}
    heard = set[tuple[str, str]]()
    for spec, node in nodes:
        waits = isinstance(node, (CatchingNode, StartEvent)) and node.trigger.name not in sent
        if waits and (spec.file, node.bpmn_id) not in heard:
            heard.add((spec.file, node.bpmn_id))
            yield finding("unsent-signal", spec.file, node.bpmn_id, name=node.bpmn_name, signal=node.trigger.name)
