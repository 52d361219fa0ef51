"""Somebody and a deadline at the same moment, on two connections: one of the two happens, the other is told."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine import Actor, Conflict, Engine, NotFound, VirtualClock
from tests.integration import drawing as draw
from tests.integration.test_conflicts import together

Publish = Callable[[str], None]
ROUNDS = 12

#: A task that a deadline takes away, and so does the withdrawal of consent.
MODEL = draw.process(
    "race",
    '<startEvent id="start"/><endEvent id="end"/>',
    *[draw.task("ask"), draw.task("done"), draw.task("chase"), draw.task("stop_all")],
    draw.timer("late", "PT1H", on="ask"),
    draw.message("withdrawn", "consent-withdrawn", on="ask"),
    draw.flows("start>ask>done>end", "late>chase>end", "withdrawn>stop_all>end"),
    messages={"consent-withdrawn": "=case.id"},
)
#: A wait that ends with a message, or with a date.
WAIT = draw.process(
    "wait",
    '<startEvent id="start"/><endEvent id="end"/><eventBasedGateway id="either"/>',
    *[draw.message("answer", "answer"), draw.timer("late", "PT1H"), draw.task("read"), draw.task("chase")],
    draw.flows("start>either>answer>read>end", "either>late>chase>end"),
    messages={"answer": "=case.id"},
)


def kinds(engine: Engine, case: str) -> list[str]:
    wanted = ("completed", "received", "fired")
    return [entry.kind for entry in engine.history(case) if entry.kind in wanted]


def raced(
    engine: Engine,
    other: Engine,
    anna: Actor,
    clock: VirtualClock,
    process: str,
    act: Callable[[str], Callable[[], object]],
) -> list[tuple[str, list[object]]]:
    """Cases in which somebody acted just as the deadline was due, each with (what the person got, how many fired)."""
    found = []
    for number in range(ROUNDS):
        case = engine.start(process, by=anna).id
        clock.advance("PT1H")
        # A head start for either side in turn, so that both outcomes come to be seen.
        action, fire = act(case), other.fire_due
        results = together(action, fire) if number % 2 else together(fire, action)[::-1]
        found.append((case, results))
    assert engine.check() == []
    return found


def test_a_completion_and_a_deadline_at_the_same_moment(
    engine: Engine, other_engine: Engine, anna: Actor, clock: VirtualClock, publish: Publish
) -> None:
    publish(MODEL)

    def act(case: str) -> Callable[[], object]:
        [task] = engine.tasks(case=case)
        return lambda: engine.complete(task.id, {"a": case}, by=anna)

    for case, (told, fired) in raced(engine, other_engine, anna, clock, "race", act):
        open_now = [task.element_id for task in engine.tasks(case=case)]
        if fired:
            assert isinstance(told, Conflict | NotFound)
            assert (kinds(engine, case), open_now) == (["fired"], ["chase"])
            assert engine.case(case).data == {}
        else:
            assert told is None
            assert (kinds(engine, case), open_now) == (["completed"], ["done"])
            assert engine.deadlines(case) == []


@pytest.mark.parametrize(
    ("process", "message", "heard_leads_to"),
    [("race", "consent-withdrawn", "stop_all"), ("wait", "answer", "read")],
    ids=["withdrawal of consent", "message"],
)
def test_a_message_and_a_deadline_at_the_same_moment(
    engine: Engine,
    other_engine: Engine,
    anna: Actor,
    clock: VirtualClock,
    publish: Publish,
    process: str,
    message: str,
    heard_leads_to: str,
) -> None:
    publish(MODEL if process == "race" else WAIT)

    def act(case: str) -> Callable[[], object]:
        return lambda: engine.send(message, case, {}, by=anna)

    for case, (heard, fired) in raced(engine, other_engine, anna, clock, process, act):
        open_now = [task.element_id for task in engine.tasks(case=case)]
        assert (heard, fired) in [(1, 0), (0, 1)]
        if heard:
            assert (kinds(engine, case), open_now) == (["received"], [heard_leads_to])
        else:
            assert (kinds(engine, case), open_now) == (["fired"], ["chase"])


def test_several_schedulers_fire_each_deadline_once_and_each_case_in_due_order(
    engine: Engine, other_engine: Engine, anna: Actor, clock: VirtualClock, publish: Publish
) -> None:
    names = [f"p{number}" for number in range(4)]
    publish(
        draw.process(
            "many",
            '<startEvent id="start"/><endEvent id="end"/><parallelGateway id="split"/><parallelGateway id="join"/>',
            *[draw.timer(name, f"PT{9 - number}H") for number, name in enumerate(names)],
            draw.task("last"),
            draw.flows("start>split", *[f"split>{name}>join" for name in names], "join>last>end"),
        )
    )
    cases = [engine.start("many", by=anna).id for _ in range(30)]
    clock.advance("P10D")  # ten days without a scheduler
    counts = together(lambda: engine.fire_due(1000), lambda: other_engine.fire_due(1000))
    counts.append(engine.fire_due(1000))  # what the one passed over because the other held its case
    assert sum(counts) == 120
    for case in cases:
        fired = [entry.element_id for entry in engine.history(case) if entry.kind == "fired"]
        assert fired == names[::-1]
    assert engine.check() == []
