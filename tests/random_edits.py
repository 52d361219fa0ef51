"""Random edits of a model as an editor makes them: what is drawn, what leads where and what it says stay in step."""

from __future__ import annotations

from random import Random

from lxml import etree

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
ZEEBE = "{http://camunda.org/schema/zeebe/1.0}"
_STEPS = ("userTask", "serviceTask", "scriptTask", "subProcess", "exclusiveGateway", "endEvent", "startEvent")


def edited(content: bytes, random: Random, edits: int = 1) -> bytes:
    """The model with some edits."""
    root = etree.fromstring(content)
    for _ in range(edits):
        random.choice((_rename, _due, _insert, _remove, _move, _condition))(root, random)
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return written


def _nodes(root: etree._Element, *tags: str) -> list[etree._Element]:
    return [node for tag in tags for node in root.iter(f"{BPMN}{tag}")]


def _rename(root: etree._Element, random: Random) -> None:
    random.choice(_nodes(root, *_STEPS)).set("name", f"Nytt namn {random.randrange(10**9)}")


def _due(root: etree._Element, random: Random) -> None:
    found = list(root.iter(f"{ZEEBE}taskSchedule"))
    if found:
        random.choice(found).set("dueDate", f'=deadline("d{random.randrange(10**9)}")')


def _condition(root: etree._Element, random: Random) -> None:
    found = _nodes(root, "conditionExpression")
    if found:
        random.choice(found).text = f"=x = {random.randrange(10**9)}"


def _insert(root: etree._Element, random: Random) -> None:
    """A step into a flow, without being drawn."""
    flow = random.choice(_nodes(root, "sequenceFlow"))
    parent, number = flow.getparent(), random.randrange(10**9)
    if parent is None:
        return
    target = flow.get("targetRef", "")
    new = etree.SubElement(parent, f"{BPMN}manualTask", id=f"new_{number}", name=f"Ny {number}")
    etree.SubElement(new, f"{BPMN}incoming").text = flow.get("id")
    etree.SubElement(new, f"{BPMN}outgoing").text = f"flow_{number}"
    etree.SubElement(parent, f"{BPMN}sequenceFlow", id=f"flow_{number}", sourceRef=f"new_{number}", targetRef=target)
    flow.set("targetRef", f"new_{number}")
    for one in root.iter(f"{BPMN}incoming"):
        outer = one.getparent()
        if outer is not None and outer.get("id") == target and one.text == flow.get("id"):
            one.text = f"flow_{number}"


def _remove(root: etree._Element, random: Random) -> None:
    """A step with one way in and one way out, which become one."""
    flows = _nodes(root, "sequenceFlow")
    for node in random.sample(found := _nodes(root, "userTask", "serviceTask", "scriptTask", "manualTask"), len(found)):
        key = node.get("id")
        into = [flow for flow in flows if flow.get("targetRef") == key]
        out = [flow for flow in flows if flow.get("sourceRef") == key]
        attached = [one for one in root.iter(f"{BPMN}boundaryEvent") if one.get("attachedToRef") == key]
        parent = node.getparent()
        if len(into) != 1 or len(out) != 1 or attached or parent is None:
            continue
        into[0].set("targetRef", out[0].get("targetRef", ""))
        for listed in [*root.iter(f"{BPMN}incoming")]:
            if listed.text == out[0].get("id") and listed.getparent() is not node:
                listed.text = into[0].get("id")
        parent.remove(node)
        parent.remove(out[0])
        for listed in [one for one in root.iter(f"{BPMN}flowNodeRef") if one.text == key]:
            listed.getparent().remove(listed)  # type: ignore[union-attr]
        for drawn in [one for one in root.iter() if one.get("bpmnElement") in (key, out[0].get("id"))]:
            drawn.getparent().remove(drawn)  # type: ignore[union-attr]
        return


def _move(root: etree._Element, random: Random) -> None:
    """A step to another lane."""
    listed, lanes = _nodes(root, "flowNodeRef"), _nodes(root, "lane")
    if listed and len(lanes) > 1:
        random.choice(lanes).append(random.choice(listed))
