"""A small process with all that task and case pages show: forms, a deadline that escalates, an occasion, a plan.

need → ask (elevhälsan) → plan (elevhälsan) → confirm (BUP) → end; "withdrawn" at any time leads to a talk.
"""

from __future__ import annotations

import json
from typing import Any

from engine import Engine
from engine.cases import Case
from engine.packages import Package
from engine.tasks import Task
from tests.models import bpmn

PERSONAL_NUMBER = "20120125-2382"

SETTINGS = """
[process]
title = "Provprocess"
description = "En liten process för prov."
subject = "need.child.personal_number"
[roles.coordinator]
title = "Samordnare"
[deadlines.answer]
value = "5 working days"
source = "local"
remind = "2 working days"
escalate = ["unit-manager", "coordinator"]
"""


def field(type: str, key: str, label: str, *, required: bool = True, **more: Any) -> dict[str, Any]:
    """A component of a form."""
    return {"type": type, "id": f"c_{key}", "key": key, "label": label, "validate": {"required": required}, **more}


def form(id: str, *components: dict[str, Any]) -> bytes:
    """A form file."""
    return json.dumps({"type": "default", "id": id, "schemaVersion": 19, "components": components}).encode()


def rows(path: str, label: str, *components: dict[str, Any]) -> dict[str, Any]:
    """A dynamic list."""
    return {
        "type": "dynamiclist", "id": f"l_{path}", "path": path, "label": label, "isRepeating": True,
        "allowAddRemove": True, "defaultRepetitions": 1, "components": list(components),
    }  # fmt: skip


FORMS = {
    "need": form(
        "need",
        {
            "type": "group", "id": "g_child", "path": "child", "label": "Barnet",
            "components": [field("textfield", "name", "Namn"), field("textfield", "personal_number", "Personnummer")],
        },
        field("textarea", "why", "Varför?", required=False),
    ),
    "ask": form(
        "ask",
        field("textfield", "answer", "Vad blev svaret?"),
        field("textarea", "more", "Något mer?", required=False),
        field("filepicker", "letter", "Bifoga ett brev", required=False, accept=".pdf,.txt"),
    ),
    "plan": form(
        "plan",
        rows("goals", "Mål", field("textfield", "goal", "Mål med barnets egna ord")),
        field("textarea", "needs", "Vad behöver barnet?"),
        rows(
            "interventions",
            "Insatser",
            field("textfield", "what", "Vad ska göras?"),
            field("select", "unit", "Vilken enhet?", values=[], properties={"samled": "unit"}),
        ),
        field("select", "main_responsible", "Huvudansvarig?", values=[], properties={"samled": "party"}),
    ),
    "talk": form("talk", field("textfield", "said", "Vad sades?")),
}  # fmt: skip


def task(id: str, name: str, group: str, form_id: str = "") -> str:
    """A user task that is due after the deadline `answer`."""
    shown = f'<zeebe:formDefinition formId="{form_id}"/>' if form_id else ""
    return (
        f'<userTask id="{id}" name="{name}"><documentation>Fråga lugnt.</documentation><extensionElements>'
        f'<zeebe:userTask/>{shown}<zeebe:assignmentDefinition candidateGroups="{group}"/>'
        f'<zeebe:taskSchedule dueDate="=deadline(&quot;answer&quot;)"/></extensionElements></userTask>'
    )


MODEL = bpmn(
    '<startEvent id="start" name="Behov"><extensionElements><zeebe:formDefinition formId="need"/></extensionElements>'
    "</startEvent>"
    + task("ask", "Ställ frågan", "elevhalsa-skovde", "ask")
    + task("write_plan", "Skriv planen", "elevhalsa-skovde", "plan")
    + '<serviceTask id="invite" name="Bjud in"><extensionElements><zeebe:taskDefinition type="add-party"/><zeebe:ioMapping>'
    '<zeebe:input source="=&quot;bup-skaraborg&quot;" target="unit"/></zeebe:ioMapping></extensionElements></serviceTask>'
    + task("confirm", "Bekräfta planen", "bup-skaraborg")
    + '<endEvent id="end" name="Klart"/>'
    '<subProcess id="withdraw" name="Samtycket tas tillbaka" triggeredByEvent="true">'
    '<startEvent id="withdrawn" name="Tillbaka" isInterrupting="false"><messageEventDefinition messageRef="m"/>'
    "</startEvent>" + task("talk", "Prata med familjen", "elevhalsa-skovde", "talk") + '<endEvent id="talked"/>'
    "<flows>\nwithdrawn -> talk\ntalk -> talked\n</flows></subProcess>"
    "<flows>\nstart -> ask\nask -> write_plan\nwrite_plan -> invite\ninvite -> confirm\nconfirm -> end\n</flows>",
    process="forms",
    declared='<message id="m" name="withdrawn"><extensionElements><zeebe:subscription correlationKey="=case.id"/>'
    "</extensionElements></message>",
)


#: An empty picture, which makes it a model that is drawn.
PICTURE = (
    b'<bpmndi:BPMNDiagram xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI">'
    b'<bpmndi:BPMNPlane bpmnElement="forms"/></bpmndi:BPMNDiagram></bpmn:definitions>'
)
MODEL = MODEL.replace(b"</bpmn:definitions>", PICTURE)
ENGLISH = '"Skriv planen" = "Write the plan"\n"Vad behöver barnet?" = "What does the child need?"'


def publish(engine: Engine) -> None:
    """Publish the process."""
    files = {"forms.bpmn": MODEL, "process.toml": SETTINGS.encode()}
    files["translations/en.toml"] = ENGLISH.encode()
    files |= {f"forms/{name}.form": content for name, content in FORMS.items()}
    engine.publish_package(Package.from_files(files, "forms"))


def start(engine: Engine, by: str = "kurator.skovde", personal_number: str = PERSONAL_NUMBER) -> Case:
    """A case of an example child."""
    child = {"name": "Exempel Andersson", "personal_number": personal_number}
    return engine.start("forms", {"need": {"child": child, "why": "Sover inte."}}, by=engine.directory.actor(by))


def only_task(engine: Engine, case: Case) -> Task:
    """The one open task of a case."""
    (found,) = engine.tasks(case=case.id)
    return found


def complete(engine: Engine, case: Case, answers: dict[str, Any], by: str = "kurator.skovde") -> None:
    """Complete the one open task."""
    engine.complete(only_task(engine, case).id, answers, by=engine.directory.actor(by))


PLAN: dict[str, Any] = {
    "goals": [{"goal": "Jag vill sova."}],
    "needs": "Lugn och ro.",
    "interventions": [{"what": "Samtal", "unit": "bup-skaraborg"}],
    "main_responsible": "elevhalsa-skovde",
}
