"""Runs scenarios through the façade: a real engine on a throw-away database, example organisation, virtual clock.

A stage is set once: a database in memory with the organisation and the versions. Its bytes are kept, and put back
before each scenario, so that none sees another's cases. None knows of the others, so they play side by side.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Self

from engine import versions
from engine.bpmn.model import Model
from engine.caching import Published
from engine.clock import VirtualClock
from engine.commands.publish import started_by
from engine.coverage import Coverage, Passed
from engine.engine import Engine
from engine.errors import InvalidModel, NotFound
from engine.example import load_example_organisation
from engine.forked import each_of
from engine.packages import Package
from engine.scenario_play import Failure, Play, Post, ScenarioResult
from engine.scenarios import Scenario
from engine.services import HANDLERS
from engine.validation.checks import errors_of
from engine.validation.subject import Subject

__all__ = ["Failure", "ScenarioResult", "Simulation", "play", "rehearse", "simulate"]


@dataclass(frozen=True)
class Simulation:
    """How the scenarios went, and what they visited."""

    results: list[ScenarioResult]
    coverage: Coverage


def simulate(path: Path, scenario: Path | None = None) -> list[ScenarioResult]:
    """The results of `rehearse`."""
    return rehearse(path, scenario).results


def rehearse(path: Path, scenario: Path | None = None) -> Simulation:
    """Run one scenario file or all of the package's; without any, start one case and see where it stops.

    A scenario file that cannot be read is a result with findings; the others are run.

    Raises:
        InvalidModel: the package cannot be read or run.
        NotFound: the package has no such scenario.
    """
    package = Package.load(path)
    texts = _texts(package, scenario)
    subject = Subject.of(package)
    errors = [one for one in errors_of(subject) if one.file not in package.scenarios]
    if errors or subject.model is None:
        raise InvalidModel(errors)
    return play(subject.model, path, texts)


def play(model: Model, path: Path, texts: Mapping[str, str]) -> Simulation:
    """Run scenarios (file name → text) of the package at `path`, whose model has been read; as `rehearse` does.

    Raises:
        InvalidModel: a package that this one starts cases of cannot be read or run.
    """
    with _Stage(model, path) as stage:
        played = each_of(stage.play_text, list(texts.items())) or [stage.play(Scenario("start", ""))]
    passed = frozenset[tuple[str, str]]().union(*(passed for _, passed in played))
    return Simulation([result for result, _ in played], Coverage.of(model, passed))


def _texts(package: Package, file: Path | None) -> dict[str, str]:
    """File name → text of the scenarios to run."""
    if file is None:
        return dict(package.scenarios)
    if file.is_file():
        return {file.as_posix(): file.read_text(encoding="utf-8-sig", errors="replace")}
    names = [name for name in package.scenarios if Path(name).stem == file.stem]
    if not names:
        known = ", ".join(Path(name).stem for name in package.scenarios) or "none"
        raise NotFound(f"There is no scenario {file}. The package has: {known}.")
    return {name: package.scenarios[name] for name in names}


@cache
def _organised() -> bytes:
    """A database with the example organisation and nothing else."""
    engine = Engine("sqlite://", notifier=Post())
    try:
        engine.upgrade()
        load_example_organisation(engine)
        return engine.database.contents()
    finally:
        engine.close()


class _Stage:
    """An engine with the example organisation and the package, as it is before each scenario."""

    def __init__(self, model: Model, path: Path) -> None:
        self.model, self.post = model, Post()
        self.engine = Engine("sqlite://", notifier=self.post)
        try:
            self.engine.database.fill(_organised())
            self._publish(model)
            for started in started_by(model.package, path):
                self._publish(Model.load(started, HANDLERS))
            self._before = self.engine.database.contents()
        except BaseException:
            self.engine.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.model.passed = None
        self.engine.close()

    def _publish(self, model: Model) -> None:
        """Without the checks: whoever plays has made them, or wants to see what happens."""
        with self.engine.database.command() as tx:
            messages = model.message_starts.get(model.main, {})
            version = versions.publish(tx, model.package, model.main, messages, None, self.engine.clock.now(tx))
        self.engine.place.publications.keep(Published(version, model.package, model))

    def play_text(self, scenario: tuple[str, str]) -> tuple[ScenarioResult, Passed]:
        """One file, by its name and text: how it went and what was passed."""
        name, text = scenario
        try:
            return self.play(Scenario.parse(text, name))
        except InvalidModel as error:
            return ScenarioResult(Path(name).stem, name, findings=error.findings), frozenset()

    def play(self, scenario: Scenario) -> tuple[ScenarioResult, Passed]:
        """One scenario, as if there had been no other."""
        self.engine.database.fill(self._before)
        self.engine.place.warm.clear()
        self.post.addresses.clear()
        clock = self.engine.clock = self.engine.place.clock = VirtualClock(scenario.at)
        passed = self.model.passed = set()
        result = Play(self.engine, clock, self.post, self.model.package, self.model.main, scenario).play()
        return result, frozenset(passed)
