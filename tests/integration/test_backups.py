"""A backup taken while people work is one moment of the data, and is put back as it was, into either kind of database."""

from __future__ import annotations

import gzip
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine import Actor, Engine, VirtualClock
from engine.backups import AlreadyThere, DamagedBackup, NotEmpty
from tests.integration import drawing as draw
from tests.integration.conftest import START

ANNA = Actor("anna", ["elevhalsa-skovde"], ["staff"])


def told(engine: Engine) -> dict[str, Any]:
    """All that people see of all cases."""
    return {
        case.id: (
            engine.case(case.id),
            engine.tasks(case=case.id),
            engine.history(case.id),
            engine.deadlines(case.id),
            [engine.file(file.id)[1] for file in engine.files(case.id)],
        )
        for case in engine.cases(limit=500)
    }


@pytest.fixture
def other(empty_database_url: str, clock: VirtualClock) -> Iterator[Engine]:
    """A new database of the same kind, with nothing in it."""
    engine = Engine(empty_database_url, clock=clock)
    yield engine
    engine.close()


@pytest.fixture
def filled(organisation: Engine, publish: Callable[[str], None]) -> Engine:
    publish(draw.chain("long", *(draw.task(f"step_{number}", due="2026-05-02") for number in range(30))))
    for _ in range(3):
        organisation.start("long", by=ANNA)
    [task, *_] = organisation.tasks(by=ANNA)
    organisation.add_file(task.id, "råd.txt", "text/plain", "åäö".encode(), by=ANNA)
    return organisation


def test_a_backup_while_steps_are_taken_is_one_moment(filled: Engine, other: Engine, tmp_path: Path) -> None:
    numbers = [case.id for case in filled.cases()]
    enough, errors = threading.Event(), []

    def work() -> None:
        step = 0
        try:
            while not enough.is_set() and step < 80:
                number = numbers[step % 3]
                filled.complete(filled.tasks(case=number)[0].id, {"given": {"step": step}}, by=ANNA)
                step += 1
        except Exception as error:  # told by the test's own thread
            errors.append(error)

    worker = threading.Thread(target=work)
    worker.start()
    try:
        found = filled.backup(tmp_path / "backup")
    finally:
        enough.set()
        worker.join()
    assert errors == []
    assert found.cases == 3
    assert other.restore(tmp_path / "backup") == found
    assert other.check() == []
    restored = told(other)
    assert sum(len(history) > 0 for _, _, history, _, _ in restored.values()) == 3
    for number, (case, tasks, history, _, _) in restored.items():
        now = filled.history(number)
        assert history == now[: len(history)], "what had happened by then, and nothing that came later"
        assert case.revision <= filled.case(number).revision
        other.complete(tasks[0].id, by=ANNA)
        assert other.case(number).revision == case.revision + 1


def test_what_is_restored_is_the_same_and_goes_on_with_numbers_never_used(
    filled: Engine, other: Engine, tmp_path: Path
) -> None:
    last = max(task.id for task in filled.tasks())
    filled.complete(last, by=ANNA)
    highest = max(task.id for task in filled.tasks())
    filled.complete(highest, by=ANNA)  # its row is gone, its number is not
    last = max(task.id for task in filled.tasks())
    before = told(filled)
    filled.backup(tmp_path / "backup")
    other.restore(tmp_path / "backup")
    assert told(other) == before
    assert other.check() == []
    new = other.start("long", by=ANNA)
    assert new.id not in before
    assert other.tasks(case=new.id)[0].id > last


def test_a_backup_of_one_kind_of_database_goes_into_the_other(
    sqlite_url: str, postgresql_url: str, tmp_path: Path
) -> None:
    one, two = Engine(sqlite_url, VirtualClock(START)), Engine(postgresql_url, VirtualClock(START))
    one.publish(draw.write(tmp_path, draw.chain("asks", draw.task("ask", due="2026-05-02"), draw.task("again"))))
    case = one.start("asks", {"words": "råd"}, by=ANNA).id
    one.complete(one.tasks(case=case)[0].id, by=ANNA)
    one.backup(tmp_path / "there")
    two.restore(tmp_path / "there")
    assert told(two) == told(one)
    assert two.check() == []
    two.complete(two.tasks(case=case)[0].id, by=ANNA)
    two.backup(tmp_path / "back")
    with pytest.raises(NotEmpty):
        one.restore(tmp_path / "back")
    assert one.tasks(case=case)
    one.restore(tmp_path / "back", overwrite=True)
    assert told(one) == told(two)
    assert one.check() == []
    one.close()
    two.close()


def test_a_database_with_content_is_only_overwritten_when_that_is_said(filled: Engine, tmp_path: Path) -> None:
    filled.backup(tmp_path / "backup")
    before = told(filled)
    late = filled.start("long", by=ANNA).id
    with pytest.raises(NotEmpty, match="overwrite"):
        filled.restore(tmp_path / "backup")
    assert filled.case(late).is_open
    filled.restore(tmp_path / "backup", overwrite=True)
    assert told(filled) == before


def test_a_damaged_file_is_told_and_changes_nothing(filled: Engine, other: Engine, tmp_path: Path) -> None:
    whole = tmp_path / "backup"
    filled.backup(whole)
    content = whole.read_bytes()
    middle = len(content) // 2
    damaged = {
        "cut": content[:middle],
        "scratched": content[:middle]
        + bytes(one ^ 0xFF for one in content[middle : middle + 64])
        + content[middle + 64 :],
        "another check sum": content[:-8] + bytes([content[-8] ^ 1]) + content[-7:],
        "empty": b"",
        "text": b"no backup",
        "other": gzip.compress(b"neither is this"),
    }
    for name, wrong in damaged.items():
        (tmp_path / name).write_bytes(wrong)
        with pytest.raises(DamagedBackup, match="damaged or no backup"):
            filled.restore(tmp_path / name, overwrite=True)
    assert len(filled.cases()) == 3


def test_a_backup_is_nobody_elses_to_read_and_takes_no_files_place(filled: Engine, tmp_path: Path) -> None:
    (tmp_path / "place").mkdir()
    file = tmp_path / "place" / "backup"
    filled.backup(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    content = file.read_bytes()
    with pytest.raises(AlreadyThere):
        filled.backup(file)
    assert file.read_bytes() == content
    assert os.listdir(file.parent) == ["backup"]


def test_the_commands_tell_what_they_did_and_end_with_1_when_they_did_nothing(
    filled: Engine, database_url: str, tmp_path: Path
) -> None:
    def run(url: str, *arguments: str) -> tuple[int, str]:
        settings = {**os.environ, "SAMLED_DATABASE_URL": url}
        command = [Path(sys.executable).with_name("samled"), *arguments]
        ended = subprocess.run(command, env=settings, capture_output=True, text=True, timeout=60, check=False)
        return ended.returncode, ended.stdout + ended.stderr

    file, new = str(tmp_path / "backup"), f"sqlite:///{tmp_path}/new.db"
    code, said = run(database_url, "backup", file)
    assert (code, said[:19]) == (0, "backed up: 3 cases,")
    code, said = run(new, "restore", file)
    assert (code, said[:18]) == (0, "restored: 3 cases,")
    code, said = run(new, "restore", file)
    assert code == 1
    assert "Nothing was changed" in said
    assert run(new, "restore", file, "--overwrite")[0] == 0
    code, said = run(database_url, "backup", str(tmp_path / "no" / "such" / "folder"))
    assert code == 1
    assert "Traceback" not in said
