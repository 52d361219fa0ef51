"""Data-flow: what an expression reads must have been written on every way that leads to it."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pytest

from engine.bpmn import Model
from engine.findings import Finding
from engine.packages import Package
from engine.services import HANDLERS
from engine.validation.data_steps import SILENT_JOBS
from engine.validation.dataflow import check
from tests.models import bpmn
from tests.random_models import Drawer, to_bpmn
from tests.unit.test_bpmn_flow import chain

PROCESSES = Path(__file__).parents[2] / "processes"


def form(form_id: str, *fields: str, hidden: dict[str, str] | None = None) -> dict[str, bytes]:
    """A form of text fields; `hidden`: field → the condition that hides it."""
    components = [
        {"type": "textfield", "key": key, "id": key, "label": key, **({"conditional": {"hide": rule}} if rule else {})}
        for key, rule in {**dict.fromkeys(fields, ""), **(hidden or {})}.items()
    ]
    content = {"type": "default", "id": form_id, "schemaVersion": 19, "components": components}
    return {f"forms/{form_id}.form": json.dumps(content).encode()}


FORMS = {
    **form("need", "reason", "date"),
    **form("plan", "owner", "date", hidden={"why": '=owner != "us"'}),
    **form("answer", "given"),
}
SETTINGS = {"process.toml": b'[process]\ntitle = "P"\n'}


def findings(body: str, *, declared: str = "", bare: bool = False, **files: bytes) -> list[Finding]:
    own = {"p.bpmn": bpmn(body, declared=declared), **FORMS, **({} if bare else SETTINGS), **files}
    return check(Model.load(Package.from_files(own, "p")))


def lines(body: str, *, declared: str = "", bare: bool = False) -> list[tuple[str, str, str]]:
    """(element, severity, rule) of each finding."""
    return [(one.element, one.severity, one.rule) for one in findings(body, declared=declared, bare=bare)]


def extended(tag: str, inside: str, more: str = "") -> str:
    name = tag.split()[0]
    return f"<{tag}><extensionElements>{inside}</extensionElements>{more}</{name}>"


def start(form_id: str = "need") -> str:
    return extended('startEvent id="s"', f'<zeebe:formDefinition formId="{form_id}"/>')


def task(element: str, form_id: str = "answer", more: str = "", name: str = "") -> str:
    tag = f'userTask id="{element}"' + (f' name="{name}"' if name else "")
    return extended(tag, f'<zeebe:userTask/><zeebe:formDefinition formId="{form_id}"/>{more}')


def script(element: str, source: str, result: str) -> str:
    source = source.replace('"', "&quot;")
    return extended(f'scriptTask id="{element}"', f'<zeebe:script expression="={source}" resultVariable="{result}"/>')


def timer(element: str, source: str) -> str:
    return (
        f'<intermediateCatchEvent id="{element}"><timerEventDefinition><timeDate>={source}</timeDate>'
        "</timerEventDefinition></intermediateCatchEvent>"
    )


DECLINED = (
    start()
    + '<exclusiveGateway id="x"/>'
    + task("a", "plan", name="Plan it")
    + task("b", name="Declined")
    + '<exclusiveGateway id="m"/>'
    + timer("t", "date(plan.date)")
    + """<endEvent id="e"/><flows>
s -> x
x -> a [=need.reason = "school"]
x -> b [default]
a -> m
b -> m
m -> t
t -> e
</flows>"""
)


def test_a_variable_that_one_way_does_not_write_is_an_error_that_names_the_way() -> None:
    (found,) = findings(DECLINED)
    assert (found.element, found.severity, found.rule) == ("t", "error", "unwritten-on-a-way")
    assert found.message == "“plan” is read here, but on the way through *Declined* nothing writes it"
    assert found.file == "p.bpmn"


def test_what_every_way_writes_may_be_read() -> None:
    assert findings(DECLINED.replace('formId="answer"', 'formId="plan"')) == []


def test_a_variable_that_nothing_writes_is_an_error() -> None:
    body = start() + timer("t", "date(plann.date)") + '<endEvent id="e"/>' + chain("s", "t", "e")
    (found,) = findings(body)
    assert (found.element, found.severity, found.rule) == ("t", "error", "unknown-variable")
    assert found.message == "“plann” is read here, but nothing before writes it"


@pytest.mark.parametrize(
    "source", ["if is defined(plan) then date(plan.date) else today()", "get or else(plan, today())"]
)
def test_an_expression_may_ask_whether_a_variable_is_there(source: str) -> None:
    assert findings(DECLINED.replace("date(plan.date)", source)) == []


def test_a_script_that_reads_what_may_be_missing_is_a_warning() -> None:
    assert lines(DECLINED.replace(timer("t", "date(plan.date)"), script("t", "plan.date", "d"))) == [
        ("t", "warning", "unwritten-on-a-way")
    ]


def test_what_comes_later_is_not_there_yet() -> None:
    body = (
        start() + timer("t", "date(plan.date)") + task("a", "plan") + '<endEvent id="e"/>' + chain("s", "t", "a", "e")
    )
    (found,) = findings(body)
    assert (found.severity, found.rule) == ("error", "unwritten-on-a-way")
    assert found.message.endswith("only *a* writes it, and that comes later")


def test_a_loop_does_not_write_before_its_first_round() -> None:
    body = f"""{start()}<exclusiveGateway id="m"/>{timer("t", "date(plan.date)")}{task("a", "plan")}
    <exclusiveGateway id="x"/><endEvent id="e"/><flows>
    s -> m
    m -> t
    t -> a
    a -> x
    x -> m [=plan.owner = "us"]
    x -> e [default]
    </flows>"""
    (found,) = findings(body)
    assert (found.element, found.severity, found.rule) == ("t", "error", "unwritten-on-a-way")
    assert "the first time here" in found.message


def test_the_same_decision_twice_is_trusted() -> None:
    body = DECLINED.replace("m -> t\nt -> e", 'm -> y\ny -> t [=need.reason = "school"]\ny -> e [default]\nt -> e')
    assert findings(body.replace('<endEvent id="e"/>', '<exclusiveGateway id="y"/><endEvent id="e"/>')) == []


def test_a_note_of_which_way_was_taken_is_trusted() -> None:
    body = DECLINED.replace("a -> m\nb -> m", "a -> yes\nyes -> m\nb -> no\nno -> m")
    body = body.replace("m -> t\nt -> e", "m -> y\ny -> t [=planned]\ny -> e [default]\nt -> e")
    more = '<exclusiveGateway id="y"/>' + script("yes", "true", "planned") + script("no", "false", "planned")
    assert findings(body.replace('<endEvent id="e"/>', f'{more}<endEvent id="e"/>')) == []


def test_what_follows_and_or_then_is_trusted_where_the_rest_looks_at_the_decision() -> None:
    guarded = 'if need.reason = "school" then date(plan.date) else today()'
    assert findings(DECLINED.replace("date(plan.date)", guarded)) == []


def test_a_join_brings_together_what_its_branches_wrote() -> None:
    body = f"""{start()}<parallelGateway id="f"/>{task("a", "plan")}{task("b")}<parallelGateway id="j"/>
    {timer("t", "date(plan.date) + duration(answer.given)")}<endEvent id="e"/>
    {chain("s", "f", "a", "j", "t", "e")}{chain("f", "b", "j")}"""
    assert findings(body) == []
    assert findings(body.replace('parallelGateway id="j"', 'inclusiveGateway id="j"')) == []


def test_a_branch_beside_may_not_be_done_yet() -> None:
    body = f"""{start()}<parallelGateway id="f"/>{task("a", "plan")}{timer("t", "date(plan.date)")}
    <parallelGateway id="j"/><endEvent id="e"/>{chain("s", "f", "a", "j", "e")}{chain("f", "t", "j")}"""
    assert lines(body) == [("t", "warning", "unwritten-on-a-way")]


def boundary(host: str, after: str) -> str:
    return f"""{start()}{host}<boundaryEvent id="late" name="Too late" attachedToRef="a"><timerEventDefinition>
    <timeDuration>P1D</timeDuration></timerEventDefinition></boundaryEvent><exclusiveGateway id="m"/>
    {after}<endEvent id="e"/>{chain("s", "a", "m", "t", "e")}{chain("late", "m")}"""


def test_an_interrupted_task_has_written_nothing() -> None:
    (found,) = findings(boundary(task("a", "plan"), timer("t", "date(plan.date)")))
    assert found.message == "“plan” is read here, but on the way through *Too late* nothing writes it"
    assert found.severity == "error"


def test_a_sub_process_is_interrupted_only_while_it_waits() -> None:
    inside = f'<startEvent id="is"/>{script("i", "1", "n")}{task("u", "plan")}<endEvent id="ie"/>' + chain(
        "is", "i", "u", "ie"
    )
    host = f'<subProcess id="a">{inside}</subProcess>'
    assert findings(boundary(host, timer("t", "today() + duration(n)"))) == []
    assert lines(boundary(host, timer("t", "date(plan.date)"))) == [("t", "error", "unwritten-on-a-way")]


def sub(inside: str, after: str) -> str:
    return f"""{start()}<subProcess id="a">{inside}</subProcess>{after}<endEvent id="e"/>{chain("s", "a", "t", "e")}"""


def test_a_sub_process_leaves_what_all_its_ends_wrote() -> None:
    inside = f"""<startEvent id="is"/><exclusiveGateway id="ix"/>{task("u", "plan")}<endEvent id="ie"/>
    <endEvent id="no" name="Not now"/><flows>
    is -> ix
    ix -> u [=need.reason = "school"]
    ix -> no [default]
    u -> ie
    </flows>"""
    (found,) = findings(sub(inside, timer("t", "date(plan.date)")))
    assert found.message == "“plan” is read here, but on the way through *Not now* nothing writes it"
    error = '<endEvent id="no" name="Not now"><errorEventDefinition errorRef="err"/></endEvent>'
    broken = inside.replace('<endEvent id="no" name="Not now"/>', error)
    assert lines_declared(sub(broken, timer("t", "date(plan.date)"))) == []


def lines_declared(body: str) -> list[tuple[str, str, str]]:
    return lines(body, declared='<error id="err" name="err" errorCode="err"/><message id="msg" name="msg"/>')


def test_parallel_ends_are_all_reached() -> None:
    inside = f"""<startEvent id="is"/><parallelGateway id="if"/>{task("u", "plan")}{task("v")}<endEvent id="e1"/>
    <endEvent id="e2"/>{chain("is", "if", "u", "e1")}{chain("if", "v", "e2")}"""
    assert findings(sub(inside, timer("t", "date(plan.date) + duration(answer.given)"))) == []


def test_a_reminder_beside_a_sub_process_takes_nothing_from_its_end() -> None:
    inside = f"""<startEvent id="is"/>{task("u", "plan")}<boundaryEvent id="ib" attachedToRef="u" cancelActivity="false">
    <timerEventDefinition><timeDuration>P1D</timeDuration></timerEventDefinition></boundaryEvent><endEvent id="ie"/>
    <endEvent id="reminded"/>{chain("is", "u", "ie")}{chain("ib", "reminded")}"""
    assert findings(sub(inside, timer("t", "date(plan.date)"))) == []


LOOP = (
    '<multiInstanceLoopCharacteristics><extensionElements><zeebe:loopCharacteristics inputCollection="=[1, 2]" '
    'inputElement="one" outputCollection="all" outputElement="=answer.given"/></extensionElements>'
    "<completionCondition>=numberOfCompletedInstances &gt; loopCounter and one = 1</completionCondition>"
    "</multiInstanceLoopCharacteristics>"
)


def test_only_its_output_collection_leaves_a_multi_instance() -> None:
    host = task("a").replace("</userTask>", f"{LOOP}</userTask>")
    body = start() + host + timer("t", "SOURCE") + '<endEvent id="e"/>' + chain("s", "a", "t", "e")
    assert findings(body.replace("SOURCE", "date(all[1])")) == []
    (found,) = findings(body.replace("SOURCE", "date(answer.given)"))
    assert (found.element, found.severity) == ("t", "error")
    assert [one.severity for one in findings(body.replace("SOURCE", "date(one)"))] == ["error"]


def test_an_input_mapping_is_the_task_s_own_and_an_output_mapping_leaves() -> None:
    mapping = '<zeebe:ioMapping><zeebe:input source="=need.date" target="day"/>OUT</zeebe:ioMapping>'
    more = f'{mapping}<zeebe:taskSchedule dueDate="=date(day)"/>'
    body = (
        start() + task("a", "plan", more) + timer("t", "date(WHAT)") + '<endEvent id="e"/>' + chain("s", "a", "t", "e")
    )
    assert findings(body.replace("OUT", "").replace("WHAT", "plan.date")) == []
    assert [one.rule for one in findings(body.replace("OUT", "").replace("WHAT", "day"))] == ["unknown-variable"]
    out = '<zeebe:output source="=plan.date" target="planned"/>'
    assert findings(body.replace("OUT", out).replace("WHAT", "planned")) == []
    assert [one.element for one in findings(body.replace("OUT", out).replace("WHAT", "plan.date"))] == ["t"]


def test_a_start_without_a_form_in_a_bare_model_may_bring_anything() -> None:
    body = f'<startEvent id="s"/>{timer("t", "date(x)")}<endEvent id="e"/>{chain("s", "t", "e")}'
    assert findings(body, bare=True) == []
    (found,) = findings(body)
    assert (found.severity, found.rule) == ("warning", "unknown-variable")
    assert "unless *s* brings it" in found.message


def test_behind_a_start_without_a_form_a_way_that_writes_nothing_is_a_warning() -> None:
    assert lines(DECLINED.replace(start(), '<startEvent id="s"/>'), bare=True) == [
        ("t", "warning", "unwritten-on-a-way")
    ]


def test_a_message_may_bring_anything_unless_a_mapping_says_what() -> None:
    event = 'intermediateCatchEvent id="c"'
    definition = '<messageEventDefinition messageRef="msg"/>'
    after = timer("t", "date(x)") + '<endEvent id="e"/>' + chain("s", "c", "t", "e")
    assert lines_declared(f"{start()}<{event}>{definition}</intermediateCatchEvent>{after}") == [
        ("t", "warning", "unknown-variable")
    ]
    mapping = '<zeebe:ioMapping><zeebe:output source="=payload" target="TARGET"/></zeebe:ioMapping>'
    mapped = start() + extended(event, mapping, definition) + after
    assert lines_declared(mapped.replace("TARGET", "x")) == []
    assert lines_declared(mapped.replace("TARGET", "y")) == [("t", "error", "unknown-variable")]


def event_sub(source: str, *, first: str) -> str:
    inside = f"""<startEvent id="es" isInterrupting="false"><timerEventDefinition><timeDuration>P1D</timeDuration>
    </timerEventDefinition></startEvent>{timer("t", source)}<endEvent id="ee"/>{chain("es", "t", "ee")}"""
    return f"""{start()}{first}{task("a", "plan", name="Plan it")}<endEvent id="e"/>
    <subProcess id="es_sub" triggeredByEvent="true">{inside}</subProcess>{chain("s", "i", "a", "e")}"""


def test_an_event_sub_process_can_rely_on_what_is_there_whenever_the_case_waits() -> None:
    first = script("i", "1", "n")
    assert findings(event_sub("date(need.date) + duration(n)", first=first)) == []
    (found,) = findings(event_sub("date(plan.date)", first=first))
    assert (found.element, found.severity, found.rule) == ("t", "error", "unwritten-on-a-way")
    assert found.message.endswith("it can happen before *Plan it* writes it")


def called(propagate: str, after: str) -> str:
    call = extended('callActivity id="c"', f'<zeebe:calledElement processId="q" {propagate}/>')
    body = f"{start()}{call}{after}<endEvent id='e'/>{chain('s', 'c', 't', 'e')}"
    inner = f"""<startEvent id="qs"/>{timer("qt", "date(need.date)")}{task("u", "plan")}<endEvent id="qe"/>
    {chain("qs", "qt", "u", "qe")}"""
    return f'{body}</process><process id="q" isExecutable="true">{inner}'


def test_a_called_process_knows_and_gives_back_what_the_call_lets_through() -> None:
    after = timer("t", "date(plan.date)")
    assert findings(called("", after)) == []
    assert lines(called('propagateAllParentVariables="false"', after)) == [("qt", "error", "unknown-variable")]
    closed = lines(called('propagateAllChildVariables="false"', after))
    assert closed == [("t", "error", "unknown-variable")]


def test_a_field_that_the_form_does_not_have_is_an_error() -> None:
    body = start() + timer("t", "date(need.day)") + '<endEvent id="e"/>' + chain("s", "t", "e")
    (found,) = findings(body)
    assert (found.severity, found.rule) == ("error", "unknown-variable")
    assert "form “need” has no such field" in found.message


def test_a_field_that_may_be_hidden_is_read_behind_a_decision_only() -> None:
    body = f"""{start()}{task("a", "plan")}<exclusiveGateway id="x"/>{timer("t", "date(plan.why)")}<endEvent id="e"/>
    <flows>
    s -> a
    a -> x
    x -> t [=RULE]
    x -> e [default]
    t -> e
    </flows>"""
    assert findings(body.replace("RULE", 'plan.owner = "us"')) == []
    assert lines(body.replace("RULE", 'need.reason = "school"')) == [("t", "warning", "hidden-field")]


def test_a_condition_that_looks_at_nothing_is_a_warning() -> None:
    assert ("f2_x_a", "warning", "constant-condition") in lines(DECLINED.replace('need.reason = "school"', "1 > 2"))
    assert "constant-condition" not in {
        rule for *_, rule in lines(DECLINED.replace('need.reason = "school"', "now() > now()"))
    }


def test_the_case_has_its_three_fields() -> None:
    body = start() + timer("t", "date(case.WHAT)") + '<endEvent id="e"/>' + chain("s", "t", "e")
    assert findings(body.replace("WHAT", "started")) == []
    assert lines(body.replace("WHAT", "begun")) == [("t", "error", "unknown-variable")]


def test_names_of_the_expression_s_own_and_functions_are_no_variables() -> None:
    source = "sort(for i in [1, 2] return i, function(a, b) a &lt; b)[item > 1][1] + count([1][item = 1]) + abs(1)"
    body = start() + script("t", source, "n") + '<endEvent id="e"/>' + chain("s", "t", "e")
    assert findings(body) == []


def test_every_built_in_job_type_is_known_to_return_nothing() -> None:
    own = {name for name, handler in HANDLERS.items() if handler.__module__ == "engine.services"}
    assert own == SILENT_JOBS


def test_an_unknown_service_may_return_anything() -> None:
    service = extended('serviceTask id="a"', '<zeebe:taskDefinition type="TYPE"/>')
    body = start() + service + timer("t", "date(x)") + '<endEvent id="e"/>' + chain("s", "a", "t", "e")
    assert lines(body.replace("TYPE", "notice")) == [("t", "error", "unknown-variable")]
    assert lines(body.replace("TYPE", "weather")) == [("t", "warning", "unknown-variable")]


def test_bare_models_of_any_shape_raise_no_alarm() -> None:
    for seed in range(40):
        content = to_bpmn(Drawer(Random(seed)).model())
        found = check(Model.load(Package.from_files({"p.bpmn": content}, "p")))
        assert [one for one in found if one.severity == "error"] == [], seed
