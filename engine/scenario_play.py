"""Plays one scenario on an engine of its own, and notes what did not hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from functools import partial
from itertools import takewhile
from typing import Any

from engine.access import may
from engine.actors import SYSTEM_ROLE, Actor
from engine.calendars import Calendar
from engine.clock import VirtualClock
from engine.engine import Engine
from engine.errors import FeelError, Incident, NotFound, SamledError
from engine.findings import Finding
from engine.notices import Notice
from engine.packages import Package
from engine.rules import Text
from engine.scenarios import Advance, Complete, Expect, Scenario, Send, Step, in_words
from engine.tasks import Task

#: Where a case starts when the scenario does not say, if the process lets that kind of unit own one.
DEFAULT_OWNER = "elevhalsa-skovde"
#: How many deadlines one `advance` may fire; more is a timer that starts itself again at once.
FIRE_LIMIT = 10_000
#: What is expected of a step that does something.
NO_ERROR = "no error"


@dataclass(frozen=True)
class Failure:
    """An expectation that did not hold, or a step that could not be taken."""

    #: From 1; 0 is the start of the case.
    step: int
    line: int
    what: str
    expected: Any
    got: Any
    #: Why the step could not be taken, in both languages, where the error has words for it.
    said: Text | None = None

    def __str__(self) -> str:
        where = f"step {self.step} (line {self.line})" if self.step else "start"
        return f"{where}: {self.what}: expected {_shown(self.expected)}, got {_shown(self.got)}"

    @property
    def stopped(self) -> bool:
        """Could the step not be taken? Then `got` says why."""
        return bool(self.expected == NO_ERROR)

    @property
    def shown(self) -> tuple[Text, Text]:
        """What was expected and what was there, as text."""
        expected, got = (Text(_shown(value), _shown(value, nothing="inget")) for value in (self.expected, self.got))
        return expected, self.said or got


@dataclass
class ScenarioResult:
    """How one scenario went."""

    name: str
    file: str
    failures: list[Failure] = field(default_factory=list)
    #: What is wrong with its file; then it was not played.
    findings: list[Finding] = field(default_factory=list)
    #: Line and words of each change after which nothing is expected. Time that passes in peace is no change.
    unasserted: list[tuple[int, str]] = field(default_factory=list)
    #: Where the case stands at the end.
    open: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    ended: bool = False
    closed: bool = False
    #: What could not go on by itself, in words.
    incidents: list[str] = field(default_factory=list)
    #: Virtual time at the end.
    at: str = ""

    @property
    def passed(self) -> bool:
        """Did everything hold?"""
        return not self.failures and not self.findings

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {**asdict(self), "passed": self.passed}


class Post:
    """Where notices go: nowhere, whatever the settings say. Remembers the addresses."""

    def __init__(self) -> None:
        self.addresses: list[str] = []

    def send(self, notice: Notice) -> None:
        """Note whom it is for."""
        self.addresses.append(notice.address)


class Play:
    """One scenario as it is played."""

    def __init__(
        self,
        engine: Engine,
        clock: VirtualClock,
        post: Post,
        package: Package,
        process_id: str,
        scenario: Scenario,
    ) -> None:
        self.engine, self.clock, self.post = engine, clock, post
        self.package, self.process_id, self.scenario = package, process_id, scenario
        self.calendar = Calendar()
        self.result = ScenarioResult(scenario.name, scenario.file)
        self.units = {unit.id: unit for unit in engine.directory.units()}
        self.case_id = ""
        #: How much of the history there was before the last step that did something, where somebody will ask.
        self.seen = 0
        #: Sending takes a fifth of the time, so it is done only where somebody asks who got a notice.
        self.sends = any(isinstance(step, Expect) and step.notices is not None for step in scenario.steps)

    def play(self) -> ScenarioResult:
        """Start the case and take the steps; the first that cannot be taken ends it."""
        steps = self.scenario.steps
        if self.attempt(0, 0, "the case starts", self.start):
            for number, step in enumerate(steps, 1):
                if isinstance(step, Expect):
                    self.expect(number, step)
                    continue
                self.seen = len(self.engine.history(self.case_id)) if _asks_what_fired(steps[number:]) else 0
                before = self.engine.case(self.case_id).revision if isinstance(step, Advance) else None
                if not self.attempt(number, step.line, in_words(step), partial(self.take, step)):
                    break
                if not _is_looked_at(steps[number:]) and before != self.engine.case(self.case_id).revision:
                    self.result.unasserted.append((step.line, in_words(step)))
        if not any(map(_asks, steps)) and not self.result.unasserted:
            self.result.unasserted.append((1, "start"))
        self.stand()
        if not self.scenario.file and self.result.incidents:
            # Nobody has said what to hope for; standing still is not it.
            self.result.failures.append(Failure(0, 0, "the case runs", "no incident", self.result.incidents[0]))
        return self.result

    def attempt(self, number: int, line: int, what: str, action: Callable[[], None]) -> bool:
        try:
            action()
        except Exception as error:
            # Not only our own errors: whatever a model makes the engine do is told with the step that did it.
            said = f"{type(error).__name__}: {' '.join(str(error).split())}"
            words = error.said if isinstance(error, FeelError | Incident) else None
            self.result.failures.append(Failure(number, line, what, NO_ERROR, said, words))
            return False
        return True

    def start(self) -> None:
        owner = self.scenario.owner or self.default_owner()
        actor = Actor(id="scenario", units=[owner], roles=["staff"])
        self.case_id = self.engine.start(self.process_id, answers=dict(self.scenario.start), by=actor).id
        self.settle()

    def default_owner(self) -> str:
        role = self.package.roles.get(self.package.owner_role or "")
        kinds = role.kinds if role else ()
        default = self.units.get(DEFAULT_OWNER)
        if not kinds or default is None or default.kind in kinds:
            return DEFAULT_OWNER
        fitting = [unit.id for kind in kinds for unit in self.units.values() if unit.kind == kind]
        near = [unit for unit in fitting if self.units[unit].municipality == default.municipality]
        return (near or fitting or [DEFAULT_OWNER])[0]

    def take(self, step: Step) -> None:
        self.post.addresses.clear()
        if isinstance(step, Complete):
            self.complete(step)
        elif isinstance(step, Advance):
            self.advance(step)
        elif isinstance(step, Send):
            self.engine.send(step.message, correlation_key=step.correlation or self.case_id, payload=dict(step.payload))
        self.settle()

    def settle(self) -> None:
        """What is due at this very moment: messages to other cases, timers of no length."""
        for _ in range(FIRE_LIMIT):
            if not self.engine.fire_due():
                if self.sends:
                    self.engine.send_notices(limit=FIRE_LIMIT, quiet=timedelta(0))
                return
        raise SamledError("Deadlines fire without end. Give the timer in the loop a duration.")

    def complete(self, step: Complete) -> None:
        found = [task for task in self.open_tasks() if task.element_id == step.element]
        if not found:
            there = ", ".join(sorted({task.element_id for task in self.open_tasks()})) or "none"
            raise NotFound(f"No task {step.element} is open. Open tasks: {there}.")
        matching = [task for task in found if self.matches(task, step.where)]
        if not matching:
            raise NotFound(f"None of the {len(found)} open tasks {step.element} is one where {_shown(step.where)}.")
        # Of several the one that whoever acts may complete, else the oldest, which then says why not.
        able = [task for task in matching if may(self.actor(step.by, task), "complete-task", task)]
        task = min(able or matching, key=lambda task: task.id)
        self.engine.complete(task.id, dict(step.answers), by=self.actor(step.by, task))

    def actor(self, by: str | None, task: Task) -> Actor:
        """Whoever completes: a unit, somebody in a role, or anybody who may."""
        if by is None:
            return Actor(id="scenario", units=task.units, roles=[SYSTEM_ROLE, *task.groups])
        if by in self.units:
            return Actor(id=f"scenario-{by}", units=[by], roles=["staff"])
        if by in self.package.roles:
            # Somebody in the role works at a unit that holds it, if the task is for the role at all.
            return Actor(id=f"scenario-{by}", units=task.units if by in task.candidate_groups else (), roles=[by])
        return Actor(id=f"scenario-{by}", units=[by], roles=[by])

    def advance(self, step: Advance) -> None:
        target = self.calendar.add(self.clock.now(), step.amount)
        for _ in range(FIRE_LIMIT):
            due = self.engine.next_due()
            if due is None or due > target:
                self.clock.set(target)
                return
            self.clock.set(max(due, self.clock.now()))
            self.settle()
        raise SamledError(
            f"More than {FIRE_LIMIT} deadlines fire within {step.text}. Give the cycle a longer interval."
        )

    def expect(self, number: int, step: Expect) -> None:
        case = self.engine.case(self.case_id)
        tasks = self.open_tasks() if step.open is not None or step.overdue is not None else []
        self.compare(number, step, "open", step.open, [task.element_id for task in tasks])
        self.compare(number, step, "overdue", step.overdue, [task.element_id for task in tasks if task.overdue])
        self.compare(number, step, "fired", step.fired, self.fired() if step.fired is not None else [])
        self.compare(number, step, "notices", step.notices, self.post.addresses)
        for what, expected, got in (
            ("ended", step.ended, case.closed_at is not None),
            ("closed", step.closed, case.closed_at is not None),
            ("owner", step.owner, case.owner),
        ):
            if expected is not None and expected != got:
                self.result.failures.append(Failure(number, step.line, what, expected, got))
        for path, expected in step.data.items():
            got = _at(case.data, path)
            if not _same(expected, got):
                self.result.failures.append(Failure(number, step.line, f"data {path}", expected, got))

    def compare(self, number: int, step: Expect, what: str, expected: tuple[str, ...] | None, got: list[str]) -> None:
        if expected is not None and Counter(expected) != Counter(got):
            self.result.failures.append(Failure(number, step.line, what, sorted(expected), sorted(got)))

    def open_tasks(self) -> list[Task]:
        return self.engine.tasks(case=self.case_id)

    def fired(self) -> list[str]:
        """Elements of the model's own timers that fired since the last step."""
        entries = self.engine.history(self.case_id)[self.seen :]
        return [entry.element_id for entry in entries if entry.kind == "fired" and entry.element_id]

    def matches(self, task: Task, where: Mapping[str, Any]) -> bool:
        """Does every key of `where` hold: as a variable that the task sees, or as what the task list shows of it?"""
        if not where:
            return True
        known = self.engine.task(task.id).known
        shown: dict[str, Sequence[str | None]] = {
            "unit": [*task.units, task.label],
            "group": task.candidate_groups,
            "label": [task.label],
        }
        shown["assignee"] = [task.assignee]
        return all(_same(wanted, _at(known, key)) or wanted in shown.get(key, ()) for key, wanted in where.items())

    def stand(self) -> None:
        """Note where the case stands."""
        self.result.at = self.calendar.local(self.clock.now()).isoformat(timespec="minutes")
        if self.case_id:
            case = self.engine.case(self.case_id)
            self.result.open = sorted(task.element_id for task in self.open_tasks())
            self.result.waiting = sorted(
                row.element_id for row in self.engine.deadlines(self.case_id) if row.kind == "timer"
            )
            self.result.ended = self.result.closed = case.closed_at is not None
            self.result.incidents = list(case.incident_messages)


def _is_looked_at(following: Sequence[Step]) -> bool:
    """Does the next step expect something?"""
    return bool(following) and _asks(following[0])


def _asks(step: Step) -> bool:
    return isinstance(step, Expect) and step.asks


def _asks_what_fired(following: Sequence[Step]) -> bool:
    """Is it asked, before the next step that does something?"""
    asked = takewhile(lambda step: isinstance(step, Expect), following)
    return any(isinstance(step, Expect) and step.fired is not None for step in asked)


def _at(data: Any, path: str) -> Any:
    """The value at a dotted path (list items by number from 0); None where there is none."""
    if isinstance(data, Mapping) and path in data:
        return data[path]
    head, _, rest = path.partition(".")
    if isinstance(data, Mapping):
        inner = data.get(head)
    elif isinstance(data, list) and head.isdigit() and int(head) < len(data):
        inner = data[int(head)]
    else:
        return None
    return _at(inner, rest) if rest else inner


def _same(expected: Any, got: Any) -> bool:
    """Equal as JSON: true is not 1, but 1 is 1.0."""
    if isinstance(expected, Mapping) and isinstance(got, Mapping):
        return expected.keys() == got.keys() and all(_same(value, got[key]) for key, value in expected.items())
    if isinstance(expected, list) and isinstance(got, list):
        return len(expected) == len(got) and all(map(_same, expected, got))
    return bool(isinstance(expected, bool) == isinstance(got, bool) and expected == got)


def _shown(value: Any, nothing: str = "nothing") -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return f"[{', '.join(_shown(item, nothing) for item in value)}]" if value else nothing
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_shown(inner, nothing)}" for key, inner in value.items()) + "}"
    if value is None:
        return nothing
    return str(value).lower() if isinstance(value, bool) else str(value)
