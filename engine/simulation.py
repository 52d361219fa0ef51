"""Runs scenarios through the façade: a real engine on a throw-away database, example organisation, virtual clock."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from engine.actors import SYSTEM
from engine.caching import Publications
from engine.clock import VirtualClock
from engine.engine import Engine
from engine.errors import InvalidModel, NotFound
from engine.packages import Package
from engine.scenario_play import Failure, Play, Post, ScenarioResult
from engine.scenarios import Scenario

__all__ = ["Failure", "ScenarioResult", "simulate"]


@dataclass(frozen=True)
class _Stage:
    """A database with the example organisation and the package, built once and copied for each scenario."""

    template: Path
    package: Package
    process_id: str
    #: Parsed once: a package of a hundred expressions takes a second.
    publications: Publications


def simulate(path: Path, scenario: Path | None = None) -> list[ScenarioResult]:
    """Run one scenario file or all of the package's; without any, start one case and see where it stops.

    A scenario file that cannot be read is a result with findings; the others are run.

    Raises:
        InvalidModel: the package cannot be read or run.
        NotFound: the package has no such scenario.
    """
    package = Package.load(path)
    texts = _texts(package, scenario)
    with _stage(package, path) as stage:
        return [_play_text(stage, name, text) for name, text in texts.items()] or [_play(stage, Scenario("start", ""))]


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


@contextmanager
def _stage(package: Package, path: Path) -> Iterator[_Stage]:
    from engine.example import load_example_organisation

    with tempfile.TemporaryDirectory(prefix="samled-") as folder:
        template = Path(folder, "template.db")
        engine = Engine(f"sqlite:///{template}", notifier=Post())
        try:
            engine.upgrade()
            load_example_organisation(engine)
            version = engine.publish(path, by=SYSTEM)
            engine.published(version.id)
            publications = engine.place.publications
        finally:
            engine.close()
        yield _Stage(template, package, version.process_id, publications)


def _play_text(stage: _Stage, name: str, text: str) -> ScenarioResult:
    try:
        scenario = Scenario.parse(text, name)
    except InvalidModel as error:
        return ScenarioResult(Path(name).stem, name, findings=error.findings)
    return _play(stage, scenario)


def _play(stage: _Stage, scenario: Scenario) -> ScenarioResult:
    database = shutil.copy(stage.template, stage.template.with_name("scenario.db"))
    clock, post = VirtualClock(scenario.at), Post()
    engine = Engine(f"sqlite:///{database}", clock=clock, notifier=post)
    engine.place.publications = stage.publications
    try:
        return Play(engine, clock, post, stage.package, stage.process_id, scenario).play()
    finally:
        engine.close()
        for leftover in stage.template.parent.glob("scenario.db*"):
            leftover.unlink()
