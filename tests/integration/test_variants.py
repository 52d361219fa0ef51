"""Organisations differ: local variants of a process, own values of deadlines, and who holds a role."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from engine import Actor, Conflict, Engine, Forbidden, InvalidModel, NotFound, VirtualClock
from engine.commands.own_deadlines import Impact
from engine.commands.publish import IsVariant
from engine.commands.variants import BeyondVariant, NotAmong, marked, store
from engine.directory import Membership, Person, Unit
from engine.packages import Package
from tests.integration import drawing as draw

REGION, TOWN = "Regionen", "Skövde kommun"
SETTINGS = """
[process]
title = "Ladder"
[roles.coordinator]
title = "Coordinator"
kinds = ["elevhalsa", "socialtjanst", "bup"]
[roles.clinic]
title = "Clinic"
kinds = ["bup"]
[deadlines.answer]
value = "P10D"
source = "local"
escalate = ["unit-manager"]
[deadlines.law]
value = "P3W"
source = "SoL"
adjustable = false
escalate = ["unit-manager"]
"""
BUP = Actor("berit", units=["bup"], roles=["staff"])
OWNER = Actor("otto", units=["elevhalsa-skovde"], roles=["process-owner"])
ADMINISTRATOR = Actor("admin", units=["bup"], roles=["administrator"])


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def model(*, ask: str = "Ask", extra: str = "") -> str:
    """A task of the owner, one of the clinic with a timer on it, and a timer of the case."""
    return draw.process(
        "ladder",
        '<startEvent id="start"/><parallelGateway id="both"/><endEvent id="end"/><endEvent id="over"/>'
        f'<endEvent id="seen"/>{extra}',
        draw.task("ask", group="coordinator", due='=deadline("answer")').replace('name="Ask"', f'name="{ask}"'),
        draw.task("see", group="clinic", due='=deadline("answer")'),
        draw.timer("late", '=deadline("answer")', kind_of="timeDate"),
        draw.flows("start>both>ask>end", "both>late>over", "both>see>seen"),
    )


@pytest.fixture
def ladder(organisation: Engine, tmp_path: Path) -> Engine:
    organisation.publish(draw.package(tmp_path, "ladder", model(), SETTINGS))
    return organisation


@pytest.fixture
def variant(tmp_path: Path) -> Callable[..., Path]:
    """Writes a variant's folder."""

    def write(text: str, *, of: str = "ladder@1", whose: str = TOWN, settings: str = SETTINGS) -> Path:
        said = settings.replace('title = "Ladder"', f'title = "Ladder"\nvariant_of = "{of}"\nvariant_for = "{whose}"')
        place = tmp_path / f"variant-{len(list(tmp_path.iterdir()))}"
        return draw.package(place, "ladder", text, said)

    return write


def name_of_the_step(engine: Engine, by: Actor) -> str:
    case = engine.start("ladder", by=by)
    return next(task.name for task in engine.tasks(case=case.id) if task.element_id == "ask")


# --- variants ---------------------------------------------------------------------------------------------------------


def test_the_owner_of_a_case_decides_on_which_version_it_runs(
    ladder: Engine, variant: Callable[..., Path], anna: Actor
) -> None:
    running = ladder.start("ladder", by=anna)
    own = ladder.publish(variant(model(ask="Ask the town's way")))
    assert (own.name, own.principal) == ("ladder@2", TOWN)
    assert name_of_the_step(ladder, anna) == "Ask the town's way"
    assert name_of_the_step(ladder, BUP) == "Ask"
    assert ladder.case(running.id).version_number == 1
    assert [version.number for version in ladder.processes()] == [1]
    assert [version.name for version in ladder.variants()] == ["ladder@2"]
    assert ladder.publish(variant(model(ask="Ask the town's way"))).number == 2
    assert ladder.check() == []


def test_an_organisation_goes_back_to_the_base_and_its_running_cases_go_on(
    ladder: Engine, variant: Callable[..., Path], anna: Actor
) -> None:
    ladder.publish(variant(model(ask="Own")))
    running = ladder.start("ladder", by=anna)
    ladder.end_variant("ladder", TOWN)
    assert name_of_the_step(ladder, anna) == "Ask"
    assert "Own" in {task.name for task in ladder.tasks(case=running.id)}
    with pytest.raises(NotFound, match="no variant"):
        ladder.end_variant("ladder", TOWN)
    assert ladder.publish(variant(model(ask="Own"))).number == 3
    assert name_of_the_step(ladder, anna) == "Own"


def test_a_revised_base_is_offered_and_merged(
    ladder: Engine, variant: Callable[..., Path], anna: Actor, tmp_path: Path
) -> None:
    ladder.publish(variant(model(ask="Own"), settings=SETTINGS.replace("P10D", "P5D")))
    assert not ladder.variant_status("ladder", TOWN).is_behind
    revised = SETTINGS.replace('title = "Clinic"', 'title = "The clinic"')
    ladder.publish(draw.package(tmp_path / "revised", "ladder", model(), revised))
    found = ladder.variant_status("ladder", TOWN)
    assert found.is_behind
    assert [(change.id, change.aspect) for change in found.own] == [("ask", "@name"), ("answer", "value")]
    assert [(change.id, change.aspect) for change in found.revised] == [("clinic", "title")]
    assert (found.merged.conflicts, found.merged.findings) == ((), [])
    updated = ladder.update_variant("ladder", TOWN)
    assert (updated.principal, updated.number) == (TOWN, 4)
    package = ladder.version_package("ladder", 4)
    assert (package.roles["clinic"].title, package.deadlines["answer"].value) == ("The clinic", "P5D")
    assert package.settings.variant_of == "ladder@3"
    assert not ladder.variant_status("ladder", TOWN).is_behind
    assert name_of_the_step(ladder, anna) == "Own"


def test_what_both_changed_is_chosen_before_it_is_published(
    ladder: Engine, variant: Callable[..., Path], tmp_path: Path
) -> None:
    ladder.publish(variant(model(ask="Own")))
    ladder.publish(draw.package(tmp_path / "revised", "ladder", model(ask="Revised"), SETTINGS))
    (conflict,) = ladder.variant_status("ladder", TOWN).merged.conflicts
    assert (conflict.base, conflict.ours, conflict.theirs) == ("Ask", "Own", "Revised")
    with pytest.raises(Conflict, match="ask:@name"):
        ladder.update_variant("ladder", TOWN)
    ladder.update_variant("ladder", TOWN, {conflict.id: "theirs"})
    assert ladder.variant_status("ladder", TOWN).own == []


def test_a_variant_keeps_what_is_fixed_and_the_process_it_is_of(ladder: Engine, variant: Callable[..., Path]) -> None:
    with pytest.raises(BeyondVariant, match="SoL"):
        ladder.publish(variant(model(), settings=SETTINGS.replace("P3W", "P4W")))
    escalated = 'adjustable = false\nescalate = ["unit-manager"]'
    for other in ("adjustable = false", f'{escalated}\nescalate_every = "P9Y"', f'{escalated}\nremind = "P1D"'):
        with pytest.raises(BeyondVariant, match="whom it goes to"):
            ladder.publish(variant(model(), settings=SETTINGS.replace(escalated, other)))
    with pytest.raises(BeyondVariant, match="keeps that id"):
        ladder.publish(variant(model().replace('"ladder"', '"other"')))
    with pytest.raises(NotFound, match="ladder@7"):
        ladder.publish(variant(model(), of="ladder@7"))
    for wrong in ("ladder@²", "ladder@" + "9" * 30):
        with pytest.raises(NotFound, match="no process"):
            ladder.publish(variant(model(), of=wrong))
    with pytest.raises(NotFound, match="Atlantis"):
        ladder.publish(variant(model(), whose="Atlantis"))
    with pytest.raises(IsVariant, match="samled publish"):
        ladder.publish_package(Package.load(variant(model())))
    with pytest.raises(InvalidModel):
        ladder.publish(variant(model(extra='<userTask id="lost"/>')))
    assert (ladder.variants(), [version.number for version in ladder.versions()]) == ([], [1])


def test_what_a_variant_calls_is_as_its_base_has_it_wherever_it_is_published_from(
    organisation: Engine, anna: Actor, tmp_path: Path
) -> None:
    engine, settings = organisation, '[process]\ntitle = "Caller"\n'

    def caller(name: str) -> str:
        call = '<extensionElements><zeebe:calledElement processId="inner" propagateAllChildVariables="false"/></extensionElements>'
        return draw.process(
            "caller", f'<startEvent id="start" name="{name}"/><endEvent id="end"/>',
            f'<callActivity id="call">{call}</callActivity>', draw.flows("start>call>end"),
        )  # fmt: skip

    for place, name in (("one", "First"), ("two", "Second")):
        draw.package(
            tmp_path / place, "inner", draw.chain("inner", draw.task(name.lower())), '[process]\ntitle = "In"\n'
        )
        engine.publish(draw.package(tmp_path / place, "caller", caller("Base"), settings))
        if place == "one":
            said = f'{settings}variant_of = "caller@1"\nvariant_for = "{TOWN}"\n'
            own_part = draw.chain("inner", draw.task("own"))
            draw.package(tmp_path / "beside", "inner", own_part, '[process]\ntitle = "In"\n')
            engine.publish(draw.package(tmp_path / "beside", "caller", caller("Own"), said))
    found = engine.variant_status("caller", TOWN)
    assert [(change.kind, change.id) for change in found.revised] == [("called", "inner")]
    assert [(change.kind, change.id) for change in found.own] == [("startEvent", "start")]
    assert [task.element_id for task in engine.tasks(case=engine.start("caller", by=anna).id)] == ["first"]
    engine.update_variant("caller", TOWN)
    assert [task.element_id for task in engine.tasks(case=engine.start("caller", by=anna).id)] == ["second"]


@pytest.mark.parametrize("meanwhile", ["revised", "ended"])
def test_a_merge_of_what_is_not_the_newest_any_more_is_not_published(
    ladder: Engine, variant: Callable[..., Path], tmp_path: Path, meanwhile: str
) -> None:
    ladder.publish(variant(model(ask="Own")))
    ladder.publish(draw.package(tmp_path / "revised", "ladder", model(), SETTINGS.replace("P10D", "P8D")))
    found = ladder.variant_status("ladder", TOWN)
    package = Package.from_files(marked(found.merged.package, found.newest, TOWN), "ladder")
    if meanwhile == "revised":
        ladder.publish(variant(model(ask="Own again")))
    else:
        ladder.end_variant("ladder", TOWN)
    before = [version.number for version in ladder.versions()]
    with pytest.raises(Conflict, match="meanwhile"):
        store(ladder.place, package, None, TOWN, (found.variant.id, found.newest.id))
    assert [version.number for version in ladder.versions()] == before


def test_process_owners_publish_for_their_own_organisation_only(ladder: Engine, variant: Callable[..., Path]) -> None:
    ladder.directory.add_people([Person("otto", "otto", "Otto Exempel")])
    ladder.directory.add_memberships([Membership("otto", "elevhalsa-skovde", "process-owner")])
    ladder.publish(variant(model(ask="Own")), by=OWNER)
    with pytest.raises(Forbidden, match=REGION):
        ladder.publish(variant(model(ask="Own"), whose=REGION), by=OWNER)
    with pytest.raises(Forbidden):
        ladder.end_variant("ladder", TOWN, by=BUP)
    ladder.end_variant("ladder", TOWN, by=ADMINISTRATOR)


# --- deadlines --------------------------------------------------------------------------------------------------------


def dates(engine: Engine, case: str) -> dict[str, str]:
    """Element → the local day on which it is due."""
    found = {task.element_id: task.due_at for task in engine.tasks(case=case)}
    found |= {deadline.element_id: deadline.due_at for deadline in engine.deadlines(case) if deadline.kind == "timer"}
    return {key: moment.date().isoformat() for key, moment in found.items() if moment}


def shared(engine: Engine, by: Actor) -> str:
    """A case of the town in which the clinic takes part."""
    case = engine.start("ladder", by=by)
    return case.id


@pytest.fixture
def with_clinic(organisation: Engine, tmp_path: Path) -> Engine:
    """The clinic is asked by name, so that both organisations have a task."""
    text = model().replace('candidateGroups="clinic"', 'candidateGroups="bup"')
    assert text != model()
    organisation.publish(draw.package(tmp_path, "ladder", text, SETTINGS))
    return organisation


def test_each_party_has_its_own_deadline(with_clinic: Engine, anna: Actor) -> None:
    engine = with_clinic
    engine.set_deadline("ladder", "answer", "P4D", reason="for all")
    engine.set_deadline("ladder", "answer", "P2D", principal=REGION, reason="the region's")
    assert dates(engine, shared(engine, anna)) == {"ask": "2026-03-31", "see": "2026-03-29", "late": "2026-03-31"}
    engine.set_deadline("ladder", "answer", "P6D", principal=TOWN, reason="the town's")
    assert dates(engine, shared(engine, anna)) == {"ask": "2026-04-02", "see": "2026-03-29", "late": "2026-04-02"}
    engine.set_deadline("ladder", "answer", None, principal=REGION, reason="no more")
    # The clinic has none of its own any more: its task goes by the owner's.
    assert dates(engine, shared(engine, anna))["see"] == "2026-04-02"
    engine.set_deadline("ladder", "answer", None, principal=TOWN, reason="no more")
    assert set(dates(engine, shared(engine, anna)).values()) == {"2026-03-31"}
    with pytest.raises(NotFound, match="Atlantis"):
        engine.set_deadline("ladder", "answer", "P2D", principal="Atlantis")


def test_an_own_value_is_taken_back_though_the_process_has_no_such_deadline_any_more(
    ladder: Engine, anna: Actor, tmp_path: Path
) -> None:
    ladder.set_deadline("ladder", "answer", "P5D", reason="ours")
    case = shared(ladder, anna)
    assert dates(ladder, case)["ask"] == "2026-04-01"
    renamed = SETTINGS.replace("deadlines.answer", "deadlines.reply")
    ladder.publish(draw.package(tmp_path / "renamed", "ladder", model().replace('"answer"', '"reply"'), renamed))
    with pytest.raises(NotFound, match="no deadline"):
        ladder.set_deadline("ladder", "answer", "P6D", reason="no")
    with pytest.raises(NotFound, match="no deadline"):
        ladder.set_deadline("ladder", "answer", None, principal=TOWN, reason="there is none")
    assert ladder.preview_deadline("ladder", "answer", None).concerned > 0
    ladder.set_deadline("ladder", "answer", None, running=True, reason="no more")
    ladder.apply_deadlines()
    assert dates(ladder, case)["ask"] == "2026-04-06"


def test_a_partys_value_for_running_waits_moves_that_partys_only(with_clinic: Engine, anna: Actor) -> None:
    engine, case = with_clinic, shared(with_clinic, anna)
    assert set(dates(engine, case).values()) == {"2026-04-06"}
    assert engine.preview_deadline("ladder", "answer", "P2D", REGION) == Impact(1, sooner=1)
    assert engine.preview_deadline("ladder", "answer", "P2D", TOWN) == Impact(3, sooner=3)
    assert engine.preview_deadline("ladder", "answer", "P2D") == Impact(3, sooner=3)
    engine.set_deadline("ladder", "answer", "P2D", principal=REGION, running=True, reason="r")
    engine.apply_deadlines()
    assert dates(engine, case) == {"ask": "2026-04-06", "see": "2026-03-29", "late": "2026-04-06"}
    # Now the clinic's own decides there, whatever the others set.
    assert engine.preview_deadline("ladder", "answer", "P20D", TOWN) == Impact(2, later=2)
    engine.set_deadline("ladder", "answer", "P20D", running=True, reason="all")
    engine.apply_deadlines()
    assert dates(engine, case) == {"ask": "2026-04-16", "see": "2026-03-29", "late": "2026-04-16"}
    assert engine.check() == []


def test_a_value_that_does_not_hold_for_running_waits_is_not_brought_to_them_by_another(
    with_clinic: Engine, anna: Actor
) -> None:
    engine, case = with_clinic, shared(with_clinic, anna)
    engine.set_deadline("ladder", "answer", "P2D", principal=REGION, reason="for new ones")
    engine.set_deadline("ladder", "answer", "P20D", running=True, reason="for all")
    engine.apply_deadlines()
    assert dates(engine, case)["see"] == "2026-04-06"


def test_a_timer_on_a_task_goes_by_the_unit_that_is_asked(organisation: Engine, anna: Actor, tmp_path: Path) -> None:
    text = draw.process(
        "watched",
        '<startEvent id="start"/><endEvent id="end"/><endEvent id="told"/>',
        draw.task("see", group="bup"),
        '<boundaryEvent id="late" attachedToRef="see" cancelActivity="false"><timerEventDefinition id="t"><timeDate>'
        '=deadline("answer")</timeDate></timerEventDefinition></boundaryEvent>',
        draw.flows("start>see>end", "late>told"),
    )
    organisation.publish(draw.package(tmp_path, "watched", text, SETTINGS))
    organisation.set_deadline("watched", "answer", "P2D", principal=REGION)
    case = organisation.start("watched", by=anna)
    assert [deadline.due_at for deadline in organisation.deadlines(case.id)] == [at("2026-03-29T10:00+02:00")]
    organisation.set_deadline("watched", "answer", "P5D", principal=REGION, running=True)
    organisation.apply_deadlines()
    assert [deadline.due_at for deadline in organisation.deadlines(case.id)] == [at("2026-04-01T10:00+02:00")]


def test_a_deadline_fires_by_the_partys_value_that_is_not_there_yet(
    with_clinic: Engine, anna: Actor, clock: VirtualClock
) -> None:
    engine, case = with_clinic, shared(with_clinic, anna)
    engine.set_deadline("ladder", "answer", "P20D", principal=REGION, running=True, reason="more time")
    clock.set("2026-04-06T10:01+02:00")
    engine.fire_due()
    assert [(task.element_id, task.overdue) for task in engine.tasks(case=case)] == [("ask", True), ("see", False)]


# --- roles ------------------------------------------------------------------------------------------------------------


def test_an_organisation_says_among_the_kinds_of_a_role_which_hold_it(organisation: Engine, tmp_path: Path) -> None:
    engine = organisation
    engine.publish(draw.package(tmp_path, "ladder", model(), SETTINGS))
    engine.directory.add_units([Unit("skola", "Skolan", "skola", TOWN, "Skövde")])
    other = Actor("sara", units=["soc-skovde"], roles=["staff"])

    def holders(by: Actor) -> set[str]:
        case = engine.start("ladder", by=by)
        return {unit for task in engine.tasks(case=case.id) if task.element_id == "ask" for unit in task.units}

    assert holders(other) == {"soc-skovde"}
    engine.set_role_kinds("ladder", "coordinator", ["elevhalsa"], principal=TOWN, reason="the schools do it here")
    assert holders(other) == {"soc-skovde"}  # nobody else takes part, so that it stays with the owner
    assert engine.settings().roles("ladder", engine.published(1).roles, TOWN)["coordinator"].kinds == ("elevhalsa",)
    assert engine.settings().roles("ladder", engine.published(1).roles, REGION)["coordinator"].kinds[0] == "elevhalsa"
    assert [change.reason for change in engine.setting_changes()] == ["the schools do it here"]
    with pytest.raises(NotAmong):
        engine.set_role_kinds("ladder", "clinic", ["skola"], reason="no")
    with pytest.raises(NotFound, match="no role"):
        engine.set_role_kinds("ladder", "cook", ["skola"], reason="no")
    with pytest.raises(Forbidden):
        engine.set_role_kinds("ladder", "clinic", ["bup"], reason="no", by=other)
    # What the process does not let hold the role any more, no organisation has of its own.
    for kinds, left in ('["bup", "elevhalsa"]', ("elevhalsa",)), ('["bup"]', ("bup",)):
        revised = SETTINGS.replace('["elevhalsa", "socialtjanst", "bup"]', kinds)
        newest = engine.publish(draw.package(tmp_path / kinds, "ladder", model(), revised))
        declared = engine.published(newest.id).roles
        assert engine.settings().roles("ladder", declared, TOWN)["coordinator"].kinds == left
    engine.set_role_kinds("ladder", "coordinator", [], principal=TOWN, reason="as the process says")
    assert len(engine.settings().roles("ladder", engine.published(1).roles, TOWN)["coordinator"].kinds) == 3
    assert engine.check() == []
