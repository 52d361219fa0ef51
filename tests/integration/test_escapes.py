"""Hostile expressions in every place where a model can hold one: nothing is reached, each ends, the process stays well."""

from __future__ import annotations

import datetime
import json
import os
import resource
from collections.abc import Callable, Mapping
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pytest

import forms
from engine.bpmn import Run
from engine.bpmn.environment import Environment, ServiceCall
from engine.decisions import Decisions
from engine.errors import Conflict, FeelError, Incident, InvalidModel
from engine.feel import FeelContext, current_feel
from engine.packages import Package
from engine.validation.checks import errors_of
from engine.validation.subject import Subject
from tests.models import bpmn
from tests.unit.test_decisions import decision, definitions, literal, table

NOW = datetime.datetime(2026, 3, 27, 9, 0, tzinfo=datetime.UTC)
CONTEXT = FeelContext(now=NOW)
#: What must never be seen: it stands in the process's environment only.
CANARY = "samled-canary-7351"

#: Walks to what lies behind a value, in Python, in JavaScript and in templates.
WALKS = (
    "().__class__.__base__.__subclasses__()", "x.__class__.__mro__[1].__subclasses__()", "__import__('os').environ",
    "(lambda: 1).__globals__", '__builtins__["eval"]("1")', 'open("/etc/passwd").read()', "case.__class__", "x.__init__.__globals__",
    'x.constructor.constructor("return process")()', '[].constructor.constructor("return globalThis")()', "x.__proto__.polluted",
    '"".constructor("x")', "Object.getPrototypeOf(x)", "globalThis", "this.constructor", "Function(\"return 1\")()", 'eval("1")',
    "Reflect.ownKeys(globalThis)", '{"__proto__": {polluted: 1}}.polluted', 'get value(x, "__proto__")', "x[constructor]",
    'context put({}, ["__proto__", "polluted"], 1)', "import(\"os\")", 'require("child_process")', "std.getenv(\"CANARY\")", "os.environ",
    "{{7*7}}", "${7*7}", "#{7*7}", "{% for x in y %}", "<script>alert(1)</script>", "'; drop table cases; --", "x.\\u005f_proto__",
    "\u202ex", "х + 1", "ｅｖａｌ(1)", "x\u0000", "%s%s%n", "{x.__class__}", "..", "//", "/*", "`x`",
)  # fmt: skip
#: What would not end, or would not fit.
BOMBS = (
    "for i in 1..1000000000 return i",
    "(function(f) f(f))(function(f) f(f))",
    'matches(string join(for i in 1..40 return "a") + "b", "(a+)+$")',
    "count(for i in 1..100000000 return [i, i, i])",
    "9" * 5_000,
    "10 ** 10 ** 10",
    '"' + "x" * 15_000 + '"',
    "(" * 4_000 + "1" + ")" * 4_000,
    "[" * 3_000 + "]" * 3_000,
)

Place = Callable[[str], bytes]


def _q(expression: str) -> str:
    """As an attribute, marked as FEEL."""
    return quoteattr(_clean(f"={expression}"))


def _t(expression: str) -> str:
    """As text, marked as FEEL."""
    return escape(_clean(f"={expression}"))


def _clean(text: str) -> str:
    # XML knows no zero.
    return text.replace("\0", "")


def _task(extensions: str, tag: str = "userTask", more: str = "", attributes: str = "") -> bytes:
    task = f'<{tag} id="a"{attributes}><extensionElements>{extensions}</extensionElements>{more}</{tag}>'
    return bpmn(f'<startEvent id="s"/>{task}<endEvent id="e"/><flows>\ns -> a\na -> e\n</flows>', declared=DECLARED)


DECLARED = '<message id="m" name="m"/><error id="er" name="er" errorCode="er"/>'


def _event(definition: str) -> bytes:
    event = f'<intermediateCatchEvent id="a">{definition}</intermediateCatchEvent>'
    return bpmn(f'<startEvent id="s"/>{event}<endEvent id="e"/><flows>\ns -> a\na -> e\n</flows>')


def _loop(collection: str = '"=[1, 2]"', element: str = '"=item"', completion: str = "=false") -> bytes:
    loop = (
        f'<zeebe:loopCharacteristics inputCollection={collection} inputElement="item" outputCollection="out" '
        f"outputElement={element}/>"
    )
    more = (
        f"<multiInstanceLoopCharacteristics><extensionElements>{loop}</extensionElements>"
        f"<completionCondition>{completion}</completionCondition></multiInstanceLoopCharacteristics>"
    )
    return _task("", more=more)


def _declared(root: str) -> bytes:
    event = '<intermediateCatchEvent id="a"><messageEventDefinition messageRef="mm"/></intermediateCatchEvent>'
    return bpmn(f'<startEvent id="s"/>{event}<endEvent id="e"/><flows>\ns -> a\na -> e\n</flows>', declared=root)


def _thrown(kind: str, code: str) -> bytes:
    inside = f'<startEvent id="i"/><endEvent id="t"><{kind}EventDefinition {kind}Ref="c"/></endEvent><flows>\ni -> t\n</flows>'
    body = (
        f'<startEvent id="s"/><subProcess id="sub">{inside}</subProcess><boundaryEvent id="b" attachedToRef="sub">'
        f'<{kind}EventDefinition {kind}Ref="c"/></boundaryEvent><endEvent id="e"/><endEvent id="f"/>'
        "<flows>\ns -> sub\nsub -> e\nb -> f\n</flows>"
    )
    return bpmn(body, declared=f'<{kind} id="c" name="c" {kind}Code={code}/>')


def _choice(condition: str) -> bytes:
    flow = f'<conditionExpression xsi:type="tFormalExpression">{condition}</conditionExpression>'
    return bpmn(
        '<startEvent id="s"/><exclusiveGateway id="g" default="d"/><userTask id="a"/><endEvent id="e"/><flows>\ns -> g\na -> e\n'
        f'</flows><sequenceFlow id="c" sourceRef="g" targetRef="a">{flow}</sequenceFlow><sequenceFlow id="d" sourceRef="g" targetRef="e"/>'
    )


_SUBSCRIBED = '<message id="mm" name={name}><extensionElements><zeebe:subscription correlationKey={key}/></extensionElements></message>'
_MAPPED = "<zeebe:ioMapping><zeebe:{way} source={source} target={target}/></zeebe:ioMapping>"
BPMN_PLACES: dict[str, Place] = {
    "condition": lambda x: _choice(_t(x)),
    "conditional event": lambda x: _event(f"<conditionalEventDefinition><condition>{_t(x)}</condition></conditionalEventDefinition>"),
    "script": lambda x: _task(f'<zeebe:script expression={_q(x)} resultVariable="r"/>', "scriptTask"),
    "result variable": lambda x: _task(f'<zeebe:script expression="=1" resultVariable={quoteattr(_clean(x))}/>', "scriptTask"),
    "input mapping": lambda x: _task(_MAPPED.format(way="input", source=_q(x), target='"t"')),
    "input target": lambda x: _task(_MAPPED.format(way="input", source='"=1"', target=quoteattr(_clean(x)))),
    "output mapping": lambda x: _task(_MAPPED.format(way="output", source=_q(x), target='"t"')),
    "output target": lambda x: _task(_MAPPED.format(way="output", source='"=1"', target=quoteattr(_clean(x)))),
    "timer date": lambda x: _event(f"<timerEventDefinition><timeDate>{_t(x)}</timeDate></timerEventDefinition>"),
    "timer duration": lambda x: _event(f"<timerEventDefinition><timeDuration>{_t(x)}</timeDuration></timerEventDefinition>"),
    "timer cycle": lambda x: _event(f"<timerEventDefinition><timeCycle>{_t(x)}</timeCycle></timerEventDefinition>"),
    "assignee": lambda x: _task(f"<zeebe:assignmentDefinition assignee={_q(x)}/>"),
    "candidate groups": lambda x: _task(f"<zeebe:assignmentDefinition candidateGroups={_q(x)}/>"),
    "candidate users": lambda x: _task(f"<zeebe:assignmentDefinition candidateUsers={_q(x)}/>"),
    "due date": lambda x: _task(f"<zeebe:taskSchedule dueDate={_q(x)}/>"),
    "follow-up date": lambda x: _task(f"<zeebe:taskSchedule followUpDate={_q(x)}/>"),
    "priority": lambda x: _task(f"<zeebe:priorityDefinition priority={_q(x)}/>"),
    "form id": lambda x: _task(f"<zeebe:formDefinition formId={_q(x)}/>"),
    "property": lambda x: _task(f'<zeebe:properties><zeebe:property name="n" value={_q(x)}/></zeebe:properties>'),
    "loop collection": lambda x: _loop(collection=_q(x)),
    "loop element": lambda x: _loop(element=_q(x)),
    "completion condition": lambda x: _loop(completion=_t(x)),
    "correlation key": lambda x: _declared(_SUBSCRIBED.format(name='"n"', key=_q(x))),
    "message name": lambda x: _declared(_SUBSCRIBED.format(name=_q(x), key='"=case.id"')),
    "called process": lambda x: _task(f"<zeebe:calledElement processId={_q(x)}/>", "callActivity"),
    "called decision": lambda x: _task(f'<zeebe:calledDecision decisionId={_q(x)} resultVariable="r"/>', "businessRuleTask"),
    "error code": lambda x: _thrown("error", _q(x)),
    "escalation code": lambda x: _thrown("escalation", _q(x)),
    "job type": lambda x: _task(f"<zeebe:taskDefinition type={_q(x)}/>", "serviceTask"),
    "header": lambda x: _task(
        f'<zeebe:taskDefinition type="notice"/><zeebe:taskHeaders><zeebe:header key="to" value={_q(x)}/></zeebe:taskHeaders>', "serviceTask"
    ),
    "name": lambda x: _task("", attributes=f" name={_q(x)}"),
}  # fmt: skip

DMN_PLACES: dict[str, Place] = {
    "literal": lambda x: definitions(decision("d", literal(x))),
    "input expression": lambda x: definitions(decision("d", table([x], ["r"], [(["-"], ["1"])]))),
    "unary test": lambda x: definitions(decision("d", table(["x"], ["r"], [([x], ["1"])]))),
    "output": lambda x: definitions(decision("d", table(["1"], ["r"], [(["-"], [x])]))),
    "output values": lambda x: definitions(decision("d", table(["1"], ["r"], [(["-"], ["1"])], policy="PRIORITY", values={"r": x}))),
}  # fmt: skip

_TEXT = {"type": "textfield", "key": "t", "id": "t", "label": "T"}
FORM_PLACES: dict[str, Callable[[str], dict[str, Any]]] = {
    "hide": lambda x: {**_TEXT, "conditional": {"hide": f"={x}"}},
    "computed": lambda x: {"type": "expression", "key": "t", "id": "t", "expression": f"={x}", "computeOn": "change"},
    "read-only": lambda x: {**_TEXT, "readonly": f"={x}"},
    "options": lambda x: {"type": "select", "key": "t", "id": "t", "label": "T", "valuesExpression": f"={x}"},
    "default": lambda x: {**_TEXT, "defaultValue": x},
    "label": lambda x: {**_TEXT, "label": f"a {{{{{x}}}}} b"},
    "description": lambda x: {**_TEXT, "description": f"{{{{{x}}}}}"},
    "text": lambda x: {"type": "text", "id": "t", "text": f"{{{{{x}}}}}"},
    "key": lambda x: {**_TEXT, "key": x},
    "pattern": lambda x: {**_TEXT, "validate": {"pattern": x}},
}


@pytest.fixture(autouse=True)
def well(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A canary that nothing may see; afterwards the next expression works and the memory is back."""
    monkeypatch.setenv("CANARY", CANARY)
    before = _held()
    yield
    assert current_feel().compile("upper case(x) + string(1 + 1)").evaluate({"x": "å"}, CONTEXT) == "Å2"
    with pytest.raises(FeelError):
        current_feel().compile("{}.polluted").evaluate({}, CONTEXT)
    assert _held() - before < 200 * 2**20


def _held() -> int:
    """Bytes of memory that the process holds."""
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize()


def _harmless(shown: object) -> None:
    text = json.dumps(shown, default=str)
    for sign in (CANARY, "native code", "<class", "<built-in", "<function", "root:x:0", "__globals__': "):
        assert sign not in text, text[:500]
    assert not hasattr(object, "polluted")
    assert os.environ["CANARY"] == CANARY


def _service(call: ServiceCall) -> Mapping[str, Any]:
    _harmless([dict(call.headers), dict(call.inputs)])
    return {}


def run_hostile(content: bytes) -> None:
    """Check a model and, where it can be loaded, run it as far as it goes."""
    package = Package.from_files({"p.bpmn": content}, "p", broken=True)
    subject = Subject.of(package)
    assert [one for one in errors_of(subject) if one.rule == "cannot-check"] == []
    model = subject.model
    if model is None:
        return
    environment = Environment(now=NOW, case={"id": "2026-00001", "owner": "u"}, service=_service, step_budget=200)
    run = Run.start(model, model.main, {"x": {"a": [1]}}, environment)
    run.advance()
    for token in list(run.open_tasks):
        before = run.snapshot()
        try:
            run.complete(token, {"y": 1})
        except (Incident, Conflict):
            # The command is not saved: as it was before.
            run = Run.restore(model, json.loads(json.dumps(before)), environment)
        run.advance()
    for token, wait in list(run.waits.items()):
        if wait.kind == "timer" and token in run.waits:
            run.fire(token)
            run.advance()
    _harmless(run.snapshot())
    for stop in run.stops.values():
        _harmless(stop.message)
        assert len(stop.message) < 50_000


#: Where everything is tried; elsewhere every third, another third at each place.
WHOLE = ("condition", "script", "input mapping")


def some(hostile: tuple[str, ...], place: str) -> tuple[str, ...]:
    """What is tried at a place."""
    return hostile if place in WHOLE else hostile[sorted(BPMN_PLACES).index(place) % 3 :: 3]


@pytest.mark.parametrize("place", sorted(BPMN_PLACES))
def test_a_walk_to_what_lies_behind_reaches_nothing(place: str) -> None:
    for hostile in some(WALKS, place):
        run_hostile(BPMN_PLACES[place](hostile))


@pytest.mark.parametrize("place", sorted(BPMN_PLACES))
def test_a_bomb_ends_as_a_finding_or_an_incident(place: str) -> None:
    for hostile in some(BOMBS, place):
        run_hostile(BPMN_PLACES[place](hostile))


@pytest.mark.parametrize("place", sorted(DMN_PLACES))
def test_a_decision_reaches_nothing_and_ends(place: str) -> None:
    for hostile in (*WALKS, *BOMBS):
        content = DMN_PLACES[place](_clean(hostile))
        package = Package.from_files({"d.dmn": content}, "d", broken=True)
        assert [one for one in errors_of(Subject.of(package)) if one.rule == "cannot-check"] == []
        try:
            answer = Decisions.parse(content, "d.dmn").decision("d").evaluate({"x": {"a": 1}}, CONTEXT)
        except (InvalidModel, FeelError, Incident):
            continue
        _harmless(answer)


@pytest.mark.parametrize("place", sorted(FORM_PLACES))
def test_a_form_reaches_nothing_and_ends(place: str) -> None:
    def evaluate(source: str, variables: Mapping[str, Any]) -> Any:
        return current_feel().compile(source).evaluate(variables, CONTEXT, strict=False)

    for hostile in (*WALKS, *BOMBS):
        whole = {"type": "default", "id": "f", "schemaVersion": 19, "components": [FORM_PLACES[place](hostile)]}
        content = json.dumps(whole).encode()
        package = Package.from_files({"f.form": content}, "f", broken=True)
        assert [one for one in errors_of(Subject.of(package)) if one.rule == "cannot-check"] == []
        try:
            form = forms.load(whole, "f.form")
            _harmless(form.clean({"t": "a" * 40 + "b"}, evaluate))
        except (forms.InvalidForm, forms.InvalidInput, FeelError):
            continue
