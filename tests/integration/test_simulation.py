"""Scenarios, played through the façade on a throw-away database."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import InvalidModel, NotFound
from engine.simulation import ScenarioResult, simulate
from tests.models import bpmn

USER = '<userTask id="{0}" name="{0}"><extensionElements><zeebe:userTask/>{1}</extensionElements>{2}</userTask>'
TOML = """
[process]
owner_role = "coordinator"
[roles.coordinator]
kinds = ["socialtjanst"]
[roles.clinic]
kinds = ["bup"]
[deadlines.answer]
value = "5 working days"
source = "local"
remind = "2 working days"
escalate = ["unit-manager"]
"""
#: One task; a week later a timer beside it, and a message that ends it.
ASK = bpmn(
    '<startEvent id="s"/>'
    + USER.format("ask", '<zeebe:taskSchedule dueDate="=deadline(&quot;answer&quot;)"/>', "")
    + '<boundaryEvent id="late" attachedToRef="ask" cancelActivity="false"><timerEventDefinition>'
    "<timeDuration>P7D</timeDuration></timerEventDefinition></boundaryEvent>"
    '<boundaryEvent id="told" attachedToRef="ask"><messageEventDefinition messageRef="m"/></boundaryEvent>'
    '<endEvent id="e"/><endEvent id="e2"/><endEvent id="e3"/><flows>\ns -> ask\nask -> e\nlate -> e2\ntold -> e3\n</flows>',
    process="question",
    declared='<message id="m" name="enough"><extensionElements><zeebe:subscription correlationKey="=case.id"/>'
    "</extensionElements></message>",
)
#: The same question to each of several units.
EACH = bpmn(
    '<startEvent id="s"/>'
    + USER.format(
        "answer",
        '<zeebe:assignmentDefinition candidateGroups="=unit"/>',
        '<multiInstanceLoopCharacteristics><extensionElements><zeebe:loopCharacteristics inputCollection="=units" '
        'inputElement="unit" outputCollection="answers" outputElement="=said"/></extensionElements>'
        "</multiInstanceLoopCharacteristics>",
    )
    + '<endEvent id="e"/><flows>\ns -> answer\nanswer -> e\n</flows>',
    process="each",
)


def write(folder: Path, files: dict[str, bytes | str]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


@pytest.fixture
def play(tmp_path: Path):
    def play(model: bytes, scenario: str, **more: bytes | str) -> ScenarioResult:
        (result,) = simulate(write(tmp_path / "x", {"x.bpmn": model, "scenarios/a.yaml": scenario, **more}))
        return result

    return play


def failures(result: ScenarioResult) -> list[str]:
    return [str(failure) for failure in result.failures]


AT = "at: 2026-03-27T10:00+01:00\n"


def test_time_passes_and_what_is_due_fires_at_its_own_moment(play) -> None:
    result = play(
        ASK,
        AT
        + """
steps:
  - expect: {open: [ask], fired: [], overdue: [], ended: false, closed: false, owner: socialtjanst-skovde}
  - advance: P6D
  - expect: {fired: []}
  - advance: P1D
  - expect: {open: [ask], fired: [late]}
  - advance: P1D
  - expect: {fired: []}
  - complete: ask
    answers: {said: {ok: true}}
  - expect: {open: [], ended: true, closed: true, data: {said.ok: true}}
""",
        **{"process.toml": TOML},
    )
    assert failures(result) == []
    # Days keep the local hour over the night on which the clock changes.
    assert result.at == "2026-04-04T10:00+02:00"


def test_a_task_becomes_overdue_by_its_deadline_and_those_whom_it_concerns_are_told(play) -> None:
    result = play(
        ASK,
        AT
        + """
steps:
  - advance: 3 working days
  - expect: {overdue: [], fired: [], notices: [socialtjanst-skovde@example.org]}
  - advance: 3 working days
  - expect:
      overdue: [ask]
      notices: [socialtjanst-skovde@example.org, enhetschef.skovde@example.org]
""",
        **{"process.toml": TOML},
    )
    assert failures(result) == []


def test_a_message_reaches_the_case_by_its_id(play) -> None:
    result = play(
        ASK,
        "steps:\n  - send: enough\n    payload: {why: done}\n  - expect: {ended: true, data: {why: done}}",
        **{"process.toml": TOML},
    )
    assert failures(result) == []


def test_a_message_under_another_key_does_not_reach_the_case(play) -> None:
    result = play(
        ASK,
        "steps:\n  - send: enough\n    correlation: 2026-99999\n  - expect: {open: [ask], ended: true}",
        **{"process.toml": TOML},
    )
    assert failures(result) == ["step 2 (line 4): ended: expected true, got false"]


def test_what_is_expected_and_not_so_is_told_with_what_is_there(play) -> None:
    result = play(
        ASK,
        """
start: {a: {b: [1, {c: x}]}, yes: true}
steps:
  - expect: {open: [ask, ask], overdue: [ask], fired: [late], ended: true, owner: bup-skaraborg}
  - expect: {data: {a.b.0: 1, a.b.1.c: x, a.b.2: null, nothing: null, "yes": true}}
  - expect: {data: {a.b.0: true, a: {b: []}, "yes": 1}}
""",
        **{"process.toml": TOML},
    )
    assert failures(result) == [
        "step 1 (line 4): open: expected [ask, ask], got [ask]",
        "step 1 (line 4): overdue: expected [ask], got nothing",
        "step 1 (line 4): fired: expected [late], got nothing",
        "step 1 (line 4): ended: expected true, got false",
        "step 1 (line 4): owner: expected bup-skaraborg, got socialtjanst-skovde",
        "step 3 (line 6): data a.b.0: expected true, got 1",
        "step 3 (line 6): data a: expected {b: nothing}, got {b: [1, {c: x}]}",
        "step 3 (line 6): data yes: expected 1, got true",
    ]


UNITS = "start: {units: [bup-skaraborg, elevhalsa-skovde, skola-skovde]}\n"


def test_several_are_told_apart_by_where_and_by_who_answers(play) -> None:
    result = play(
        EACH,
        UNITS
        + """
steps:
  - expect: {open: [answer, answer, answer]}
  - complete: answer
    where: {unit: skola-skovde}
    answers: {said: no}
  - complete: answer
    as: elevhalsa-skovde
    answers: {said: "yes"}
  - complete: answer
    answers: {said: maybe}
  - expect: {ended: true, data: {answers: [maybe, "yes", false]}}
""",
    )
    assert failures(result) == []


@pytest.mark.parametrize(
    ("step", "says"),
    [
        ("complete: ask", "No task ask is open. Open tasks: answer."),
        ("{complete: answer, where: {unit: nobody}}", "one where {unit: nobody}"),
        ("{complete: answer, as: lss-skovde}", "Forbidden"),
        ("{complete: answer, as: somebody}", "Forbidden"),
    ],
)
def test_a_step_that_cannot_be_taken_ends_the_scenario_and_says_why(play, step: str, says: str) -> None:
    result = play(EACH, UNITS + f"steps:\n  - {step}\n  - expect: {{ended: true}}")
    (failure,) = failures(result)
    assert failure.startswith("step 1 (line 3): complete ")
    assert says in failure or says.replace("Forbidden", "NotFound") in failure


def test_somebody_in_a_role_works_at_a_unit_that_holds_it(play) -> None:
    model = ASK.replace(
        b"<zeebe:taskSchedule", b'<zeebe:assignmentDefinition candidateGroups="clinic"/><zeebe:taskSchedule'
    )
    toml = TOML.replace('kinds = ["socialtjanst"]', "kinds = []")
    good = play(model, "owner: bup-skaraborg\nsteps: [{complete: ask, as: clinic}]", **{"process.toml": toml})
    assert failures(good) == []
    bad = play(model, "owner: bup-skaraborg\nsteps: [{complete: ask, as: coordinator}]", **{"process.toml": toml})
    assert len(failures(bad)) == 1


def test_a_process_that_starts_another_finds_it_beside(tmp_path: Path) -> None:
    starter = bpmn(
        '<startEvent id="s"/><serviceTask id="begin"><extensionElements><zeebe:taskDefinition type="start-case"/>'
        '<zeebe:taskHeaders><zeebe:header key="process" value="question"/></zeebe:taskHeaders></extensionElements></serviceTask>'
        + USER.format("wait", "", "")
        + '<endEvent id="e"/><flows>\ns -> begin\nbegin -> wait\nwait -> e\n</flows>',
        process="starter",
    )
    write(tmp_path, {"question/question.bpmn": ASK, "question/process.toml": TOML, "starter/starter.bpmn": starter})
    write(tmp_path, {"starter/scenarios/a.yaml": "steps:\n  - advance: P9D\n  - expect: {open: [wait], fired: []}"})
    (result,) = simulate(tmp_path / "starter")
    assert failures(result) == []


def test_without_a_scenario_one_case_is_started_and_it_is_told_where_it_stands(tmp_path: Path) -> None:
    write(tmp_path, {"ask.bpmn": ASK.replace(b"=deadline(&quot;answer&quot;)", b"2026-05-01T10:00+02:00")})
    (result,) = simulate(tmp_path / "ask.bpmn")
    assert result.passed
    assert (result.open, result.waiting, result.ended) == (["ask"], ["late"], False)


def test_without_a_scenario_an_incident_is_a_failure(tmp_path: Path) -> None:
    write(tmp_path, {"ask.bpmn": ASK.replace(b"=deadline(&quot;answer&quot;)", b"=nobody.knows")})
    (result,) = simulate(tmp_path / "ask.bpmn")
    assert not result.passed
    assert result.incidents or "nobody" in failures(result)[0]


def test_one_scenario_is_chosen_by_file_or_by_name(tmp_path: Path) -> None:
    package = write(
        tmp_path / "x",
        {"x.bpmn": ASK, "process.toml": TOML, "scenarios/a.yaml": "name: one", "scenarios/b.yaml": "name: two"},
    )
    outside = write(tmp_path, {"c.yaml": "name: three"}) / "c.yaml"
    assert [result.name for result in simulate(package)] == ["one", "two"]
    assert [result.name for result in simulate(package, Path("b"))] == ["two"]
    assert [result.name for result in simulate(package, Path("b.yaml"))] == ["two"]
    assert [result.name for result in simulate(package, outside)] == ["three"]
    with pytest.raises(NotFound, match="The package has: a, b"):
        simulate(package, Path("none-such"))


def test_a_scenario_that_cannot_be_read_does_not_stop_the_others(tmp_path: Path) -> None:
    files = {"x.bpmn": ASK, "process.toml": TOML, "scenarios/a.yaml": "nam: one", "scenarios/b.yaml": "name: two"}
    broken, good = simulate(write(tmp_path / "x", files))
    assert (broken.passed, good.passed) == (False, True)
    assert broken.findings[0].rule == "unknown-key"
    with pytest.raises(InvalidModel):
        simulate(write(tmp_path / "y", {"y.bpmn": b"<x"}))


def test_scenarios_do_not_see_each_others_cases(tmp_path: Path) -> None:
    same = 'steps:\n  - send: enough\n    correlation: "2026-00001"\n  - expect: {ended: true}'
    files = {"x.bpmn": ASK, "process.toml": TOML, "scenarios/a.yaml": same, "scenarios/b.yaml": same}
    assert all(result.passed for result in simulate(write(tmp_path / "x", files)))


def test_no_notice_leaves_whatever_the_settings_say(play, monkeypatch) -> None:
    monkeypatch.setenv("SAMLED_SMTP_URL", "smtp://127.0.0.1:1")
    result = play(ASK, "steps:\n  - advance: P20D\n  - expect: {open: [ask]}", **{"process.toml": TOML})
    assert failures(result) == []
