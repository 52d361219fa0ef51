"""What `samled validate` runs: everything that must be known of a package before people depend on it.

`validate` reads in a process of its own, with limits, for files that come from anybody. `findings_of` is the same in
this process. The checks and their order stand in `checks.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import islice
from pathlib import Path

from engine.findings import Finding
from engine.package_files import FILES_LIMIT, RUNS, SCENARIOS
from engine.rules import Text, finding
from engine.validation.confined import Confined, confined

#: Seconds for one file; the contract says ten, start of the program included. A package has as many as its files.
TIME_LIMIT = 8.0
KINDS = (*RUNS, *SCENARIOS)
_ORDER = {"error": 0, "publishing": 1, "warning": 2}


def validate(
    path: Path, *, publish: bool = False, time_limit: float = TIME_LIMIT, helper: Confined | None = None
) -> list[Finding]:
    """All findings of a package folder or a file, errors first; file names start with `path`. Never raises.

    `publish` runs the scenarios too, and what keeps a package from being published is an error. `time_limit` is in
    seconds a file. `helper`: who checks; else the one of this process.
    """
    limit = time_limit * _files(path)
    found = [placed(one, path) for one in (helper or confined()).findings(path, publish=publish, seconds=limit)]
    raised = [
        replace(one, severity="error") if publish and one.severity == "publishing" else one
        for one in dict.fromkeys(found)
    ]
    return sorted(raised, key=lambda one: (_ORDER[one.severity], one.file, one.element))


def findings_of(
    path: Path, *, publish: bool = False, entering: Callable[[Text], None] = lambda _check: None
) -> Iterable[Finding]:
    """The findings as they come, in this process and without limits; file names are relative to the package.

    `entering` hears the name of each check before it begins.
    """
    from engine.validation.checks import run
    from engine.validation.subject import Subject

    if path.is_dir() or path.suffix.lower() in KINDS:
        return run(Subject(path, publish=publish), entering=entering)
    return [finding("not-a-model", path.name, kinds=", ".join(KINDS))]


def packages_in(path: Path) -> list[Path]:
    """The path itself, or for a folder of packages (such as `processes/`) each of them."""
    if not path.is_dir() or _is_package(path):
        return [path]
    return sorted(folder for folder in path.iterdir() if folder.is_dir() and _is_package(folder)) or [path]


def _files(path: Path) -> int:
    """How many files are checked: at least one."""
    if not path.is_dir():
        return 1
    return max(1, sum(1 for file in islice(path.rglob("*"), FILES_LIMIT) if file.suffix.lower() in KINDS))


def _is_package(folder: Path) -> bool:
    return (folder / "process.toml").exists() or any(folder.glob("*.bpmn"))


def placed(one: Finding, path: Path) -> Finding:
    """A finding of the package at `path`, with the path as it was given in front, so that the file can be opened."""
    inside = path if path.is_dir() else path.parent
    if path.is_dir() and one.file.rstrip("/") in (path.name, path.resolve().name, ""):
        return replace(one, file=inside.as_posix())
    # What a package calls lies beside it, and is named with its own folder in front.
    beside = (inside / one.file, inside.parent / one.file, inside / Path(one.file).name)
    return replace(one, file=next((file for file in beside if file.exists()), beside[0]).as_posix())
