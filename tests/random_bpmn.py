"""A random model of `tests.random_models` as a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.models import bpmn

if TYPE_CHECKING:
    from tests.random_models import Element, Scope

_DAY, _DAILY = "<timeDuration>P1D</timeDuration>", "<timeCycle>R/P1D</timeCycle>"
_TAGS = {
    "start": "startEvent", "end": "endEvent", "user": "userTask", "pass": "task", "script": "scriptTask",
    "decide": "businessRuleTask", "service": "serviceTask", "receive": "receiveTask", "catch": "intermediateCatchEvent",
    "throw": "intermediateThrowEvent", "xor": "exclusiveGateway", "and": "parallelGateway", "or": "inclusiveGateway",
    "events": "eventBasedGateway", "sub": "subProcess", "call": "callActivity", "boundary": "boundaryEvent",
    "event_sub": "subProcess",
}  # fmt: skip

#: What `decide` asks: nine less v.
DECISION = b"""<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="http://example.org/d">
<decision id="turn" name="turn"><variable id="t_v" name="turn" typeRef="number"/>
<literalExpression id="t_e"><text>9 - v</text></literalExpression></decision></definitions>"""


def to_bpmn(model: Scope) -> bytes:
    """The model as a file; what it calls stands in the same file."""
    writer = _Writer()
    body = writer.scope(model)
    return bpmn(body, declared="".join([*writer.called, *writer.declared.values()]))


class _Writer:
    """Writes elements, and gathers what they refer to."""

    def __init__(self) -> None:
        self.declared: dict[str, str] = {}
        self.called: list[str] = []

    def scope(self, scope: Scope) -> str:
        parts = [self._element(scope, element) for element in scope.elements.values()]
        for flow in scope.flows:
            condition = ""
            if flow.at_least is not None:
                condition = (
                    f'<conditionExpression xsi:type="tFormalExpression">=v &gt;= {flow.at_least}</conditionExpression>'
                )
            target = flow.target
            if flow.link:
                parts.append(self._link(flow.id, flow.target))
                target = f"to_{flow.id}"
            parts.append(
                f'<sequenceFlow id="{flow.id}" sourceRef="{flow.source}" targetRef="{target}">{condition}</sequenceFlow>'
            )
        return "".join(parts)

    @staticmethod
    def _link(flow: str, target: str) -> str:
        definition = f'<linkEventDefinition name="{flow}"/>'
        return (
            f'<intermediateThrowEvent id="to_{flow}">{definition}</intermediateThrowEvent>'
            f'<intermediateCatchEvent id="from_{flow}">{definition}</intermediateCatchEvent>'
            f'<sequenceFlow id="over_{flow}" sourceRef="from_{flow}" targetRef="{target}"/>'
        )

    def _declare(self, kind: str, name: str | None) -> str:
        """A message, signal, error or escalation; returns the attribute that refers to it."""
        if name is None:
            return ""
        key, code = f"{kind}_{name}", "" if kind in ("message", "signal") else f' {kind}Code="{name}"'
        subscription = '<extensionElements><zeebe:subscription correlationKey="=case.id"/></extensionElements>'
        inside = subscription if kind == "message" else ""
        self.declared[key] = f'<{kind} id="{key}" name="{name}"{code}>{inside}</{kind}>'
        return f' {kind}Ref="{key}"'

    def _definition(self, element: Element) -> str:
        kind = element.trigger
        if kind is None:
            return ""
        if kind in ("timer", "cycle"):
            return f"<timerEventDefinition>{_DAY if kind == 'timer' else _DAILY}</timerEventDefinition>"
        if kind == "condition":
            return f"<conditionalEventDefinition><condition>=v &gt;= {element.at_least}</condition></conditionalEventDefinition>"
        if kind == "terminate":
            return "<terminateEventDefinition/>"
        return f"<{kind}EventDefinition{self._declare(kind, element.name)}/>"

    def _element(self, scope: Scope, element: Element) -> str:
        default = next((flow.id for flow in scope.leaving(element.id) if flow.default), None)
        attributes = f' default="{default}"' if default else ""
        inside = getattr(self, f"_{element.kind}", self._definition)(element)
        if element.kind == "boundary":
            attributes += f' attachedToRef="{element.host}" cancelActivity="{str(element.interrupting).lower()}"'
        elif element.kind == "event_sub":
            attributes += ' triggeredByEvent="true"'
        if element.times is not None:
            inside += self._loop(element)
        tag = self._tag(element)
        if tag in ("receiveTask", "sendTask"):
            attributes, inside = (
                attributes + self._declare("message", element.name),
                inside.replace(self._definition(element), ""),
            )
        return f'<{tag} id="{element.id}"{attributes}>{inside}</{tag}>'

    @staticmethod
    def _tag(element: Element) -> str:
        """Where the standard has two ways to say it, now one and now the other."""
        even = int(element.id.lstrip("abcdefghijklmnopqrstuvwxyz_")) % 2 == 0
        if even and element.kind == "pass":
            return "manualTask"
        if even and element.kind == "throw" and element.trigger == "message":
            return "sendTask"
        return _TAGS[element.kind]

    @staticmethod
    def _extension(inside: str) -> str:
        return f"<extensionElements>{inside}</extensionElements>"

    def _user(self, element: Element) -> str:
        return self._extension("<zeebe:userTask/>")

    def _script(self, element: Element) -> str:
        return self._extension(f'<zeebe:script expression="=modulo(v + {element.add}, 10)" resultVariable="v"/>')

    def _decide(self, element: Element) -> str:
        return self._extension('<zeebe:calledDecision decisionId="turn" resultVariable="v"/>')

    def _service(self, element: Element) -> str:
        return self._extension(
            '<zeebe:taskDefinition type="notice"/><zeebe:ioMapping><zeebe:input source="=v" target="given"/></zeebe:ioMapping>'
        )

    def _sub(self, element: Element) -> str:
        return self.scope(element.inside)  # type: ignore[arg-type]

    def _call(self, element: Element) -> str:
        process = f"process_{element.id}"
        self.called.append(f'<process id="{process}" isExecutable="true">{self.scope(element.inside)}</process>')  # type: ignore[arg-type]
        return self._extension(f'<zeebe:calledElement processId="{process}"/>')

    def _event_sub(self, element: Element) -> str:
        inner = element.inside.start()  # type: ignore[union-attr]
        written = f'isInterrupting="{str(element.interrupting).lower()}">{self._definition(element)}'
        plain = f'<startEvent id="{inner.id}"'
        return self.scope(element.inside).replace(f"{plain}>", f"{plain} {written}", 1)  # type: ignore[arg-type]

    @staticmethod
    def _loop(element: Element) -> str:
        items = "[" + ", ".join(map(str, range(element.times or 0))) + "]"
        enough = f"<completionCondition>=numberOfCompletedInstances &gt;= {element.enough}</completionCondition>"
        return (
            f'<multiInstanceLoopCharacteristics isSequential="{str(element.sequential).lower()}"><extensionElements>'
            f'<zeebe:loopCharacteristics inputCollection="={items}" inputElement="item" '
            f'outputCollection="out_{element.id}" outputElement="=item"/></extensionElements>'
            f"{enough if element.enough else ''}</multiInstanceLoopCharacteristics>"
        )
