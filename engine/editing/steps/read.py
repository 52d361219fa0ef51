"""The list of steps out of a model: in the order in which they are done, with who, when, and where each leads."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lxml import etree

from engine.editing.steps.model import ACTIVITIES, GATEWAYS, SUB_PROCESSES, ZEEBE, Model, bpmn, kind

#: A deadline of the package in a formula: `deadline("answer")`, also with the day that it is counted from.
DEADLINE = re.compile(r'\bdeadline\(\s*"([^"\\]*)"')
#: A formula that is a deadline and nothing else.
_PLAIN = re.compile(r'=\s*deadline\(\s*"[^"\\]*"\s*(?:,[^"]*)?\)\s*')


@dataclass(frozen=True)
class Way:
    """One way on from a step."""

    flow_id: str
    #: The step it comes to, past what only joins ways; None: the part ends there.
    target_id: str | None
    #: What the step, or the end, is called.
    target: str
    label: str = ""
    condition: str = ""
    #: Taken when no other condition holds.
    is_default: bool = False
    #: Leads to something that was done before: a loop.
    is_back: bool = False
    #: Goes on only when other ways have come as well.
    waits: bool = False


@dataclass(frozen=True)
class Aside:
    """Something that may happen while a step waits: an event on its border."""

    id: str
    name: str
    #: `timer`, `message`, `error` and so on.
    trigger: str
    interrupts: bool
    when: str
    ways: tuple[Way, ...]


@dataclass(frozen=True)
class Step:
    """A row of the list."""

    id: str
    #: The tag, such as `userTask`.
    kind: str
    name: str
    #: Place in the order: `3`, or `3.2` for the second inside the third.
    number: str
    depth: int
    trigger: str = ""
    groups: tuple[str, ...] = ()
    #: Who does it, where a formula says it.
    who_formula: str = ""
    #: The lane, which gives the group where nothing else does.
    lane: str = ""
    #: The formula that says when it is due, or for a timer when it comes.
    due: str = ""
    form_id: str = ""
    #: What it calls, or which decision or job it is.
    does: str = ""
    #: Done once for each of a list.
    for_each: str = ""
    ways: tuple[Way, ...] = ()
    asides: tuple[Aside, ...] = ()

    @property
    def deadlines(self) -> tuple[str, ...]:
        """The deadlines of the package that its date is taken from."""
        return tuple(dict.fromkeys(DEADLINE.findall(self.due)))

    @property
    def is_plainly_due(self) -> bool:
        """Is its date a deadline and nothing else?"""
        return _PLAIN.fullmatch(self.due) is not None

    @property
    def is_task(self) -> bool:
        return self.kind == "userTask"

    @property
    def has_date(self) -> bool:
        """May it have a date?"""
        return self.is_task or self.trigger == "timer"

    @property
    def is_branch(self) -> bool:
        return self.kind in GATEWAYS

    @property
    def is_part(self) -> bool:
        return self.kind in SUB_PROCESSES

    @property
    def is_activity(self) -> bool:
        return self.kind in ACTIVITIES


def steps(model: Model) -> list[Step]:
    """All steps of a model, in order; what is inside a part comes after it."""
    return [step for process in model.processes() for step in _Reader(model).scope(process, "", 0)]


def find(rows: Sequence[Step], key: str) -> Step | None:
    return next((step for step in rows if step.id == key), None)


def due_holder(node: etree._Element) -> etree._Element | None:
    """The element in which a timer's time stands."""
    for tag in ("timeDate", "timeDuration", "timeCycle"):
        if (found := node.find(f"{bpmn('timerEventDefinition')}/{bpmn(tag)}")) is not None:
            return found
    return None


def trigger_of(node: etree._Element) -> str:
    """What an event waits for or does: `timer`, `message` …; nothing for one without."""
    return next((kind(one)[: -len("EventDefinition")] for one in node if kind(one).endswith("EventDefinition")), "")


class _Reader:
    def __init__(self, model: Model) -> None:
        self.model = model
        self._order: dict[str, int] = {}
        self._out: dict[str, list[etree._Element]] = {}
        self._into: dict[str, int] = {}
        self._borders: dict[str, list[etree._Element]] = {}
        for flow in model.flows.values():
            self._out.setdefault(flow.get("sourceRef", ""), []).append(flow)
            self._into[flow.get("targetRef", "")] = self._into.get(flow.get("targetRef", ""), 0) + 1
        for node in model.nodes.values():
            if host := node.get("attachedToRef"):
                self._borders.setdefault(host, []).append(node)
        self._lanes = {
            (one.text or "").strip(): lane.get("name") or ""
            for one in model.root.iter(bpmn("flowNodeRef"))
            if (lane := one.getparent()) is not None
        }

    def scope(self, scope: etree._Element, above: str, depth: int) -> Iterator[Step]:
        inside = [key for key, node in self.model.nodes.items() if node.getparent() is scope]
        ordered = self._ordered(inside)
        self._order |= {key: place for place, key in enumerate(ordered)}
        count = 0
        for key in ordered:
            node = self.model.nodes[key]
            if not self._is_row(node, depth):
                continue
            count += 1
            number = f"{above}.{count}" if above else str(count)
            yield self._step(node, number, depth)
            if kind(node) in SUB_PROCESSES:
                yield from self.scope(node, number, depth + 1)

    def _ordered(self, inside: list[str]) -> list[str]:
        """As they are done: a step before what follows it, the main way first; then what nothing leads to."""
        known = set(inside)
        starts = [key for key in inside if kind(self.model.nodes[key]) == "startEvent"]
        begin = starts + [key for key in inside if key not in starts and self._begins(key)] + inside
        seen: set[str] = set()
        ordered: list[str] = []
        for first in begin:
            if first in seen:
                continue
            found: list[str] = []
            seen.add(first)
            stack = [(first, iter(self._next(first, known)))]
            while stack:
                key, following = stack[-1]
                unseen = next((one for one in following if one not in seen), None)
                if unseen is None:
                    stack.pop()
                    found.append(key)
                else:
                    seen.add(unseen)
                    stack.append((unseen, iter(self._next(unseen, known))))
            ordered += reversed(found)
        return ordered

    def _begins(self, key: str) -> bool:
        node = self.model.nodes[key]
        return kind(node) != "boundaryEvent" and key not in self._into and node.get("triggeredByEvent") != "true"

    def _next(self, key: str, known: set[str]) -> list[str]:
        """What follows, the main way last: it is then the first in the order."""
        aside = [str(event.get("id")) for event in self._borders.get(key, ())]
        on = [str(flow.get("targetRef")) for flow in self._on(key)]
        return [one for one in (*aside, *reversed(on)) if one in known]

    def _is_row(self, node: etree._Element, depth: int) -> bool:
        tag = kind(node)
        if tag in ("endEvent", "boundaryEvent"):
            return False
        if tag in GATEWAYS:
            return len(self._out.get(str(node.get("id")), ())) > 1
        return tag != "startEvent" or depth == 0 or bool(trigger_of(node))

    def _step(self, node: etree._Element, number: str, depth: int) -> Step:
        key, tag = str(node.get("id")), kind(node)
        who = _zeebe(node, "assignmentDefinition", "candidateGroups")
        holder = due_holder(node)
        loop = node.find(bpmn("multiInstanceLoopCharacteristics"))
        return Step(
            id=key,
            kind=tag,
            name=node.get("name") or "",
            number=number,
            depth=depth,
            trigger=trigger_of(node),
            groups=() if who.startswith("=") else tuple(one.strip() for one in who.split(",") if one.strip()),
            who_formula=who if who.startswith("=") else "",
            lane=self._lanes.get(key, ""),
            due=(holder.text or "").strip() if holder is not None else _zeebe(node, "taskSchedule", "dueDate"),
            form_id=_zeebe(node, "formDefinition", "formId"),
            does=_zeebe(node, "calledElement", "processId")
            or _zeebe(node, "calledDecision", "decisionId")
            or _zeebe(node, "taskDefinition", "type"),
            for_each=_zeebe(loop, "loopCharacteristics", "inputCollection") if loop is not None else "",
            ways=tuple(self._ways(node)),
            asides=tuple(self._aside(event) for event in self._borders.get(key, ())),
        )

    def _ways(self, node: etree._Element) -> Iterator[Way]:
        key = str(node.get("id"))
        for flow in self._on(key):
            target, waits = self._arrives(str(flow.get("targetRef")))
            if target is None:
                continue
            condition = flow.findtext(bpmn("conditionExpression")) or ""
            target_id = str(target.get("id"))
            is_end = kind(target) == "endEvent"
            yield Way(
                flow_id=str(flow.get("id")),
                target_id=None if is_end else target_id,
                target=target.get("name") or "",
                label=flow.get("name") or "",
                condition=condition.strip(),
                is_default=node.get("default") == flow.get("id"),
                is_back=not is_end and self._order.get(target_id, 0) <= self._order.get(key, -1),
                waits=waits,
            )

    def _arrives(self, key: str) -> tuple[etree._Element | None, bool]:
        """Past what only joins ways: where one comes to, and whether others are waited for."""
        waits, seen = False, set[str]()
        node = self.model.nodes.get(key)
        while node is not None and kind(node) in GATEWAYS and key not in seen:
            seen.add(key)
            on = self._out.get(key, [])
            if len(on) != 1:
                break
            waits = waits or (kind(node) != "exclusiveGateway" and self._into.get(key, 0) > 1)
            key = str(on[0].get("targetRef"))
            node = self.model.nodes.get(key)
        return node, waits

    def _aside(self, event: etree._Element) -> Aside:
        holder = due_holder(event)
        return Aside(
            id=str(event.get("id")),
            name=event.get("name") or "",
            trigger=trigger_of(event),
            interrupts=event.get("cancelActivity", "true") != "false",
            when=(holder.text or "").strip() if holder is not None else "",
            ways=tuple(self._ways(event)),
        )

    def _on(self, key: str) -> list[etree._Element]:
        """The flows that lead on, the default one last."""
        default = self.model.nodes[key].get("default")
        return sorted(self._out.get(key, ()), key=lambda flow: flow.get("id") == default)


def _zeebe(node: etree._Element, tag: str, attribute: str) -> str:
    found = node.find(f"{bpmn('extensionElements')}/{{{ZEEBE}}}{tag}")
    return found.get(attribute, "") if found is not None else ""
