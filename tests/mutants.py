"""What becomes of a mutant: checked as anybody's file would be, and run if it is accepted."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from engine.bpmn import Model, Run
from engine.bpmn.environment import Environment
from engine.errors import Incident
from engine.findings import Finding
from engine.job_types import JOB_TYPES
from engine.packages import Package
from engine.validation import validate
from tests.mutations import drawn_file, good_files, mutated

_ROOT = Path(__file__).parents[1]


@dataclass
class Mutant:
    """One file made bad."""

    path: Path
    #: What is validated: the file, or its package.
    whole: Path
    findings: list[Finding]
    seconds: float

    @property
    def accepted(self) -> bool:
        """No errors?"""
        return not any(one.severity == "error" for one in self.findings)

    def fault(self) -> str | None:
        """What must never be."""
        for one in self.findings:
            if one.rule == "cannot-check":
                return str(one)
        if self.seconds > 10 and self.whole.is_file():
            return f"{self.seconds:.1f} s for one file"
        return None


def mutant(folder: Path, suffix: str, random: Random) -> Mutant:
    """Mutate one good file of this kind into `folder`, and validate it or its package."""
    if suffix == ".bpmn" and random.random() < 0.3:
        path = whole = folder / "drawn.bpmn"
        path.write_bytes(mutated(drawn_file(random), suffix, random))
    else:
        good = random.choice([one for one in good_files() if one.suffix == suffix])
        path, whole = _copy(good, folder)
        path.write_bytes(mutated(good.read_bytes(), suffix, random))
        if suffix != ".toml" and random.random() < 0.4:
            whole = path
    started = time.monotonic()
    found = validate(whole)
    return Mutant(path, whole, found, time.monotonic() - started)


def _copy(good: Path, folder: Path) -> tuple[Path, Path]:
    inside = [one for one in good.parents if _ROOT in one.parents]  # never further up: a copy of all there is
    package = next((one for one in inside if any(one.glob("*.bpmn")) or (one / "process.toml").exists()), None)
    if package is None or package.parent.name == "rules":
        return folder / good.name, folder / good.name
    shutil.copytree(package, folder / package.name)
    return folder / package.name / good.relative_to(package), folder / package.name


def run_accepted(whole: Path, random: Random, *, steps: int = 12) -> int:
    """Run every process of an accepted file or package by chance; returns the steps. Raises what the engine raises."""
    if whole.is_file() and whole.suffix != ".bpmn":
        return 0
    model, taken = Model.load(Package.load(whole), JOB_TYPES), 0
    environment = Environment(
        now=datetime(2026, 3, 27, 9, 0, tzinfo=UTC),
        case={"id": "2026-00001", "owner": "u", "started": "2026-03-27T09:00:00Z"},
        deadline_values=Counter(),  # type: ignore[arg-type]
        service=lambda call: {},
        step_budget=2_000,
    )
    for process_id in model.process_ids:
        run = Run.start(model, process_id, {"v": 1}, environment)
        run.advance()
        for _ in range(steps):
            if not _step(run, random):
                break
            run.advance()
            run = Run.restore(model, run.snapshot(), environment)
            taken += 1
    return taken


def _step(run: Run, random: Random) -> bool:
    choices = [("task", token) for token in run.open_tasks] + [(wait.kind, token) for token, wait in run.waits.items()]
    choices = [one for one in choices if one[0] != "condition"]
    if not choices:
        return False
    kind, token = random.choice(choices)
    if kind == "task":
        try:
            run.complete(token, {"v": random.randint(0, 9)})
        except Incident:
            return False
    elif kind == "timer":
        run.fire(token)
    else:
        wait = run.waits[token]
        run.signal(wait.name or "") if kind == "signal" else run.send(wait.name or "", wait.key or "")
    return True
