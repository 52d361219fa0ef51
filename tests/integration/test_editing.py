"""Drafts of processes: shared, saved, undone, checked, agreed to, published, gone back."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from threading import Thread

import pytest

from engine import Actor, Engine
from engine.editing import drafts
from engine.editing.contents import FileRefused, NotAPackage, zipped
from engine.editing.editing import Locked, NotYours, OtherProcess, Unready
from engine.errors import Conflict, Forbidden, NotFound
from tests.integration import drawing as draw

SETTINGS = """
[process]
title = "Frågan"
[roles.coordinator]
title = "Samordnare"
[deadlines.answer]
title = "Svar"
value = "P10D"
source = "local"
escalate = ["unit-manager"]
"""
SCENARIO = """
name: the question is answered
at: 2026-03-27T10:00+01:00
start: {}
steps:
  - complete: ask
  - expect: {ended: true}
"""
ANNA = Actor("anna", units=["elevhalsa-skovde"], roles=["process-owner"])
BO = Actor("bo", units=["elevhalsa-skovde"], roles=["process-owner"])
STAFF = Actor("cia", units=["elevhalsa-skovde"], roles=["staff"])


@pytest.fixture
def engine(organisation: Engine, tmp_path: Path) -> Engine:
    model = draw.chain("ladder", draw.task("ask", group="coordinator", due='=deadline("answer")'))
    folder = draw.package(tmp_path / "base", "ladder", model, SETTINGS)
    (folder / "scenarios").mkdir()
    (folder / "scenarios" / "answered.yaml").write_text(SCENARIO, "utf-8")
    organisation.publish(folder)
    return organisation


def names(draft: object) -> list[str]:
    return sorted(draft.files)  # type: ignore[attr-defined]


def renamed(draft: object, name: str) -> dict[str, str]:
    return {"ladder.bpmn": draft.files["ladder.bpmn"].replace('name="Ask"', f'name="{name}"')}  # type: ignore[attr-defined]


def test_a_draft_begins_as_what_new_cases_start_on_and_is_saved_by_revision(engine: Engine) -> None:
    draft = engine.editing.open("ladder", ANNA)
    assert names(draft) == ["ladder.bpmn", "process.toml", "scenarios/answered.yaml"]
    saved = engine.editing.save(draft.id, renamed(draft, "Fråga på nytt"), draft.revision, ANNA)
    assert (saved.revision, saved.saved_by) == (2, "anna")
    assert "Fråga på nytt" in engine.editing.draft(draft.id, BO).files["ladder.bpmn"]
    with pytest.raises(Conflict):
        engine.editing.save(draft.id, {"README.md": "mine"}, draft.revision, BO)
    assert "README.md" not in engine.editing.draft(draft.id).files


def test_steps_are_undone_and_done_again_by_whoever_comes_later(engine: Engine) -> None:
    draft = engine.editing.open("ladder", ANNA)
    engine.editing.save(draft.id, {"README.md": "one"}, 1, ANNA)
    engine.editing.save(draft.id, {"README.md": None, "process.toml": SETTINGS + "# more"}, 2, ANNA)
    assert engine.editing.undo(draft.id, BO).files["README.md"] == "one"
    assert "README.md" not in engine.editing.undo(draft.id, BO).files
    with pytest.raises(NotFound):
        engine.editing.undo(draft.id, BO)
    assert engine.editing.redo(draft.id, ANNA).files["README.md"] == "one"
    last = engine.editing.redo(draft.id, ANNA)
    assert (last.files["process.toml"], last.revision) == (SETTINGS + "# more", 7)
    with pytest.raises(NotFound):
        engine.editing.redo(draft.id, ANNA)
    engine.editing.undo(draft.id, ANNA)
    after = engine.editing.save(draft.id, {"README.md": "another way"}, 8, BO)
    with pytest.raises(NotFound):
        engine.editing.redo(draft.id, BO)
    assert engine.editing.undo(draft.id, BO).files["README.md"] == "one" != after.files["README.md"]


def test_two_who_save_at_once_are_told_apart(engine: Engine) -> None:
    draft, outcomes = engine.editing.open("ladder", ANNA), []

    def save(who: Actor) -> None:
        try:
            outcomes.append(engine.editing.save(draft.id, {"README.md": who.id}, 1, who).saved_by)
        except Conflict:
            outcomes.append("told")

    threads = [Thread(target=save, args=(who,)) for who in (ANNA, BO, ANNA, BO)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes, key=lambda one: one == "told")[1:] == ["told"] * 3


def test_a_lock_says_who_is_at_work_and_can_be_taken_over(engine: Engine) -> None:
    draft = engine.editing.open("ladder", ANNA)
    assert engine.editing.lock(draft.id, ANNA).locked_by == "anna"
    with pytest.raises(Locked):
        engine.editing.save(draft.id, {"README.md": "x"}, 1, BO)
    assert engine.editing.lock(draft.id, BO, take_over=True).locked_by == "bo"
    with pytest.raises(Locked):
        engine.editing.save(draft.id, {"README.md": "x"}, 1, ANNA)
    engine.clock.advance("PT16M")  # type: ignore[attr-defined]
    assert engine.editing.save(draft.id, {"README.md": "x"}, 1, ANNA).revision == 2
    engine.editing.unlock(draft.id, ANNA)
    assert engine.editing.draft(draft.id).locked_by == "bo"
    engine.editing.unlock(draft.id, BO)
    assert engine.editing.draft(draft.id).locked_by is None


def test_only_process_owners_see_and_change_drafts(engine: Engine) -> None:
    draft = engine.editing.open("ladder", ANNA)
    with pytest.raises(Forbidden):
        engine.editing.open("ladder", STAFF)
    for attempt in (
        lambda: engine.editing.draft(draft.id, STAFF),
        lambda: engine.editing.save(draft.id, {}, 1, STAFF),
        lambda: engine.editing.comments(draft.id, STAFF),
        lambda: engine.editing.agree(draft.id, STAFF),
    ):
        with pytest.raises(NotFound):
            attempt()
    assert engine.editing.drafts(by=STAFF) == []
    assert [one.id for one in engine.editing.drafts("ladder", by=BO)] == [draft.id]


def test_people_talk_about_an_element_until_it_is_settled(engine: Engine) -> None:
    draft = engine.editing.open("ladder", ANNA)
    engine.editing.comment(draft.id, "ask", "Är tio dagar för långt?", BO)
    [said] = engine.editing.comments(draft.id, ANNA)
    assert (said.element_id, said.text, said.by, said.resolved_at) == ("ask", "Är tio dagar för långt?", "bo", None)
    engine.editing.settle(draft.id, said.id, ANNA)
    assert engine.editing.comments(draft.id)[0].resolved_by == "anna"
    with pytest.raises(NotFound):
        engine.editing.settle(draft.id, said.id + 1, ANNA)


def test_what_the_checks_say_is_about_the_drafts_own_files(engine: Engine) -> None:
    draft = engine.editing.open("ladder", ANNA)
    broken = draft.files["ladder.bpmn"].replace('deadline("answer")', 'deadline("gone")')
    engine.editing.save(draft.id, {"ladder.bpmn": broken}, 1, ANNA)
    found = engine.editing.findings(draft.id, ANNA)
    assert ("ladder.bpmn", "ask", "undeclared-deadline") in [(one.file, one.element, one.rule) for one in found]
    with pytest.raises(Unready, match="undeclared-deadline"):
        engine.editing.ask(draft.id, "a try", ANNA)
    assert engine.editing.draft(draft.id).state == "open"


def test_a_second_person_agrees_and_then_new_cases_start_on_it(engine: Engine) -> None:
    draft = engine.editing.open("ladder", ANNA)
    draft = engine.editing.save(draft.id, renamed(draft, "Fråga på nytt"), 1, ANNA)
    asked = engine.editing.ask(draft.id, "Familjerna förstår det bättre.", ANNA)
    assert (asked.state, len(engine.versions("ladder"))) == ("in-review", 1)
    with pytest.raises(NotYours):
        engine.editing.agree(draft.id, ANNA)
    with pytest.raises(Conflict):
        engine.editing.save(draft.id, {"README.md": "too late"}, 2, ANNA)
    done = engine.editing.agree(draft.id, BO)
    newest = engine.versions("ladder")[0]
    assert (done.state, done.version_id, newest.number, newest.published_by) == ("published", newest.id, 2, "bo")
    case = engine.start("ladder")
    assert [task.name for task in engine.tasks(case=case.id)] == ["Fråga på nytt"]
    assert engine.editing.drafts("ladder") == []


def test_it_is_published_on_its_day_by_a_scheduler(engine: Engine) -> None:
    draft = engine.editing.open("ladder", ANNA)
    engine.editing.save(draft.id, renamed(draft, "Fråga sedan"), 1, ANNA)
    begins = engine.clock.now() + timedelta(days=3)
    engine.editing.ask(draft.id, "From Monday", ANNA, begins=begins)
    assert engine.editing.agree(draft.id, BO).state == "in-review"
    assert engine.editing.publish_due() == 0
    engine.clock.advance("P4D")  # type: ignore[attr-defined]
    assert (engine.editing.publish_due(), engine.editing.publish_due()) == (1, 0)
    assert len(engine.versions("ladder")) == 2


def test_what_cannot_be_published_on_its_day_is_opened_again_with_the_reason(engine: Engine) -> None:
    one, two = engine.editing.open("ladder", ANNA), engine.editing.open("ladder", ANNA)
    for draft, begins in ((one, None), (two, engine.clock.now() + timedelta(days=3))):
        engine.editing.save(draft.id, renamed(draft, f"Nummer {draft.id}"), 1)
        engine.editing.ask(draft.id, "a reason", ANNA, begins=begins)
        engine.editing.agree(draft.id, BO)
    engine.clock.advance("P4D")  # type: ignore[attr-defined]
    assert engine.editing.publish_due() == 0
    assert engine.editing.draft(two.id).state == "open"
    assert "was published meanwhile" in engine.editing.comments(two.id)[0].text


def test_who_publishes_second_is_told_that_the_base_has_moved(engine: Engine) -> None:
    one, two = engine.editing.open("ladder", ANNA), engine.editing.open("ladder", BO)
    for draft, name in ((one, "Först"), (two, "Sedan")):
        engine.editing.save(draft.id, renamed(draft, name), 1)
        engine.editing.ask(draft.id, name, ANNA)
    engine.editing.agree(one.id, BO)
    with pytest.raises(Conflict, match="ladder@2 was published meanwhile"):
        engine.editing.agree(two.id, BO)
    back = engine.editing.draft(two.id, BO)
    assert (back.state, "Sedan" in back.files["ladder.bpmn"]) == ("open", True)
    assert "was published meanwhile" in engine.editing.comments(two.id)[0].text
    with pytest.raises(Conflict, match="Choose first"):
        engine.editing.take_newest(two.id, back.revision, None, BO)
    [conflict] = engine.editing.with_newest(back).conflicts  # type: ignore[union-attr]
    taken = engine.editing.take_newest(two.id, back.revision, {conflict.id: "ours"}, BO)
    engine.editing.ask(two.id, "again", ANNA)
    assert engine.editing.agree(two.id, BO).state == "published"
    assert ("Sedan" in taken.files["ladder.bpmn"], len(engine.versions("ladder"))) == (True, 3)


def test_of_two_drafts_of_one_variant_the_second_is_told_too(engine: Engine) -> None:
    town = "Skövde kommun"
    one, two = (engine.editing.open("ladder", ANNA, principal=town) for _ in range(2))
    for draft, name in ((one, "Först"), (two, "Sedan")):
        said = SETTINGS.replace("[process]", f'[process]\nvariant_of = "ladder@1"\nvariant_for = "{town}"')
        engine.editing.save(draft.id, {**renamed(draft, name), "process.toml": said}, 1, ANNA)
        engine.editing.ask(draft.id, name, ANNA)
    published = engine.editing.agree(one.id, BO)
    assert engine.versions("ladder")[0].principal == town
    with pytest.raises(Conflict, match="ladder@2 was published meanwhile"):
        engine.editing.agree(two.id, BO)
    again = engine.editing.open("ladder", ANNA, principal=town)
    assert (again.base_version_id, again.files["ladder.bpmn"]) == (published.version_id, published.files["ladder.bpmn"])


def test_a_draft_stays_the_process_that_it_is(engine: Engine) -> None:
    draft = engine.editing.open("ladder", ANNA)
    other = draft.files["ladder.bpmn"].replace('process id="ladder"', 'process id="another"')
    engine.editing.save(draft.id, {"ladder.bpmn": other}, 1, ANNA)
    with pytest.raises(OtherProcess):
        engine.editing.ask(draft.id, "a new name", ANNA)
    assert [version.process_id for version in engine.versions()] == ["ladder"]


def test_what_was_published_as_the_server_died_is_seen_to_be(engine: Engine) -> None:
    draft = engine.editing.open("ladder", ANNA)
    draft = engine.editing.save(draft.id, renamed(draft, "Ny"), 1, ANNA)
    engine.editing.ask(draft.id, "new", ANNA)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(drafts, "change", stops_after(1, drafts.change))
        with pytest.raises(KeyboardInterrupt):
            engine.editing.agree(draft.id, BO)
    assert (engine.editing.draft(draft.id).state, len(engine.versions("ladder"))) == ("in-review", 2)
    assert engine.editing.publish_due() == 1
    done = engine.editing.draft(draft.id)
    assert (done.state, done.version_id) == ("published", engine.versions("ladder")[0].id)
    assert len(engine.versions("ladder")) == 2


def stops_after(times: int, real: Callable[..., None]) -> Callable[..., None]:
    calls = []

    def change(*args: object, **values: object) -> None:
        calls.append(values)
        if len(calls) > times:
            raise KeyboardInterrupt
        real(*args, **values)

    return change


def test_going_back_is_a_draft_of_what_was(engine: Engine) -> None:
    draft = engine.editing.open("ladder", ANNA)
    engine.editing.save(draft.id, renamed(draft, "Ny"), 1, ANNA)
    engine.editing.ask(draft.id, "new", ANNA)
    engine.editing.agree(draft.id, BO)
    back = engine.editing.go_back("ladder", 1, "It was better", ANNA)
    engine.editing.ask(back.id, "It was better", ANNA)
    engine.editing.agree(back.id, BO)
    newest, _, first = engine.versions("ladder")
    assert (newest.number, newest.hash) == (3, first.hash)


def archive(files: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for name, text in files.items():
            made.writestr(name, text)
    return buffer.getvalue()


def test_a_package_goes_out_as_a_zip_and_comes_in_again(engine: Engine) -> None:
    draft = engine.editing.open("ladder", ANNA)
    again = engine.editing.bring_in("ladder.zip", zipped(draft.files), BO)
    assert (again.files, again.process_id, again.id != draft.id) == (draft.files, "ladder", True)
    foldered = archive({f"ladder/{name}": text for name, text in draft.files.items()})
    assert engine.editing.bring_in("x.zip", foldered, BO).files == draft.files
    model = draft.files["ladder.bpmn"].replace('name="Ask"', 'name="Från skrivbordet"')
    into = engine.editing.bring_in("Frågan (2).bpmn", model.encode(), ANNA, draft_id=draft.id)
    assert (names(into), "Från skrivbordet" in into.files["ladder.bpmn"]) == (names(draft), True)


@pytest.mark.parametrize(
    "files",
    [
        {"../../etc/cron.d/x.bpmn": "x"},
        {"/etc/passwd.bpmn": "x"},
        {"ok.bpmn": "x", "forms/../../x.form": "x"},
        {"ok.bpmn": "x", ".called/sip/sip/sip.bpmn": "x"},
        {"ok.bpmn": "x", "run.py": "x"},
    ],
)
def test_an_archive_with_ways_out_of_it_is_refused_whole(engine: Engine, files: dict[str, str]) -> None:
    with pytest.raises(FileRefused):
        engine.editing.bring_in("x.zip", archive(files), ANNA)
    assert engine.editing.drafts() == []


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not an archive", archive({"README.md": "x"})])
def test_what_is_no_package_is_said_to_be_none(engine: Engine, content: bytes) -> None:
    with pytest.raises(NotAPackage):
        engine.editing.bring_in("x.zip", content, ANNA)


def test_a_model_in_utf_16_is_read_and_kept_as_utf_8(engine: Engine) -> None:
    model = engine.editing.open("ladder", ANNA).files["ladder.bpmn"]
    content = f'<?xml version="1.0" encoding="UTF-16"?>{model}'.encode("utf-16")
    draft = engine.editing.bring_in("ladder.bpmn", content, ANNA)
    assert 'encoding="UTF-8"' in draft.files["ladder.bpmn"]
    assert [one.rule for one in engine.editing.findings(draft.id) if one.severity == "error"] == []


def test_half_a_sign_and_a_damaged_archive_are_refused_with_words(engine: Engine) -> None:
    draft = engine.editing.open("ladder", ANNA)
    with pytest.raises(FileRefused):
        engine.editing.save(draft.id, {"README.md": "\ud83d"}, 1, ANNA)
    damaged = bytearray(zipped({"a.bpmn": "<a/>" * 1000}))
    damaged[40:60] = b"\xff" * 20
    with pytest.raises(NotAPackage):
        engine.editing.bring_in("a.zip", bytes(damaged), ANNA)


def test_a_file_of_five_megabytes_is_kept_and_a_larger_one_refused(engine: Engine) -> None:
    draft = engine.editing.open("ladder", ANNA)
    large = "å" * 2_500_000
    assert engine.editing.save(draft.id, {"README.md": large}, 1, ANNA).files["README.md"] == large
    with pytest.raises(FileRefused, match="5 MB"):
        engine.editing.save(draft.id, {"README.md": large + "x"}, 2, ANNA)
    assert engine.editing.draft(draft.id).files["README.md"] == large
