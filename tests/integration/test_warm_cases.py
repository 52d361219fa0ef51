"""The cases that a process keeps in memory: right beside other processes, bounded, counted."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine import Actor, Engine
from tests.integration import drawing as draw

Publish = Callable[[str], None]


@pytest.fixture
def three(publish: Publish) -> None:
    publish(draw.chain("three", "a", "b", "c"))


def complete(engine: Engine, case: str, answers: dict[str, object], by: Actor) -> None:
    engine.complete(engine.tasks(case=case)[0].id, answers, by=by)


@pytest.mark.usefixtures("three")
def test_hits_and_misses_are_counted_and_what_another_process_has_moved_on_is_a_miss(
    engine: Engine, other_engine: Engine, anna: Actor
) -> None:
    case = engine.start("three", by=anna).id
    before = engine.warm_cases()
    complete(engine, case, {"a": 1}, anna)
    after = engine.warm_cases()
    assert (after.hits, after.misses) == (before.hits + 1, before.misses)
    complete(other_engine, case, {"b": 2}, anna)
    complete(engine, case, {"c": 3}, anna)
    last = engine.warm_cases()
    assert (last.hits, last.misses) == (after.hits, after.misses + 1)
    assert engine.case(case).data == {"a": 1, "b": 2, "c": 3}
    assert engine.check() == []


@pytest.mark.usefixtures("three")
def test_the_least_recently_used_are_dropped_when_their_memory_is_full_and_go_on_as_they_were(
    engine: Engine, anna: Actor
) -> None:
    engine.place.warm.most_bytes = 60_000
    cases = [engine.start("three", by=anna).id for _ in range(4)]
    for number, case in enumerate(cases):
        complete(engine, case, {"text": "å" * 10_000, "number": number}, anna)
        said = engine.warm_cases()
        assert 0 < said.bytes <= said.most_bytes
    said = engine.warm_cases()
    assert said.evictions > 0
    assert 0 < said.cases < len(cases)
    for number, case in enumerate(cases):
        complete(engine, case, {"again": number}, anna)
        assert engine.case(case).data == {"text": "å" * 10_000, "number": number, "again": number}
    assert engine.warm_cases().misses > said.misses


@pytest.mark.usefixtures("three")
def test_a_case_too_large_for_all_the_room_is_restored_each_time(engine: Engine, anna: Actor) -> None:
    engine.place.warm.most_bytes = 100
    case = engine.start("three", by=anna).id
    for name in ("a", "b", "c"):
        complete(engine, case, {name: True}, anna)
    assert (engine.warm_cases().cases, engine.warm_cases().bytes, engine.warm_cases().hits) == (0, 0, 0)
    assert engine.case(case).data == {"a": True, "b": True, "c": True}


@pytest.mark.usefixtures("three")
def test_an_ended_case_takes_no_memory(engine: Engine, anna: Actor) -> None:
    case = engine.start("three", by=anna).id
    for _ in range(3):
        complete(engine, case, {}, anna)
    assert (engine.warm_cases().cases, engine.warm_cases().bytes) == (0, 0)
