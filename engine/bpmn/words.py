"""What the elements of BPMN are called in a finding."""

from __future__ import annotations

from engine.rules import Text

#: Tag → what people call it.
ELEMENTS = {
    "process": Text("process", "process"),
    "sequenceFlow": Text("sequence flow", "flöde"),
    "task": Text("task", "aktivitet"),
    "userTask": Text("user task", "användaruppgift"),
    "manualTask": Text("manual task", "manuell uppgift"),
    "scriptTask": Text("script task", "skriptuppgift"),
    "serviceTask": Text("service task", "tjänsteuppgift"),
    "businessRuleTask": Text("business rule task", "beslutsuppgift"),
    "sendTask": Text("send task", "sänduppgift"),
    "receiveTask": Text("receive task", "mottagaruppgift"),
    "callActivity": Text("call activity", "anropsaktivitet"),
    "subProcess": Text("sub-process", "delprocess"),
    "exclusiveGateway": Text("exclusive gateway", "exklusiv gateway"),
    "inclusiveGateway": Text("inclusive gateway", "inklusiv gateway"),
    "parallelGateway": Text("parallel gateway", "parallell gateway"),
    "eventBasedGateway": Text("event gateway", "händelsegateway"),
    "startEvent": Text("start event", "starthändelse"),
    "endEvent": Text("end event", "sluthändelse"),
    "intermediateCatchEvent": Text("catching event", "väntande händelse"),
    "intermediateThrowEvent": Text("throwing event", "sändande händelse"),
    "boundaryEvent": Text("boundary event", "kanthändelse"),
}
#: Kind of trigger, as its event definition begins → what people call it.
TRIGGERS = {
    "message": Text("message", "meddelande"),
    "timer": Text("timer", "timer"),
    "signal": Text("signal", "signal"),
    "conditional": Text("condition", "villkor"),
    "error": Text("error", "fel"),
    "escalation": Text("escalation", "eskalering"),
    "link": Text("link", "länk"),
    "terminate": Text("termination", "avbrott"),
    "cancel": Text("cancellation", "ångring"),
    "compensate": Text("compensation", "kompensation"),
    "multiple": Text("several triggers", "flera utlösare"),
}


def element_word(tag: str) -> Text:
    """What people call an element; the tag itself where nothing better is known."""
    return ELEMENTS.get(tag) or Text(tag, tag)


def trigger_word(kind: str) -> Text:
    """What people call a trigger."""
    return TRIGGERS.get(kind) or Text(kind, kind)
