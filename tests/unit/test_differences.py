"""What is different between two packages, as data and in sentences."""

import pytest

from engine.differences import differences, sentences
from engine.packages import Package

MODEL = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC"
  xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="d" targetNamespace="t">
  <bpmn:process id="p" name="Kallelse" isExecutable="true">
    <bpmn:laneSet id="lanes">
      <bpmn:lane id="lane_a" name="Samordnare">
        <bpmn:flowNodeRef>start</bpmn:flowNodeRef>
        <bpmn:flowNodeRef>send</bpmn:flowNodeRef>
      </bpmn:lane>
      <bpmn:lane id="lane_b" name="Chef"><bpmn:flowNodeRef>end</bpmn:flowNodeRef></bpmn:lane>
    </bpmn:laneSet>
    <bpmn:startEvent id="start" name="Behov"><bpmn:outgoing>f1</bpmn:outgoing></bpmn:startEvent>
    <bpmn:userTask id="send" name="Kalla enheter">
      <bpmn:extensionElements>
        <zeebe:taskSchedule dueDate="=deadline(&quot;summons-sent&quot;)"/>
        <zeebe:formDefinition formId="summons"/>
      </bpmn:extensionElements>
      <bpmn:incoming>f1</bpmn:incoming>
      <bpmn:outgoing>f2</bpmn:outgoing>
    </bpmn:userTask>
    <bpmn:endEvent id="end" name="Klart"><bpmn:incoming>f2</bpmn:incoming></bpmn:endEvent>
    <bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="send"/>
    <bpmn:sequenceFlow id="f2" sourceRef="send" targetRef="end"/>
  </bpmn:process>
  <bpmndi:BPMNDiagram id="di"><bpmndi:BPMNPlane id="plane" bpmnElement="p">
    <bpmndi:BPMNShape id="s1" bpmnElement="send"><dc:Bounds x="10" y="10" width="100" height="80"/></bpmndi:BPMNShape>
  </bpmndi:BPMNPlane></bpmndi:BPMNDiagram>
</bpmn:definitions>"""
TOML = """[process]
title = "Kallelse"
[roles.coordinator]
title = "Samordnare"
kinds = ["elevhalsa"]
[deadlines.summons-sent]
value = "3 working days"
source = "local"
title = "Kallelsen skickad"
"""
FORM = (
    '{"id": "summons", "type": "default", "components": [{"type": "textfield", "id": "c1", "key": "who", "label": "Vem?"},'
    ' {"type": "select", "id": "c2", "key": "how", "label": "Hur?", "values": [{"label": "Brev", "value": "letter"}]}]}'
)
DMN = """<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="dd" name="d" namespace="n">
  <decision id="who" name="Vilka"><decisionTable id="t" hitPolicy="FIRST">
    <input id="i" label="Skäl"><inputExpression id="e"><text>reason</text></inputExpression></input>
    <output id="o" name="unit"/>
    <rule id="r1"><inputEntry id="a1"><text>"school"</text></inputEntry><outputEntry id="b1"><text>"x"</text></outputEntry></rule>
    <rule id="r2"><inputEntry id="a2"><text>-</text></inputEntry><outputEntry id="b2"><text>"y"</text></outputEntry></rule>
  </decisionTable></decision>
</definitions>"""
ENGLISH = '"Kalla enheter" = "Summon units"\n"Klart" = "Done"\n'
FILES = {
    "p.bpmn": MODEL, "process.toml": TOML, "forms/summons.form": FORM, "who.dmn": DMN,
    "translations/en.toml": ENGLISH, "README.md": "Läs mig",
}  # fmt: skip


def package(*edits: tuple[str, str, str]) -> Package:
    files = dict(FILES)
    for file, old, new in edits:
        assert old in files[file], old
        files[file] = files[file].replace(old, new)
    return Package.from_files({name: text.encode() for name, text in files.items()}, "p")


def told(*edits: tuple[str, str, str], language: str = "sv") -> list[str]:
    before, after = package(), package(*edits)
    return sentences(before, after, differences(before, after), language)


def test_the_same_package_differs_in_nothing():
    assert differences(package(), package()) == []
    assert told() == []


def test_order_prefixes_and_spaces_of_a_file_are_no_difference():
    other = MODEL.replace("zeebe:", "z:").replace("xmlns:zeebe", "xmlns:z").replace("\n    ", "\n")
    assert differences(package(), package(("p.bpmn", MODEL, other))) == []


def test_a_deadline_is_told_by_the_step_that_is_due_by_it():
    edit = ("process.toml", "3 working days", "5 working days")
    assert told(edit) == ["*Kalla enheter* ska vara klar inom 5 arbetsdagar, förut 3."]
    assert told(edit, language="en") == ["*Summon units* is due within 5 working days, before 3."]
    assert told(("process.toml", "3 working days", "P2W")) == [
        "*Kalla enheter* ska vara klar inom 2 veckor, förut 3 arbetsdagar."
    ]


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("p.bpmn", 'name="Kalla enheter"', 'name="Bjud in"', "*Kalla enheter* heter nu *Bjud in*."),
        ("p.bpmn", 'formId="summons"', 'formId="other"', "*Kalla enheter*: formuläret är ”other”, förut ”summons”."),
        ("p.bpmn", 'targetRef="send"', 'targetRef="end"',
         "Vägen från *Behov* till *Klart* leder till *Klart*, förut till *Kalla enheter*."),
        ("process.toml", '"elevhalsa"', '"elevhalsa", "bup"',
         "*Samordnare*: vilka slags enheter som har den är ”[\"elevhalsa\", \"bup\"]”, förut ”[\"elevhalsa\"]”."),
        ("forms/summons.form", "Vem?", "Vilka?", "*Vilka?*: formuleringen är ”Vilka?”, förut ”Vem?”."),
        ("forms/summons.form", "Brev", "Post", "*Hur?*: formuleringen är ”Post”, förut ”Brev”."),
        ("who.dmn", '"x"', '"z"', '*"school" → "z"*: en ruta är ”"z"”, förut ”"x"”.'),
        ("translations/en.toml", "Done", "Finished", "Översättningar som är ändrade: 1."),
        ("README.md", "Läs", "Läs inte", "Filen *README.md* är ändrad."),
        ("p.bpmn", 'x="10"', 'x="90"', "Bara ritade på en annan plats, i övrigt lika: 1."),
    ],
)  # fmt: skip
def test_a_change_is_one_sentence(file, old, new, said):
    assert told((file, old, new)) == [said]


def test_a_step_that_moves_to_another_lane_is_done_by_others():
    line = "<bpmn:flowNodeRef>send</bpmn:flowNodeRef>"
    moved = MODEL.replace(line, "").replace('name="Chef">', f'name="Chef">{line}')
    assert told(("p.bpmn", MODEL, moved)) == ["*Kalla enheter* görs av *Chef*, förut av *Samordnare*."]


def test_a_new_step_is_told_once_with_what_comes_before_it_and_not_its_flows():
    new = MODEL.replace('sourceRef="send" targetRef="end"', 'sourceRef="send" targetRef="ask"').replace(
        "</bpmn:process>",
        '<bpmn:manualTask id="ask" name="Ring"/><bpmn:sequenceFlow id="f3" sourceRef="ask" targetRef="end"/></bpmn:process>',
    )
    edit = ("p.bpmn", MODEL, new)
    assert told(edit) == ["Nytt: *Ring* (manuell uppgift), efter *Kalla enheter*."]
    changes = differences(package(), package(edit))
    assert sorted((one.id, one.what) for one in changes) == [("ask", "added"), ("f2", "rewired"), ("f3", "added")]
    back = differences(package(edit), package())
    assert {(one.id, one.what) for one in back} == {("ask", "removed"), ("f2", "rewired"), ("f3", "removed")}


def test_rules_that_change_places_are_moved_not_new():
    one, two = DMN[DMN.index('<rule id="r1"') : DMN.index('<rule id="r2"')].strip(), DMN[DMN.index('<rule id="r2"') :]
    two = two[: two.index("</rule>") + 7]
    swapped = DMN.replace(one, "@").replace(two, one).replace("@", two)
    changes = differences(package(), package(("who.dmn", DMN, swapped)))
    assert [(change.what, change.aspect) for change in changes] == [("moved", "place")]


def test_only_what_is_drawn_elsewhere_is_layout():
    (change,) = differences(package(), package(("p.bpmn", 'x="10"', 'x="90"')))
    assert (change.what, change.id) == ("layout", "send")


def test_bare_models_of_other_names_are_paired_by_their_process():
    one = Package.from_files({"a.bpmn": MODEL.encode()}, "a")
    other = Package.from_files({"b.bpmn": MODEL.replace("Behov", "Början").encode()}, "b")
    assert [change.id for change in differences(one, other)] == ["start"]
