"""Running cases move to another version: what it would do, doing it, and taking it back."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import LargeBinary, select, type_coerce

from engine import Actor, Engine, Forbidden, VirtualClock
from engine.migrating import moving
from engine.migrating.batches import NoReason, UnknownStep
from engine.packages import Package
from engine.schema import cases, deadlines, holders, subscriptions, tasks
from tests.integration import drawing as draw
from web.cli import main

OWNER = Actor("otto", units=["elevhalsa-skovde"], roles=["process-owner"])
THEIRS = Actor("tora", units=["bup"], roles=["process-owner"])
STAFF = Actor("anna", units=["elevhalsa-skovde"], roles=["staff"])

Publish = Callable[[str], None]


def line(*parts: str, flows: str, ends: str = "end") -> str:
    """A process called p."""
    events = "".join(f'<endEvent id="{one}"/>' for one in ends.split())
    body = (f'<startEvent id="start"/>{events}', *parts, draw.flows(*flows.split(", ")))
    return draw.process("p", *body, messages={"old": "", "new": ""})


def ask(due: str = '="2026-04-10"', *, id: str = "ask", group: str = "") -> str:
    return draw.task(id, due=due, group=group)


ONE = line(ask(), flows="start>ask>end")


def rows(engine: Engine, case: str) -> dict[str, Any]:
    """All that is stored of a case but its revision, its history and the numbers of rows."""
    with engine.database.reading() as tx:
        found = tx.execute(
            select(cases.c.id, cases.c.version_id, type_coerce(cases.c.state, LargeBinary), cases.c.incidents).where(
                cases.c.number == case
            )
        ).one()
        told: dict[str, Any] = {"version": found[1], "state": bytes(found[2]), "incidents": found[3]}
        for table in (tasks, deadlines, subscriptions):
            columns = [one for one in table.columns if one.name != "id" or table is tasks]
            lines = tx.execute(select(*columns).where(table.c.case_id == found[0]))
            told[table.name] = sorted(map(repr, lines))
        held = select(holders).join(tasks, tasks.c.id == holders.c.task_id).where(tasks.c.case_id == found[0])
        told["holders"] = sorted(map(repr, tx.execute(held)))
    return told


def open_tasks(engine: Engine, case: str) -> list[str]:
    return sorted(task.element_id for task in engine.tasks(case=case))


def finish(engine: Engine, case: str, *elements: str, answers: Mapping[str, Any] | None = None) -> None:
    """Complete tasks in this order."""
    for element in elements:
        task = next(task for task in engine.tasks(case=case) if task.element_id == element)
        engine.complete(task.id, dict(answers or {}))


def codes(engine: Engine, case: str, **more: Any) -> list[str]:
    """Why a case cannot move to the newest version; none: it can."""
    ahead = next(one for one in engine.what_moves("p", **more).cases if one.case_id == case)
    return [reason.code for reason in ahead.outcome.reasons]


def begun(
    engine: Engine, publish: Publish, old: str, new: str, *done: str, data: Mapping[str, Any] | None = None
) -> str:
    """A case of `old` that has completed `done`; `new` is published."""
    publish(old)
    case = engine.start("p", data, owner="u").id
    finish(engine, case, *done)
    publish(new)
    return case


def test_a_case_moves_and_meets_the_new_step(engine: Engine, publish: Publish) -> None:
    new = line(ask(), draw.task("approve"), flows="start>ask>approve>end")
    case = begun(engine, publish, ONE, new)
    ahead = engine.what_moves("p")
    assert [(one.version.number, len(one.cases), len(one.moving)) for one in ahead.versions] == [(1, 1, 1)]
    assert dict(ahead.versions[0].stands) == {"ask": 1}
    assert ahead.cases[0].outcome.ahead == ["approve"]
    batch = engine.move("p", reason="a second pair of eyes")
    assert batch.counts == {"moved": 1}
    assert batch.is_done
    assert engine.case(case).version_number == 2
    finish(engine, case, "ask", "approve")
    assert engine.case(case).closed_at is not None
    assert engine.check() == []
    moved = next(one for one in engine.history(case) if one.kind == "moved")
    assert (moved.payload["from"], moved.payload["to"], moved.payload["reason"]) == (
        "p@1",
        "p@2",
        "a second pair of eyes",
    )


def test_asking_what_moves_stores_nothing(engine: Engine, publish: Publish) -> None:
    case = begun(engine, publish, ONE, line(ask('="2026-04-20"'), flows="start>ask>end"))
    before, history = rows(engine, case), engine.history(case)
    assert len(engine.what_moves("p", recompute=True).cases) == 1
    assert (rows(engine, case), engine.history(case)) == (before, history)
    finish(engine, case, "ask")


def test_what_a_package_would_do_is_told_before_it_is_published(
    engine: Engine, publish: Publish, tmp_path: Path
) -> None:
    publish(ONE)
    case = engine.start("p", owner="u").id
    draft = Package.load(draw.write(tmp_path, line(draw.task("other"), flows="start>other>end")))
    assert codes(engine, case, to=draft) == ["no-counterpart"]
    assert codes(engine, case, to=draft, mapping={"ask": "other"}) == []
    assert len(engine.versions("p")) == 1


def test_a_running_deadline_keeps_its_due_time_and_its_place_in_the_ladder(
    engine: Engine, publish: Publish, clock: VirtualClock
) -> None:
    case = begun(engine, publish, ONE, line(ask('="2026-04-02"'), flows="start>ask>end"))
    clock.set("2026-04-13T09:00+02:00")
    engine.fire_due()
    before = rows(engine, case)
    assert engine.what_moves("p").versions[0].redated == 0
    batch = engine.move("p", reason="new words")
    after = rows(engine, case)
    assert (after["deadlines"], after["tasks"], after["holders"]) == (
        before["deadlines"],
        before["tasks"],
        before["holders"],
    )
    assert engine.take_back(batch.id, reason="too early") == ([case], [])
    assert rows(engine, case) == before


def test_deadlines_are_worked_out_anew_where_that_is_asked_for(engine: Engine, publish: Publish) -> None:
    case = begun(engine, publish, ONE, line(ask('="2026-03-20"'), flows="start>ask>end"))
    before = rows(engine, case)
    ahead = engine.what_moves("p", recompute=True).versions[0]
    assert (ahead.redated, ahead.overdue) == (1, 1)
    batch = engine.move("p", reason="shorter", recompute=True)
    due = engine.tasks(case=case)[0].due_at
    assert due is not None
    assert due.date().isoformat() == "2026-03-20"
    engine.take_back(batch.id, reason="too short")
    assert rows(engine, case) == before


def test_a_step_without_a_counterpart_is_refused_until_it_is_mapped(engine: Engine, publish: Publish) -> None:
    case = begun(engine, publish, ONE, line(ask(id="enquire"), flows="start>enquire>end"))
    before = rows(engine, case)
    batch = engine.move("p", reason="renamed")
    assert batch.counts == {"refused": 1}
    told = engine.moves(batch.id)[1][0]
    assert told.outcome["reasons"][0]["code"] == "no-counterpart"
    assert "Ask" in told.outcome["reasons"][0]["text"]
    assert rows(engine, case) == before
    with pytest.raises(UnknownStep, match="nowhere"):
        engine.move("p", mapping={"ask": "nowhere"}, reason="renamed")
    task = engine.tasks(case=case)[0].id
    batch = engine.move("p", mapping={"ask": "enquire"}, reason="renamed")
    assert open_tasks(engine, case) == ["enquire"]
    assert engine.tasks(case=case)[0].id == task
    assert engine.check() == []
    engine.take_back(batch.id, reason="no")
    assert rows(engine, case) == before


# The library's own comparison and what it gets wrong (spiffworkflow-3.2: moving a running case)

WATCHED = line(ask(), draw.timer("late", "P3D", on="ask"), ends="end over", flows="start>ask>end, late>over")


def test_a_running_timer_does_not_start_again(engine: Engine, publish: Publish, clock: VirtualClock) -> None:
    """Its recipe restarts running timers."""
    new = line(ask(), draw.timer("late", "P9D", on="ask"), ends="end over", flows="start>ask>end, late>over")
    case = begun(engine, publish, WATCHED, new)
    due = next(one.due_at for one in engine.deadlines(case) if one.kind == "timer")
    clock.advance("P2D")
    engine.move("p", reason="longer from now on")
    assert next(one.due_at for one in engine.deadlines(case) if one.kind == "timer") == due
    clock.advance("P1D")
    assert engine.fire_due() == 1
    assert engine.case(case).closed_at is not None


def test_a_timer_is_worked_out_from_when_its_task_came(engine: Engine, publish: Publish, clock: VirtualClock) -> None:
    new = line(ask(), draw.timer("late", "P9D", on="ask"), ends="end over", flows="start>ask>end, late>over")
    case = begun(engine, publish, WATCHED, new)
    due = next(one.due_at for one in engine.deadlines(case) if one.kind == "timer")
    clock.advance("P2D")
    engine.move("p", reason="longer", recompute=True)
    later = next(one.due_at for one in engine.deadlines(case) if one.kind == "timer")
    assert timedelta(days=5, hours=23) <= later - due <= timedelta(days=6, hours=1)


def test_what_was_typed_and_answered_stays(engine: Engine, publish: Publish) -> None:
    """Its recipe drops unsaved data of ready tasks."""
    old = line(ask(), draw.task("more"), flows="start>ask>more>end")
    new = line(ask(), draw.task("more"), draw.task("then"), flows="start>ask>more>then>end")
    publish(old)
    case = engine.start("p", {"said": 1}, owner="u").id
    finish(engine, case, "ask", answers={"given": True})
    task = engine.tasks(case=case)[0].id
    somebody = Actor("ulla", units=["u"], roles=["staff"])
    engine.save_draft(task, {"half": "typed"}, somebody)
    publish(new)
    engine.move("p", reason="one step more")
    assert engine.draft(task, somebody) == {"half": "typed"}
    assert {"said": 1, "given": True}.items() <= engine.case(case).data.items()


def sub(inside: str, flows: str) -> str:
    """A sub-process."""
    inner = draw.flows(*flows.split(", ")).replace('id="f', 'id="inner_f')
    return f'<subProcess id="part"><startEvent id="in"/>{inside}<endEvent id="out"/>{inner}</subProcess>'


def test_a_step_added_after_a_running_sub_process_is_not_skipped(engine: Engine, publish: Publish) -> None:
    """Its recipe calls such a case safe, and then skips the step."""
    part = sub(draw.task("inner"), "in>inner>out")
    case = begun(
        engine,
        publish,
        line(part, flows="start>part>end"),
        line(part, draw.task("after"), flows="start>part>after>end"),
    )
    engine.move("p", reason="one step more")
    finish(engine, case, "inner", "after")
    assert engine.case(case).closed_at is not None


def test_a_step_added_inside_a_running_sub_process_is_offered(engine: Engine, publish: Publish) -> None:
    old = line(sub(draw.task("inner"), "in>inner>out"), flows="start>part>end")
    new = line(sub(draw.task("inner") + draw.task("added"), "in>inner>added>out"), flows="start>part>end")
    case = begun(engine, publish, old, new)
    assert engine.what_moves("p").cases[0].outcome.ahead == ["added"]
    engine.move("p", reason="one step more")
    finish(engine, case, "inner", "added")
    assert engine.case(case).closed_at is not None


def test_a_step_that_lies_behind_the_case_is_named_and_can_be_gone_back_to(engine: Engine, publish: Publish) -> None:
    old = line(sub(draw.task("inner"), "in>inner>out"), flows="start>part>end")
    new = line(sub(draw.task("first") + draw.task("inner"), "in>first>inner>out"), flows="start>part>end")
    case = begun(engine, publish, old, new)
    assert engine.what_moves("p").cases[0].outcome.passed == ["first"]
    engine.move("p", mapping={"inner": "first"}, reason="the new step first")
    finish(engine, case, "first", "inner")
    assert engine.case(case).closed_at is not None


def each(extra: str = "", items: str = "=items") -> str:
    loop = (
        f'<multiInstanceLoopCharacteristics><extensionElements><zeebe:loopCharacteristics inputCollection="{items}" '
        'inputElement="item" outputCollection="all" outputElement="=item"/></extensionElements>'
        "</multiInstanceLoopCharacteristics>"
    )
    return line(draw.task("each", inside=loop), draw.task("last"), extra, flows="start>each>last>end")


def test_finished_children_of_a_list_are_not_done_again(engine: Engine, publish: Publish) -> None:
    """Its recipe redoes them."""
    publish(each())
    case = engine.start("p", {"items": ["a", "b", "c"]}, owner="u").id
    finish(engine, case, "each")
    publish(each().replace('name="Last"', 'name="At last"'))
    batch = engine.move("p", reason="better name")
    assert open_tasks(engine, case) == ["each", "each"]
    finish(engine, case, "each", "each")
    assert engine.case(case).data["all"] == ["a", "b", "c"]
    assert [task.name for task in engine.tasks(case=case)] == ["At last"]
    assert engine.take_back(batch.id, reason="too late") == ([], [case])


def test_a_case_inside_a_list_that_changes_is_refused(engine: Engine, publish: Publish) -> None:
    publish(each())
    case = engine.start("p", {"items": ["a", "b"]}, owner="u").id
    publish(each(items="=others"))
    assert codes(engine, case) == ["repetition-changed"]


# What else is refused

BOTH = '<parallelGateway id="split"/><parallelGateway id="join"/>'
TWO = line(draw.task("a"), draw.task("b"), BOTH, flows="start>split>a>join>end, split>b>join")
THREE = line(
    draw.task("a"), draw.task("b"), draw.task("c"), BOTH, flows="start>split>a>join>end, split>b>join, split>c>join"
)
ROW = line(draw.task("a"), draw.task("b"), flows="start>a>b>end")


@pytest.mark.parametrize(
    ("old", "new", "done", "why"),
    [
        pytest.param(TWO, THREE, [], ["cannot-stand"], id="a join that would wait for a branch that never began"),
        pytest.param(TWO, ROW, [], ["cannot-stand"], id="a step that would be done twice"),
        pytest.param(THREE, TWO, ["a", "b"], ["no-counterpart"], id="a branch that is gone"),
        pytest.param(TWO, ROW, ["a"], ["lost-way"], id="a branch that waits at a join that is gone"),
        pytest.param(THREE, TWO, ["c"], ["lost-way"], id="a branch that waits on a way in that is gone"),
        pytest.param(ROW, TWO, [], ["cannot-stand"], id="a branch that never began"),
        pytest.param(
            ONE, line(draw.message("ask", "new"), flows="start>ask>end"), [], ["another-kind"], id="another kind"
        ),
        pytest.param(
            ONE,
            line(sub(ask(), "in>ask>out"), flows="start>part>end"),
            [],
            ["elsewhere"],
            id="moved into a sub-process",
        ),
        pytest.param(
            ONE,
            line(ask(), draw.timer("late", "=nothing", on="ask"), ends="end over", flows="start>ask>end, late>over"),
            [],
            ["cannot-wait"],
            id="a timer that cannot be told",
        ),
    ],
)
def test_a_case_that_could_not_go_on_faithfully_is_refused(
    engine: Engine, publish: Publish, old: str, new: str, done: list[str], why: list[str]
) -> None:
    case = begun(engine, publish, old, new, *done)
    before = rows(engine, case)
    assert codes(engine, case) == why
    assert engine.move("p", reason="try").counts == {"refused": 1}
    assert rows(engine, case) == before
    finish(engine, case, open_tasks(engine, case)[0])


def test_what_would_happen_at_once_is_refused(engine: Engine, publish: Publish) -> None:
    condition = (
        '<boundaryEvent id="soon" attachedToRef="ask"><conditionalEventDefinition>'
        "<condition>=x &gt; 1</condition></conditionalEventDefinition></boundaryEvent>"
    )
    publish(ONE)
    high, low = engine.start("p", {"x": 5}, owner="u").id, engine.start("p", {"x": 0}, owner="u").id
    publish(line(ask(), condition, ends="end over", flows="start>ask>end, soon>over"))
    assert (codes(engine, high), codes(engine, low)) == (["goes-on"], [])


def test_new_events_begin_to_wait_and_old_ones_are_let_go(
    engine: Engine, publish: Publish, clock: VirtualClock
) -> None:
    new = line(ask(), draw.timer("soon", "P1D", on="ask"), ends="end over", flows="start>ask>end, soon>over")
    case = begun(engine, publish, WATCHED, new)
    before = rows(engine, case)
    outcome = engine.what_moves("p").cases[0].outcome
    assert (outcome.begun, outcome.dropped) == (["soon"], ["late"])
    batch = engine.move("p", reason="another reminder")
    assert [one.element_id for one in engine.deadlines(case) if one.kind == "timer"] == ["soon"]
    assert engine.check() == []
    engine.take_back(batch.id, reason="no")
    assert rows(engine, case) == before


def test_a_case_that_stopped_is_moved_to_a_mended_version_and_goes_on(engine: Engine, publish: Publish) -> None:
    def model(rule: str) -> str:
        flows = draw.flows("start>ask>x")
        way = (
            f'<sequenceFlow id="w" sourceRef="x" targetRef="end"><conditionExpression xsi:type="tFormalExpression">'
            f"{rule}</conditionExpression></sequenceFlow>"
        )
        return draw.process(
            "p", '<startEvent id="start"/><endEvent id="end"/><exclusiveGateway id="x"/>', ask(), flows, way
        )

    case = begun(engine, publish, model("=nowhere &gt; 1"), model("=true"), "ask")
    assert engine.case(case).incidents == 1
    assert engine.move("p", reason="mended").counts == {"moved": 1}
    engine.retry_incident(case)
    assert engine.case(case).closed_at is not None


# Batches


def test_a_batch_that_was_stopped_is_taken_up_again(engine: Engine, other_engine: Engine, publish: Publish) -> None:
    publish(ONE)
    numbers = [engine.start("p", owner="u").id for _ in range(5)]
    publish(line(ask(), draw.task("approve"), flows="start>ask>approve>end"))
    asked = engine.ask_to_move("p", reason="more eyes")
    assert asked.counts == {"waiting": 5}
    finish(engine, numbers[4], "ask")
    assert engine.go_on_moving(asked.id, limit=2).counts == {"moved": 2, "waiting": 3}
    done = other_engine.go_on_moving(asked.id)
    assert done.counts == {"moved": 4, "refused": 1}
    assert [one.state for one in engine.moves(asked.id)[1]] == ["moved"] * 4 + ["refused"]
    assert engine.go_on_moving(asked.id).counts == done.counts


def test_a_case_that_is_moved_meanwhile_is_moved_once(engine: Engine, publish: Publish) -> None:
    case = begun(engine, publish, ONE, line(ask(), draw.task("approve"), flows="start>ask>approve>end"))
    first, second = (engine.ask_to_move("p", reason=text) for text in ("one", "two"))
    engine.go_on_moving(first.id)
    assert engine.go_on_moving(second.id).counts == {"refused": 1}
    assert engine.moves(second.id)[1][0].outcome["reasons"][0]["code"] == "there"
    assert [one.kind for one in engine.history(case)].count("moved") == 1


def test_a_failure_in_the_middle_leaves_the_case_as_it_was(
    engine: Engine, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = begun(engine, publish, ONE, line(ask(), draw.task("approve"), flows="start>ask>approve>end"))
    before = rows(engine, case)

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the machine stops here")

    monkeypatch.setattr(moving.stored, "put_version", broken)
    assert engine.move("p", reason="try").counts == {"refused": 1}
    assert rows(engine, case) == before
    monkeypatch.undo()
    finish(engine, case, "ask")
    assert engine.case(case).closed_at is not None


def test_a_move_wants_a_reason_and_a_process_owner_of_the_cases_organisation(
    organisation: Engine, tmp_path: Path
) -> None:
    engine = organisation
    engine.publish(draw.write(tmp_path, ONE))
    case = engine.start("p", by=STAFF).id
    engine.publish(draw.write(tmp_path, line(ask(), draw.task("approve"), flows="start>ask>approve>end")))
    with pytest.raises(Forbidden):
        engine.what_moves("p", by=STAFF)
    with pytest.raises(NoReason):
        engine.move("p", reason=" ", by=OWNER)
    assert engine.what_moves("p", by=THEIRS).cases == []
    assert engine.move("p", reason="ours now", cases=[case], by=THEIRS).counts == {"refused": 1}
    batch = engine.move("p", reason="better", cases=[case], by=OWNER)
    assert batch.counts == {"moved": 1}
    with pytest.raises(Forbidden):
        engine.take_back(batch.id, reason="no", by=THEIRS)
    assert engine.take_back(batch.id, reason="no", by=OWNER) == ([case], [])
    told = engine.history(case)
    assert [(one.kind, one.actor) for one in told if "move" in one.kind] == [
        ("moved", "otto"),
        ("move-taken-back", "otto"),
    ]


def test_who_does_a_task_follows_the_new_version(organisation: Engine, tmp_path: Path) -> None:
    engine = organisation
    engine.publish(draw.write(tmp_path, line(ask(group="bup"), flows="start>ask>end")))
    case = engine.start("p", by=STAFF).id
    engine.publish(draw.write(tmp_path, line(ask(group="soc-skovde"), flows="start>ask>end")))
    before = rows(engine, case)
    batch = engine.move("p", reason="another unit", by=OWNER)
    assert [task.units for task in engine.tasks(case=case)] == [("soc-skovde",)]
    assert engine.check() == []
    engine.take_back(batch.id, reason="no", by=OWNER)
    assert rows(engine, case) == before


def test_a_message_is_heard_as_the_new_version_names_it(engine: Engine, publish: Publish) -> None:
    old = line(draw.message("hear", "old"), flows="start>hear>end")
    case = begun(engine, publish, old, line(draw.message("hear", "new"), flows="start>hear>end"))
    batch = engine.move("p", reason="renamed")
    assert engine.send("old", case) == 0
    engine.take_back(batch.id, reason="no")
    assert engine.send("new", case) == 0
    engine.move("p", reason="after all")
    assert engine.send("new", case) == 1
    assert engine.case(case).closed_at is not None


def test_the_date_of_a_move_is_that_of_the_clock(engine: Engine, publish: Publish) -> None:
    begun(engine, publish, ONE, line(ask(), draw.task("approve"), flows="start>ask>approve>end"))
    batch = engine.move("p", reason="now")
    assert engine.moves(batch.id)[1][0].at == datetime.fromisoformat("2026-03-27T10:00+01:00")
    assert [one.id for one in engine.move_batches("p")] == [batch.id]


def test_the_command_looks_moves_and_takes_back(
    engine: Engine, publish: Publish, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def samled(*words: str) -> tuple[int, Any]:
        result = CliRunner().invoke(main, ["migrate", "p", *words, "--json"])
        return result.exit_code, json.loads(result.stdout) if result.exit_code < 2 else None

    monkeypatch.setenv("SAMLED_DATABASE_URL", database_url)
    case = begun(engine, publish, ONE, line(ask(id="enquire"), flows="start>enquire>end"))
    assert samled()[0] == 2
    code, told = samled("--dry-run")
    assert (code, told["versions"][0]["can_move"]) == (1, 0)
    assert told["cases"][0]["reasons"][0]["code"] == "no-counterpart"
    code, told = samled("--map", "ask=enquire", "--cases", case, "--reason", "renamed")
    assert (code, told["counts"]) == (0, {"moved": 1})
    assert samled("--take-back", str(told["batch"]), "--reason", "no") == (0, {"taken_back": [case], "gone_on": []})
    assert open_tasks(engine, case) == ["ask"]


def test_a_step_of_an_older_version_keeps_its_name_and_can_be_corrected(engine: Engine, publish: Publish) -> None:
    old = line(ask(), draw.task("more"), flows="start>ask>more>end")
    publish(old)
    case = engine.start("p", owner="u").id
    finish(engine, case, "ask", answers={"given": True})
    publish(line(draw.task("more"), flows="start>more>end"))
    engine.move("p", reason="shorter")
    told = {entry.element_id: entry.name for entry in engine.timeline(case)}
    assert told["ask"] == "Ask"
    done = next(entry for entry in engine.timeline(case) if entry.kind == "completed")
    assert engine.answered(case, done.id).name == "Ask"
    engine.correct(case, done.id, {"given": False}, "wrong")
    assert engine.case(case).data["given"] is False


def test_people_who_go_on_meanwhile_and_a_move_never_mix(
    engine: Engine, other_engine: Engine, publish: Publish
) -> None:
    publish(line(ask(), draw.task("more"), flows="start>ask>more>end"))
    numbers = [engine.start("p", owner="u").id for _ in range(12)]
    publish(line(ask(), draw.task("approve"), draw.task("more"), flows="start>ask>approve>more>end"))
    batch = engine.ask_to_move("p", reason="meanwhile")
    people = Thread(target=lambda: [finish(other_engine, number, "ask") for number in reversed(numbers)])
    people.start()
    engine.go_on_moving(batch.id)
    people.join()
    assert engine.check() == []
    for one in engine.moves(batch.id)[1]:
        kinds = [entry.kind for entry in engine.history(one.case_id) if entry.kind in ("moved", "completed")]
        # Moved before the answer: the new step came; after it: the case stood one step on already.
        assert kinds == (
            ["moved", "completed"] if open_tasks(engine, one.case_id) == ["approve"] else ["completed", "moved"]
        )
