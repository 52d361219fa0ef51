"""The same done to many: each in a transaction of its own, none twice, none left out, however the work ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from engine import Actor, Engine
from engine.actors import SYSTEM
from engine.bulk import NoReason
from engine.directory import Membership, Person
from engine.errors import Conflict, Forbidden, NotFound
from tests.integration import drawing as draw

Publish = Callable[[str], None]
ANNA = Actor("anna", ["elevhalsa-skovde"], ["staff"])
CHEF = Actor("chef", ["elevhalsa-skovde"], ["staff"])
SAMLED = Path(sys.executable).with_name("samled")


@pytest.fixture
def asks(organisation: Engine, publish: Publish) -> Engine:
    publish(draw.chain("asks", draw.task("ask", due="2026-05-02"), draw.task("again", due="2026-06-02")))
    return organisation


def test_many_cases_are_started_each_or_told_why_not(asks: Engine) -> None:
    rows = [{"words": "one"}, {"case": "is not theirs to say"}, {"words": "three"}]
    asked = asks.ask_to_start("asks", rows, owner="elevhalsa-skovde", reason="A new school year", by=SYSTEM)
    assert asks.cases() == []
    assert asked.counts == {"waiting": 3}
    batch = asks.go_on_with(asked.id, by=SYSTEM, limit=1)
    assert (batch.counts, batch.is_done) == ({"done": 1, "waiting": 2}, False)
    batch = asks.go_on_with(asked.id, by=SYSTEM)
    assert batch.counts == {"done": 2, "refused": 1}
    assert asks.go_on_with(asked.id, by=SYSTEM).counts == batch.counts
    refused, *started = asks.bulk(asked.id, by=SYSTEM)[1]
    assert (refused.number, refused.state, refused.case_id) == (2, "refused", None)
    assert "Use another name" in (refused.error or "")
    assert [asks.case(str(one.case_id)).data["words"] for one in started] == ["one", "three"]
    assert {case.owner for case in asks.cases()} == {"elevhalsa-skovde"}
    assert asks.check() == []


def test_what_stands_at_a_step_is_completed_and_what_has_gone_on_is_told(asks: Engine) -> None:
    numbers = [asks.start("asks", by=ANNA).id for _ in range(3)]
    asked = asks.ask_to_complete("asks", "ask", {"given": {"yes": True}}, cases=numbers[:2], reason="Agreed", by=SYSTEM)
    asks.complete(asks.tasks(case=numbers[1])[0].id, {"given": {"yes": False}}, by=ANNA)
    assert asks.go_on_with(asked.id, by=SYSTEM).counts == {"done": 1, "refused": 1}
    assert [asks.tasks(case=number)[0].element_id for number in numbers] == ["again", "again", "ask"]
    assert [asks.case(number).data.get("given") for number in numbers] == [{"yes": True}, {"yes": False}, None]
    refused = asks.bulk(asked.id, by=SYSTEM)[1][0]
    assert (refused.case_id, refused.state) == (numbers[1], "refused")
    assert "done already" in (refused.error or "")


def test_a_units_manager_hands_over_all_that_somebody_has(asks: Engine) -> None:
    asks.directory.add_people([Person("ny", "ny", "Ny Exempel", None)])
    asks.directory.add_memberships([Membership("ny", "elevhalsa-skovde", "staff")])
    numbers = [asks.start("asks", by=ANNA).id for _ in range(3)]
    for number in numbers:
        asks.claim(asks.tasks(case=number)[0].id, by=ANNA)
    assert asks.taken_in("elevhalsa-skovde", by=CHEF) == {"anna": 3}
    asked = asks.ask_to_assign("anna", "ny", unit="elevhalsa-skovde", reason="Leaves in June", by=CHEF)
    asks.release(asks.tasks(case=numbers[2])[0].id, by=ANNA)
    batch = asks.go_on_with(asked.id, by=CHEF)
    assert batch.counts == {"done": 2, "refused": 1}
    assert [asks.tasks(case=number)[0].assignee for number in numbers] == ["ny", "ny", None]
    last = asks.history(numbers[0])[-1]
    assert (last.kind, last.actor, last.payload["reason"]) == ("assigned", "chef", "Leaves in June")
    back = asks.ask_to_assign("ny", None, unit="elevhalsa-skovde", reason="Nobody yet", by=CHEF)
    assert asks.go_on_with(back.id, by=CHEF).counts == {"done": 2}
    assert asks.tasks(assignee="ny") == []


def test_only_those_who_may_do_it(asks: Engine) -> None:
    asks.claim(asks.tasks(case=asks.start("asks", by=ANNA).id)[0].id, by=ANNA)
    admin = Actor("x", ["soc-skovde"], ["administrator"])
    for somebody in (ANNA, admin, Actor("chef", ["soc-skovde"])):
        with pytest.raises(Forbidden):
            asks.ask_to_assign("anna", "chef", unit="elevhalsa-skovde", reason="No", by=somebody)
    with pytest.raises(Forbidden):
        asks.ask_to_assign("anna", "chef", reason="All of it", by=CHEF)
    with pytest.raises(Forbidden):
        asks.ask_to_start("asks", [{}], owner="elevhalsa-skovde", reason="No", by=ANNA)
    with pytest.raises(NoReason):
        asks.ask_to_assign("anna", "chef", unit="elevhalsa-skovde", reason=" ", by=CHEF)
    with pytest.raises(Conflict):
        asks.ask_to_assign("anna", "anna", unit="elevhalsa-skovde", reason="No", by=CHEF)
    with pytest.raises(NotFound):
        asks.ask_to_complete("asks", "ask", {}, cases=["2020-00001"], reason="No", by=SYSTEM)
    asked = asks.ask_to_assign("anna", "sara", unit="elevhalsa-skovde", reason="To another unit", by=CHEF)
    for ask in (asks.bulk, asks.go_on_with):
        with pytest.raises(Forbidden):
            ask(asked.id, by=ANNA)
    assert asks.go_on_with(asked.id, by=CHEF).counts == {"refused": 1}
    assert asks.tasks(by=ANNA)[0].assignee == "anna"


def test_two_at_once_do_each_item_once(asks: Engine, other_engine: Engine) -> None:
    from threading import Thread

    asked = asks.ask_to_start("asks", [{"n": n} for n in range(30)], owner="elevhalsa-skovde", reason="Load", by=SYSTEM)
    threads = [Thread(target=one.go_on_with, args=(asked.id, SYSTEM)) for one in (asks, other_engine)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert asks.bulk(asked.id, by=SYSTEM)[0].counts == {"done": 30}
    assert sorted(asks.case(case.id).data["n"] for case in asks.cases()) == list(range(30))


def test_a_killed_command_is_gone_on_with_and_nothing_happens_twice(
    asks: Engine, database_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text("\n".join(f'{{"n": {number}}}' for number in range(400)))
    settings = {**os.environ, "SAMLED_DATABASE_URL": database_url}
    command = [str(SAMLED), "bulk", "start", "asks", str(file), "--owner", "elevhalsa-skovde", "--reason", "Load"]
    running = subprocess.Popen(command, env=settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    until = time.monotonic() + 60
    while time.monotonic() < until and len(asks.cases(limit=10)) < 5:
        time.sleep(0.01)
    running.send_signal(signal.SIGKILL)
    running.communicate()
    begun = len(asks.cases(limit=1000))
    assert 5 <= begun < 400
    batch, _ = asks.bulk(1, by=SYSTEM)
    assert batch.counts == {"done": begun, "waiting": 400 - begun}
    go_on = [str(SAMLED), "bulk", "go-on", "1"]
    ended = subprocess.run(go_on, env=settings, capture_output=True, text=True, timeout=120, check=False)
    assert (ended.returncode, ended.stdout) == (0, "batch 1: 400 done\n")
    assert "of 400" in ended.stderr
    assert sorted(asks.case(case.id).data["n"] for case in asks.cases(limit=1000)) == list(range(400))
