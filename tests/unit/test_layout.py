"""A diagram for a model without one: everything is drawn, and nothing else in the file changes."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from lxml import etree

from engine.errors import InvalidModel
from engine.findings import Finding
from engine.layout import CannotLayOut, lay_out, rows
from engine.layout.planes import MOST
from engine.layout.quality import measure
from engine.validation import wellformed
from engine.validation.subject import Subject
from tests.models import bpmn
from tests.random_bpmn import to_bpmn
from tests.random_models import Drawer

ROOT = Path(__file__).parents[2]
#: How often flows may cross on a plane of our own.
CROSSED = 7
DI = "{http://www.omg.org/spec/BPMN/20100524/DI}"
SMALL = bpmn('<startEvent id="s"/><task id="a" name="Å"/><endEvent id="e"/><flows>\ns -> a\na -> e\n</flows>')


def undrawn(content: bytes, folder: Path) -> list[Finding]:
    file = folder / "a.bpmn"
    file.write_bytes(content)
    return [one for one in wellformed.check(Subject(file)) if one.rule in ("missing-diagram", "lost-reference")]


def without_diagram(content: bytes) -> bytes:
    root = etree.fromstring(content)
    for diagram in root.findall(f"{DI}BPMNDiagram"):
        root.remove(diagram)
    return bytes(etree.tostring(root, encoding="utf-8", xml_declaration=True))


def test_a_model_without_a_diagram_gets_one_with_everything_in_it(tmp_path: Path) -> None:
    assert undrawn(SMALL, tmp_path)
    assert undrawn(lay_out(SMALL, "a.bpmn").content, tmp_path) == []


def test_the_file_is_otherwise_the_same_to_the_byte() -> None:
    drawn = lay_out(SMALL, "a.bpmn").content
    assert drawn.startswith(SMALL.removesuffix(b"</bpmn:definitions>"))
    assert drawn.endswith(b"</bpmndi:BPMNDiagram>\n</bpmn:definitions>")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_encoding_and_line_ends_are_kept(encoding: str, tmp_path: Path) -> None:
    text = SMALL.decode().replace("UTF-8", encoding.removesuffix("-sig").upper()).replace("\n", "\r\n")
    drawn = lay_out(text.encode(encoding), "a.bpmn").content
    assert undrawn(drawn, tmp_path) == []
    assert "Å" in drawn.decode(encoding)
    assert "\n" not in drawn.decode(encoding).replace("\r\n", "")


def test_a_diagram_is_replaced_only_when_that_is_asked_for() -> None:
    drawn = lay_out(SMALL, "a.bpmn").content
    with pytest.raises(CannotLayOut, match="--anew"):
        lay_out(drawn, "a.bpmn")
    assert lay_out(drawn, "a.bpmn", anew=True).content == drawn


def test_a_model_of_our_own_is_laid_out_anew_in_its_pool_with_its_lanes(tmp_path: Path) -> None:
    content = (ROOT / "processes/deviation/deviation.bpmn").read_bytes()
    drawn = lay_out(content, "deviation.bpmn", anew=True)
    assert undrawn(drawn.content, tmp_path) == []
    assert without_diagram(drawn.content).split() == without_diagram(content).split()
    root = etree.fromstring(content)
    flat = [shape for shape in etree.fromstring(drawn.content).iter(f"{DI}BPMNShape") if shape.get("isHorizontal")]
    expected = [node.get("id") for kind in ("participant", "lane") for node in root.iter(f"{{*}}{kind}")]
    assert [shape.get("bpmnElement") for shape in flat] == expected


def test_two_pools_lie_one_below_the_other(tmp_path: Path) -> None:
    second = SMALL.decode().split("<bpmn:process")[1].split("</bpmn:process>")[0]
    for known in ("p", "s", "a", "e", "f1_s_a", "f2_a_e"):
        second = second.replace(f'"{known}"', f'"{known}2"')
    pools = (
        '<bpmn:collaboration id="c"><bpmn:participant id="p1" processRef="p"/>'
        '<bpmn:participant id="empty" name="Parents"/><bpmn:participant id="p3" processRef="p2"/></bpmn:collaboration>'
    )
    text = SMALL.decode().replace("</bpmn:process>", f"</bpmn:process><bpmn:process{second}</bpmn:process>{pools}")
    drawn = lay_out(text.encode(), "a.bpmn").content
    assert undrawn(drawn, tmp_path) == []
    bounds = {
        shape.get("bpmnElement"): {key: float(value) for key, value in shape[0].attrib.items()}
        for shape in etree.fromstring(drawn).iter(f"{DI}BPMNShape")
    }
    tops = [bounds[pool]["y"] for pool in ("p1", "empty", "p3")]
    assert tops == sorted(tops)
    assert bounds["p3"]["y"] < bounds["a2"]["y"] < bounds["p3"]["y"] + bounds["p3"]["height"]


def test_what_is_in_a_sub_process_is_drawn_inside_it() -> None:
    inside = '<startEvent id="s1"/><task id="t1"/><endEvent id="e1"/>'
    body = f'<startEvent id="s"/><subProcess id="sub">{inside}<flows>\ns1 -> t1\nt1 -> e1\n</flows></subProcess><endEvent id="e"/>'
    root = etree.fromstring(lay_out(bpmn(body + "<flows>\ns -> sub\nsub -> e\n</flows>"), "a.bpmn").content)
    shapes = {shape.get("bpmnElement"): shape for shape in root.iter(f"{DI}BPMNShape")}
    boxes = {
        element: [float(shape[0].get(name)) for name in ("x", "y", "width", "height")]
        for element, shape in shapes.items()
    }
    left, top, width, height = boxes["sub"]
    assert shapes["sub"].get("isExpanded") == "true"
    for element in ("s1", "t1", "e1"):
        x, y, wide, high = boxes[element]
        assert left <= x <= x + wide <= left + width
        assert top <= y <= y + high <= top + height
    assert boxes["e"][0] > left + width


def test_a_random_model_is_drawn_whole_with_nothing_on_top_of_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "WORK", 50)  # a rough drawing is whole too
    drawn = lay_out(to_bpmn(Drawer(Random(3)).model()), "a.bpmn").content
    assert undrawn(drawn, tmp_path) == []
    for plane in measure(etree.fromstring(drawn)):
        assert (plane.overlapping, plane.through) == ([], [])


@pytest.mark.parametrize("model", sorted((ROOT / "processes").glob("*/*.bpmn")), ids=lambda model: model.stem)
def test_on_our_own_diagrams_nothing_lies_on_anything_and_little_crosses(model: Path) -> None:
    for plane in measure(etree.fromstring(model.read_bytes())):
        assert (plane.overlapping, plane.through, plane.shared, plane.covered) == ([], [], [], []), plane.shows
        assert plane.elements <= MOST
        assert len(plane.crossing) <= CROSSED, plane.crossing


def test_nodes_lie_in_their_lanes_and_the_main_way_runs_straight() -> None:
    lanes = '<laneSet id="ls"><lane id="l1" name="One"><flowNodeRef>s</flowNodeRef><flowNodeRef>g</flowNodeRef><flowNodeRef>e</flowNodeRef></lane><lane id="l2" name="Two"><flowNodeRef>t</flowNodeRef></lane></laneSet>'
    body = lanes + '<startEvent id="s"/><exclusiveGateway id="g"/><endEvent id="e"/><userTask id="t" name="Two"/>'
    pool = '<collaboration id="c"><participant id="pool" name="Pool" processRef="p"/></collaboration>'
    content = bpmn(body + "<flows>\ns -> g\ng -> e [=x]\ng -> t [default]\nt -> e\n</flows>", declared=pool)
    root = etree.fromstring(lay_out(content, "a.bpmn").content)
    boxes = {
        shape.get("bpmnElement"): [float(shape[0].get(name)) for name in ("x", "y", "width", "height")]
        for shape in root.iter(f"{DI}BPMNShape")
    }
    for lane, nodes in {"l1": "sge", "l2": "t"}.items():
        _, top, _, height = boxes[lane]
        assert all(top <= boxes[node][1] and boxes[node][1] + boxes[node][3] <= top + height for node in nodes)
    assert len({boxes[node][1] + boxes[node][3] / 2 for node in "sge"}) == 1


def test_a_plane_that_would_hold_too_much_has_its_largest_sub_process_folded_onto_its_own(tmp_path: Path) -> None:
    def inside(name: str, count: int) -> str:
        steps = "".join(f'<task id="{name}{n}"/>' for n in range(count))
        flows = "".join(f"{name}{n} -> {name}{n + 1}\n" for n in range(count - 1))
        return f'<subProcess id="{name}">{steps}<flows>\n{flows}</flows></subProcess>'

    content = bpmn(inside("large", 20) + inside("small", 12) + "<flows>\nlarge -> small\n</flows>")
    drawn = lay_out(content, "a.bpmn").content
    assert undrawn(drawn, tmp_path) == []
    assert [(plane.shows, plane.elements) for plane in measure(etree.fromstring(drawn))] == [("p", 14), ("large", 20)]
    assert lay_out(drawn, "a.bpmn", anew=True).content == drawn
    asked = lay_out(content, "a.bpmn", fold=["small"]).content
    assert [plane.shows for plane in measure(etree.fromstring(asked))] == ["p", "small"]


def test_what_cannot_be_laid_out_is_said() -> None:
    with pytest.raises(InvalidModel):
        lay_out(b"<x", "a.bpmn")
    with pytest.raises(CannotLayOut, match="no process"):
        lay_out(b'<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"/>', "a.bpmn")
