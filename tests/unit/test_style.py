"""Style: bpmnlint's rules in our words, told once, and where branches meet that run side by side."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random

import pytest
from lxml import etree

from engine.bpmn.reading import BPMN
from engine.bpmnio import BundleMissing, Failed, Script, runtime
from engine.findings import Finding
from engine.rules import rules
from engine.validation import concurrency, style
from engine.validation.concurrency import Concurrency
from engine.validation.subject import Subject
from tests.models import bpmn
from tests.random_bpmn import to_bpmn
from tests.random_models import Drawer

ROOT = Path(__file__).parents[2]


def found(content: bytes, folder: Path) -> list[Finding]:
    (folder / "a.bpmn").write_bytes(content)
    return list(style.check(Subject(folder / "a.bpmn")))


def told(body: str, folder: Path, *, leaving: str = "label-required") -> list[tuple[str, str]]:
    """Rule and element of each finding; a rule may be left out, as most of these models have no names."""
    return [(one.rule, one.element) for one in found(bpmn(body), folder) if one.rule != leaving]


def flows(*lines: str) -> str:
    return "<flows>\n" + "\n".join(lines) + "\n</flows>"


# The rules


def test_the_rules_asked_are_those_of_the_bundle_and_of_the_catalogue() -> None:
    script = (ROOT / "engine/bpmnio/javascript/rules.js").read_text("utf-8")
    assert re.findall(r"'bpmnlint/rules/([\w-]+)\.js'", script) == list(style.TAKEN)
    catalogue = {rule.id for rule in rules().values() if rule.check == "style"}
    assert catalogue == {*style.TAKEN, "fake-join", "style-not-checked"}


def test_each_kind_of_element_is_asked_for_its_name_in_words_of_its_own(tmp_path: Path) -> None:
    body = (
        '<laneSet id="ls"><lane id="l"><flowNodeRef>a</flowNodeRef></lane></laneSet>'
        '<startEvent id="s"/><task id="a"/><exclusiveGateway id="g"/><task id="b" name="B"/><endEvent id="e" name="E"/>'
        + flows("s -> a", "a -> g", "g -> b [=x]", "g -> e [default]", "b -> e")
    )
    messages = {one.element: one.message for one in found(bpmn(body), tmp_path)}
    assert set(messages) == {"l", "s", "a", "g", "f3_g_b"}
    assert messages["a"].startswith("The task a ")
    assert messages["l"].startswith("The lane l ")


def test_what_only_documents_is_left_alone(tmp_path: Path) -> None:
    other = '<process id="other"><startEvent id="o1"/><task id="o2"/></process>'
    body = '<startEvent id="s" name="S"/><endEvent id="e" name="E"/>' + flows("s -> e")
    assert found(bpmn(body, declared=other), tmp_path) == []
    assert found(bpmn(body).replace(b'isExecutable="true"', b""), tmp_path) == []


def test_what_the_file_lists_as_incoming_and_outgoing_does_not_matter(tmp_path: Path) -> None:
    body = (
        '<startEvent id="s"><outgoing>f</outgoing></startEvent><exclusiveGateway id="g"><incoming>f</incoming>'
        "<incoming>g</incoming></exclusiveGateway>"
        '<endEvent id="e"/>' + flows("s -> g", "g -> e")
    )
    assert told(body, tmp_path) == [("superfluous-gateway", "g")]


def test_an_event_gateway_with_one_event_is_told_once_and_a_condition_behind_it_too(tmp_path: Path) -> None:
    catch = '<intermediateCatchEvent id="c"><timerEventDefinition><timeDuration>P1D</timeDuration></timerEventDefinition></intermediateCatchEvent>'
    body = '<startEvent id="s"/><eventBasedGateway id="g"/>' + catch + '<endEvent id="e"/>'
    assert told(body + flows("s -> g", "g -> c [=x]", "c -> e"), tmp_path) == [
        ("event-based-gateway", "g"),
        ("event-based-gateway", "f2_g_c"),
    ]


def test_what_is_an_error_elsewhere_is_not_told_again(tmp_path: Path) -> None:
    ordinary = '<startEvent id="s"/><task id="a"/><endEvent id="e"/>'
    # Nothing leads there: dead-part, whatever follows from it.
    assert told(ordinary + '<task id="o"/><task id="o2"/>' + flows("s -> a", "a -> e", "o -> o2"), tmp_path) == []
    # Nothing follows an event gateway: event-gateway.
    assert told(ordinary + '<eventBasedGateway id="g"/>' + flows("s -> a", "a -> g"), tmp_path) == []
    # A sub-process with two starts: start.
    twice = '<subProcess id="p"><startEvent id="s1"/><startEvent id="s2"/><endEvent id="e1"/></subProcess>'
    body = '<startEvent id="s"/>' + twice + '<endEvent id="e"/>'
    assert told(body + flows("s -> p", "p -> e", "s1 -> e1", "s2 -> e1"), tmp_path) == []


def test_a_process_without_an_end_is_told_once(tmp_path: Path) -> None:
    assert told('<startEvent id="s"/><task id="a"/>' + flows("s -> a"), tmp_path) == [("end-event-required", "p")]


def test_a_flow_drawn_twice_is_told_at_the_flow_alone(tmp_path: Path) -> None:
    body = '<startEvent id="s"/><exclusiveGateway id="g"/><task id="a"/><endEvent id="e"/>'
    twice = flows("s -> g", "g -> a [=x]", "g -> a [=x]", "a -> e")
    assert told(body + twice, tmp_path) == [("no-duplicate-sequence-flows", "f3_g_a")]


# Branches that meet


SPLIT = '<startEvent id="s"/><{kind} id="g"/><task id="a"/><task id="b"/><task id="c"/><endEvent id="e"/>'
MEET = flows("s -> g", "g -> a", "g -> b", "a -> c", "b -> c", "c -> e")


@pytest.mark.parametrize("kind", ["parallelGateway", "inclusiveGateway"])
def test_branches_that_run_side_by_side_and_meet_at_a_task_are_told(kind: str, tmp_path: Path) -> None:
    assert told(SPLIT.format(kind=kind) + MEET, tmp_path) == [("fake-join", "c")]


def test_ways_of_which_one_is_taken_may_meet_anywhere(tmp_path: Path) -> None:
    body = SPLIT.format(kind="exclusiveGateway")
    assert told(body + MEET.replace("g -> a", "g -> a [=x]").replace("g -> b", "g -> b [default]"), tmp_path) == []


@pytest.mark.parametrize("join", ["parallelGateway", "inclusiveGateway"])
def test_branches_that_are_joined_first_may_go_on_and_round(join: str, tmp_path: Path) -> None:
    body = SPLIT.format(kind="parallelGateway") + f'<{join} id="j"/><exclusiveGateway id="x" default="back"/>'
    around = '<sequenceFlow id="back" sourceRef="x" targetRef="c"/>'
    lines = flows("s -> g", "g -> a", "g -> b", "a -> j", "b -> j", "j -> c", "c -> x", "x -> e [=done]")
    assert told(body + around + lines, tmp_path) == []


def test_a_reminder_that_goes_back_into_the_main_way_is_told_and_an_interrupting_one_is_not(tmp_path: Path) -> None:
    timer = "<timerEventDefinition><timeDuration>P1D</timeDuration></timerEventDefinition>"
    body = (
        '<startEvent id="s"/><task id="a"/><task id="c"/><endEvent id="e"/>'
        f'<boundaryEvent id="late" attachedToRef="a" cancelActivity="%s">{timer}</boundaryEvent>'
    )
    lines = flows("s -> a", "a -> c", "late -> c", "c -> e")
    assert told(body % "false" + lines, tmp_path) == [("fake-join", "c")]
    assert told(body % "true" + lines, tmp_path) == []


def test_of_what_follows_from_a_meeting_only_the_first_is_told(tmp_path: Path) -> None:
    body = SPLIT.format(kind="parallelGateway") + '<exclusiveGateway id="x" default="no"/><task id="d"/><task id="f"/>'
    lines = flows("s -> g", "g -> a", "g -> b", "a -> c", "b -> c", "c -> x", "x -> d [=y]", "d -> f", "f -> e")
    no = '<sequenceFlow id="no" sourceRef="x" targetRef="f"/>'
    assert told(body + no + lines, tmp_path) == [("fake-join", "c")]


def test_links_carry_branches_too(tmp_path: Path) -> None:
    throw = '<intermediateThrowEvent id="t"><linkEventDefinition id="l1" name="L"/></intermediateThrowEvent>'
    catch = '<intermediateCatchEvent id="k"><linkEventDefinition id="l2" name="L"/></intermediateCatchEvent>'
    body = SPLIT.format(kind="parallelGateway") + throw + catch
    assert told(body + flows("s -> g", "g -> a", "g -> b", "a -> t", "k -> c", "b -> c", "c -> e"), tmp_path) == [
        ("fake-join", "c")
    ]


def test_block_structured_models_have_no_meetings() -> None:
    for seed in range(60):
        root = etree.fromstring(to_bpmn(Drawer(Random(seed), rewire=0).model()))
        scopes = root.iter(f"{{{BPMN}}}process", f"{{{BPMN}}}subProcess")
        assert [node.get("id") for scope in scopes for node in Concurrency(scope).meetings()] == [], f"seed {seed}"


def test_more_branches_side_by_side_than_are_looked_at_are_said_not_to_have_been(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(concurrency, "MOST_PAIRS", 2)
    (one,) = [one for one in found(bpmn(SPLIT.format(kind="parallelGateway") + MEET), tmp_path) if not one.element]
    assert one.rule == "style-not-checked"
    assert "too many branches" in one.message


# The embedded engine


def test_hostile_names_and_ids_are_only_text(tmp_path: Path) -> None:
    names = ("__proto__", "constructor", "toString", "hasOwnProperty")
    tasks = "".join(f'<task id="{name}" name="{name}"/>' for name in names)
    ways = flows("s -> __proto__", *(f"{a} -> {b}" for a, b in zip(names, (*names[1:], "e"), strict=True)))
    body = f'<startEvent id="s" name="]]&gt;&lt;script&gt;"/>{tasks}<endEvent id="e" name="$&amp;"/>{ways}'
    assert found(bpmn(body), tmp_path) == []


def test_a_script_ends_within_its_time() -> None:
    with pytest.raises(Failed, match="interrupted"):
        Script("lint")("<a>" * 20_000, seconds=0.001)


def test_a_bundle_that_is_not_built_says_how_to_build_it() -> None:
    runtime._bundle.cache_clear()
    with pytest.raises(BundleMissing, match="make setup"):
        Script("no-such-bundle")
