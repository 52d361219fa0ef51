"""Reading scenario files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.durations import Duration
from engine.errors import InvalidModel
from engine.scenarios import DEFAULT_START, Advance, Complete, Expect, Scenario, Send

CONTRACT = """\
name: consent declined, offered again
at: 2026-03-27T10:00+01:00          # virtual now
start: {need: {reason: school-absence}}
steps:
  - complete: ask_consent           # element id of an open task
    answers: {consent: {given: false}}
    as: elevhalsa-skovde
    where: {unit: BUP}
  - advance: P8D
  - send: consent-given
    correlation: "2026-00123"
    payload: {by: guardian}
  - expect:
      open: [offer_again]
      fired: [late]
      ended: false
      data: {"consent.given": false}
      owner: elevhalsa-skovde
"""


def findings(text):
    with pytest.raises(InvalidModel) as caught:
        Scenario.parse(text, "scenarios/x.yaml")
    return caught.value.findings


def test_a_scenario_is_read_as_the_contract_writes_it():
    scenario = Scenario.parse(CONTRACT, "scenarios/declined.yaml")
    assert scenario == Scenario(
        name="consent declined, offered again",
        file="scenarios/declined.yaml",
        at="2026-03-27T10:00+01:00",
        start={"need": {"reason": "school-absence"}},
        steps=(
            Complete("ask_consent", {"consent": {"given": False}}, "elevhalsa-skovde", {"unit": "BUP"}, line=5),
            Advance(Duration(days=8), "P8D", line=9),
            Send("consent-given", "2026-00123", {"by": "guardian"}, line=10),
            Expect(
                open=("offer_again",),
                fired=("late",),
                ended=False,
                data={"consent.given": False},
                owner="elevhalsa-skovde",
                line=13,
            ),
        ),
    )


def test_what_is_left_out_has_a_default():
    scenario = Scenario.parse("steps: []", "scenarios/ordinary-path.yaml")
    assert (scenario.name, scenario.at, scenario.start, scenario.owner) == ("ordinary-path", DEFAULT_START, {}, None)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-03-27", "2026-03-27"),
        ("2026-03-27T10:00+01:00", "2026-03-27T10:00+01:00"),
        ("2026-03-27 10:00:00", "2026-03-27 10:00:00"),
        ("10:30", "10:30"),
        ("0123", "0123"),
        ("0500-123456", "0500-123456"),
        ("12", 12),
        ("0", 0),
        ("-3.5", -3.5),
        ("1e3", "1e3"),
        ("true", True),
        ("null", None),
        ('"12"', "12"),
    ],
)
def test_dates_times_and_leading_zeros_stay_as_written(written, read):
    scenario = Scenario.parse(f"start: {{x: {written}}}", "x.yaml")
    assert scenario.start == {"x": read}
    assert type(scenario.start["x"]) is type(read)


@pytest.mark.parametrize(
    ("text", "line", "rule", "says"),
    [
        ("", 1, "yaml", "empty"),
        ("a: [", 1, "yaml", "not valid YAML"),
        ("name: x\nname: y", 2, "yaml", "twice"),
        ("name: x\n\tat: y", 2, "yaml", "not valid YAML"),
        ("start: !!python/object/apply:os.system [ls]", 1, "wrong-type", "start"),
        ("start: {x: !!python/name:os.system ''}", 1, "yaml", "not valid YAML"),
        ("start: {x: !!timestamp 2026-01-01}", 1, "yaml", "date"),
        ("- a", 1, "wrong-type", "no keys"),
        ("name: x\nstep: []", 2, "unknown-key", "step"),
        ("at: tomorrow", 1, "wrong-type", "at"),
        ("start: [1]", 1, "wrong-type", "start"),
        ("owner: 3", 1, "wrong-type", "owner"),
        ("steps: {complete: x}", 1, "wrong-type", "list"),
        ("steps:\n  - complet: x", 2, "unknown-step", "no step"),
        ("steps:\n  - complete", 2, "unknown-step", "no step"),
        ("steps:\n  - complete: x\n    advance: P1D", 2, "two-steps", "complete, advance"),
        ("steps:\n  - complete: x\n    answer: {}", 3, "unknown-key", "answer"),
        ("steps:\n  - advance: 8 days", 2, "wrong-type", "advance"),
        ("steps:\n  - advance: P0D", 2, "wrong-type", "advance"),
        ("steps:\n  - advance: -P1D", 2, "wrong-type", "advance"),
        ("steps:\n  - send: x\n    payload: 3", 3, "wrong-type", "payload"),
        ("steps:\n  - expect: {opens: []}", 2, "unknown-key", "opens"),
        ("steps:\n  - expect: {open: x}", 2, "wrong-type", "open"),
        ("steps:\n  - expect:\n      ended: maybe", 3, "wrong-type", "ended"),
    ],
)
def test_a_fault_names_the_line_and_the_remedy(text, line, rule, says):
    (finding, *_) = findings(text)
    assert (finding.file, finding.element, finding.rule) == ("scenarios/x.yaml", f"line {line}", rule)
    assert says in finding.message
    assert finding.remedy


def test_an_unknown_key_is_answered_with_the_nearest_known_one():
    assert "the nearest is answers" in findings("steps:\n  - complete: x\n    answer: {}")[0].message
    assert "the nearest is complete" in findings("steps:\n  - complet: x")[0].message


def test_every_fault_is_told_at_once():
    assert len(findings("nam: x\nsteps:\n  - advance: soon\n  - walk: far\n  - expect: {open: 3}")) == 4


def test_answers_may_be_written_once_and_used_again():
    text = "start: &answers {a: 1}\nsteps:\n  - complete: x\n    answers: *answers\n"
    assert Scenario.parse(text, "x.yaml").steps[0].answers == {"a": 1}


def test_aliases_that_stand_for_more_than_the_memory_holds_are_refused():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    assert "more than" in findings("start: {" + ", ".join(lines) + "}")[0].message
    assert findings("start: &a [*a]")[0].rule == "yaml"


@pytest.mark.parametrize(
    "text", ["start: " + "[" * 100_000, "start: " + "{a: " * 100_000, "- " * 1_000_000, "? " * 101]
)
def test_what_is_nested_deeper_than_the_stack_is_refused(text):
    assert findings(text)[0].message == "This is nested too deep"


def reads_or_finds(text):
    try:
        return bool(Scenario.parse(text, "x.yaml"))
    except InvalidModel as error:
        return bool(error.findings)


@given(st.text(max_size=300))
def test_no_text_raises_anything_but_findings(text):
    assert reads_or_finds(text)


LINES = """\
name: x
steps:
  - complete: x
    answers: {a: 1}
  - expect:
      open: [a]
- 3
at: 3
  - advance: P1D
    as: [
? {a: b}
: x
&a *a
<<: 3
<<: {name: y}
  - send: 2026-01-01
""".splitlines()


@given(st.lists(st.sampled_from(LINES), max_size=12))
def test_no_mixture_of_lines_raises_anything_but_findings(lines):
    assert reads_or_finds("\n".join(lines))
