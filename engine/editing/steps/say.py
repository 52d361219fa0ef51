"""What a step says: its name, who does it, when it is due, its form. Nothing of the drawing changes by it."""

from __future__ import annotations

from collections.abc import Sequence

from lxml import etree

from engine.editing.steps.model import ZEEBE, Model, StepRefused, bpmn
from engine.editing.steps.read import DEADLINE, due_holder
from engine.merging.xml import insert_after, remove

#: In which order a step's extensions are written, as the desktop modeller does.
_ORDER = ("userTask", "formDefinition", "assignmentDefinition", "taskSchedule", "ioMapping")


def rename(model: Model, key: str, name: str) -> None:
    """What a step, or a way (by the id of its flow), is called; nothing: no name."""
    element = model.flows[key] if key in model.flows else model.node(key)
    if name:
        element.set("name", name)
    else:
        element.attrib.pop("name", None)


def assign(model: Model, key: str, groups: Sequence[str], formula: str = "") -> None:
    """Who does it: roles of the package, or a formula that begins with `=`; nothing: the lane says it."""
    said = formula or ", ".join(groups)
    _attribute(model, key, "assignmentDefinition", "candidateGroups", said)


def set_form(model: Model, key: str, form_id: str) -> None:
    """Which form is filled in; nothing: none."""
    _attribute(model, key, "formDefinition", "formId", form_id)


def set_due(model: Model, key: str, formula: str) -> None:
    """When it is due, or for a timer when it comes; nothing: no date. Raises StepRefused for a timer without one."""
    node = model.node(key)
    holder = due_holder(node)
    if holder is None:
        _attribute(model, key, "taskSchedule", "dueDate", formula)
    elif not formula:
        raise StepRefused("timer-needs-time")
    else:
        holder.text = formula


def with_deadline(formula: str, name: str) -> str:
    """A formula that takes its date from another deadline; the rest of it stays, such as the day it is counted from."""
    found = dict.fromkeys(DEADLINE.findall(formula))
    if len(found) != 1:
        return f'=deadline("{name}")'
    return DEADLINE.sub(lambda match: match[0].replace(f'"{match[1]}"', f'"{name}"'), formula)


def set_way(model: Model, flow_id: str, name: str, condition: str) -> None:
    """What a way is called, and when it is taken. Raises StepRefused: it is not there any more."""
    if flow_id not in model.flows:
        raise StepRefused("gone")
    flow = model.flows[flow_id]
    rename(model, flow_id, name)
    if (flow.findtext(bpmn("conditionExpression")) or "").strip() != condition:
        model.set_condition(flow, condition)


def extend(node: etree._Element, tag: str, **attributes: str) -> etree._Element:
    """The zeebe extension of a step, made where it is not there yet."""
    around = node.find(bpmn("extensionElements"))
    if around is None:
        around = etree.Element(bpmn("extensionElements"))
        said = node.findall(bpmn("documentation"))
        insert_after(node, around, said[-1] if said else None)
    found = around.find(f"{{{ZEEBE}}}{tag}")
    if found is None:
        found = etree.Element(f"{{{ZEEBE}}}{tag}", nsmap={"zeebe": ZEEBE})
        earlier = _ORDER[: _ORDER.index(tag)] if tag in _ORDER else ()
        before = [one for one in around if etree.QName(one).localname in earlier] if earlier else list(around)
        insert_after(around, found, before[-1] if before else None)
    for name, value in attributes.items():
        found.set(name, value)
    return found


def _attribute(model: Model, key: str, tag: str, attribute: str, value: str) -> None:
    node = model.node(key)
    around = node.find(bpmn("extensionElements"))
    found = around.find(f"{{{ZEEBE}}}{tag}") if around is not None else None
    if value:
        if found is None or found.get(attribute) != value:
            extend(node, tag, **{attribute: value})
    elif found is not None:
        found.attrib.pop(attribute, None)
        if not found.attrib and not len(found):
            remove(found)
