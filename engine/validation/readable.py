"""Can it be read, and would the engine run it? What the loaders themselves refuse, told as it is."""

from __future__ import annotations

from collections.abc import Iterator

from engine.errors import InvalidModel
from engine.findings import Finding
from engine.rules import finding
from engine.validation.subject import Subject


def check(subject: Subject) -> Iterator[Finding]:
    """The package and its scenario files."""
    if subject.package is None:
        yield from subject.unreadable
        return
    yield from subject.package.findings
    for name, content in subject.package.files.items():
        if name in subject.package.scenarios:
            yield from _scenario(content, name)


def _scenario(content: bytes, name: str) -> Iterator[Finding]:
    # Here, beside the other checks: only this one needs it, and it takes its time to import.
    from engine.scenarios import Scenario

    try:
        Scenario.parse(content.decode("utf-8-sig"), name)
    except UnicodeDecodeError:
        yield finding("encoding", name)
    except InvalidModel as error:
        yield from error.findings


def check_model(subject: Subject) -> Iterator[Finding]:
    """The processes, as the engine loads them."""
    if subject.model is None:
        yield from subject.refused
