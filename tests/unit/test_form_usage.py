"""What is told of the use of forms: unused, unread, never shown, and variables that two branches write at once."""

from __future__ import annotations

import json
import re
from itertools import combinations, pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.packages import Package
from engine.validation import form_usage
from engine.validation.subject import Subject
from tests.models import Game, bpmn

START = '<startEvent id="s"/>'
END = '<endEvent id="e"/>'


def form(form_id: str, *components: dict[str, Any]) -> bytes:
    return json.dumps(
        {"type": "default", "id": form_id, "title": form_id.title(), "schemaVersion": 19, "components": components}
    ).encode()


def question(key: str, kind: str = "textfield", **more: Any) -> dict[str, Any]:
    return {"type": kind, "key": key, "label": f"{key.title()}?", **more}


def computed(key: str, source: str) -> dict[str, Any]:
    return {"type": "expression", "key": key, "expression": f"={source}"}


def choice(key: str, kind: str = "radio", **more: Any) -> dict[str, Any]:
    return question(
        key, kind, **(more or {"values": [{"label": "Ja", "value": "yes"}, {"label": "Nej", "value": "no"}]})
    )


def hidden(condition: str) -> dict[str, Any]:
    return {"conditional": {"hide": f"={condition}"}}


def task(task_id: str, form_id: str = "", mapping: str = "", kind: str = "userTask", more: str = "") -> str:
    asked = f'<zeebe:userTask/><zeebe:formDefinition formId="{form_id}"/>' if form_id else ""
    return (
        f'<{kind} id="{task_id}" name="{task_id.title()}"><extensionElements>{asked}'
        f"<zeebe:ioMapping>{mapping}</zeebe:ioMapping></extensionElements>{more}</{kind}>"
    )


def script(task_id: str, expression: str, result: str) -> str:
    said = f'<zeebe:script expression="={expression}" resultVariable="{result}"/>'
    return f'<scriptTask id="{task_id}"><extensionElements>{said}</extensionElements></scriptTask>'


def output(source: str, target: str) -> str:
    return f'<zeebe:output source="={source}" target="{target}"/>'


def told(body: str = "", *forms_in: bytes, declared: str = "", **files: bytes) -> list[tuple[str, str]]:
    """Rule and element of every finding."""
    model = {"p.bpmn": bpmn(body, declared=declared)} if body else {}
    named = {f"forms/{json.loads(content)['id']}.form": content for content in forms_in}
    package = Package.from_files({**model, **named, **files}, "p", broken=True)
    subject = Subject.of(package)
    assert not body or subject.model is not None, subject.refused
    return [(one.rule, one.element) for one in form_usage.check(subject)]


def asking(form_id: str) -> str:
    return f"{START}{task('a', form_id)}{END}<flows>\ns -> a\na -> e\n</flows>"


# Used and read


def test_a_form_that_no_task_names_is_told_by_its_title() -> None:
    assert told(asking("need"), form("need", question("why")), form("old", question("why"))) == [("form-unused", "")]


def test_a_form_alone_and_forms_beside_a_computed_name_are_left_alone() -> None:
    assert told("", form("need", question("why"))) == []


@pytest.mark.parametrize(("source", "count"), [("need.total", 0), ("need", 0), ("need.hours", 1), ("other.total", 1)])
def test_a_computed_value_is_read_by_its_path_or_with_all_of_its_form(source: str, count: int) -> None:
    body = f"{START}{task('a', 'need')}{script('b', source, 'x')}{END}<flows>\ns -> a\na -> b\nb -> e\n</flows>"
    need = form("need", question("hours", "number"), computed("total", "hours * 52"))
    assert told(body, need) == [("form-unread", "total")] * count


def test_another_form_a_decision_a_scenario_and_the_settings_read_too() -> None:
    body = asking("need")
    need = form("need", question("hours", "number"), computed("total", "hours * 52"))
    reading = form("other", question("why", **hidden("need.total > 5")))
    both = f"{START}{task('a', 'need')}{task('b', 'other')}{END}<flows>\ns -> a\na -> b\nb -> e\n</flows>"
    assert told(both, need, reading) == []
    assert told(body, form("need", question("why", **hidden("total > 5")), computed("total", "5 + 1"))) == []
    assert told(body, need, **{"scenarios/a.yaml": b'data: {"need.total": 52}'}) == []
    assert told(body, need, **{"process.toml": b'[process]\ntitle = "P"\nsubject = "need.total"\n'}) == []
    table = (
        b'<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="d"><decision id="d" '
        b'name="d"><literalExpression id="l"><text>need.total</text></literalExpression></decision></definitions>'
    )
    assert told(body, need, **{"d.dmn": table}) == []


def test_a_form_is_kept_under_a_name_that_expressions_can_say() -> None:
    assert told("", form("case", question("why"))) == [("form-id-unreadable", "")]
    body = (
        f"{START}{task('a', 'my-form')}{script('b', 'my-form.why', 'x')}{END}<flows>\ns -> a\na -> b\nb -> e\n</flows>"
    )
    assert told(body, form("my-form", question("why"))) == [("form-id-unreadable", "")]
    assert told(asking("my-form"), form("my-form", question("why"))) == []


# Within one form


@pytest.mark.parametrize(
    ("condition", "count"), [("true", 1), ("1 = 1", 1), ("false", 0), ("given = 1", 0), ("today() > date(given)", 0)]
)
def test_a_question_that_is_always_hidden_is_told(condition: str, count: int) -> None:
    asked = form("f", question("given"), question("why", **hidden(condition)))
    assert told("", asked) == [("form-never-shown", "why")] * count


def test_a_group_that_is_always_hidden_hides_its_questions() -> None:
    group = {"type": "group", "path": "g", "label": "G", "components": [question("why")], **hidden("true")}
    assert told("", form("f", group)) == [("form-never-shown", "g.why")]


@pytest.mark.parametrize(
    ("condition", "count"), [("given = 1", 1), ("f.given = 1", 1), ("why = null", 0), ("x = 1", 0)]
)
def test_a_question_stands_below_what_decides_whether_it_is_shown(condition: str, count: int) -> None:
    asked = form("f", question("why", **hidden(condition)), question("given"))
    assert told("", asked) == [("form-order", "why")] * count


def test_a_default_value_keeps_the_rules_of_its_field() -> None:
    rules = {"validate": {"min": 1, "max": 12}}
    for value, count in ((0, 1), (13, 1), (3, 0)):
        weeks = form(
            "f", question("weeks", "number", defaultValue=value, **rules), question("why", validate={"required": True})
        )
        assert told("", weeks) == [("form-default", "weeks")] * count
    unlisted = choice("a", values=[{"label": "A", "value": "a"}], defaultValue="b")
    assert told("", form("f", unlisted)) == [("form-default", "a")]
    tick = question("agreed", "checkbox", defaultValue=False, validate={"required": True})
    assert told("", form("f", tick)) == []


@pytest.mark.parametrize(
    ("options", "count"),
    [
        ({"valuesExpression": '="a"'}, 1),
        ({"valuesExpression": '=["a", "b"]'}, 0),
        ({"valuesExpression": "=lead"}, 1),
        ({"valuesExpression": "=other.lead"}, 1),
        ({"valuesExpression": "=units"}, 0),
        ({"valuesExpression": "=rows.name"}, 0),
        ({"valuesExpression": "=unknown"}, 0),
        ({"valuesKey": "lead"}, 1),
        ({"valuesKey": "units"}, 0),
    ],
)
def test_options_come_from_a_list(options: dict[str, Any], count: int) -> None:
    units = choice("units", "taglist", values=["a", "b"])
    rows = {"type": "dynamiclist", "path": "rows", "label": "R", "components": [question("name")]}
    asked = form("f", question("lead"), units, rows, choice("first", "select", **options))
    other = form("other", question("lead"))
    assert told("", asked, other) == [("form-options", "first")] * count


# Side by side


def split(first: str, second: str, *, kind: str = "parallelGateway") -> str:
    """Two elements `a` and `b` in branches, and `c` behind the join."""
    return (
        f'{START}<{kind} id="x"/>{first}{second}<{kind} id="y"/>{script("c", "1", "shared")}{END}'
        "<flows>\ns -> x\nx -> a%s\nx -> b%s\na -> y\nb -> y\ny -> c\nc -> e\n</flows>"
    ) % ((" [=p]", " [=q]") if kind != "parallelGateway" else ("", ""))


@pytest.mark.parametrize(
    ("first", "second", "count"),
    [
        (task("a", "f"), task("b", "f"), 1),
        (task("a", "f"), task("b", "g"), 0),
        (task("a", "f"), script("b", "1", "f"), 1),
        (task("a", "f"), script("b", "1", "f.x"), 1),
        (script("a", "1", "f.x"), script("b", "1", "f.y"), 0),
        (script("a", "x", "n"), script("b", "y", "n"), 1),
        # Twice the same does no harm.
        (script("a", "1", "n"), script("b", "1", "n"), 0),
        # Each adds to what is there.
        (script("a", "append(n, 1)", "n"), script("b", "append(n, 2)", "n"), 0),
        (script("a", "append(n, 1)", "n"), script("b", "[2]", "n"), 1),
        # Each under a name of its own.
        (task("a", "f", output("f", "first")), task("b", "f", output("f", "second")), 0),
        (task("a", "f", output("f", "same")), task("b", "f", output("f", "same")), 1),
        (task("a", "f", '<zeebe:input source="=null" target="f"/>'), task("b", "f"), 0),
    ],
)
def test_two_branches_of_a_parallel_split_write_one_variable(first: str, second: str, count: int) -> None:
    found = told(split(first, second), form("f", question("x")), form("g", question("x")))
    assert [one for one in found if one[0] == "parallel-write"] == [("parallel-write", "b")] * count


def test_an_inclusive_split_may_take_both_ways_and_an_exclusive_one_does_not() -> None:
    both = script("a", "x", "n"), script("b", "y", "n")
    assert told(split(*both, kind="inclusiveGateway")) == [("parallel-write", "b")]
    assert told(split(*both, kind="exclusiveGateway")) == []


def test_what_a_subprocess_and_a_called_process_write_inside_counts() -> None:
    inside = f'<startEvent id="is"/>{script("w", "x", "n")}<endEvent id="ie"/><flows>\nis -> w\nw -> ie\n</flows>'
    sub = f'<subProcess id="a">{inside}</subProcess>'
    assert told(split(sub, script("b", "y", "n"))) == [("parallel-write", "b")]
    called = bpmn(inside, process="q")
    call = '<callActivity id="{}"><extensionElements><zeebe:calledElement processId="q" {}/></extensionElements></callActivity>'
    free = split(call.format("a", ""), call.format("b", ""))
    kept = split(call.format("a", 'propagateAllChildVariables="false"'), call.format("b", ""))
    assert told(free, **{"q.bpmn": called}) == [("parallel-write", "b")]
    assert told(kept, **{"q.bpmn": called}) == []


def test_the_items_of_a_multi_instance_keep_their_answers_to_themselves() -> None:
    loop = (
        "<multiInstanceLoopCharacteristics><extensionElements>"
        '<zeebe:loopCharacteristics inputCollection="=units" inputElement="unit"{}/>'
        "</extensionElements></multiInstanceLoopCharacteristics>"
    )
    gathered = ' outputCollection="f" outputElement="=f"'
    alone, together = (task("a", "f", more=loop.format(more)) for more in ("", gathered))
    assert told(split(alone, task("b", "f")), form("f", question("x"))) == []
    assert told(split(together, task("b", "f")), form("f", question("x"))) == [("parallel-write", "b")]


def beside(event: str, *, interrupting: str) -> str:
    """A task with a timer event that leads to `event`, and a task that follows."""
    timer = '<timerEventDefinition><timeDuration xsi:type="tFormalExpression">P1D</timeDuration></timerEventDefinition>'
    return (
        f'{START}{task("a", "f")}<boundaryEvent id="t" attachedToRef="a" cancelActivity="{interrupting}">{timer}'
        f'</boundaryEvent>{event}{END}<endEvent id="late"/><flows>\ns -> a\na -> e\nt -> b\nb -> late\n</flows>'
    )


@pytest.mark.parametrize(
    ("event", "interrupting", "count"),
    [
        (task("b", "f"), "false", 1),
        (task("b", "f"), "true", 0),
        (task("b", "g"), "false", 0),
        (script("b", "1", "f"), "false", 1),
        (script("b", "f.x", "f"), "false", 0),
    ],
)
def test_an_event_that_does_not_interrupt_runs_beside_its_host(event: str, interrupting: str, count: int) -> None:
    found = told(beside(event, interrupting=interrupting), form("f", question("x")), form("g", question("x")))
    assert [one for one in found if one[0] == "parallel-write"] == [("parallel-write", "b")] * count


@pytest.mark.parametrize(
    ("main", "inside", "interrupting", "count"),
    [
        (task("a", "f"), task("b", "f"), "false", 1),
        (task("a", "f"), task("b", "f"), "true", 0),
        # Neither waits: the later one is meant to win.
        (script("a", "x", "n"), script("b", "y", "n"), "false", 0),
    ],
)
def test_an_event_subprocess_that_does_not_interrupt_runs_beside_all(
    main: str, inside: str, interrupting: str, count: int
) -> None:
    start = f'<startEvent id="es" isInterrupting="{interrupting}"><messageEventDefinition messageRef="m"/></startEvent>'
    flows = "<flows>\nes -> b\nb -> ee\n</flows>"
    event = f'<subProcess id="sub" triggeredByEvent="true">{start}{inside}<endEvent id="ee"/>{flows}</subProcess>'
    body = f"{START}{main}{END}{event}<flows>\ns -> a\na -> e\n</flows>"
    message = '<message id="m" name="changed"/>'
    found = told(body, form("f", question("x")), declared=message)
    assert [one for one in found if one[0] == "parallel-write"] == [("parallel-write", "b")] * count


# Against blocks drawn at random, of which it is known what runs beside what

#: A script that writes a variable, or a kind of block and what is in it.
Block = str | tuple[str, list["Block"]]
BLOCKS = st.recursive(
    st.sampled_from("xyz"),
    lambda inner: st.tuples(st.sampled_from(["in turn", "side by side", "either", "again"]), st.lists(inner, min_size=1, max_size=3)),
    max_leaves=6,
)  # fmt: skip


class Drawing:
    """A block as BPMN, and the pairs of its scripts that write one variable side by side."""

    def __init__(self, block: Block) -> None:
        self.nodes: list[str] = []
        self.flows: list[str] = []
        self.beside: set[frozenset[str]] = set()
        first, last, _ = self._draw(block)
        self.body = (
            f"{START}{''.join(self.nodes)}{END}<flows>\ns -> {first}\n{last} -> e\n{''.join(self.flows)}</flows>"
        )

    def _node(self, tag: str) -> str:
        self.nodes.append(f'<{tag} id="n{len(self.nodes)}"/>')
        return f"n{len(self.nodes) - 1}"

    def _flow(self, source: str, target: str, rule: str = "") -> None:
        self.flows.append(f"{source} -> {target}{rule}\n")

    def _draw(self, block: Block) -> tuple[str, str, list[tuple[str, str]]]:
        """Its first and last element, and its scripts with what they write."""
        if isinstance(block, str):
            name = f"n{len(self.nodes)}"
            self.nodes.append(script(name, f"from_{name}", block))
            return name, name, [(name, block)]
        kind, inner = block
        parts = [self._draw(part) for part in inner]
        if kind == "in turn":
            for (_, last, _), (first, _, _) in pairwise(parts):
                self._flow(last, first)
            return parts[0][0], parts[-1][1], [one for part in parts for one in part[2]]
        tag = "parallelGateway" if kind == "side by side" else "exclusiveGateway"
        opening, closing = self._node(tag), self._node(tag)
        for number, (first, last, _) in enumerate(parts):
            self._flow(
                opening, first, "" if kind == "side by side" else " [default]" if number == 0 else f" [=way = {number}]"
            )
            self._flow(last, closing)
        if kind == "side by side":
            for here, there in combinations(parts, 2):
                self.beside |= {frozenset((a, b)) for a, x in here[2] for b, y in there[2] if x == y}
        if kind == "again":
            door, back = self._node("exclusiveGateway"), self._node("exclusiveGateway")
            self._flow(door, opening)
            self._flow(closing, back)
            self._flow(back, door, " [=once_more]")
            opening, closing = door, self._node("task")
            self._flow(back, closing, " [default]")
        return opening, closing, [one for part in parts for one in part[2]]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(BLOCKS)
def test_of_blocks_drawn_at_random_just_those_side_by_side_are_told(block: Block) -> None:
    drawing = Drawing(block)
    subject = Subject.of(Package.from_files({"p.bpmn": bpmn(drawing.body)}, "p", broken=True))
    assert subject.model is not None, subject.refused
    found = {frozenset(re.findall(r"\*(\w+)\*", one.message)) for one in form_usage.check(subject)}
    assert found == drawing.beside


def test_what_is_told_happens_the_answers_of_the_first_are_gone() -> None:
    forms_in = {"f.form": form("f", question("x"))}
    game = Game(split(task("a", "f"), task("b", "f")), files=forms_in)
    assert game.open == ["a", "b"]
    game.complete("a", f={"x": "first"})
    game.complete("b", f={"x": "second"})
    assert game.run.data["f"] == {"x": "second"}
