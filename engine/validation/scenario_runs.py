"""The scenarios of a package that is to be published: all pass, assert after each change, and visit every element.

They are played by the engine itself (`simulation.py`), on a database in memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from engine.bpmn.model import Model
from engine.findings import Finding
from engine.rules import Text, finding
from engine.validation.subject import Subject

if TYPE_CHECKING:
    from engine.coverage import Element
    from engine.scenario_play import Failure, ScenarioResult


def check(subject: Subject) -> Iterator[Finding]:
    """Everything about the scenarios, where the package is to be published."""
    package = subject.package
    if not subject.publish or package is None or not package.bpmn:
        return
    if not package.scenarios:
        if subject.path.is_dir():
            yield finding("no-scenarios", subject.name)
        return
    if subject.model is not None:
        yield from _played(subject.model, subject.path, package.scenarios)


def _played(model: Model, path: Path, scenarios: Mapping[str, str]) -> Iterator[Finding]:
    # Only here: who never publishes needs no database library.
    from engine.simulation import play

    simulation = play(model, path, scenarios)
    for result in simulation.results:
        for failure in result.failures:
            yield _failed(result, failure)
        for line, step in result.unasserted:
            yield finding("scenario-without-expect", result.file, f"line {line}", step=step)
    for element in simulation.coverage.to_visit:
        yield _not_visited(element)


def _failed(result: ScenarioResult, failure: Failure) -> Finding:
    expected, got = failure.shown
    where = f"line {failure.line}" if failure.step else ""
    step = Text(f"step {failure.step}", f"steg {failure.step}") if failure.step else Text("the start", "starten")
    if failure.stopped:
        return finding(
            "scenario-failed.stopped", result.file, where, scenario=result.name, step=step, what=failure.what, got=got
        )
    return finding(
        "scenario-failed", result.file, where,
        scenario=result.name, step=step, what=failure.what, expected=expected, got=got,
    )  # fmt: skip


def _not_visited(element: Element) -> Finding:
    if element.way is None:
        return finding("element-not-visited", element.file, element.id, name=element.name, what=element.shown)
    source, target = element.way
    return finding(
        "element-not-visited.way", element.file, element.id,
        name=element.name, way=element.shown, source=source, target=target,
    )  # fmt: skip
