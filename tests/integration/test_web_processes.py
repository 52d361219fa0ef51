"""The pages about processes: what differs, an organisation's variant and its merge, who holds a role."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from engine import Actor, Engine, VirtualClock
from engine.directory import Membership
from tests.integration import drawing as draw
from tests.page_inspector import PageInspector
from tests.web_app import running_app

TOWN = "Skövde kommun (exempel)"
SETTINGS = """
[process]
title = "Frågan"
[roles.coordinator]
title = "Samordnare"
kinds = ["elevhalsa", "socialtjanst"]
[deadlines.answer]
title = "Svar"
value = "P10D"
source = "local"
escalate = ["unit-manager"]
"""


def model(name: str) -> str:
    text = draw.chain("ladder", draw.task("ask", group="coordinator", due='=deadline("answer")'))
    return text.replace('name="Ask"', f'name="{name}"')


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    with running_app(database_url, clock=VirtualClock("2026-03-27T10:00+01:00")) as made:
        engine = made.extensions["samled"]
        engine.publish(draw.package(tmp_path / "base", "ladder", model("Fråga"), SETTINGS))
        said = SETTINGS.replace(
            'title = "Frågan"', f'title = "Frågan"\nvariant_of = "ladder@1"\nvariant_for = "{TOWN}"'
        )
        engine.publish(draw.package(tmp_path / "own", "ladder", model("Fråga hos oss"), said))
        revised = SETTINGS.replace("P10D", "5 working days")
        engine.publish(draw.package(tmp_path / "revised", "ladder", model("Fråga alla"), revised))
        yield made


@pytest.fixture
def engine(app: Flask) -> Engine:
    return app.extensions["samled"]


@pytest.fixture
def administrator(app: Flask) -> PageInspector:
    return PageInspector(app).enter("administrator")


def test_the_versions_of_a_process_are_compared_in_sentences(administrator: PageInspector) -> None:
    page = administrator.get("/processes")
    assert TOWN in page.text
    page = page.follow("Frågan")
    assert "Fråga heter nu Fråga alla" in page.text
    assert "ska vara klar inom 5 arbetsdagar, förut 10 dagar" in page.text
    assert "Fråga heter nu Fråga hos oss" in administrator.get("/processes/ladder?from=1&to=2").text
    administrator.get("/processes/none", status=404)


def test_a_revised_base_is_taken_into_a_variant_when_every_conflict_is_chosen(
    engine: Engine, administrator: PageInspector
) -> None:
    [own] = engine.variants("ladder")
    page = administrator.get(f"/processes/ladder/variants/{own.id}")
    for text in ("Grunden har ändrats", "2 ändringar, 1 konflikt", "Variantens: Fråga hos oss"):
        assert text in page.text
    told = page.submit("Ta in ändringarna i varianten")
    assert "Välj först i varje konflikt." in told.text
    told = page.submit("Ta in ändringarna i varianten", **{"take-0": "ours"})
    assert "Varianten är publicerad som version 4." in told.text
    by = Actor("kurator.skovde", units=["elevhalsa-skovde"])
    case = engine.start("ladder", by=by)
    assert [(task.name, task.due_at.day) for task in engine.tasks(case=case.id) if task.due_at] == [
        ("Fråga hos oss", 7)
    ]
    assert "Den bygger på den nyaste grunden." in administrator.get(f"/processes/ladder/variants/{own.id + 2}").text
    administrator.get(f"/processes/ladder/variants/{own.id}", status=404)


def test_choices_made_on_a_page_that_is_old_are_made_again(
    engine: Engine, administrator: PageInspector, tmp_path: Path
) -> None:
    [own] = engine.variants("ladder")
    page = administrator.get(f"/processes/ladder/variants/{own.id}")
    said = SETTINGS.replace('title = "Frågan"', f'title = "Frågan"\nvariant_of = "ladder@1"\nvariant_for = "{TOWN}"')
    engine.publish(draw.package(tmp_path / "again", "ladder", model("Fråga på nytt"), said))
    told = page.submit("Ta in ändringarna i varianten", **{"take-0": "theirs"})
    assert (told.status, "publicerats på nytt under tiden" in told.text) == (409, True)
    assert "Variantens: Fråga på nytt" in told.text
    told = told.submit("Ta in ändringarna i varianten", **{"take-0": "theirs"})
    assert "Varianten är publicerad som version 5." in told.text


def test_choosing_in_every_conflict_is_no_error_where_one_choice_does_away_with_another(
    engine: Engine, administrator: PageInspector, tmp_path: Path
) -> None:
    steps = [draw.task(name, group="coordinator") for name in ("a", "b", "c")]
    base = draw.chain("ladder", *steps)
    skip = '<sequenceFlow id="own" sourceRef="a" targetRef="c"/>'
    without = base.replace(steps[1], "").replace(draw.flows("start>a>b>c>end"), draw.flows("start>a") + skip)
    without = without.replace(skip, skip + '<sequenceFlow id="f3" sourceRef="c" targetRef="end"/>')
    renamed = base.replace('name="B"', 'name="Ny"').replace('id="f1"', 'id="f1" name="Ja"')
    renamed = renamed.replace('id="f2"', 'id="f2" name="Sedan"')
    said = SETTINGS.replace('title = "Frågan"', f'title = "Frågan"\nvariant_of = "ladder@4"\nvariant_for = "{TOWN}"')
    engine.publish(draw.package(tmp_path / "4", "ladder", base, SETTINGS))
    own = engine.publish(draw.package(tmp_path / "5", "ladder", without, said))
    engine.publish(draw.package(tmp_path / "6", "ladder", renamed, SETTINGS))
    conflicts = engine.variant_status("ladder", TOWN).merged.conflicts
    assert len(conflicts) > 1
    page = administrator.get(f"/processes/ladder/variants/{own.id}")
    told = page.submit("Ta in ändringarna i varianten", **{f"take-{key}": "theirs" for key in range(len(conflicts))})
    # Every choice is taken: what is left to say is that both ways past the step cannot be published together.
    assert (told.status, "Det som blir går inte att publicera som det är." in told.text) == (422, True)


def test_who_may_not_publish_for_an_organisation_is_told_in_the_readers_language(app: Flask, engine: Engine) -> None:
    engine.directory.add_memberships([Membership("enhetschef.bup", "bup-skaraborg", "process-owner")])
    [own] = engine.variants("ladder")
    page = PageInspector(app).enter("enhetschef.bup").get(f"/processes/ladder/variants/{own.id}")
    told = page.submit("Ta in ändringarna i varianten", **{"take-0": "ours"})
    assert (told.status, "Bara organisationens egna processägare" in told.text) == (422, True)


def test_an_administrator_says_which_kinds_of_unit_hold_a_role(engine: Engine, administrator: PageInspector) -> None:
    page = administrator.get("/processes/ladder").follow("Ändra: Samordnare")
    assert "Skriv varför" in page.submit("Spara", kinds="socialtjanst").text
    told = page.submit("Spara", kinds="socialtjanst", whose=TOWN, reason="Så gör vi här")
    assert f"{TOWN}: socialtjanst" in told.text
    assert engine.settings().role_kinds["ladder"]["coordinator"] == {TOWN: ["socialtjanst"]}
    administrator.get("/processes/ladder/roles/none", status=404)


def test_an_organisation_gives_its_own_units_a_deadline(engine: Engine, administrator: PageInspector) -> None:
    case = engine.start("ladder", by=Actor("kurator.skovde", units=["elevhalsa-skovde"]))
    page = administrator.get("/calendar/deadlines/ladder/answer")
    told = page.submit("Visa vad det gör", value="P2D", whose="Västra Götaland (exempel)", reason="Prov")
    assert "0 öppna väntetider" in told.text or "0 går ut tidigare" in told.text
    told = page.submit("Visa vad det gör", value="P2D", whose=TOWN, reason="Prov")
    assert "1 går ut tidigare" in told.text
    told.submit("Spara", _do="save")
    [own] = engine.settings().own_values
    assert (own.principal, own.value) == (TOWN, "P2D")
    assert TOWN in administrator.get("/calendar/deadlines/ladder/answer").text
    assert engine.tasks(case=case.id)[0].name == "Fråga hos oss"


def test_staff_do_not_see_these_pages(app: Flask) -> None:
    staff = PageInspector(app).enter("kurator.skovde")
    staff.get("/processes", status=404)
    staff.get("/processes/ladder", status=404)
    staff.get("/processes/ladder/roles/coordinator", status=404)
