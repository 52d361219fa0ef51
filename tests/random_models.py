"""Random process models, drawn from blocks and then sometimes rewired; as a plain structure and as BPMN.

The structure knows nothing of the engine: `tests.token_game` plays it by the BPMN 2.0 standard.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from tests.models import bpmn


@dataclass
class Flow:
    """A sequence flow; `at_least` is its condition on the variable v."""

    id: str
    source: str
    target: str
    at_least: int | None = None
    default: bool = False


@dataclass
class Element:
    """A flow node. Kinds: start, end, terminate, user, pass, xor, and, or, events, timer, message, sub, boundary, event_sub."""

    id: str
    kind: str
    #: For boundary events and event sub-processes: timer or message.
    trigger: str | None = None
    interrupting: bool = True
    host: str | None = None
    inside: Scope | None = None
    #: Multi-instance: how many, and whether one after another.
    times: int | None = None
    sequential: bool = False


@dataclass
class Scope:
    """A process or the inside of a sub-process."""

    elements: dict[str, Element] = field(default_factory=dict)
    flows: list[Flow] = field(default_factory=list)

    def leaving(self, element_id: str) -> list[Flow]:
        """The flows out of an element, in the order of the file."""
        return [flow for flow in self.flows if flow.source == element_id]

    def entering(self, element_id: str) -> list[Flow]:
        """The flows into an element."""
        return [flow for flow in self.flows if flow.target == element_id]


class Drawer:
    """Draws one model. `rewire` is the share of models that are made unstructured."""

    def __init__(self, random: Random, *, depth: int = 3, rewire: float = 0.4) -> None:
        self.random = random
        self.depth = depth
        self.rewire = rewire
        self._count = 0

    def model(self) -> Scope:
        """A whole process."""
        return self._scope(self.depth, top=True)

    def _id(self, kind: str) -> str:
        self._count += 1
        return f"{kind}{self._count}"

    def _scope(self, depth: int, *, top: bool = False) -> Scope:
        scope = Scope()
        start, end = self._add(scope, "start"), self._add(scope, "end")
        first, last = self._block(scope, depth)
        self._flow(scope, start, first)
        self._flow(scope, last, end)
        if depth > 1 and self.random.random() < 0.25:
            event = self._add(scope, "event_sub", trigger=self._trigger(), interrupting=self.random.random() < 0.5)
            scope.elements[event].inside = self._scope(1)
        if self.random.random() < self.rewire:
            self._rewire(scope)
        return scope

    def _add(self, scope: Scope, kind: str, **more: object) -> str:
        element = Element(self._id(kind), kind, **more)  # type: ignore[arg-type]
        scope.elements[element.id] = element
        return element.id

    def _flow(self, scope: Scope, source: str, target: str, at_least: int | None = None, default: bool = False) -> None:
        scope.flows.append(Flow(self._id("f"), source, target, at_least, default))

    def _trigger(self) -> str:
        return self.random.choice(["timer", "message"])

    def _block(self, scope: Scope, depth: int) -> tuple[str, str]:
        """The first and last element of a block."""
        kinds = ["user"] * 4 + ["pass", "timer", "message", "multi"]
        if depth > 0:
            kinds += ["sequence"] * 5 + ["xor", "and", "or", "loop", "events", "sub", "watched"] * 2
        kind = self.random.choice(kinds)
        if kind in ("user", "pass", "timer", "message"):
            single = self._add(scope, kind)
            return single, single
        return getattr(self, f"_{kind}")(scope, depth - 1)  # type: ignore[no-any-return]

    def _multi(self, scope: Scope, depth: int) -> tuple[str, str]:
        single = self._add(scope, "user", times=self.random.randint(0, 3), sequential=self.random.random() < 0.5)
        return single, single

    def _sequence(self, scope: Scope, depth: int) -> tuple[str, str]:
        first, last = self._block(scope, depth)
        for _ in range(self.random.randint(1, 2)):
            following, end = self._block(scope, depth)
            self._flow(scope, last, following)
            last = end
        return first, last

    def _split(self, scope: Scope, depth: int, kind: str, join: str) -> tuple[str, str]:
        split, end = self._add(scope, kind), self._add(scope, join)
        count = self.random.randint(2, 3)
        for branch in range(count):
            conditional, last_one = kind in ("xor", "or"), branch == count - 1
            rule = self.random.randint(0, 9) if conditional and not last_one else None
            if self.random.random() < 0.15 and kind != "and":
                self._flow(scope, split, end, rule, conditional and last_one)
                continue
            first, last = self._block(scope, depth)
            self._flow(scope, split, first, rule, conditional and last_one)
            self._flow(scope, last, end)
        return split, end

    def _xor(self, scope: Scope, depth: int) -> tuple[str, str]:
        return self._split(scope, depth, "xor", "xor")

    def _and(self, scope: Scope, depth: int) -> tuple[str, str]:
        return self._split(scope, depth, "and", "and")

    def _or(self, scope: Scope, depth: int) -> tuple[str, str]:
        return self._split(scope, depth, "or", "or")

    def _loop(self, scope: Scope, depth: int) -> tuple[str, str]:
        merge, first_task, again = self._add(scope, "xor"), self._add(scope, "user"), self._add(scope, "xor")
        first, last = self._block(scope, depth)
        self._flow(scope, merge, first_task)
        self._flow(scope, first_task, first)
        self._flow(scope, last, again)
        self._flow(scope, again, merge, self.random.randint(5, 9))
        after = self._add(scope, "pass")
        self._flow(scope, again, after, default=True)
        return merge, after

    def _events(self, scope: Scope, depth: int) -> tuple[str, str]:
        gateway, end = self._add(scope, "events"), self._add(scope, "xor")
        for _ in range(self.random.randint(2, 3)):
            event = self._add(scope, self._trigger())
            first, last = self._block(scope, depth)
            self._flow(scope, gateway, event)
            self._flow(scope, event, first)
            self._flow(scope, last, end)
        return gateway, end

    def _sub(self, scope: Scope, depth: int) -> tuple[str, str]:
        sub = self._add(scope, "sub")
        scope.elements[sub].inside = self._scope(max(depth, 0))
        if self.random.random() < 0.3:
            scope.elements[sub].times = self.random.randint(1, 2)
            scope.elements[sub].sequential = self.random.random() < 0.5
        return sub, sub

    def _watched(self, scope: Scope, depth: int) -> tuple[str, str]:
        host = self._add(scope, "user") if self.random.random() < 0.5 else self._sub(scope, depth)[0]
        end = self._add(scope, "xor")
        self._flow(scope, host, end)
        for _ in range(self.random.randint(1, 2)):
            interrupting = self.random.random() < 0.5
            event = self._add(scope, "boundary", trigger=self._trigger(), interrupting=interrupting, host=host)
            first, last = self._block(scope, depth)
            self._flow(scope, event, first)
            self._flow(
                scope, last, end if interrupting else self._add(scope, self.random.choice(["end", "end", "terminate"]))
            )
        return host, end

    def _rewire(self, scope: Scope) -> None:
        """Move the end of a flow to another element, where that is allowed at all."""
        for _ in range(self.random.randint(1, 2)):
            behind_gateway = {flow.target for flow in scope.flows if scope.elements[flow.source].kind == "events"}
            flows = [flow for flow in scope.flows if flow.target not in behind_gateway]
            targets = [
                element.id
                for element in scope.elements.values()
                if element.kind not in ("start", "boundary", "event_sub") and element.id not in behind_gateway
            ]
            if flows:
                self.random.choice(flows).target = self.random.choice(targets)


_TIMER = "<timerEventDefinition><timeDuration>P1D</timeDuration></timerEventDefinition>"
_TAGS = {
    "start": "startEvent", "end": "endEvent", "terminate": "endEvent", "user": "userTask", "pass": "task",
    "xor": "exclusiveGateway", "and": "parallelGateway", "or": "inclusiveGateway", "events": "eventBasedGateway",
    "timer": "intermediateCatchEvent", "message": "intermediateCatchEvent", "sub": "subProcess",
    "boundary": "boundaryEvent", "event_sub": "subProcess",
}  # fmt: skip


def to_bpmn(model: Scope) -> bytes:
    """The model as a file."""
    declared: list[str] = []
    body = _scope_xml(model, declared)
    return bpmn(body, declared="".join(declared))


def _event(element_id: str, kind: str | None, declared: list[str]) -> str:
    if kind == "timer":
        return _TIMER
    declared.append(f'<message id="m_{element_id}" name="{element_id}"/>')
    return f'<messageEventDefinition messageRef="m_{element_id}"/>'


def _scope_xml(scope: Scope, declared: list[str]) -> str:
    parts = [_element_xml(scope, element, declared) for element in scope.elements.values()]
    for flow in scope.flows:
        condition = f'<conditionExpression xsi:type="tFormalExpression">=v &gt;= {flow.at_least}</conditionExpression>'
        inside = condition if flow.at_least is not None else ""
        parts.append(
            f'<sequenceFlow id="{flow.id}" sourceRef="{flow.source}" targetRef="{flow.target}">{inside}</sequenceFlow>'
        )
    return "".join(parts)


def _element_xml(scope: Scope, element: Element, declared: list[str]) -> str:
    tag, attributes, inside = _TAGS[element.kind], "", ""
    default = next((flow.id for flow in scope.leaving(element.id) if flow.default), None)
    if default:
        attributes += f' default="{default}"'
    if element.kind == "terminate":
        inside = "<terminateEventDefinition/>"
    elif element.kind in ("timer", "message"):
        inside = _event(element.id, element.kind, declared)
    elif element.kind == "boundary":
        attributes += f' attachedToRef="{element.host}" cancelActivity="{str(element.interrupting).lower()}"'
        inside = _event(element.id, element.trigger, declared)
    elif element.inside is not None:
        inside = _scope_xml(element.inside, declared)
    if element.kind == "event_sub":
        attributes += ' triggeredByEvent="true"'
        start = next(one.id for one in element.inside.elements.values() if one.kind == "start")  # type: ignore[union-attr]
        trigger = _event(start, element.trigger, declared)
        interrupting = str(element.interrupting).lower()
        inside = inside.replace(
            f'<startEvent id="{start}">', f'<startEvent id="{start}" isInterrupting="{interrupting}">{trigger}', 1
        )
    if element.times is not None:
        items = "[" + ", ".join(map(str, range(element.times))) + "]"
        inside += (
            f'<multiInstanceLoopCharacteristics isSequential="{str(element.sequential).lower()}"><extensionElements>'
            f'<zeebe:loopCharacteristics inputCollection="={items}" inputElement="item"/></extensionElements>'
            "</multiInstanceLoopCharacteristics>"
        )
    return f'<{tag} id="{element.id}"{attributes}>{inside}</{tag}>'
