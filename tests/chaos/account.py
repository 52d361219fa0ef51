"""The model that runs while everything fails, and the account that is drawn up afterwards."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from engine import Engine
from engine.directory import Membership, Person, Unit
from engine.errors import DatabaseUnavailable
from engine.history import Entry
from tests.integration import drawing as draw

#: Timer → seconds after what it follows.
PAUSES = {"p1": 1, "p2": 2, "p3": 1}
MODEL = draw.process(
    "busy",
    '<startEvent id="start"/><endEvent id="end"/><parallelGateway id="split"/><parallelGateway id="join"/>',
    *[draw.timer(name, f"PT{seconds}S") for name, seconds in PAUSES.items()],
    *[draw.task("t0"), draw.task("t1"), draw.task("remind"), draw.task("theirs", group="bup")],
    draw.timer("late", "PT2S", on="t0", interrupting=False),
    draw.message("note", "note"),
    draw.flows(
        *("start>split", "split>p1>p2>p3>theirs>join", "split>t0>t1>join", "split>note>join", "join>end"),
        "late>remind>end",
    ),
    messages={"note": "=case.id"},
)
SETTLED_SECONDS = 120


def set_up(url: str, folder: Path) -> None:
    """Schema, units with mailboxes, one person, the process."""
    engine = Engine(url)
    engine.upgrade()
    engine.directory.add_units(
        [
            Unit("elevhalsa-skovde", "Elevhälsan", "elevhalsa", "Skövde kommun", "Skövde", "elevhalsa@example.org"),
            Unit("bup", "BUP", "bup", "Regionen", None, "bup@example.org"),
        ]
    )
    engine.directory.add_people([Person("anna", "anna", "Anna Exempel", "anna@example.org")])
    engine.directory.add_memberships([Membership("anna", "elevhalsa-skovde", "staff")])
    engine.publish(draw.write(folder, MODEL))
    engine.close()


@dataclass
class Account:
    """What has happened in all cases, by their history."""

    cases: int = 0
    commands: int = 0
    #: Lines as people wrote them down: kind, case, element.
    done: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    #: Seconds between the moment each deadline was due and the moment it fired.
    late: list[float] = field(default_factory=list)

    def add(self, case: str, entries: list[Entry]) -> None:
        """One case's history, from its beginning."""
        self.cases += 1
        heads = list({entry.id: entry for entry in reversed(entries)}.values())[::-1]
        self.commands += len(heads)
        started = next(entry.at for entry in heads if entry.kind == "started")
        fired = {}
        for entry in heads:
            element = {"started": "-", "received": "note"}.get(entry.kind, entry.element_id or "")
            self.done[entry.kind, case, element] += 1
            if entry.kind == "fired":
                fired[element] = entry.at
        assert set(PAUSES) <= set(fired), f"{case}: {set(PAUSES) - set(fired)} never fired"
        before = started
        for name, seconds in PAUSES.items():
            self.late.append((fired[name] - before).total_seconds() - seconds)
            before = fired[name]
        if "late" in fired:
            self.late.append((fired["late"] - started).total_seconds() - 2)

    def lateness(self) -> str:
        """p50, p99 and the most, in seconds."""
        ordered = sorted(self.late)
        p50, p99 = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99)]
        return f"p50 {p50:.2f} s, p99 {p99:.2f} s, max {ordered[-1]:.2f} s"


def draw_up(engine: Engine, told: Iterable[str], mailed: Counter[str]) -> Account:
    """Nothing acknowledged is missing, nothing happened twice, nothing early, no notice lost, every invariant holds."""
    account = Account()
    cursor = None
    while True:
        page = engine.cases(limit=200, cursor=cursor)
        for case in page:
            account.add(case.id, engine.history(case.id))
        cursor = page.next
        if cursor is None:
            break
    acknowledged = Counter(tuple(line.split()) for line in told)
    missing = [line for line in acknowledged if not account.done[line]]  # type: ignore[index]
    assert not missing, f"acknowledged and not there: {missing[:10]}"
    twice = [line for line, count in account.done.items() if count > 1]
    assert not twice, f"happened twice: {twice[:10]}"
    assert min(account.late) >= 0, "a deadline fired early"
    unheard = [case for kind, case, _ in account.done if kind == "started" and not mailed[case]]
    assert not unheard, f"no notice came for: {unheard[:10]}"
    breaches = engine.check()
    assert not breaches, "\n".join(map(str, breaches[:10]))
    return account


def settle(engine: Engine) -> None:
    """Wait until every deadline has fired and every notice has left."""
    until(lambda: engine.next_due() is None and engine.backlog() == (0, 0), "everything fires and leaves")


def until(happened: Callable[[], bool], what: str) -> None:
    """Wait until something has happened, also while the database still recovers. Raises AssertionError."""
    end = time.monotonic() + SETTLED_SECONDS
    while time.monotonic() < end:
        with suppress(DatabaseUnavailable):
            if happened():
                return
        time.sleep(0.1)
    raise AssertionError(f"{what}: not within {SETTLED_SECONDS} seconds")
