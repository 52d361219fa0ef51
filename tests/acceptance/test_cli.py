"""The `samled` command, run as people run it: a process of its own."""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine import Engine
from tests.models import bpmn

SAMLED = Path(sys.executable).with_name("samled")
MODEL = bpmn(
    '<startEvent id="s"/><userTask id="ask" name="Ask"><extensionElements><zeebe:userTask/></extensionElements></userTask>'
    '<endEvent id="e"/><flows>\ns -> ask\nask -> e\n</flows>',
    process="tiny",
)
TOML = '[process]\ntitle = "Tiny"\n'
SCENARIO = "name: the ordinary path\nsteps:\n  - complete: ask\n  - expect: {open: [], ended: true}\n"
WRONG = "name: a wrong hope\nsteps:\n  - complete: ask\n  - expect: {open: [ask], ended: false}\n"


def samled(*arguments: object, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run to the end; nothing of the test's own settings reaches it."""
    return subprocess.run(
        [SAMLED, *map(str, arguments)], cwd=cwd, env=_environment(environment), capture_output=True, text=True, timeout=60
    )  # fmt: skip


def _environment(more: dict[str, str]) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SAMLED_")}
    return {**inherited, "PYTHONUNBUFFERED": "1", **more}


@contextmanager
def staying(*arguments: object, cwd: Path, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """A command that stays, stopped as a service manager stops it."""
    process = subprocess.Popen(
        [SAMLED, *map(str, arguments)], cwd=cwd, env=_environment(environment), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            raise


def address(process: subprocess.Popen[str]) -> str:
    """The address a serving command tells."""
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.search(r"http://\S+:\d+", line):
            return found[0]
    raise AssertionError("The command ended without telling an address.")


def get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return str(answer.read().decode())


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder with one small package."""
    package = tmp_path / "processes" / "tiny"
    (package / "scenarios").mkdir(parents=True)
    (package / "tiny.bpmn").write_bytes(MODEL)
    (package / "process.toml").write_text(TOML)
    (package / "scenarios" / "ordinary.yaml").write_text(SCENARIO)
    return tmp_path


def test_help_lists_the_commands_at_once(tmp_path: Path) -> None:
    started = time.monotonic()
    shown = samled("--help", cwd=tmp_path)
    assert time.monotonic() - started < 2
    assert shown.returncode == 0
    for command in ("init", "run", "web", "scheduler", "validate", "simulate", "publish", "versions", "check"):
        assert re.search(rf"^  {command} ", shown.stdout, re.MULTILINE)


@pytest.mark.parametrize(
    "arguments", [["walk"], ["validate"], ["validate", "gone.bpmn"], ["run", "--port", "70000"], ["simulate", "--fast"]]
)
def test_a_command_written_wrongly_is_told_and_ends_with_2(arguments: list[str], tmp_path: Path) -> None:
    shown = samled(*arguments, cwd=tmp_path)
    assert shown.returncode == 2
    assert "Traceback" not in shown.stderr
    assert "Usage:" in shown.stderr


def test_validate_passes_a_good_package_and_needs_no_setting(here: Path) -> None:
    shown = samled("validate", "processes/tiny", cwd=here, SAMLED_DATABASE_URL="nonsense")
    assert (shown.returncode, shown.stderr) == (0, "")


def test_validate_prints_one_finding_a_line_and_goes_on_after_a_broken_file(here: Path) -> None:
    (here / "broken.bpmn").write_text("<x")
    (here / "processes" / "tiny" / "process.toml").write_text("[proces]\n")
    shown = samled("validate", "broken.bpmn", "processes/tiny", cwd=here)
    lines = shown.stdout.splitlines()
    assert shown.returncode == 1
    assert lines[0].startswith("broken.bpmn:")
    assert lines[1].startswith("processes/tiny/process.toml:proces: error unknown-key: There is no key “proces” here; ")
    assert all(re.fullmatch(r"\S+:[^:]*: (error|publishing|warning) [a-z-]+: .+\. .+\.", line) for line in lines)


def test_validate_runs_nothing_that_lies_beside_the_model(here: Path) -> None:
    for name in ("engine/__init__.py", "json.py", "tomllib.py"):
        (here / name).parent.mkdir(exist_ok=True)
        (here / name).write_text("open('reached', 'w').close()\nraise SystemExit(3)\n")
    assert samled("validate", "processes/tiny", cwd=here).returncode == 0
    assert not (here / "reached").exists()


def test_validate_as_json_is_a_list_of_findings(here: Path) -> None:
    (here / "processes" / "tiny" / "process.toml").write_text("[proces]\n")
    shown = samled("validate", "--json", "processes/tiny", cwd=here)
    finding = json.loads(shown.stdout)[0]
    assert shown.returncode == 1
    assert (finding["element"], finding["severity"], finding["rule"]) == ("proces", "error", "unknown-key")


def test_layout_draws_what_validate_misses(here: Path) -> None:
    file = "processes/tiny/tiny.bpmn"
    assert "missing-diagram" in samled("validate", file, cwd=here).stdout
    shown = samled("layout", file, cwd=here)
    assert (shown.returncode, shown.stdout) == (0, f"{file} has a diagram now.\n")
    assert "missing-diagram" not in samled("validate", file, cwd=here).stdout
    again = samled("layout", file, cwd=here)
    assert again.returncode == 1
    assert "--anew" in again.stderr


def test_what_stands_in_the_way_of_publishing_is_an_error_only_then(here: Path) -> None:
    (here / "processes" / "tiny" / "process.toml").write_text('[process]\nowner_role = "nobody"\n')
    assert samled("validate", "processes/tiny", cwd=here).returncode == 0
    shown = samled("validate", "--publish", "processes/tiny", cwd=here)
    assert shown.returncode == 1
    assert ": error undeclared-role: " in shown.stdout


def test_simulate_runs_all_scenarios_and_tells_what_failed(here: Path) -> None:
    passed = samled("simulate", "processes/tiny", cwd=here)
    assert (passed.returncode, passed.stderr) == (0, "")
    (here / "processes" / "tiny" / "scenarios" / "wrong.yaml").write_text(WRONG)
    failed = samled("simulate", "processes/tiny", cwd=here)
    assert failed.returncode == 1
    assert "ok   processes/tiny: the ordinary path" in failed.stdout
    assert "FAIL processes/tiny: a wrong hope" in failed.stdout
    assert "step 2 (line 4): open: expected [ask], got nothing" in failed.stdout
    assert "step 2 (line 4): ended: expected false, got true" in failed.stdout
    one = samled("simulate", "processes/tiny", "--scenario", "ordinary", cwd=here)
    assert one.returncode == 0
    assert "wrong" not in one.stdout


def test_simulate_leaves_nothing_behind(here: Path) -> None:
    before = sorted(here.rglob("*"))
    samled("simulate", "processes/tiny", cwd=here, TMPDIR=str(here))
    assert sorted(here.rglob("*")) == before


def test_simulate_without_a_scenario_tells_where_a_case_stops(tmp_path: Path) -> None:
    (tmp_path / "tiny.bpmn").write_bytes(MODEL)
    shown = samled("simulate", "tiny.bpmn", cwd=tmp_path)
    assert shown.returncode == 0
    assert "open: ask" in shown.stdout


def test_simulate_tells_a_broken_model_or_scenario_without_a_traceback(here: Path) -> None:
    (here / "processes" / "tiny" / "scenarios" / "bad.yaml").write_text("nam: x")
    (here / "broken.bpmn").write_text("<x")
    shown = samled("simulate", "processes/tiny", "broken.bpmn", cwd=here)
    assert shown.returncode == 1
    assert "Traceback" not in shown.stdout + shown.stderr
    assert "scenarios/bad.yaml:line 1: error unknown-key" in shown.stdout
    unknown = samled("simulate", "processes/tiny", "--scenario", "none-such", cwd=here)
    assert unknown.returncode == 1
    assert "Traceback" not in unknown.stderr


def test_init_publishes_the_processes_and_doing_it_again_changes_nothing(here: Path) -> None:
    first = samled("init", cwd=here)
    assert (first.returncode, first.stderr) == (0, "")
    assert "tiny: version 1 published" in first.stdout
    again = samled("init", cwd=here)
    assert "tiny: version 1 is published already" in again.stdout
    listed = json.loads(samled("versions", "--json", cwd=here).stdout)
    assert [(version["process_id"], version["number"]) for version in listed] == [("tiny", 1)]


def test_init_sets_the_zone_that_deadlines_are_counted_in(here: Path) -> None:
    url = f"sqlite:///{here / 'var' / 'samled.db'}"
    for zone in ("Europe/Stockholm", "Europe/Helsinki"):
        assert samled("init", cwd=here, SAMLED_ZONE=zone).returncode == 0
        engine = Engine(url)
        assert engine.calendar().zone == zone
        engine.close()
    shown = samled("init", cwd=here, SAMLED_ZONE="Europe/Stokholm")
    assert (shown.returncode, len(shown.stderr.splitlines())) == (1, 1)


def test_a_broken_process_is_told_and_the_others_are_published(here: Path) -> None:
    broken = here / "processes" / "broken"
    broken.mkdir()
    (broken / "broken.bpmn").write_bytes(MODEL.replace(b"tiny", b"broken"))
    (broken / "process.toml").write_text("[proces]\n")
    shown = samled("init", cwd=here)
    assert shown.returncode == 1
    assert "processes/broken/process.toml:proces: error unknown-key" in shown.stderr
    assert "tiny: version 1 published" in shown.stdout


def test_publish_makes_a_new_version_of_what_changed(here: Path) -> None:
    samled("init", cwd=here)
    (here / "processes" / "tiny" / "process.toml").write_text('[process]\ntitle = "Tiny still"\n')
    shown = samled("publish", "processes/tiny", cwd=here)
    assert (shown.returncode, shown.stdout) == (0, "tiny version 2\n")


def test_why_something_is_not_published_is_told_in_either_language(here: Path) -> None:
    samled("init", cwd=here)
    (here / "processes" / "tiny" / "process.toml").write_text("[process]\ntitle = 3\n")
    place = "processes/tiny/process.toml:process.title: error invalid-text:"
    english = samled("publish", "processes/tiny", cwd=here)
    assert (english.returncode, english.stderr) == (
        1,
        f"{place} “title” is not a text. Write a text in double quotes.\n",
    )
    swedish = samled("publish", "processes/tiny", "--language", "sv", cwd=here)
    assert swedish.stderr == f"{place} ”title” är inte en text. Skriv en text inom raka citattecken.\n"


def test_check_is_clean_on_a_fresh_database(here: Path) -> None:
    samled("init", cwd=here)
    shown = samled("check", cwd=here)
    assert (shown.returncode, shown.stderr) == (0, "")


def test_a_command_without_a_database_says_how_to_make_one(tmp_path: Path) -> None:
    for command in (["check"], ["versions"], ["run", "--port", "0"], ["scheduler"]):
        shown = samled(*command, cwd=tmp_path)
        assert shown.returncode == 1
        assert "Traceback" not in shown.stderr
        assert "samled init" in shown.stderr


def test_a_database_from_a_newer_version_is_told(here: Path) -> None:
    samled("init", cwd=here)
    with sqlite3.connect(here / "var" / "samled.db") as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    for command in (["init"], ["check"], ["run", "--port", "0"]):
        shown = samled(*command, cwd=here)
        assert shown.returncode == 1
        assert "newer version" in shown.stderr
        assert len(shown.stderr.splitlines()) == 1


def test_a_database_that_cannot_be_reached_or_written_is_told_in_a_line(here: Path) -> None:
    for url in ("postgresql://nobody@127.0.0.1:1/none", "mysql://x/y", "sqlite:////proc/none/samled.db"):
        shown = samled("init", cwd=here, SAMLED_DATABASE_URL=url)
        assert shown.returncode == 1
        assert "Traceback" not in shown.stderr
        assert len(shown.stderr.splitlines()) == 1


def test_a_port_that_is_taken_is_told_with_another(here: Path) -> None:
    samled("init", cwd=here)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        shown = samled("run", "--port", port, cwd=here)
    assert shown.returncode == 1
    assert f"Port {port} is taken" in shown.stderr
    assert len(shown.stderr.splitlines()) == 1


def test_run_serves_the_first_page_within_seconds_and_stops_when_told(here: Path) -> None:
    samled("init", "--demo", cwd=here)
    for _ in range(2):
        before = _seconds_of_work()
        with staying("run", "--port", "0", cwd=here) as process:
            assert "<h1" in get(address(process))
        assert process.returncode == 0
        assert _seconds_of_work() - before < 5


def _seconds_of_work() -> float:
    """Of the commands that have ended. Not the wall's clock: the machine may be doing ten other things."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def test_web_and_scheduler_run_apart(here: Path) -> None:
    samled("init", cwd=here)
    with staying("scheduler", cwd=here) as scheduler, staying("web", "--port", "0", cwd=here) as web:
        assert get(f"{address(web)}/health")
        assert scheduler.poll() is None
    assert (web.returncode, scheduler.returncode) == (0, 0)
