"""Two connections at once, for every path that writes: one wins, the other is told, nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest

from engine import Actor, Conflict, Engine, InvalidAnswers, NotFound, SamledError, VirtualClock, outbox
from engine.database import Database
from tests.integration import drawing as draw

Publish = Callable[[str], None]


def together(*actions: Callable[[], Any]) -> list[Any]:
    """Run actions at the same moment, each in a thread; their results or errors."""
    barrier = Barrier(len(actions))
    results: list[Any] = [None] * len(actions)

    def run(number: int, action: Callable[[], Any]) -> None:
        barrier.wait()
        try:
            results[number] = action()
        except SamledError as error:
            results[number] = error

    threads = [Thread(target=run, args=pair) for pair in enumerate(actions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()
    return results


@pytest.fixture
def two(publish: Publish) -> None:
    publish(draw.chain("two", "ask", "decide"))


@pytest.mark.usefixtures("two")
def test_two_people_completing_one_task_one_wins_and_the_other_is_told(
    engine: Engine, other_engine: Engine, anna: Actor
) -> None:
    bo = Actor(id="bo", units=anna.units, roles=anna.roles)
    for _ in range(10):
        case = engine.start("two", by=anna)
        [task] = engine.tasks(case=case.id)
        results = together(
            lambda task=task: engine.complete(task.id, {"by": "anna"}, by=anna),
            lambda task=task: other_engine.complete(task.id, {"by": "bo"}, by=bo),
        )
        [error] = [result for result in results if result is not None]
        assert isinstance(error, Conflict)
        winner = "bo" if results[1] is None else "anna"
        assert winner in error.changes[0]
        assert engine.case(case.id).data == {"by": winner}
        assert [found.element_id for found in engine.tasks(case=case.id)] == ["decide"]
        assert [entry.actor for entry in engine.history(case.id) if entry.kind == "completed"] == [winner]


@pytest.mark.usefixtures("two")
def test_parallel_completions_in_different_cases_do_not_disturb_each_other(
    engine: Engine, other_engine: Engine, anna: Actor
) -> None:
    cases = [engine.start("two", by=anna).id for _ in range(8)]

    def finish(with_engine: Engine, mine: list[str]) -> None:
        for case in mine:
            for _ in range(2):
                with_engine.complete(with_engine.tasks(case=case)[0].id, {}, by=anna)

    results = together(lambda: finish(engine, cases[:4]), lambda: finish(other_engine, cases[4:]))
    assert results == [None, None]
    assert engine.tasks() == []
    assert engine.check() == []


def test_parallel_branches_of_one_case_are_all_kept_whoever_completes_them(
    engine: Engine, other_engine: Engine, anna: Actor, publish: Publish
) -> None:
    ids = [f"t{number}" for number in range(6)]
    publish(
        draw.process(
            "wide",
            '<startEvent id="start"/><parallelGateway id="split"/><parallelGateway id="join"/><endEvent id="end"/>',
            *[draw.task(id) for id in ids],
            draw.flows("start>split", *[f"split>{id}>join" for id in ids], "join>end"),
        )
    )
    case = engine.start("wide", by=anna)
    tasks = engine.tasks(case=case.id)
    engines = [engine, other_engine]
    results = together(
        *[
            lambda task=task, number=number: engines[number % 2].complete(task.id, {task.element_id: 1}, by=anna)
            for number, task in enumerate(tasks)
        ]
    )
    assert results == [None] * 6
    done = engine.case(case.id)
    assert done.data == dict.fromkeys(ids, 1)
    assert done.closed_at is not None
    assert done.revision == 7


@pytest.mark.usefixtures("two")
def test_numbers_of_cases_started_at_once_are_different(engine: Engine, other_engine: Engine, anna: Actor) -> None:
    started = together(*[lambda each=each: each.start("two", by=anna).id for each in [engine, other_engine] * 4])
    assert sorted(started) == [f"2026-{number:05d}" for number in range(1, 9)]


@pytest.mark.usefixtures("two")
def test_a_task_taken_by_two_at_once_goes_to_one(engine: Engine, other_engine: Engine, anna: Actor) -> None:
    bo = Actor(id="bo", units=anna.units, roles=anna.roles)
    case = engine.start("two", by=anna)
    [task] = engine.tasks(case=case.id)
    results = together(lambda: engine.claim(task.id, by=anna), lambda: other_engine.claim(task.id, by=bo))
    assert sorted(isinstance(result, Conflict) for result in results) == [False, True]
    assert engine.tasks(case=case.id)[0].assignee in ("anna", "bo")


@pytest.mark.usefixtures("two")
def test_a_completion_and_a_closing_at_once_happen_one_after_the_other(
    engine: Engine, other_engine: Engine, anna: Actor
) -> None:
    for _ in range(5):
        case = engine.start("two", by=anna)
        [task] = engine.tasks(case=case.id)
        results = together(
            lambda task=task: engine.complete(task.id, {"a": 1}, by=anna),
            lambda case=case: other_engine.close_case(case.id, "mistake", by=anna),
        )
        assert results[1] is None
        assert results[0] is None or isinstance(results[0], SamledError)
        assert engine.case(case.id).closed_at is not None
        assert (engine.case(case.id).data == {"a": 1}) == (results[0] is None)
    assert engine.check() == []


@pytest.mark.usefixtures("two")
def test_two_corrections_at_once_do_not_overwrite_each_other_silently(
    engine: Engine, other_engine: Engine, anna: Actor
) -> None:
    case = engine.start("two", by=anna)
    engine.complete(engine.tasks(case=case.id)[0].id, {"x": 0}, by=anna)
    [entry] = [entry for entry in engine.history(case.id) if entry.kind == "completed"]
    results = together(
        lambda: engine.correct(case.id, entry.id, {"x": 1}, "first", by=anna),
        lambda: other_engine.correct(case.id, entry.id, {"x": 2}, "second", by=anna),
    )
    assert sorted(isinstance(result, Conflict) for result in results) == [False, True]
    assert engine.case(case.id).data["x"] == (1 if results[0] is None else 2)


def test_a_completion_and_a_timer_at_the_same_moment_one_of_the_two_happens(
    engine: Engine, other_engine: Engine, anna: Actor, clock: VirtualClock, publish: Publish
) -> None:
    publish(
        draw.process(
            "race",
            '<startEvent id="start"/><endEvent id="end"/>',
            draw.task("ask"),
            draw.timer("late", "PT1H", on="ask"),
            draw.task("remind"),
            draw.flows("start>ask>end", "late>remind>end"),
        )
    )
    for _ in range(8):
        case = engine.start("race", by=anna)
        [task] = engine.tasks(case=case.id)
        clock.advance("PT1H")
        completed, fired = together(
            lambda task=task: engine.complete(task.id, {}, by=anna), lambda: other_engine.fire_due()
        )
        if completed is None:
            assert fired == 0
            assert engine.case(case.id).closed_at is not None
        else:
            assert isinstance(completed, SamledError)
            assert fired == 1
            assert [found.element_id for found in engine.tasks(case=case.id)] == ["remind"]
    assert engine.check() == []


def test_several_schedulers_fire_each_deadline_exactly_once(
    engine: Engine, other_engine: Engine, anna: Actor, clock: VirtualClock, publish: Publish
) -> None:
    publish(
        draw.process(
            "wait",
            '<startEvent id="start"/><endEvent id="end"/>',
            draw.timer("first", "PT1H"),
            draw.timer("second", "PT1M"),
            draw.task("done"),
            draw.flows("start>first>second>done>end"),
        )
    )
    cases = [engine.start("wait", by=anna).id for _ in range(25)]
    clock.advance("PT1H")
    assert sum(together(*[lambda each=each: each.fire_due() for each in [engine, other_engine] * 2])) == 25
    clock.advance("PT1M")
    assert sum(together(*[lambda each=each: each.fire_due() for each in [engine, other_engine] * 2])) == 25
    for case in cases:
        fired = [entry.element_id for entry in engine.history(case) if entry.kind == "fired"]
        assert fired == ["first", "second"]
    assert engine.check() == []


def test_a_message_sent_twice_at_once_arrives_once(
    engine: Engine, other_engine: Engine, anna: Actor, publish: Publish
) -> None:
    publish(
        draw.process(
            "mail",
            '<startEvent id="start"/><endEvent id="end"/>',
            draw.message("wait", "consent"),
            draw.task("done"),
            draw.flows("start>wait>done>end"),
            messages={"consent": "=case.id"},
        )
    )
    case = engine.start("mail", by=anna)
    heard = together(
        lambda: engine.send("consent", case.id, {"a": 1}), lambda: other_engine.send("consent", case.id, {"a": 2})
    )
    assert sorted(heard) == [0, 1]
    assert engine.case(case.id).data["a"] == (1 if heard[0] else 2)
    assert [found.element_id for found in engine.tasks(case=case.id)] == ["done"]


def test_two_people_publishing_at_once_make_two_versions_or_one_if_they_are_alike(
    engine: Engine, other_engine: Engine, tmp_path: Path
) -> None:
    paths = []
    for number, first in enumerate(("ask", "ask", "other")):
        (tmp_path / str(number)).mkdir()
        paths.append(draw.write(tmp_path / str(number), draw.chain("same", first)))
    results = together(
        *[
            lambda path=path, each=each: each.publish(path)
            for path, each in zip(paths, [engine, other_engine, engine], strict=True)
        ]
    )
    assert sorted(version.number for version in results) in ([1, 1, 2], [1, 2, 2], [1, 2, 3])
    assert len({version.id for version in results}) == len(engine.versions())


def test_two_people_changing_settings_at_once_both_have_their_way(engine: Engine, other_engine: Engine) -> None:
    for day in range(1, 6):
        results = together(
            lambda day=day: engine.set_closed_days([date(2026, 6, day)]),
            lambda day=day: other_engine.set_zone("Europe/Stockholm" if day % 2 else "Europe/Helsinki"),
        )
        assert results == [None, None]
    calendar = engine.calendar()
    assert (calendar.zone, calendar.closed_days) == ("Europe/Stockholm", {date(2026, 6, 5)})


@pytest.mark.usefixtures("two")
def test_what_waits_in_the_outbox_is_delivered_once_by_several_processes(
    engine: Engine, other_engine: Engine, clock: VirtualClock
) -> None:
    with engine.database.command() as tx:
        rows = [
            outbox.Outgoing(f"key{number}", "start-case", {"process": "two", "answers": {"n": number}, "owner": "u"})
            for number in range(10)
        ]
        outbox.put(tx, None, rows, clock.now())
    together(*[each.deliver for each in [engine, other_engine] * 2])
    assert sorted(engine.case(case.id).data["n"] for case in engine.cases()) == list(range(10))
    assert engine.backlog() == (0, 0)
    assert engine.check() == []


@pytest.mark.usefixtures("two")
def test_a_command_that_fails_after_the_engine_ran_leaves_nothing_behind(
    engine: Engine, anna: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = engine.start("two", by=anna)
    before = engine.case(case.id), engine.tasks(case=case.id), engine.history(case.id)

    def fail(*_: Any, **__: Any) -> None:
        raise OSError("the machine dies here")

    monkeypatch.setattr("engine.history.append", fail)
    with pytest.raises(OSError, match="dies"):
        engine.complete(before[1][0].id, {"lost": True}, by=anna)
    monkeypatch.undo()
    assert (engine.case(case.id), engine.tasks(case=case.id), engine.history(case.id)) == before
    engine.complete(before[1][0].id, {"kept": True}, by=anna)
    assert engine.case(case.id).data == {"kept": True}
    assert engine.check() == []


@pytest.mark.usefixtures("two")
def test_a_commit_that_fails_is_not_kept_in_memory_either(
    engine: Engine, anna: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    import psycopg
    from sqlalchemy import Transaction

    case = engine.start("two", by=anna)
    [task] = engine.tasks(case=case.id)

    def fail(self: Any) -> None:
        raise OSError("the connection is cut in the middle of the commit")

    # On PostgreSQL a completion is committed together with its last writes, by the driver itself.
    monkeypatch.setattr(Transaction, "commit", fail)
    monkeypatch.setattr(psycopg.Connection, "commit", fail)
    with pytest.raises(OSError, match="cut"):
        engine.complete(task.id, {"lost": True}, by=anna)
    monkeypatch.undo()
    assert engine.case(case.id).data == {}
    engine.complete(task.id, {}, by=anna)
    assert engine.case(case.id).data == {}
    assert engine.check() == []


def test_a_warm_case_is_not_used_when_another_process_has_moved_it_on(
    engine: Engine, other_engine: Engine, anna: Actor, publish: Publish
) -> None:
    publish(draw.chain("four", "a", "b", "c", "dd"))
    case = engine.start("four", by=anna)
    for number, each in enumerate([engine, other_engine, other_engine, engine]):
        each.complete(each.tasks(case=case.id)[0].id, {f"x{number}": number}, by=anna)
    assert engine.case(case.id).data == {f"x{number}": number for number in range(4)}
    assert engine.case(case.id).closed_at is not None


def test_a_writer_that_must_wait_too_long_is_told(
    sqlite_url: str, anna: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.database.BUSY_SECONDS", 0.1)
    impatient = Engine(sqlite_url)
    impatient.publish(draw.write(tmp_path, draw.chain("one", "ask")))
    with Database(sqlite_url).command(), pytest.raises(SamledError, match="busy"):
        impatient.start("one", by=anna)
    assert impatient.start("one", by=anna).id.endswith("-00001")
    impatient.close()


def test_an_error_in_the_answers_leaves_the_case_warm_and_right(engine: Engine, anna: Actor, tmp_path: Path) -> None:
    publish_path = draw.write(tmp_path, draw.chain("one", "ask", "decide"))
    engine.publish(publish_path)
    case = engine.start("one", by=anna)
    [task] = engine.tasks(case=case.id)
    with pytest.raises(InvalidAnswers):
        engine.complete(task.id, {"x": object()}, by=anna)
    engine.complete(task.id, {"x": 1}, by=anna)
    assert engine.case(case.id).data == {"x": 1}


@pytest.mark.usefixtures("two")
def test_looking_at_a_task_that_is_completed_meanwhile_shows_it_or_says_that_it_is_gone(
    engine: Engine, other_engine: Engine, anna: Actor
) -> None:
    for _ in range(20):
        case = engine.start("two", by=anna)
        [task] = engine.tasks(case=case.id)
        _, seen = together(
            lambda task=task: engine.complete(task.id, {"by": "anna"}, by=anna),
            lambda task=task: other_engine.task(task.id, by=anna),
        )
        assert isinstance(seen, NotFound) or seen.element_id == "ask"
