"""Steps that can be added ready made: a task, an approval, and the shared processes of the domain."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lxml import etree

from engine.editing.steps.flow import New, insert
from engine.editing.steps.model import ACTIVITIES, ZEEBE, Model, StepRefused, bpmn, kind
from engine.editing.steps.say import extend

#: Template → the process that it calls, what it is given and what it gives back. See processes/<name>/README.md.
CALLS: Mapping[str, tuple[str, Mapping[str, str], Mapping[str, str]]] = {
    "consent": ("consent", {"consent_request.about": "Ärendet"}, {"consent": "=consent", "declined": "=declined"}),
    "meeting": (
        "meeting",
        {"meeting_request.about": "Mötet", "meeting_request.invited": "=[]"},
        {"receipts": "=receipts", "meeting": "=meeting"},
    ),
    "handover": (
        "handover",
        {"handover_request.handover_reason": "Ärendet lämnas över", "handover_request.handover_to": "=null"},
        {"handover": "=handover"},
    ),
}
TEMPLATES = ("task", "approval", *CALLS)


@dataclass(frozen=True)
class Wanted:
    """What is to be added."""

    template: str
    name: str
    groups: Sequence[str] = ()
    due: str = ""
    #: Of a task: the form it has.
    form_id: str = ""
    #: The package's language.
    language: str = "sv"


@dataclass(frozen=True)
class Added:
    """What was added."""

    id: str
    #: New files of the package: name → text.
    files: Mapping[str, str] = field(default_factory=dict)


#: The words of an approval: what each is, in each language.
APPROVAL_WORDS: Mapping[str, Mapping[str, str]] = {
    "sv": {
        "question": "Godkänner du det?",
        "yes": "Ja, det godkänns",
        "no": "Nej, det behöver göras om",
        "why": "Vad behöver ändras?",
        "branch": "Godkänt?",
        "on": "Ja",
        "back": "Nej",
    },
    "en": {
        "question": "Do you approve it?",
        "yes": "Yes, it is approved",
        "no": "No, it must be done again",
        "why": "What must be changed?",
        "branch": "Approved?",
        "on": "Yes",
        "back": "No",
    },
}


def add(model: Model, flow_id: str, wanted: Wanted, forms: Sequence[str] = ()) -> Added:
    """Put a ready-made step on a way. `forms`: the names of the package's form files. Raises StepRefused."""
    if flow_id not in model.flows:
        raise StepRefused("gone")
    key = model.free_id(wanted.name)
    if wanted.template == "approval":
        return _approval(model, flow_id, wanted, key, forms)
    node = _call(wanted, key) if wanted.template in CALLS else _task(wanted, key, wanted.form_id)
    insert(model, flow_id, New([node], key, key))
    return Added(key)


def _task(wanted: Wanted, key: str, form_id: str) -> etree._Element:
    node = etree.Element(bpmn("userTask"), id=key, name=wanted.name)
    extend(node, "userTask")
    if form_id:
        extend(node, "formDefinition", formId=form_id)
    if wanted.groups:
        extend(node, "assignmentDefinition", candidateGroups=", ".join(wanted.groups))
    if wanted.due:
        extend(node, "taskSchedule", dueDate=wanted.due)
    return node


def _call(wanted: Wanted, key: str) -> etree._Element:
    process_id, given, back = CALLS[wanted.template]
    node = etree.Element(bpmn("callActivity"), id=key, name=wanted.name)
    extend(node, "calledElement", processId=process_id, propagateAllChildVariables="false")
    mapping = extend(node, "ioMapping")
    for target, source in given.items():
        etree.SubElement(mapping, f"{{{ZEEBE}}}input", source=source, target=target)
    for target, source in back.items():
        etree.SubElement(mapping, f"{{{ZEEBE}}}output", source=source, target=target)
    return node


def _approval(model: Model, flow_id: str, wanted: Wanted, key: str, forms: Sequence[str]) -> Added:
    """A task with a yes or a no; no leads back to what came before."""
    before = model.nodes[model.flows[flow_id].get("sourceRef", "")]
    if kind(before) not in ACTIVITIES:
        raise StepRefused("approves-nothing")
    words = APPROVAL_WORDS.get(wanted.language, APPROVAL_WORDS["sv"])
    taken = {name.rpartition("/")[2].removesuffix(".form") for name in forms}
    form_id = next(one for one in (key, *(f"{key}_{n}" for n in range(2, 999))) if one not in taken)
    task = _task(wanted, key, form_id)
    # Asked anew each time: what was answered the last round is no answer to this one.
    mapping = extend(task, "ioMapping")
    etree.SubElement(mapping, f"{{{ZEEBE}}}input", source="=null", target=form_id)
    etree.SubElement(mapping, f"{{{ZEEBE}}}output", source=f"={form_id}", target=form_id)
    question = model.free_id(f"{key}_question")
    gateway = etree.Element(bpmn("exclusiveGateway"), id=question, name=words["branch"])
    insert(model, flow_id, New([task, gateway], key, question))
    on = model.out_of(question)[0]
    on.set("name", words["on"])
    gateway.set("default", str(on.get("id")))
    model.add_flow(key, question)
    model.add_flow(question, str(before.get("id")), words["back"], f'={form_id}.approved = "no"')
    folder = next((name.rpartition("/")[0] for name in forms if "/" in name), "forms")
    return Added(key, {f"{folder}/{form_id}.form": json.dumps(_form(form_id, words), ensure_ascii=False, indent=2)})


def _form(form_id: str, words: Mapping[str, str]) -> dict[str, object]:
    yes_or_no = [{"label": words["yes"], "value": "yes"}, {"label": words["no"], "value": "no"}]
    asked = {
        "type": "radio", "id": f"{form_id}_approved", "key": "approved", "label": words["question"],
        "validate": {"required": True}, "values": yes_or_no,
    }  # fmt: skip
    why = {
        "type": "textarea", "id": f"{form_id}_why", "key": "why", "label": words["why"],
        "validate": {"required": True, "maxLength": 4000}, "conditional": {"hide": '=approved != "no"'},
    }  # fmt: skip
    return {
        "components": [asked, why],
        "type": "default",
        "id": form_id,
        "schemaVersion": 19,
        "exporter": {"name": "Samled", "version": "1"},
        "executionPlatform": "Camunda Cloud",
        "executionPlatformVersion": "8.6.0",
    }
