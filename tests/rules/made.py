"""Pairs that no file can hold: each rule here is broken and kept by something that is made or done."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from io import BytesIO
from pathlib import Path
from unittest.mock import patch

from engine import validation
from engine.bpmn import Model
from engine.errors import InvalidModel
from engine.findings import Finding
from engine.packages import Package
from engine.rules import Text
from engine.validation import checks, findings_of, readable, soundness, style, validate
from engine.validation.subject import Subject
from tests.models import bpmn
from web.cli import _played

#: The module; the package has a function of that name.
confined = import_module("engine.validation.confined")
#: What is found when something is made in an empty folder.
Found = Callable[[Path], Iterable[Finding]]


@dataclass(frozen=True)
class Made:
    """A pair, and in words what differs."""

    words: str
    bad: Found
    good: Found


SMALL = bpmn('<startEvent id="s"/><task id="a"/><endEvent id="e"/><flows>\ns -> a\na -> e\n</flows>')


def written(content: bytes, name: str = "a.bpmn") -> Found:
    """A file with this in it."""

    def found(folder: Path) -> Iterable[Finding]:
        (folder / name).write_bytes(content)
        return findings_of(folder / name, publish=True)

    return found


def loaded(content: bytes) -> Found:
    """A model that the engine is to load; the other checks would take their time over it."""

    def found(folder: Path) -> Iterable[Finding]:
        (folder / "a.bpmn").write_bytes(content)
        return readable.check_model(Subject(folder / "a.bpmn"))

    return found


def in_seconds(limit: float) -> Found:
    """The small model, checked within so many seconds."""

    def found(folder: Path) -> Iterable[Finding]:
        (folder / "a.bpmn").write_bytes(SMALL)
        return validate(folder / "a.bpmn", publish=True, time_limit=limit)

    return found


def with_style_in_seconds(limit: float) -> Found:
    """The small model, its style checked within so many seconds of computing."""

    def found(folder: Path) -> Iterable[Finding]:
        (folder / "a.bpmn").write_bytes(SMALL)
        with patch.object(style, "TIME_LIMIT", limit):
            return list(findings_of(folder / "a.bpmn", publish=True))

    return found


def in_megabytes(limit: int) -> Found:
    """A small model, whose check wants 300 MB, in a process that may use so many megabytes more than it was born with."""

    def wants_much(path: Path, **_: object) -> list[Finding]:
        bytearray(300 * 2**20)
        return []

    def found(folder: Path) -> Iterable[Finding]:
        (folder / "a.bpmn").write_bytes(SMALL)
        request = {"path": str(folder / "a.bpmn"), "publish": True, "seconds": 10}
        much, most = patch.object(validation, "findings_of", wants_much), patch.object(confined, "MEMORY_LIMIT", limit)
        with (folder / "answers").open("w") as answers, much, most:
            confined.serve(BytesIO(json.dumps(request).encode() + b"\n"), answers)
        with (folder / "answers").open("rb") as told:
            return list(confined._answers(told, folder / "a.bpmn", 10))

    return found


def by_a_check(run: Callable[[Subject], Iterable[Finding]]) -> Found:
    """The small model, looked at by a check."""

    def found(folder: Path) -> Iterator[Finding]:
        (folder / "a.bpmn").write_bytes(SMALL)
        return checks._guarded(Subject(folder / "a.bpmn"), checks.Check(Text("a check", "en kontroll"), run))

    return found


def fails(_subject: Subject) -> Iterable[Finding]:
    """A check with a fault of its own."""
    raise ZeroDivisionError("a fault of the check's own")


def chain(elements: int) -> bytes:
    """So many elements, one after the other."""
    tasks = "".join(f'<task id="t{number}"/>' for number in range(elements - 2))
    flows = "\n".join(f"t{number} -> t{number + 1}" for number in range(elements - 3))
    return bpmn(
        f'<startEvent id="s"/>{tasks}<endEvent id="e"/><flows>\ns -> t0\n{flows}\nt{elements - 3} -> e\n</flows>'
    )


def nested(levels: int) -> bytes:
    """Documentation that is nested so many levels deep (definitions and process among them)."""
    opened = "".join('<x:x xmlns:x="http://example.org/x">' for _ in range(levels - 3))
    inside = f"<extensionElements>{opened}{'</x:x>' * (levels - 3)}</extensionElements>"
    return bpmn(f'{inside}<startEvent id="s"/><task id="a"/><endEvent id="e"/><flows>\ns -> a\na -> e\n</flows>')


def table(rules: int) -> bytes:
    """A decision table of so many rules, an age and its half year each."""
    rows = "".join(
        f'<rule id="r{age}"><inputEntry id="t{age}"><text>[{age}..{age + 0.5}]</text></inputEntry>'
        f'<outputEntry id="o{age}"><text>{age}</text></outputEntry></rule>'
        for age in range(rules)
    )
    columns = (
        '<input id="i"><inputExpression id="e"><text>age</text></inputExpression></input><output id="o" name="y"/>'
    )
    model = "https://www.omg.org/spec/DMN/20191111/MODEL/"
    return (
        f'<definitions xmlns="{model}" id="x" name="x" namespace="x"><decision id="d" name="d">'
        f'<decisionTable id="t">{columns}{rows}</decisionTable></decision></definitions>'
    ).encode()


def within(seconds: float) -> Found:
    """A chain of 300 elements, whose soundness is to be proven within so many seconds."""

    def found(_folder: Path) -> Iterable[Finding]:
        package = Package.from_files({"a.bpmn": chain(300)}, "a")
        return soundness.findings(Model.load(package).specs, seconds=seconds)

    return found


def refused(load: Callable[[Path], object]) -> Found:
    """Why something cannot be done in a folder with the small model in it; nothing where it can."""

    def found(folder: Path) -> Iterable[Finding]:
        (folder / "a.bpmn").write_bytes(SMALL)
        try:
            load(folder)
        except InvalidModel as error:
            return error.findings
        return []

    return found


def with_scenarios(number: int) -> Callable[[Path], object]:
    """A package with so many scenario files is read."""

    def load(folder: Path) -> object:
        for one in range(number):
            (folder / f"{one}.yaml").touch()
        return Package.load(folder)

    return load


def fields(number: int) -> bytes:
    """A form with so many questions."""
    questions = [{"type": "textfield", "key": f"q{one}"} for one in range(number)]
    return json.dumps({"type": "default", "id": "a", "components": questions}).encode()


def simulated(scenario: str | None) -> Found:
    """The small model, run by the command with this scenario."""

    def found(folder: Path) -> Iterable[Finding]:
        (folder / "a.bpmn").write_bytes(SMALL)
        return _played(folder / "a.bpmn", Path(scenario) if scenario else None)[1]

    return found


#: Rule → its pair.
MADE = {
    "file-too-large": Made(
        "A file of 5,000,001 bytes breaks it, one of 5,000,000 does not.",
        written(SMALL.ljust(5_000_001)),
        written(SMALL.ljust(5_000_000)),
    ),
    "too-deep": Made(
        "101 levels break it, 100 do not; `definitions` is the first.", written(nested(101)), written(nested(100))
    ),
    "too-many-elements": Made(
        "2,001 elements break it, 2,000 do not; the process counts, sequence flows do not.",
        loaded(chain(2_000)),
        loaded(chain(1_999)),
    ),
    "too-slow": Made(
        "A small model breaks it where it may take a hundredth of a second only.", in_seconds(0.01), in_seconds(8)
    ),
    "too-much-memory": Made(
        # The second is forked from the tests' own process, which may be large by then.
        "A check that wants 300 MB breaks it where 1 MB is all that it may use.", in_megabytes(1), in_megabytes(8_000)
    ),
    "style-not-checked": Made(
        "A small model breaks it where its style may take a millionth of a second only.",
        with_style_in_seconds(0.000_001),
        with_style_in_seconds(3),
    ),
    "cannot-check": Made(
        "A check with a fault of its own breaks it.", by_a_check(fails), by_a_check(lambda _subject: ())
    ),
    "soundness-not-proven": Made("A chain of 300 elements breaks it where there is no time at all.", within(0), within(5)),
    "unreadable": Made(
        "A file that is not there breaks it.", lambda folder: findings_of(folder / "gone.dmn"), written(SMALL)
    ),
    "dmn-too-large": Made(
        "A table of 400 rules, each with two bounds of its own, breaks it; one of 100 does not.",
        written(table(400), "a.dmn"),
        written(table(100), "a.dmn"),
    ),
    "not-a-package": Made(
        "A text file that is to be published breaks it, a model does not.",
        refused(lambda folder: Package.load(folder / "a.txt")),
        refused(lambda folder: Package.load(folder / "a.bpmn")),
    ),
    "not-found": Made(
        "A model that is to be published and is not there breaks it.",
        refused(lambda folder: Package.load(folder / "gone.bpmn")),
        refused(lambda folder: Package.load(folder / "a.bpmn")),
    ),
    "too-many-files": Made(
        "A package of 1,001 files breaks it, one of 1,000 does not.",
        refused(with_scenarios(1_000)),
        refused(with_scenarios(999)),
    ),
    "file-name": Made(
        "A package that is sent with the file `../a.bpmn` breaks it, one with `a.bpmn` does not.",
        refused(lambda _folder: Package.from_files({"../a.bpmn": SMALL}, "a")),
        refused(lambda _folder: Package.from_files({"a.bpmn": SMALL}, "a")),
    ),
    "too-large": Made(
        "A form of 1,001 components breaks it, one of 1,000 does not.",
        written(fields(1_001), "a.form"),
        written(fields(1_000), "a.form"),
    ),
    "cannot-run": Made(
        "`samled simulate` with a scenario that the package does not have breaks it; without one, a case is started.",
        simulated("gone"),
        simulated(None),
    ),
}  # fmt: skip
