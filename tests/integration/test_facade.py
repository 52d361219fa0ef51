"""The façade's contract, as tools outside the project use it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engine import Actor, Conflict, Engine, Forbidden, InvalidAnswers, InvalidModel, NotFound, VirtualClock
from engine.actors import SYSTEM
from tests.integration import drawing as draw

Publish = Callable[[str], None]
NEED_FORM = """{"id": "need", "type": "default", "schemaVersion": 18, "components": [
  {"type": "textfield", "key": "reason", "id": "f1", "label": "Reason", "validate": {"required": true}}]}"""


def test_a_bare_model_is_published_started_and_completed_with_an_empty_directory(
    engine: Engine, anna: Actor, tmp_path: Path
) -> None:
    version = engine.publish(draw.write(tmp_path, draw.chain("two", "ask", "decide")), by=anna)
    assert (version.process_id, version.number) == ("two", 1)
    case = engine.start("two", answers={"need": {"reason": "absence"}}, by=anna)
    assert (case.id, case.owner, case.data) == ("2026-00001", "elevhalsa-skovde", {"need": {"reason": "absence"}})
    [task] = engine.tasks(case=case.id)
    assert (task.element_id, task.name, task.case_id, task.group) == ("ask", "Ask", "2026-00001", None)
    engine.complete(task.id, {"ask": {"yes": True}}, by=anna)
    [task] = engine.tasks(case=case.id)
    assert task.element_id == "decide"
    engine.complete(task.id, {}, by=anna)
    done = engine.case(case.id)
    assert done.closed_at is not None
    assert done.close_reason == "ended"
    assert done.data == {"need": {"reason": "absence"}, "ask": {"yes": True}}
    assert engine.tasks(case=case.id) == []
    assert engine.check() == []


def test_case_numbers_count_up_within_a_year(
    engine: Engine, clock: VirtualClock, anna: Actor, publish: Publish
) -> None:
    publish(draw.chain("one", "ask"))
    assert [engine.start("one", by=anna).id for _ in range(3)] == ["2026-00001", "2026-00002", "2026-00003"]
    clock.set("2026-12-31T23:30:00Z")  # already 2027 in Stockholm
    assert engine.start("one", by=anna).id == "2027-00001"


def test_the_same_content_is_the_same_version_and_a_change_is_the_next(
    engine: Engine, anna: Actor, tmp_path: Path
) -> None:
    first = engine.publish(draw.write(tmp_path, draw.chain("one", "ask")), by=anna)
    case = engine.start("one", by=anna)
    assert engine.publish(tmp_path / "one.bpmn", by=anna) == first
    second = engine.publish(draw.write(tmp_path, draw.chain("one", "other")), by=anna)
    assert second.number == 2
    assert [version.number for version in engine.versions()] == [2, 1]
    assert engine.tasks(case=case.id)[0].element_id == "ask"
    assert engine.tasks(case=engine.start("one", by=anna).id)[0].element_id == "other"


def test_a_broken_model_is_not_published(engine: Engine, anna: Actor, tmp_path: Path) -> None:
    with pytest.raises(InvalidModel):
        engine.publish(draw.write(tmp_path, "<nothing/>", "bad"), by=anna)
    assert engine.versions() == []


def test_an_unknown_process_is_not_found(engine: Engine, anna: Actor) -> None:
    with pytest.raises(NotFound, match="nothing"):
        engine.start("nothing", by=anna)


def test_somebody_without_a_unit_cannot_start_a_case(engine: Engine, publish: Publish) -> None:
    publish(draw.chain("one", "ask"))
    with pytest.raises(Forbidden):
        engine.start("one", by=Actor(id="guest"))
    assert engine.cases() == []


def test_a_case_belongs_to_the_unit_that_is_named_if_it_is_ones_own(
    engine: Engine, anna: Actor, publish: Publish
) -> None:
    publish(draw.chain("one", "ask"))
    both = Actor(id="anna", units=["a", "b"], roles=["staff"])
    assert engine.start("one", by=both, owner="b").owner == "b"
    assert engine.start("one", by=SYSTEM, owner="anything").owner == "anything"
    with pytest.raises(Forbidden):
        engine.start("one", by=both, owner="c")


def test_answers_are_checked_against_the_form(engine: Engine, anna: Actor, tmp_path: Path) -> None:
    model = draw.chain("formed", draw.task("ask", form="need"))
    engine.publish(draw.package(tmp_path, "formed", model, '[process]\ntitle = "Formed"\n', {"need": NEED_FORM}))
    case = engine.start("formed", by=anna)
    [task] = engine.tasks(case=case.id)
    for answers in ({"need": {}}, {}, {"need": {"reason": "x"}, "other": 1}, {"need": "text"}):
        with pytest.raises(InvalidAnswers):
            engine.complete(task.id, answers, by=anna)
    with pytest.raises(InvalidAnswers) as refused:
        engine.complete(task.id, {"need": {"reason": ""}}, by=anna)
    assert list(refused.value.errors) == ["reason"]
    assert engine.tasks(case=case.id) == [task]
    engine.complete(task.id, {"need": {"reason": "absence"}}, by=anna)
    assert engine.case(case.id).data["need"]["reason"] == "absence"


def test_what_json_has_no_form_for_is_refused(
    engine: Engine, anna: Actor, clock: VirtualClock, publish: Publish
) -> None:
    publish(draw.chain("one", "ask"))
    case = engine.start("one", by=anna)
    [task] = engine.tasks(case=case.id)
    for value in (clock.now(), (1, 2), {1: "x"}, float("nan"), b"bytes"):
        with pytest.raises(InvalidAnswers):
            engine.complete(task.id, {"when": value}, by=anna)
    engine.complete(task.id, {"typename": {"typename": "text", "å": [1.5, None, True]}}, by=anna)
    assert engine.case(case.id).data == {"typename": {"typename": "text", "å": [1.5, None, True]}}


def test_a_second_completion_is_told_who_was_first(engine: Engine, anna: Actor, publish: Publish) -> None:
    publish(draw.chain("two", "ask", "decide"))
    case = engine.start("two", by=anna)
    [task] = engine.tasks(case=case.id)
    engine.complete(task.id, {"mine": 1}, by=anna)
    with pytest.raises(Conflict) as told:
        engine.complete(task.id, {"mine": 2}, by=anna)
    assert "anna" in told.value.changes[0]
    assert engine.case(case.id).data == {"mine": 1}


def test_a_stale_revision_is_a_conflict_with_what_changed_in_words(
    engine: Engine, anna: Actor, publish: Publish
) -> None:
    publish(draw.chain("two", "ask", "decide"))
    case = engine.start("two", by=anna)
    engine.complete(engine.tasks(case=case.id)[0].id, {}, by=anna, revision=case.revision)
    [task] = engine.tasks(case=case.id)
    with pytest.raises(Conflict) as told:
        engine.complete(task.id, {}, by=anna, revision=case.revision)
    assert told.value.changes == ["“Ask” was completed by anna at 2026-03-27 09:00 UTC."]
    engine.complete(task.id, {}, by=anna, revision=engine.case(case.id).revision)


def test_a_task_that_never_was_is_not_found(engine: Engine, anna: Actor) -> None:
    with pytest.raises(NotFound):
        engine.complete(4711, {}, by=anna)
    with pytest.raises(NotFound):
        engine.case("2026-99999")
    with pytest.raises(NotFound):
        engine.tasks(case="2026-99999")


def test_history_tells_who_did_what_and_what_followed(engine: Engine, anna: Actor, publish: Publish) -> None:
    publish(draw.chain("two", "ask", "decide"))
    case = engine.start("two", by=anna)
    engine.complete(engine.tasks(case=case.id)[0].id, {"a": 1}, by=anna)
    told = [(entry.kind, entry.element_id, entry.actor) for entry in engine.history(case.id)]
    assert ("started", None, "anna") in told
    assert ("completed", "ask", "anna") in told
    assert ("entered", "decide", "anna") in told
    [completed] = [entry for entry in engine.history(case.id) if entry.kind == "completed"]
    assert completed.payload == {"answers": {"a": 1}}
    assert completed.name == "Ask"


def test_earlier_answers_are_corrected_and_the_old_ones_stay_in_history(
    engine: Engine, anna: Actor, publish: Publish
) -> None:
    publish(draw.chain("two", "ask", "decide"))
    case = engine.start("two", by=anna)
    engine.complete(engine.tasks(case=case.id)[0].id, {"ask": {"name": "Exmpel"}}, by=anna)
    [entry] = [entry for entry in engine.history(case.id) if entry.kind == "completed"]
    with pytest.raises(InvalidAnswers):
        engine.correct(case.id, entry.id, {"ask": {"name": "Exempel"}}, reason=" ", by=anna)
    engine.correct(case.id, entry.id, {"ask": {"name": "Exempel"}}, reason="misspelt", by=anna)
    assert engine.case(case.id).data["ask"] == {"name": "Exempel"}
    last = engine.history(case.id)[-1]
    assert (last.kind, last.element_id, last.payload["old"]) == ("corrected", "ask", {"ask": {"name": "Exmpel"}})
    with pytest.raises(Conflict):
        engine.correct(case.id, entry.id, {"ask": {"name": "Again"}}, reason="the first are replaced", by=anna)
    engine.correct(case.id, last.id, {"ask": {"name": "Again"}}, reason="now the newest", by=anna)
    stranger = Actor(id="x", units=["elsewhere"])
    with pytest.raises(NotFound):
        engine.correct(case.id, last.id, {"ask": {"name": "Bad"}}, reason="nosy", by=stranger)


def test_a_case_opened_by_mistake_is_closed_with_a_reason(engine: Engine, anna: Actor, publish: Publish) -> None:
    publish(draw.chain("late", draw.task("ask", due="2026-05-01T10:00+02:00")))
    case = engine.start("late", by=anna)
    assert engine.deadlines(case.id)
    with pytest.raises(InvalidAnswers):
        engine.close_case(case.id, "", by=anna)
    engine.close_case(case.id, "Wrong child", by=anna)
    closed = engine.case(case.id)
    assert (closed.close_reason, closed.closed_at is not None) == ("Wrong child", True)
    assert engine.tasks(case=case.id) == []
    assert engine.deadlines(case.id) == []
    assert engine.check() == []
    with pytest.raises(Conflict):
        engine.close_case(case.id, "again", by=anna)


def test_a_second_open_case_about_the_same_child_is_found_however_the_number_is_written(
    engine: Engine, anna: Actor, tmp_path: Path
) -> None:
    toml = '[process]\ntitle = "About"\nsubject = "child.number"\n'
    engine.publish(draw.package(tmp_path, "about", draw.chain("about", "ask"), toml))
    case = engine.start("about", answers={"child": {"number": "20180101-2392"}}, by=anna)
    again = {"child": {"number": "180101-2392"}}
    assert [found.id for found in engine.open_cases_about("about", again, by=anna)] == [case.id]
    assert engine.open_cases_about("about", {"child": {"number": "20180102-2383"}}, by=anna) == []
    assert engine.open_cases_about("about", {}, by=anna) == []
    assert engine.open_cases_about("about", again, by=Actor(id="x", units=["elsewhere"])) == []
    engine.close_case(case.id, "done", by=anna)
    assert engine.open_cases_about("about", again, by=anna) == []


def test_a_model_without_end_is_an_incident_and_not_a_hung_worker(
    engine: Engine, anna: Actor, publish: Publish
) -> None:
    loop = draw.process(
        "loop",
        '<startEvent id="start"/><userTask id="a"><multiInstanceLoopCharacteristics><extensionElements>'
        '<zeebe:loopCharacteristics inputCollection="=concatenate([], [])"/></extensionElements></multiInstanceLoopCharacteristics>'
        '</userTask><exclusiveGateway id="join"/>',
        draw.flows("start>join>a>join"),
    )
    publish(loop)
    case = engine.start("loop", by=anna)
    assert case.incidents == 1
    [stopped] = engine.deadlines(case.id)
    assert (stopped.kind, stopped.element_id) == ("stopped", "join")
    assert engine.check() == []
