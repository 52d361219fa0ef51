"""A case is seen by its owner, its parties and whoever holds a task of it; every read is one row."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engine import Actor, Engine, Forbidden, InvalidAnswers, NotFound
from engine.actors import SYSTEM
from engine.directory import Membership
from engine.reads import Read
from tests.integration import drawing as draw

Publish = Callable[[str], None]


@pytest.fixture
def case(engine: Engine, anna: Actor, publish: Publish) -> str:
    """A case of anna's unit with a task for BUP and one for a plain group."""
    publish(
        draw.process(
            "shared",
            '<startEvent id="start"/><parallelGateway id="split"/><parallelGateway id="join"/><endEvent id="end"/>',
            draw.service("invite", "add-party", {"unit": '="bup"', "roles": '=["summoned"]', "ground": '="consent"'}),
            draw.task("theirs", group="bup"),
            draw.task("plain", group="psychologists"),
            draw.task("named", assignee="bo"),
            draw.task("ours"),
            draw.flows(
                "start>invite>split", *[f"split>{id}>join" for id in ("theirs", "plain", "named", "ours")], "join>end"
            ),
        )
    )
    return engine.start("shared", by=anna).id


def reads_of(engine: Engine, case: str) -> list[tuple[str, str, bool]]:
    return [(read.actor, read.what, read.refused) for read in engine.reads(case)]


def test_owner_parties_and_holders_see_the_case_and_each_read_is_one_row(
    engine: Engine, anna: Actor, case: str
) -> None:
    visitors = [
        anna,
        Actor(id="bea", units=["bup"]),
        Actor(id="per", units=["elsewhere"], roles=["psychologists"]),
        Actor(id="bo", units=["elsewhere"]),
        SYSTEM,
    ]
    for visitor in visitors:
        assert engine.case(case, by=visitor).id == case
    assert reads_of(engine, case) == [(visitor.id, "case", False) for visitor in reversed(visitors)]


def test_a_stranger_does_not_learn_that_the_case_exists_and_the_attempt_is_logged(engine: Engine, case: str) -> None:
    stranger = Actor(id="x", units=["school"], roles=["staff", "administrator"])
    with pytest.raises(NotFound) as hidden:
        engine.case(case, by=stranger)
    with pytest.raises(NotFound) as missing:
        engine.case("2026-09999", by=stranger)
    assert str(hidden.value).replace(case, "") == str(missing.value).replace("2026-09999", "")
    assert reads_of(engine, case) == [("x", "case", True)]


def test_a_former_party_no_longer_sees_the_case(engine: Engine, anna: Actor, publish: Publish) -> None:
    publish(
        draw.process(
            "left",
            '<startEvent id="start"/><endEvent id="end"/>',
            draw.service("invite", "add-party", {"unit": '="bup"'}),
            draw.task("wait"),
            draw.service("remove", "remove-party", {"unit": '="bup"'}),
            draw.task("more"),
            draw.flows("start>invite>wait>remove>more>end"),
        )
    )
    bea = Actor(id="bea", units=["bup"])
    case = engine.start("left", by=anna)
    assert engine.case(case.id, by=bea).party_units == ["bup"]
    engine.complete(engine.tasks(case=case.id)[0].id, {}, by=anna)
    with pytest.raises(NotFound):
        engine.case(case.id, by=bea)
    [former] = engine.parties(case.id, former=True)
    assert (former.unit, former.until is not None) == ("bup", True)
    assert engine.parties(case.id) == []


def test_reading_a_task_a_history_and_a_log_are_reads_too(engine: Engine, anna: Actor, case: str) -> None:
    [ours] = [task for task in engine.tasks(case=case) if task.element_id == "ours"]
    engine.task(ours.id, by=anna)
    engine.task_to_move(ours.id, by=anna)
    engine.history(case, by=anna)
    engine.reads(case, by=anna)
    assert [what for _, what, _ in reads_of(engine, case)] == ["log", "history", "date:ours", "task:ours"]


def test_tools_without_an_actor_are_neither_refused_nor_logged(engine: Engine, case: str) -> None:
    engine.case(case)
    engine.history(case)
    engine.tasks(case=case)
    assert reads_of(engine, case) == []


def test_the_log_is_for_the_owner_unit(engine: Engine, anna: Actor, case: str) -> None:
    assert engine.reads(case, by=anna) == [Read(engine.clock.now(), "anna", "elevhalsa-skovde", "log", False)]
    with pytest.raises(NotFound):
        engine.reads(case, by=Actor(id="bea", units=["bup"]))


def test_everybody_sees_the_tasks_they_hold(engine: Engine, anna: Actor, case: str) -> None:
    def held(actor: Actor) -> list[str]:
        return sorted(task.element_id for task in engine.tasks(by=actor))

    assert held(anna) == ["ours"]
    assert held(Actor(id="bea", units=["bup"])) == ["theirs"]
    assert held(Actor(id="per", units=["elsewhere"], roles=["psychologists"])) == ["plain"]
    assert held(Actor(id="bo", units=["elsewhere"])) == ["named"]
    assert held(Actor(id="x", units=["elsewhere"], roles=["staff"])) == []
    assert held(SYSTEM) == ["named", "ours", "plain", "theirs"]


def test_only_a_holder_completes_a_task(engine: Engine, anna: Actor, case: str) -> None:
    tasks = {task.element_id: task.id for task in engine.tasks(case=case)}
    with pytest.raises(Forbidden):  # the owner sees it, and may not do another unit's work
        engine.complete(tasks["theirs"], {}, by=anna)
    with pytest.raises(NotFound):
        engine.complete(tasks["theirs"], {}, by=Actor(id="x", units=["school"]))
    engine.complete(tasks["theirs"], {}, by=Actor(id="bea", units=["bup"]))
    engine.complete(tasks["plain"], {}, by=Actor(id="per", roles=["psychologists"]))
    engine.complete(tasks["named"], {}, by=Actor(id="bo"))
    engine.complete(tasks["ours"], {}, by=SYSTEM)
    assert engine.case(case).closed_at is not None


def test_a_task_is_taken_given_back_and_handed_on(organisation: Engine, anna: Actor, case: str) -> None:
    engine = organisation
    [task] = engine.tasks(by=anna)
    chef = Actor(id="chef", units=["elevhalsa-skovde"])
    assert engine.claim(task.id, by=anna).assignee == "anna"
    assert engine.assign(task.id, "chef", by=anna).assignee == "chef"
    assert [found.id for found in engine.tasks(assignee="chef")] == [task.id]
    assert engine.release(task.id, by=chef).assignee is None
    assert engine.tasks(assignee="chef") == []
    with pytest.raises(NotFound):
        engine.claim(task.id, by=Actor(id="x", units=["elsewhere"]))
    with pytest.raises(NotFound):
        engine.assign(task.id, "nobody", by=anna)
    kinds = [entry.kind for entry in engine.history(case)]
    assert kinds[-3:] == ["taken", "assigned", "released"]


def test_a_task_is_not_handed_across_a_units_border(organisation: Engine, anna: Actor, case: str) -> None:
    [task] = organisation.tasks(by=anna)
    with pytest.raises(NotFound, match="colleague"):
        organisation.assign(task.id, "sara", by=anna)
    sara = Actor(id="sara", units=["soc-skovde"], roles=["staff"])
    assert organisation.tasks(by=sara) == []
    organisation.directory.add_memberships([Membership("sara", "elevhalsa-skovde")])
    organisation.assign(task.id, "sara", by=anna)
    assert [found.id for found in organisation.tasks(by=sara)] == [task.id]
    organisation.complete(task.id, {}, by=sara)


def test_a_draft_is_ones_own_and_gone_with_the_task(engine: Engine, anna: Actor, case: str) -> None:
    [task] = engine.tasks(by=anna)
    bo = Actor(id="other", units=anna.units)
    engine.save_draft(task.id, {"text": "half a sen"}, by=anna)
    engine.save_draft(task.id, {"text": "half a sentence"}, by=anna)
    assert engine.draft(task.id, by=anna) == {"text": "half a sentence"}
    assert engine.task(task.id, by=anna).draft == {"text": "half a sentence"}
    assert engine.draft(task.id, by=bo) is None
    with pytest.raises(NotFound):
        engine.save_draft(task.id, {}, by=Actor(id="x", units=["elsewhere"]))
    engine.complete(task.id, {}, by=anna)
    assert engine.draft(task.id, by=anna) is None
    assert engine.check() == []


def test_a_file_is_read_by_whoever_may_read_its_case(engine: Engine, anna: Actor, case: str) -> None:
    [task] = engine.tasks(by=anna)
    file = engine.add_file(task.id, "../../etc/läkar\x00intyg.pdf", "application/pdf", b"%PDF-", by=anna)
    assert (file.name, file.size, file.case_id, file.element_id) == ("läkarintyg.pdf", 5, case, "ours")
    assert engine.file(file.id, by=anna) == (file, b"%PDF-")
    assert engine.files(case, by=anna) == [file]
    with pytest.raises(NotFound):
        engine.file(file.id, by=Actor(id="x", units=["elsewhere"]))
    assert reads_of(engine, case) == [("x", f"file:{file.id}", True), ("anna", f"file:{file.id}", False)]


def test_cases_are_listed_for_those_who_see_them(engine: Engine, anna: Actor, case: str, publish: Publish) -> None:
    publish(draw.chain("one", "ask"))
    other = engine.start("one", by=Actor(id="z", units=["school"], roles=["staff"]))

    def seen(actor: Actor | None, **filters: object) -> list[str]:
        return [found.id for found in engine.cases(by=actor, **filters)]  # type: ignore[arg-type]

    assert seen(anna) == [case]
    assert seen(Actor(id="bea", units=["bup"])) == [case]
    assert seen(Actor(id="bo", units=["elsewhere"])) == [case]
    assert seen(Actor(id="x", units=["elsewhere"])) == []
    assert seen(SYSTEM) == seen(None) == [other.id, case]
    assert seen(None, process="one") == [other.id]
    assert seen(None, unit="bup") == [case]
    assert seen(None, text="00001") == [case]
    assert seen(None, open=False) == []
    first = engine.cases(limit=1)
    assert [found.id for found in first] == [other.id]
    assert first.next is not None
    assert [found.id for found in engine.cases(limit=1, cursor=first.next)] == [case]
    with pytest.raises(NotFound):
        engine.cases(cursor="nonsense")


def test_tasks_are_filtered_and_paged_by_what_is_due_first(organisation: Engine, anna: Actor, publish: Publish) -> None:
    engine = organisation
    publish(draw.chain("p_late", draw.task("late", due="2026-05-02")))
    publish(draw.chain("p_soon", draw.task("soon", due="2026-04-02")))
    publish(draw.chain("p_never", draw.task("never")))
    ids = {name: engine.start(f"p_{name}", by=anna).id for name in ("late", "never", "soon")}
    for actor in (anna, None):
        found: list[str] = []
        cursor: str | None = None
        while True:
            page = engine.tasks(by=actor, limit=1, cursor=cursor)
            found += [task.element_id for task in page]
            cursor = page.next
            if cursor is None:
                break
        assert found == ["soon", "late", "never"]

    def elements(**filters: object) -> list[str]:
        return [task.element_id for task in engine.tasks(by=anna, **filters)]  # type: ignore[arg-type]

    assert elements(process="p_late") == ["late"]
    assert elements(text=ids["never"]) == ["never"]
    assert elements(text="hälsan") == ["soon", "late", "never"]
    assert elements(text="ingen") == []
    assert elements(text="%") == []
    assert elements(unit="bup") == []
    assert elements(unit="elevhalsa-skovde", element="soon") == ["soon"]
    assert elements(due_before=engine.tasks(process="p_late")[0].due_at) == ["soon"]


def test_a_file_of_a_draft_is_its_adders_alone_until_an_answer_refers_to_it(
    engine: Engine, anna: Actor, publish: Publish
) -> None:
    publish(draw.chain("attach", draw.task("ask", group="elevhalsa-skovde"), draw.task("after")))
    case = engine.start("attach", by=anna)
    [task] = engine.tasks(case=case.id)
    wrong = engine.add_file(task.id, "fel.pdf", "application/pdf", b"%PDF-", by=anna)
    right = engine.add_file(task.id, "rätt.pdf", "application/pdf", b"%PDF-", by=anna)
    colleague = Actor(id="åsa", units=anna.units)
    assert engine.files(case.id, by=colleague) == []
    assert [file.id for file in engine.files(case.id, by=anna)] == [wrong.id, right.id]
    with pytest.raises(NotFound):
        engine.file(wrong.id, by=colleague)
    reference = {"id": str(right.id), "name": right.name, "size": right.size, "type": right.media_type}
    engine.complete(task.id, {"ask": {"files": [reference]}}, by=anna)
    assert [file.id for file in engine.files(case.id, by=colleague)] == [right.id]
    assert engine.file(right.id, by=colleague)[1] == b"%PDF-"


def test_a_persons_message_adds_to_what_the_case_knows_and_replaces_nothing(
    engine: Engine, anna: Actor, publish: Publish
) -> None:
    publish(
        draw.process(
            "told",
            '<startEvent id="start"/><endEvent id="end"/>',
            draw.task("ask"),
            draw.message("noted", "note", on="ask"),
            draw.task("next"),
            draw.flows("start>ask>end", "noted>next>end"),
            messages={"note": "=case.id"},
        )
    )
    case = engine.start("told", {"consent": {"given": False}}, by=anna)
    for payload in ({"consent": {"given": True}}, {"case": {"id": "x"}}):
        with pytest.raises(InvalidAnswers, match="Correct the answer instead"):
            engine.send("note", case.id, payload, by=anna)
    assert engine.case(case.id).data == {"consent": {"given": False}}
    assert engine.send("note", case.id, {"by": "guardian"}, by=anna) == 1
    assert engine.case(case.id).data == {"consent": {"given": False}, "by": "guardian"}


def test_a_work_role_written_as_a_group_opens_no_case_to_everybody_who_has_it(
    engine: Engine, anna: Actor, tmp_path: Path
) -> None:
    toml = '[process]\ntitle = "Prov"\n[roles.coordinator]\ntitle = "Samordnare"\n'
    engine.publish(draw.package(tmp_path, "slip", draw.chain("slip", draw.task("ask", group="unit-manager")), toml))
    case = engine.start("slip", by=anna)
    elsewhere = Actor(id="bo", units=["elsewhere"], roles=["unit-manager"])
    assert engine.tasks(by=elsewhere) == []
    with pytest.raises(NotFound):
        engine.case(case.id, by=elsewhere)
    assert [task.element_id for task in engine.tasks(by=anna)] == ["ask"], "what nobody holds is the owner's"
