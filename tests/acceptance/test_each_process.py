"""Every process once through the browser: its first scenario, by the people of the example organisation.

The same scenario is simulated elsewhere; here each step is a page. The clock of the running site is moved as the scenario says.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from engine import Engine
from engine.access import may
from engine.clock import ShiftedClock
from engine.example import PASSWORD
from engine.packages import Package
from engine.scenario_play import Play, Post
from engine.scenarios import Advance, Complete, Scenario, Send
from engine.tasks import Task
from tests import site as sites
from tests.browser import Person
from tests.site import Site

PROCESSES = Path(__file__).parents[2] / "processes"
#: Parts that are only called are played where they are called, and the SIP has a test of its own, with mail and scheduler.
ELSEWHERE = ("sip", "consent", "meeting", "handover")
PACKAGES = sorted(path.parent.name for path in PROCESSES.glob("*/process.toml") if path.parent.name not in ELSEWHERE)


class InTheBrowser(Play):
    """A scenario whose steps people take at their browsers."""

    def __init__(self, site: Site, browser: Browser, engine: Engine, package: Package, scenario: Scenario) -> None:
        clock = ShiftedClock(site.folder / "shift")
        super().__init__(engine, clock, Post(), package, package.name, scenario)
        self.site, self.browser = site, browser
        self.people: dict[str, Person] = {}
        self.sends = False

    def at_work(self, person_id: str) -> Person:
        """Somebody at their browser, logged in."""
        if person_id not in self.people:
            person = self.people[person_id] = Person.at(self.browser, self.site.base_url)
            person.inspects = False  # each form is, as it is first shown; other tests see to the pages between them
            person.log_in(self.engine.directory.person(person_id).username, PASSWORD)
        return self.people[person_id]

    def start(self) -> None:
        owner = self.scenario.owner or self.default_owner()
        who = next(one for one in self.engine.directory.people(unit=owner) if one.active)
        person = self.at_work(who.id)
        person.open(f"/start/{self.process_id}")
        person.inspect()
        if (choice := person.page.locator("#owner-unit")).count():
            choice.select_option(owner)
        self.answer(person, self.scenario.start)
        person.press("Starta ärendet")
        if (anyway := person.page.locator("#start-anyway")).count():
            anyway.check()
            person.press("Starta ärendet")
        found = re.search(r"20\d\d-\d{5}", person.page.locator("main").inner_text())
        assert found, person.page.locator("main").inner_text()
        self.case_id = found[0]
        self.settle()

    def complete(self, step: Complete) -> None:
        task = self.found(step)
        person = self.at_work(self.somebody(task, step.by))
        person.open(f"/tasks/{task.id}")
        person.inspect()
        self.answer(person, step.answers)
        person.press("Slutför uppgiften")
        if person.page.get_by_text("Svara också på").count():  # a question that an answer has called up: once more
            person.press("Slutför uppgiften")
        assert all(one.id != task.id for one in self.open_tasks()), person.page.locator("main").inner_text()

    def answer(self, person: Person, answers: Mapping[str, Any]) -> None:
        for form_id, given in answers.items():
            packages = (self.package, *self.package.called.values())  # a part that is called asks with its own forms
            content = next(package.forms[form_id] for package in packages if form_id in package.forms)
            asked = written(json.loads(content)["components"], given)
            for key, rows in asked.items():  # what the last round has left in a list and this one does not have
                surplus = f'button[name="_remove"][value="{key}-{len(rows) if isinstance(rows, list) else ""}"]'
                while person.page.locator(surplus).count():
                    person.click(person.page.locator(surplus))
            person.answer(asked)

    def found(self, step: Complete) -> Task:
        tasks = [one for one in self.open_tasks() if one.element_id == step.element and self.matches(one, step.where)]
        assert tasks, f"{step.element} is not open, but {[one.element_id for one in self.open_tasks()]}"
        able = [task for task in tasks if may(self.actor(step.by, task), "complete-task", task)]
        return min(able or tasks, key=lambda task: task.id)

    def somebody(self, task: Task, by: str | None) -> str:
        """Who does it: of the unit named, else anybody at work who may, whoever has been here before first."""
        everybody = [
            one.id for one in self.engine.directory.people(unit=by if by in self.units else None) if one.active
        ]
        known = [one for one in everybody if one in self.people]
        for person_id in [*known, *everybody]:
            if may(self.engine.directory.actor(person_id), "complete-task", task):
                return person_id
        raise AssertionError(f"Nobody of the example organisation may complete {task.element_id} ({task.units})")

    def advance(self, step: Advance) -> None:
        target = self.calendar.add(self.clock.now(), step.amount)
        while (due := self.engine.next_due()) is not None and due <= target:
            self.move_to(max(due, self.clock.now()) + timedelta(seconds=1))
            self.settle()
        self.move_to(max(target, self.clock.now()))

    def take(self, step: Any) -> None:
        if isinstance(step, Send):
            self.engine.send(step.message, correlation_key=step.correlation or self.case_id, payload=dict(step.payload))
            self.settle()
        else:
            super().take(step)

    def settle(self) -> None:
        """What is due is done at once; the site's own scheduler would come by within its tick."""
        while self.engine.fire_due():
            pass

    def compare(self, number: int, step: Any, what: str, expected: Any, got: list[str]) -> None:
        if what != "notices":  # who gets which mail and when is the simulation's to say
            super().compare(number, step, what, expected, got)

    def move_to(self, moment: datetime) -> None:
        self.site.advance(timedelta(seconds=round((moment - self.clock.now()).total_seconds())))


def written(components: list[dict[str, Any]], answers: Mapping[str, Any]) -> dict[str, Any]:
    """What a person writes of these answers: what is asked and not only shown, and has an answer."""
    found: dict[str, Any] = {}
    for component in components:
        key, inner = component.get("key") or component.get("path"), component.get("components")
        if inner is not None and not key:
            found |= written(inner, answers)
        elif key not in answers or answers[key] is None or component.get("readonly") or component.get("disabled"):
            continue
        elif inner is None:
            found[key] = answers[key]
        elif isinstance(answers[key], list):
            found[key] = [written(inner, row) for row in answers[key]]
        else:
            found[key] = written(inner, answers[key])
    return found


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, example_database: Path) -> Iterator[Site]:
    with sites.copied(example_database, tmp_path_factory.mktemp("each")) as running:
        yield running


@pytest.mark.parametrize("name", PACKAGES)
def test_a_process_runs_through_the_browser(name: str, site: Site, browser: Browser) -> None:
    package = Package.load(PROCESSES / name)
    file, text = min(package.scenarios.items())
    engine = Engine(site.settings["SAMLED_DATABASE_URL"], clock=ShiftedClock(site.folder / "shift"))
    try:
        played = InTheBrowser(site, browser, engine, package, Scenario.parse(text, file))
        start = played.calendar.instant(played.scenario.at)
        played.move_to(start)  # back too: the cases of other tests do not matter here
        result = played.play()
        assert [str(failure) for failure in result.failures] == []
        last = next(iter(played.people.values()))
        last.open(f"/cases/{played.case_id}")
    finally:
        engine.close()
