"""Three versions of a package as one: a base, the base as it was revised (theirs), and a local variant of it (ours)."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property

from engine.findings import Finding
from engine.merging.conflicts import Choices, Conflict, Side
from engine.merging.models import merge_model
from engine.merging.texts import merge_json, merge_toml
from engine.packages import Package
from engine.validation.checks import errors_of
from engine.validation.subject import Subject

_MERGERS = {".bpmn": merge_model, ".dmn": merge_model, ".form": merge_json, ".toml": merge_toml}


@dataclass(frozen=True)
class Merged:
    """What came out. Where there are conflicts, ours stands in them, so that nothing of the variant is lost."""

    package: Package
    #: In which nobody has chosen yet.
    conflicts: tuple[Conflict, ...]

    @cached_property
    def findings(self) -> list[Finding]:
        """What is wrong with it, so that it could not be published; of one that can, nothing."""
        return [*self.package.findings] or list(errors_of(Subject.of(self.package)))


def merge(base: Package, theirs: Package, ours: Package, take: Mapping[str, Side] | None = None) -> Merged:
    """Merge by element id. `take`: conflict id → the side chosen. What is called is as theirs has it.

    Raises:
        InvalidModel: one of the models cannot be read.
        NoSuchConflict: a choice in what is no conflict.
    """
    choices = Choices(take or {})
    files: dict[str, bytes] = {}
    for name in sorted({*theirs.files, *ours.files}):
        was, new, own = (one.files.get(name) for one in (base, theirs, ours))
        merged = _file(name, was, new, own, choices)
        if merged is not None:
            files[name] = merged
    choices.demand_met()
    package = replace(Package.from_files(files, ours.name, broken=True), called=theirs.called)
    return Merged(package, tuple(choices.open))


def _file(name: str, base: bytes | None, theirs: bytes | None, ours: bytes | None, choices: Choices) -> bytes | None:
    if ours == theirs or theirs == base:
        return ours
    if ours == base:
        return theirs
    merger = next((one for suffix, one in _MERGERS.items() if name.lower().endswith(suffix)), None)
    if merger is not None and base is not None and theirs is not None and ours is not None:
        with suppress(ValueError, RecursionError):  # one of them is no TOML or JSON: a side is chosen as a whole
            return merger(base, theirs, ours, name, choices)
    sides = (_presence(base), _presence(ours, base), _presence(theirs, base))
    return theirs if choices.choose(Conflict(name, "", name, "", *sides)) == "theirs" else ours


def _presence(content: bytes | None, base: bytes | None = None) -> str | None:
    return None if content is None else "there" if base is None else "changed"
