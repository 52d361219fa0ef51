"""A unit's statistics: what is counted for whom, what is too little to tell, and who may see it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from engine import Actor, Engine, NotFound, VirtualClock
from engine.indicators import OfProcess
from tests.integration import drawing as draw
from tests.page_inspector import PageInspector
from tests.web_app import running_app

ASKS, ANSWERS = "elevhalsa-skovde", "bup-skaraborg"
ASKING = Actor("kurator.skovde", units=[ASKS], roles=["staff"])
ANSWERING = Actor("behandlare.bup", units=[ANSWERS], roles=["staff"])
SETTINGS = """
[process]
title = "Frågan"
[roles.asked]
title = "Har fått frågan"
[deadlines.answer]
value = "PT48H"
source = "local"
escalate = ["unit-manager"]
[indicators.answered-in-time]
title = "Svar i tid"
from = "share"
to = "answer"
within = "answer"
target = 80
[indicators.kinds]
title = "Sorters frågor"
data = "question.kind"
[indicators.words]
title = "Ord"
data = "question.words"
"""
KINDS = [{"label": "Allmän", "value": "general"}, {"label": "Om ett barn", "value": "child"}]
FORM = {
    "type": "default",
    "id": "question",
    "components": [
        {"type": "radio", "id": "kind", "key": "kind", "label": "Sort", "values": KINDS},
        {"type": "textfield", "id": "words", "key": "words", "label": "Ord"},
    ],
}
START = (
    '<startEvent id="start"><extensionElements><zeebe:formDefinition formId="question"/></extensionElements>'
    '</startEvent><endEvent id="end"/>'
)


def model() -> str:
    """A question is shared with a unit, which answers it."""
    party = {"unit": f'="{ANSWERS}"', "roles": '=["asked"]', "ground": '="Har fått frågan"'}
    return draw.process(
        "asking",
        START,
        draw.service("share", "add-party", party),
        draw.task("answer", group=f'=["{ANSWERS}"]', due='=deadline("answer")'),
        draw.flows("start>share>answer>end"),
    )


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock("2026-03-02T09:00+01:00")  # a Monday


@pytest.fixture
def app(database_url: str, tmp_path: Path, clock: VirtualClock) -> Iterator[Flask]:
    with running_app(database_url, clock=clock) as made:
        forms = {"question": json.dumps(FORM)}
        made.extensions["samled"].publish(draw.package(tmp_path, "asking", model(), SETTINGS, forms))
        yield made


@pytest.fixture
def engine(app: Flask) -> Engine:
    return app.extensions["samled"]


def ask(engine: Engine, count: int, kind: str = "general", words: str = "Exempel Andersson") -> list[str]:
    return [engine.start("asking", {"question": {"kind": kind, "words": words}}, by=ASKING).id for _ in range(count)]


def answer(engine: Engine, asked: list[str]) -> None:
    for case in asked:
        [task] = engine.tasks(case)
        engine.complete(task.id, {}, by=ANSWERING)


def of(engine: Engine, unit: str, year: int | None = None) -> OfProcess:
    [found] = engine.statistics(unit, year).processes
    return found


def test_times_are_counted_for_the_unit_that_answered(engine: Engine, clock: VirtualClock) -> None:
    first, late = ask(engine, 6), ask(engine, 5)
    clock.advance("PT3H")
    answer(engine, first)
    clock.advance("PT69H")
    answer(engine, late)
    times = of(engine, ANSWERS).figures[0].times
    assert times
    assert (times.count, times.median, times.p90) == (11, 3 * 3600, 72 * 3600)
    assert (times.in_time, times.within, times.target) == (55, "answer", 80)
    others = of(engine, ASKS).figures[0].times
    assert others
    assert others.count == 0


def test_the_share_is_told_only_where_neither_side_of_it_is_a_few(engine: Engine, clock: VirtualClock) -> None:
    first, late = ask(engine, 6), ask(engine, 1)
    answer(engine, first)
    clock.advance("P4D")
    answer(engine, late)
    times = of(engine, ANSWERS).figures[0].times
    assert times
    assert (times.count, times.in_time) == (7, None)


def test_the_deadline_that_was_in_force_when_it_began_decides(engine: Engine, clock: VirtualClock) -> None:
    asked = ask(engine, 5)
    clock.advance("PT4H")
    engine.set_deadline("asking", "answer", "PT2H", reason="Försök")
    answer(engine, asked)
    times = of(engine, ANSWERS).figures[0].times
    assert times
    assert times.in_time == 100


def test_answers_are_counted_by_option_in_open_and_closed_cases(engine: Engine) -> None:
    answer(engine, ask(engine, 5))
    ask(engine, 3)
    ask(engine, 6, "child")
    found = of(engine, ASKS)
    assert found.cases == 14
    assert [(count.label, count.count) for count in found.figures[1].counts] == [("Allmän", 8), ("Om ett barn", 6)]
    assert of(engine, ANSWERS).cases == 5  # those it has answered


def test_few_answers_are_told_of_neither_kind(engine: Engine) -> None:
    ask(engine, 9)
    ask(engine, 2, "child")
    assert [count.count for count in of(engine, ASKS).figures[1].counts] == [None, None]


def test_what_somebody_wrote_never_comes_out(engine: Engine) -> None:
    ask(engine, 5)
    [count] = of(engine, ASKS).figures[2].counts
    assert (count.value, count.label, count.count) == (None, None, 5)


def test_what_was_opened_by_mistake_counts_nowhere(engine: Engine) -> None:
    asked = ask(engine, 6)
    engine.close_case(asked[0], "Av misstag", by=ASKING)
    assert of(engine, ASKS).cases == 5


def test_a_step_is_of_the_year_in_which_it_ended(engine: Engine, clock: VirtualClock) -> None:
    clock.set("2026-12-31T20:00+01:00")
    asked = ask(engine, 5)
    clock.set("2027-01-01T00:30+01:00")
    answer(engine, asked)
    before, after = of(engine, ANSWERS, 2026), of(engine, ANSWERS, 2027)
    assert [year.figures[0].times and year.figures[0].times.count for year in (before, after)] == [0, 5]
    assert (before.cases, after.cases) == (5, 0)
    assert engine.statistics(ANSWERS).years == (2027, 2026)


def test_strangers_and_administrators_do_not_know_of_it(engine: Engine) -> None:
    administrator = Actor("administrator", units=["forvaltning-skovde"], roles=["administrator"])
    for stranger in (ASKING, administrator):
        with pytest.raises(NotFound):
            engine.statistics(ANSWERS, by=stranger)
    assert engine.statistics(ANSWERS, by=ANSWERING).unit == ANSWERS


def browser(app: Flask, username: str) -> PageInspector:
    found = PageInspector(app)
    found.log_in(username)
    return found


def test_the_page_is_for_the_unit_and_its_managers_only(app: Flask, engine: Engine) -> None:
    answer(engine, ask(engine, 6))
    page = browser(app, "kurator.skovde").get("/").follow("Statistik för Elevhälsan Skövde")
    assert "Allmän" in page.text
    assert "Exempel Andersson" not in page.text
    assert "BUP" not in page.text
    manager = browser(app, "enhetschef.bup")
    own = manager.get(f"/units/{ANSWERS}/statistics")
    assert own.status == 200
    assert "1 timme" in own.text
    manager.get(f"/units/{ASKS}/statistics", status=404)
    browser(app, "kurator.skovde").get(f"/units/{ANSWERS}/statistics", status=404)


def test_a_partner_group_reads_its_deviations_of_the_year(app: Flask, engine: Engine) -> None:
    engine.publish(Path(__file__).parents[2] / "processes" / "deviation")
    [group] = [unit.id for unit in engine.directory.units() if unit.id == "partssamverkan-skovde"]
    told = {"date": "2026-02-20", "what": "Ingen kom.", "effect": "Barnet väntade.", "partner_group": group}
    for rule in ["summons"] * 6 + ["plan"] * 5:
        engine.start("deviation", {"deviation": {**told, "rule": rule}}, by=ASKING)
    for task in engine.tasks(unit=group)[:5]:
        review = {"cause": "Kallelsen kom sent.", "measure": "Kalla tidigare.", "report_year": 2026}
        engine.complete(task.id, {"deviation_review": review})
    found = {figure.name: figure for figure in of(engine, group).figures}
    counts = [(count.label, count.count) for count in found["not-followed"].counts]
    assert counts == [("En kallad enhet kom inte", 6), ("Planen följdes inte", 5)]
    assert found["change-made"].counts == ()
