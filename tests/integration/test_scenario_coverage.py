"""What the scenarios of a package visit, and what is found of them before it is published."""

from __future__ import annotations

import os
from contextlib import nullcontext
from pathlib import Path

import pytest

from engine.findings import Finding
from engine.forked import each_of
from engine.simulation import rehearse
from engine.validation import findings_of
from tests.models import bpmn

TASK = '<userTask id="{0}" name="Task {0}"><extensionElements><zeebe:userTask/></extensionElements>{1}</userTask>'
#: A choice; one of its ways is repeated for each of a list, and may end early by a timer.
CHOICE = bpmn(
    '<startEvent id="s"/><exclusiveGateway id="x" name="Which?"/>'
    + TASK.format("a", "")
    + TASK.format(
        "b",
        '<multiInstanceLoopCharacteristics><extensionElements><zeebe:loopCharacteristics inputCollection="=list" '
        'inputElement="one"/></extensionElements></multiInstanceLoopCharacteristics>',
    )
    + '<boundaryEvent id="late" attachedToRef="b"><timerEventDefinition><timeDuration>P1D</timeDuration>'
    '</timerEventDefinition></boundaryEvent><endEvent id="e"/>'
    "<flows>\ns -> x\nx -> a [=left]\nx -> b [default]\na -> e\nb -> e\nlate -> e\n</flows>",
)
LEFT = "start: {left: true}\nsteps:\n  - complete: a\n  - expect: {ended: true}\n"
RIGHT = "start: {left: false, list: [1]}\nsteps:\n  - complete: b\n  - expect: {ended: true}\n"
EMPTY = "start: {left: false, list: []}\nsteps:\n  - expect: {ended: true}\n"
LATE = "start: {left: false, list: [1, 2]}\nsteps:\n  - advance: P2D\n  - expect: {fired: [late], ended: true}\n"


def package(folder: Path, model: bytes = CHOICE, **scenarios: str) -> Path:
    (folder / "p" / "scenarios").mkdir(parents=True)
    (folder / "p" / "p.bpmn").write_bytes(model)
    (folder / "p" / "process.toml").write_text('[process]\ntitle = "A choice"\n')
    for name, text in scenarios.items():
        (folder / "p" / "scenarios" / f"{name}.yaml").write_text(text)
    return folder / "p"


def missed(path: Path) -> list[str]:
    return [element.id for element in rehearse(path).coverage.missed]


def found(path: Path, rule: str, *, publish: bool = True) -> list[Finding]:
    return [one for one in findings_of(path, publish=publish) if one.rule == rule]


def test_what_one_scenario_misses_another_may_visit(tmp_path: Path) -> None:
    path = package(tmp_path, left=LEFT)
    assert missed(path) == ["f3_x_b", "b", "late"]
    (path / "scenarios" / "right.yaml").write_text(RIGHT)
    assert missed(path) == ["late"]
    (path / "scenarios" / "late.yaml").write_text(LATE)
    assert missed(path) == []
    assert rehearse(path).coverage.as_dict() == {"elements": 8, "visited": 8, "not_visited": []}


def test_a_task_that_was_only_opened_is_not_visited(tmp_path: Path) -> None:
    assert "b" in missed(package(tmp_path, left=LEFT, late=LATE))


def test_what_is_repeated_over_an_empty_list_is_not_visited(tmp_path: Path) -> None:
    assert missed(package(tmp_path, left=LEFT, empty=EMPTY)) == ["b", "late"]


def test_elements_of_sub_processes_and_of_events_that_start_them_are_counted(tmp_path: Path) -> None:
    model = bpmn(
        '<startEvent id="s"/><subProcess id="sub"><startEvent id="is"/><eventBasedGateway id="g"/>'
        '<intermediateCatchEvent id="heard"><messageEventDefinition messageRef="m"/></intermediateCatchEvent>'
        '<intermediateCatchEvent id="quiet"><timerEventDefinition><timeDuration>P9D</timeDuration></timerEventDefinition>'
        '</intermediateCatchEvent><endEvent id="ie"/>'
        '<subProcess id="es" triggeredByEvent="true"><startEvent id="es1" isInterrupting="false"><timerEventDefinition>'
        '<timeDuration>P1D</timeDuration></timerEventDefinition></startEvent><endEvent id="es2"/>'
        "<flows>\nes1 -> es2\n</flows></subProcess>"
        "<flows>\nis -> g\ng -> heard\ng -> quiet\nheard -> ie\nquiet -> ie\n</flows></subProcess>"
        '<endEvent id="e"/><flows>\ns -> sub\nsub -> e\n</flows>',
        declared='<message id="m" name="answer"><extensionElements><zeebe:subscription correlationKey="=case.id"/>'
        "</extensionElements></message>",
    )
    heard = "steps:\n  - send: answer\n  - expect: {ended: true}\n"
    path = package(tmp_path, model, heard=heard)
    assert missed(path) == ["quiet", "es1", "es2"]
    (path / "scenarios" / "quiet.yaml").write_text("steps:\n  - advance: P9D\n  - expect: {ended: true}\n")
    assert missed(path) == []


def test_a_package_is_published_only_when_its_scenarios_visit_everything(tmp_path: Path) -> None:
    path = package(tmp_path, left=LEFT)
    # The way to an element that nobody visits is not named beside it.
    assert [one.element for one in found(path, "element-not-visited")] == ["b", "late"]
    assert found(path, "element-not-visited", publish=False) == []
    finding = found(path, "element-not-visited")[0]
    assert (finding.severity, finding.element_name, finding.file) == ("publishing", "Task b", "p.bpmn")
    assert "Task b" in finding.texts("sv")[0]
    (path / "scenarios" / "empty.yaml").write_text(RIGHT.replace("left: false", "left: true").replace("b", "a"))
    (path / "scenarios" / "late.yaml").write_text(LATE)
    assert [one.element for one in found(path, "element-not-visited")] == ["b"]


def test_what_fails_is_told_with_the_step_and_what_was_there(tmp_path: Path) -> None:
    wrong = LEFT.replace("ended: true", "open: [a]")
    path = package(tmp_path, left=wrong, right="steps:\n  - complete: nothing\n  - expect: {open: []}\n")
    failed, stopped = found(path, "scenario-failed")
    assert (failed.file, failed.element, failed.severity) == ("scenarios/left.yaml", "line 4", "publishing")
    assert "step 2, “open” should be [a] but is nothing" in failed.message
    assert "steg 2, ska ”open” vara [a]" in failed.texts("sv")[0]
    assert stopped.file == "scenarios/right.yaml"
    assert "step 1, “complete nothing” could not be done" in stopped.message
    assert found(path, "scenario-failed", publish=False) == []


@pytest.mark.parametrize(
    ("steps", "lines"),
    [
        ("  - complete: a\n  - expect: {ended: true}", []),
        ("  - complete: a\n", ["line 3"]),
        # Looking at nothing is not looking.
        ("  - complete: a\n  - expect: {}", ["line 3"]),
        # A day on which nothing happens is no change.
        ("  - advance: P1D\n  - complete: a\n  - expect: {ended: true}", []),
        # That nobody hears a message is worth a look.
        ("  - send: nothing\n  - complete: a\n  - expect: {ended: true}", ["line 3"]),
    ],
)
def test_something_is_expected_after_each_change(tmp_path: Path, steps: str, lines: list[str]) -> None:
    path = package(tmp_path, x="start: {left: true}\nsteps:\n" + steps)
    assert [one.element for one in found(path, "scenario-without-expect")] == lines


def test_a_timer_that_fires_is_a_change(tmp_path: Path) -> None:
    path = package(tmp_path, x=LATE.split("  - expect")[0])
    assert [one.element for one in found(path, "scenario-without-expect")] == ["line 3"]


def test_a_scenario_that_looks_at_nothing_at_all_is_found(tmp_path: Path) -> None:
    path = package(tmp_path, x="start: {left: true}\n")
    assert [one.element for one in found(path, "scenario-without-expect")] == ["line 1"]


def test_a_package_without_scenarios_is_not_published_and_a_bare_model_is_not_asked(tmp_path: Path) -> None:
    path = package(tmp_path)
    assert [one.severity for one in found(path, "no-scenarios")] == ["publishing"]
    assert found(path, "no-scenarios", publish=False) == []
    (tmp_path / "bare.bpmn").write_bytes(CHOICE)
    assert found(tmp_path / "bare.bpmn", "no-scenarios") == []


def test_a_scenario_that_cannot_be_read_hides_no_other(tmp_path: Path) -> None:
    path = package(tmp_path, left=LEFT, broken="nam: x")
    assert [one.element for one in found(path, "element-not-visited")] == ["b", "late"]
    assert len(found(path, "unknown-key")) == 1


# Side by side


def process(_item: int) -> int:
    return os.getpid()


def forks() -> bool:
    """On a single core, or beside other threads, nothing is forked."""
    return len(set(each_of(process, [0, 1]))) > 1


def test_work_is_shared_between_processes_and_comes_back_in_order() -> None:
    answers = each_of(lambda item: (item * 2, os.getpid()), list(range(7)))
    assert [number for number, _ in answers] == [0, 2, 4, 6, 8, 10, 12]
    assert len({process for _, process in answers}) == (min(len(os.sched_getaffinity(0)), 7) if forks() else 1)


def test_what_goes_wrong_in_another_process_is_raised_here() -> None:
    def fail(item: int) -> int:
        if item:
            raise ValueError(f"item {item}")
        return item

    with pytest.raises(ValueError, match="item 1"):
        each_of(fail, [0, 1])


def test_a_process_that_is_gone_is_told() -> None:
    here = os.getpid()

    def vanish(item: int) -> int:
        if os.getpid() != here:
            os._exit(9)
        return item

    with pytest.raises(ChildProcessError, match="9") if forks() else nullcontext():
        each_of(vanish, [0, 1])
