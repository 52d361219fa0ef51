"""Decision tables: what cannot be read of them."""

from __future__ import annotations

from collections.abc import Iterator

from engine.decisions import Decisions
from engine.errors import InvalidModel
from engine.findings import Finding
from engine.validation.subject import Subject


def check(subject: Subject) -> Iterator[Finding]:
    """Every `.dmn` file of the package."""
    for name, content in subject.package.dmn.items() if subject.package else ():
        try:
            Decisions.parse(content, name)
        except InvalidModel as error:
            yield from error.findings
