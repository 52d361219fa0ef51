"""Which steps there are, and in what order: steps put on a way, taken out, moved past a neighbour.

What would leave a way without an end, or go round without waiting, is refused with the reason: the diagram is for that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lxml import etree

from engine.editing.steps.model import ACTIVITIES, GATEWAYS, Model, StepRefused, bpmn, kind

#: What can change places with a step.
_MOVABLE = (*ACTIVITIES, "intermediateCatchEvent", "intermediateThrowEvent")


@dataclass(frozen=True)
class New:
    """Nodes to put on a way: the first is come to, from the last one goes on."""

    nodes: Sequence[etree._Element]
    first: str
    last: str


def insert(model: Model, flow_id: str, new: New) -> None:
    """Put new nodes on a way, in the lane of what the way comes from."""
    if flow_id not in model.flows:
        raise StepRefused("gone")
    flow = model.flows[flow_id]
    source, target = model.nodes[flow.get("sourceRef", "")], flow.get("targetRef", "")
    scope = model.scope(source)
    beside = source
    while kind(beside) == "boundaryEvent":
        beside = model.nodes[beside.get("attachedToRef", "")]
    for node in new.nodes:
        model.add_node(scope, node, beside)
        beside = node
    model.turn(flow, new.first)
    model.add_flow(new.last, target)


def taken_with(model: Model, key: str) -> list[etree._Element]:
    """What goes when a step is taken out, besides it: events on its border, and what only they lead to."""
    gone = {key}
    found: list[etree._Element] = []
    waiting = model.borders(key)
    while waiting:
        node = waiting.pop(0)
        here = str(node.get("id"))
        if here in gone:
            continue
        gone.add(here)
        found.append(node)
        waiting += model.borders(here)
        for flow in model.out_of(here):
            target = flow.get("targetRef", "")
            left = [one for one in model.into(target) if one.get("sourceRef") not in gone]
            if target in model.nodes and target not in gone and not left:
                waiting.append(model.nodes[target])
    return found


def take_out(model: Model, key: str) -> None:
    """Take a step out: what led to it leads to what came after it. Raises StepRefused."""
    node = model.node(key)
    if (reason := why_it_stays(model, key)) is not None:
        raise StepRefused(reason)
    others = taken_with(model, key)
    after = [flow for flow in model.out_of(key) if flow.get("targetRef") != key]
    before = [flow for flow in model.into(key) if flow.get("sourceRef") != key]
    target = after[0].get("targetRef", "") if after else ""
    for flow in before:
        model.turn(flow, target)
    going = [*others, node]
    for one in going:
        here = str(one.get("id"))
        for flow in [*model.out_of(here), *model.into(here)]:
            if str(flow.get("id")) in model.flows:
                model.drop(flow)
    for one in going:
        model.drop(one)


def why_it_stays(model: Model, key: str) -> str | None:
    """Why a step cannot be taken out; None where it can."""
    node = model.node(key)
    if kind(node) not in _MOVABLE:
        return "not-a-step"
    after = [flow for flow in model.out_of(key) if flow.get("targetRef") != key]
    before = [flow for flow in model.into(key) if flow.get("sourceRef") != key]
    if node.get("triggeredByEvent") == "true" or not before:
        return "begins-by-itself"
    if len(after) != 1:
        return "several-ways"
    target = after[0].get("targetRef", "")
    for flow in before:
        source = model.nodes.get(flow.get("sourceRef", ""))
        if source is not None and kind(source) == "eventBasedGateway":
            return "first-of-several"
        if target == flow.get("sourceRef") or target in _past(model, flow.get("sourceRef", "")):
            return "goes-round"
    if target in {str(one.get("id")) for one in taken_with(model, key)}:
        return "several-ways"
    return None


def neighbour(model: Model, key: str, *, up: bool) -> str | None:
    """The step that it can change places with; None where there is none: ways part or meet there."""
    if key not in model.nodes or not _is_single(model, key):
        return None
    flow = (model.into if up else model.out_of)(key)[0]
    other = flow.get("sourceRef" if up else "targetRef", "")
    return other if other != key and other in model.nodes and _is_single(model, other) else None


def move(model: Model, key: str, *, up: bool) -> None:
    """Let a step change places with the one before or after it. Raises StepRefused."""
    other = neighbour(model, key, up=up)
    if other is None:
        raise StepRefused("nothing-beside")
    first, second = (other, key) if up else (key, other)
    before, between, after = model.into(first)[0], model.out_of(first)[0], model.out_of(second)[0]
    last = after.get("targetRef", "")
    model.turn(before, second)
    model.drop(between)
    model.drop(after)
    model.add_flow(second, first)
    model.add_flow(first, last)


def _is_single(model: Model, key: str) -> bool:
    """One way in and one way out, with no condition."""
    if kind(model.nodes[key]) not in _MOVABLE:
        return False
    before, after = model.into(key), model.out_of(key)
    if len(before) != 1 or len(after) != 1 or after[0].find(bpmn("conditionExpression")) is not None:
        return False
    source = model.nodes.get(before[0].get("sourceRef", ""))
    return source is not None and kind(source) != "eventBasedGateway"


def _past(model: Model, key: str) -> set[str]:
    """The gateways through which one comes to a gateway without doing anything."""
    seen: set[str] = set()
    waiting = [key] if kind(model.nodes.get(key, model.root)) in GATEWAYS else []
    while waiting:
        here = waiting.pop()
        if here in seen:
            continue
        seen.add(here)
        sources = [flow.get("sourceRef", "") for flow in model.into(here)]
        waiting += [one for one in sources if kind(model.nodes.get(one, model.root)) in GATEWAYS]
    return seen
