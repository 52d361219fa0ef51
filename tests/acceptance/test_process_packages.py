"""The processes that come with Samled: played through, and whole in what staff and process owners see of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from engine.packages import Package
from engine.simulation import rehearse
from engine.validation import findings_of

PROCESSES = Path(__file__).parents[2] / "processes"
PACKAGES = sorted(path.name for path in PROCESSES.iterdir() if (path / "process.toml").exists())
BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
ZEEBE = "{http://camunda.org/schema/zeebe/1.0}"
DI = "{http://www.omg.org/spec/BPMN/20100524/DI}"
DC = "{http://www.omg.org/spec/DD/20100524/DC}"
#: What domain.md's table for a SIP fixes: deadline → value and source.
SIP_DEADLINES = {
    "consent-asked": ("3 working days", 'G "within a few days", local figure'),
    "summons-sent": ("3 working days", "local"),
    "summons-receipt": ("5 working days", "local"),
    "sip-meeting": ("P3W", "G"),
    "plan-handed-out": ("5 working days", "local"),
    "plan-confirmed": ("10 working days", "local"),
    "first-follow-up": ("P8W", "local"),
    "next-follow-up": ("P6M", "local"),
}


@pytest.fixture(params=PACKAGES)
def package(request: pytest.FixtureRequest) -> Package:
    return Package.load(PROCESSES / request.param)


def roots(package: Package) -> list[etree._Element]:
    return [etree.fromstring(content) for content in package.bpmn.values()]


def user_tasks(package: Package) -> Iterator[etree._Element]:
    for root in roots(package):
        yield from root.iter(f"{BPMN}userTask")


@pytest.mark.parametrize("name", PACKAGES)
def test_every_package_may_be_published_and_its_scenarios_visit_everything(name: str) -> None:
    simulation = rehearse(PROCESSES / name)
    assert simulation.results
    assert [f"{result.file}: {failure}" for result in simulation.results for failure in result.failures] == []
    assert [f"{result.file}: {step}" for result in simulation.results for step in result.unasserted] == []
    assert simulation.coverage.missed == ()
    # The rest of what is asked before publishing; the scenarios have just been played.
    assert [str(one) for one in findings_of(PROCESSES / name)] == []


def test_every_user_task_has_a_name_a_form_a_role_and_a_deadline(package: Package) -> None:
    for task in user_tasks(package):
        form, role = task.find(f".//{ZEEBE}formDefinition"), task.find(f".//{ZEEBE}assignmentDefinition")
        schedule = task.find(f".//{ZEEBE}taskSchedule")
        assert task.get("name"), task.get("id")
        assert form is not None, task.get("id")
        assert form.get("formId") in package.forms, task.get("id")
        assert role is not None, task.get("id")
        assert role.get("candidateGroups"), task.get("id")
        assert schedule is not None, task.get("id")
        assert re.match(r'=.*\bdeadline\("([a-z-]+)"', schedule.get("dueDate", "")), task.get("id")


def test_every_deadline_and_form_is_used_and_every_deadline_is_heard_of(package: Package) -> None:
    text = b"".join(package.bpmn.values()).decode()
    used = set(re.findall(r"deadline\((?:&quot;|\")([a-z0-9-]+)", text))
    replaced = {name for part in package.called.values() for name in part.deadlines}  # a value of its own for a part
    assert used <= set(package.deadlines) <= used | replaced
    assert set(package.forms) == package.references.forms
    # What a timer or a limit of its own reads leads on by itself; that a task's is heard of, publishing asks.
    dates = re.findall(r"<bpmn:timeDate[^>]*>=[^<]*|source=\"=[^\"]*", text)
    led_on = {name for date in dates for name in re.findall(r"deadline\((?:&quot;|\")([a-z0-9-]+)", date)}
    for deadline in package.deadlines.values():
        assert deadline.escalate or deadline.name in led_on, deadline.name
        assert deadline.source, deadline.name


def test_the_deadlines_of_a_sip_are_those_of_the_sources() -> None:
    sip = Package.load(PROCESSES / "sip")
    packages = [*sip.called.values(), sip]  # what it calls stands there; its own value would be used first
    deadlines = {name: each for package in packages for name, each in package.deadlines.items()}
    assert {name: (deadlines[name].value, deadlines[name].source) for name in SIP_DEADLINES} == SIP_DEADLINES
    assert {each.source for name, each in deadlines.items() if name not in SIP_DEADLINES} == {"local"}


def texts(package: Package) -> Iterator[str]:
    """Every text of the package that stands on a screen."""
    yield from (package.title, package.description)
    yield from (role.title for role in package.roles.values())
    yield from (deadline.title for deadline in package.deadlines.values())
    for root in roots(package):
        named = (element for element in root.iter() if str(element.tag).startswith(BPMN))
        yield from (element.get("name", "") for element in named if not element.tag.endswith("message"))
        yield from (text.text or "" for text in root.iter(f"{BPMN}text"))
    for content in package.forms.values():
        yield from form_texts(json.loads(content))


def form_texts(part: Any) -> Iterator[str]:
    if isinstance(part, list):
        for item in part:
            yield from form_texts(item)
    elif isinstance(part, dict):
        for key, value in part.items():
            if key in ("label", "dateLabel", "timeLabel", "description", "text") and isinstance(value, str):
                yield value
            else:
                yield from form_texts(value)


def test_everything_can_be_read_in_english(package: Package) -> None:
    english = package.translations["en"]
    assert sorted({text for text in texts(package) if text} - english.keys()) == []


def test_every_example_child_has_a_number_of_the_test_series(package: Package) -> None:
    """The tax agency's published test numbers for births in this century have birth numbers 238 and 239."""
    for name, text in package.scenarios.items():
        for number in re.findall(r"\b20\d{6}-\d{4}\b", text):
            assert number[9:12] in ("238", "239"), name


def test_every_element_is_drawn_and_none_on_top_of_another(package: Package) -> None:
    for root in roots(package):
        shapes = {shape.get("bpmnElement"): shape for shape in root.iter(f"{DI}BPMNShape")}
        edges = {edge.get("bpmnElement") for edge in root.iter(f"{DI}BPMNEdge")}
        for scope in root.iter(f"{BPMN}process", f"{BPMN}subProcess"):
            assert all(flow.get("id") in edges for flow in scope.iterchildren(f"{BPMN}sequenceFlow"))
            nodes = [
                node for node in scope if str(node.tag).endswith(("Task", "Event", "Gateway", "Activity", "Process"))
            ]
            assert all(node.get("id") in shapes for node in nodes)
            apart = [node.get("id") for node in nodes if node.get("attachedToRef") is None]
            for one, other in combinations(apart, 2):
                assert not overlap(box(shapes[one]), box(shapes[other])), (one, other)


def box(shape: etree._Element) -> tuple[float, float, float, float]:
    bounds = shape.find(f"{DC}Bounds")
    x, y, width, height = (float(bounds.get(key)) for key in ("x", "y", "width", "height"))
    return x, y, x + width, y + height


def overlap(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
