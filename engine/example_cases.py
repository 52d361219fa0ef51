"""Cases of the example organisation at different stages, some deadlines near and some passed.

They are scenarios of the published packages, begun so long ago that today finds them in the middle: real commands by
example people under a clock that runs from then to now. A scenario's own dates move along.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from engine.actors import Actor
from engine.calendars import Calendar
from engine.clock import VirtualClock
from engine.engine import Engine
from engine.errors import SamledError
from engine.packages import Package
from engine.scenario_play import Play, Post
from engine.scenarios import Advance, Complete, Expect, Scenario
from engine.tasks import Task

WEEK = timedelta(weeks=1)
#: A date further than this from a scenario's own time is about the child and stays as it is.
NEAR = timedelta(days=3 * 366)
_DATE = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d.*)?")


@dataclass(frozen=True)
class Stage:
    """How far a scenario has come."""

    process: str
    #: Name of the scenario's file, without `.yaml`.
    scenario: str
    #: How many tasks are done.
    completed: int
    #: How many days ago the last of them was done.
    days_ago: int
    #: Words of the scenario that are others here, so that not every case is about the same child.
    words: Mapping[str, str] = field(default_factory=dict)
    #: Whole weeks keep the scenario's weekdays, which working days among its answers need; it may then be up to a week
    #: longer ago.
    whole_weeks: bool = True


def _child(name: str, number: str) -> dict[str, str]:
    """Another example child; the number is from the tax agency's published test series."""
    return {"Exempel Andersson": f"Exempel {name}", "20120125-2382": number}


STAGES = (
    Stage("sip", "01-ordinary-path", 1_000, 20, _child("Ek", "20180101-2392")),
    Stage("sip", "01-ordinary-path", 13, 37),
    Stage("sip", "07-meeting-late", 6, 16),
    Stage("sip", "12-dispute-two-rungs", 9, 1, _child("Falk", "20170101-2393")),
    Stage("sip", "02-declined-offered-again", 3, 10, _child("Gran", "20170102-2384")),
    Stage("sip", "01-ordinary-path", 10, 5, _child("Holm", "20170202-2383")),
    Stage("sip", "01-ordinary-path", 4, 1, _child("Lind", "20180104-2381")),
    Stage("sip", "01-ordinary-path", 0, 6, _child("Moberg", "20180102-2383"), whole_weeks=False),
    Stage("sip", "01-ordinary-path", 1, 0, _child("Nord", "20180103-2390"), whole_weeks=False),
)


def load_example_cases(engine: Engine, processes: Path, stages: tuple[Stage, ...] = STAGES) -> int:
    """Make the cases, in the engine's database and up to its clock. Returns how many; 0 where there are cases already.

    `processes` is the folder of the packages; they are published already, and the example organisation is in place.
    Stages of packages that are not there are left out. Raises SamledError when a scenario can no longer be played.
    """
    if engine.cases(limit=1):
        return 0
    now = engine.clock.now()
    there = [stage for stage in stages if (processes / stage.process).is_dir() and engine.versions(stage.process)]
    clock, post = _Then(now), Post()
    past = Engine(engine.database.url.render_as_string(hide_password=False), clock, notifier=post)
    try:
        for stage in there:
            package = Package.load(processes / stage.process)
            scenario = _shifted(
                _cut(_scenario(package, stage), stage.completed),
                now - timedelta(days=stage.days_ago),
                WEEK if stage.whole_weeks else timedelta(days=1),
            )
            clock.go_to(scenario.at)
            play = _ByPeople(past, clock, post, package, stage.process, scenario)
            result = play.play()
            if not result.passed:
                raise SamledError(f"The example case of {stage.scenario} cannot be played: {result.failures[0]}.")
            play.advance_to(now)
    finally:
        past.close()
    return len(there)


class _Then(VirtualClock):
    """Begins anew for each case. Only here may it go back: the cases do not know of each other."""

    def go_to(self, moment: str) -> None:
        """It is that moment now."""
        self.__init__(moment)  # type: ignore[misc]


class _ByPeople(Play):
    """A scenario whose units are represented by somebody who works there."""

    def actor(self, by: str | None, task: Task) -> Actor:
        if by in self.units:
            return self.person(str(by))
        return self.person(task.units[0]) if task.units else super().actor(by, task)

    def person(self, unit: str) -> Actor:
        """The first member of staff of a unit, by the alphabet."""
        people = [membership.person_id for membership in self.engine.directory.memberships(unit=unit)]
        return self.engine.directory.actor(people[0])

    def start(self) -> None:
        owner = self.scenario.owner or self.default_owner()
        started = self.engine.start(self.process_id, dict(self.scenario.start), by=self.person(owner), owner=owner)
        self.case_id = started.id
        self.settle()

    def advance_to(self, moment: datetime) -> None:
        """Let what is due until then happen."""
        while (due := self.engine.next_due()) is not None and due <= moment:
            self.clock.set(max(due, self.clock.now()))
            self.settle()


def _scenario(package: Package, stage: Stage) -> Scenario:
    for name, text in package.scenarios.items():
        if Path(name).stem == stage.scenario:
            for word, other in stage.words.items():
                text = text.replace(word, other)
            return Scenario.parse(text, name)
    raise SamledError(f"The process {stage.process} has no scenario {stage.scenario}. Choose another in STAGES.")


def _cut(scenario: Scenario, completed: int) -> Scenario:
    """The scenario as far as its `completed`-th task; a stage checks no expectations."""
    steps = []
    for step in scenario.steps:
        if isinstance(step, Expect):
            continue
        if isinstance(step, Complete):
            completed -= 1
        if completed < 0:
            break
        steps.append(step)
    while steps and isinstance(steps[-1], Advance):
        steps.pop()
    return replace(scenario, steps=tuple(steps))


def _shifted(scenario: Scenario, end: datetime, unit: timedelta) -> Scenario:
    """The scenario moved by whole units so that its last step is at `end`, or less than a unit before."""
    calendar = Calendar()
    begin = calendar.instant(scenario.at)
    last = begin
    for step in scenario.steps:
        if isinstance(step, Advance):
            last = calendar.add(last, step.amount)
    move = _Move(calendar, begin, ((end - last) // unit) * unit)
    steps = tuple(
        replace(step, answers=move.all(step.answers)) if isinstance(step, Complete) else step for step in scenario.steps
    )
    return replace(scenario, at=move.text(scenario.at), start=move.all(scenario.start), steps=steps)


@dataclass(frozen=True)
class _Move:
    """Moves dates near the scenario's own time."""

    calendar: Calendar
    begin: datetime
    by: timedelta

    def all(self, value: Any) -> Any:
        """The same JSON value with its dates moved."""
        if isinstance(value, Mapping):
            return {key: self.all(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self.all(inner) for inner in value]
        return self.text(value) if isinstance(value, str) and _DATE.fullmatch(value) else value

    def text(self, moment: str) -> str:
        """One date or date and time as ISO text; the hour on the wall stays."""
        if abs(self.calendar.instant(moment[:10]) - self.begin) > NEAR:
            return moment
        if "T" not in moment:
            return (datetime.fromisoformat(moment) + self.by).date().isoformat()
        wall = datetime.fromisoformat(moment).replace(tzinfo=None) + self.by
        return self.calendar.local(self.calendar.instant(wall)).isoformat(timespec="minutes")
