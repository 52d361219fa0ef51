"""What `samled validate` runs: everything that a loader refuses, for any file, in any state, in bounded time."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from types import FrameType

from engine.errors import FeelError, InvalidModel
from engine.findings import Finding
from engine.packages import FILE_LIMIT, FILES_LIMIT, SCENARIOS, Package

#: Seconds for one file; the contract says ten, start of the program included. A package has as many as its files.
TIME_LIMIT = 8.0
KINDS = (".bpmn", ".dmn", ".form", *SCENARIOS)


class _TooSlow(BaseException):
    """Not an Exception: what catches everything must not swallow it."""


def validate(path: Path) -> list[Finding]:
    """All findings of a package folder or a file, errors first; file names start with `path`. Never raises."""
    found: list[Finding] = []
    shown = path.as_posix()
    try:
        with _time_limit(limit := TIME_LIMIT * _files(path)):
            _check(path, found)
    except _TooSlow:
        remedy = "Split the process, or look for a part that refers to itself"
        found.append(Finding(shown, "", "error", "too-slow", f"Not done within {limit:g} seconds", remedy))
    except RecursionError:
        found.append(
            Finding(shown, "", "error", "too-deep", "It is nested too deep", "Flatten it to 100 levels at most")
        )
    except MemoryError:
        found.append(Finding(shown, "", "error", "too-large", "It needs too much memory", "Split it"))
    order = {"error": 0, "publishing": 1, "warning": 2}
    return sorted(dict.fromkeys(found), key=lambda finding: (order[finding.severity], finding.file, finding.element))


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


def _check(path: Path, found: list[Finding]) -> None:
    if path.is_dir() or path.suffix.lower() == ".bpmn":
        inner: list[Finding] = []
        try:
            _check_package(path, inner)
        finally:
            found += [placed(finding, path) for finding in inner]
        return
    check = {".dmn": _check_dmn, ".form": _check_form, ".yaml": _check_scenario, ".yml": _check_scenario}.get(
        path.suffix.lower()
    )
    shown = path.as_posix()
    if check is None:
        remedy = f"Name a folder or a file that ends in {', '.join(KINDS)}"
        found.append(Finding(shown, "", "error", "not-a-model", "This is no kind of file that is checked", remedy))
        return
    content = _content(path, shown, found)
    if content is not None:
        _guarded(shown, found, partial(check, content, shown, found))


def _content(path: Path, shown: str, found: list[Finding]) -> bytes | None:
    try:
        if path.stat().st_size > FILE_LIMIT:
            message = f"The file is larger than {FILE_LIMIT // 1_000_000} MB"
            found.append(Finding(shown, "", "error", "file-too-large", message, "Make it smaller"))
            return None
        return path.read_bytes()
    except OSError as error:
        message = f"The file cannot be read: {error.strerror or 'unknown reason'}"
        found.append(Finding(shown, "", "error", "unreadable", message, "Check the path and its permissions"))
        return None


def _check_package(path: Path, found: list[Finding]) -> None:
    loaded: list[Package] = []
    _guarded(path.name, found, lambda: loaded.append(Package.load(path)))
    for package in loaded:
        found += package.findings
        for form_id, content in package.forms.items():
            name = package.form_files[form_id]
            _guarded(name, found, partial(_check_form, content, name, found))
        for name, content in package.dmn.items():
            _guarded(name, found, partial(_check_dmn, content, name, found))
        for name, text in package.scenarios.items():
            _guarded(name, found, partial(_check_scenario, text.encode(), name, found))
        _guarded(path.name, found, partial(_check_model, package, found))


def _check_model(package: Package, found: list[Finding]) -> None:
    from engine import dataflow, soundness
    from engine.bpmn import Model
    from engine.services import HANDLERS

    model = Model.load(package, HANDLERS)
    found += soundness.findings(model.specs)
    found += dataflow.check(model)


def _check_form(content: bytes, name: str, found: list[Finding]) -> None:
    from engine.form_files import form_findings

    found += form_findings(content, name)


def _check_dmn(content: bytes, name: str, found: list[Finding]) -> None:
    from engine.decisions import Decisions

    Decisions.parse(content, name)


def _check_scenario(content: bytes, name: str, found: list[Finding]) -> None:
    from engine.scenarios import Scenario

    try:
        Scenario.parse(content.decode("utf-8-sig"), name)
    except UnicodeDecodeError:
        found.append(Finding(name, "", "error", "encoding", "The text is not UTF-8", "Save the file as UTF-8"))


def _guarded(name: str, found: list[Finding], check: Callable[[], object]) -> None:
    """Run one check; whatever it raises becomes a finding, so that the others still run."""
    try:
        check()
    except InvalidModel as error:
        found += error.findings
    except FeelError as error:
        remedy = "Mend the expression"
        found.append(Finding(error.file or name, error.element or "", "error", "feel", error.message, remedy))
    except (RecursionError, MemoryError):
        raise
    except Exception as error:
        # A fault of ours. It must not hide the other findings, and nobody should publish what we cannot read.
        message = f"It cannot be checked ({type(error).__name__}: {' '.join(str(error).split())[:200]})"
        found.append(Finding(name, "", "error", "cannot-check", message, "Report it with the file"))


def placed(finding: Finding, path: Path) -> Finding:
    """A finding of the package at `path`, with the path as it was given in front, so that the file can be opened."""
    inside = path if path.is_dir() else path.parent
    if path.is_dir() and finding.file.rstrip("/") in (path.name, path.resolve().name, ""):
        return replace(finding, file=inside.as_posix())
    # What a package calls lies beside it, and is named with its own folder in front.
    beside = (inside / finding.file, inside.parent / finding.file, inside / Path(finding.file).name)
    return replace(finding, file=next((file for file in beside if file.exists()), beside[0]).as_posix())


@contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """Interrupts by a signal, which only the main thread of a Unix process can have; elsewhere there is no limit."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise _TooSlow

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
