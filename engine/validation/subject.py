"""What is checked: a package, or a single file as a package of one; each part is read once, when it is first asked for.

A part that cannot be read is None or missing: the check that reads it for its own sake tells why, the others go on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from lxml import etree

import forms
from engine.bpmn.model import Model
from engine.bpmn.reading import read_xml
from engine.decisions import Decisions
from engine.errors import InvalidModel
from engine.findings import Finding
from engine.job_types import JOB_TYPES
from engine.package_files import FILE_LIMIT
from engine.packages import Package
from engine.rules import finding
from engine.validation.data_ways import Ways
from engine.validation.known import Known


class Subject:
    """One package and everything read from it."""

    def __init__(self, path: Path, *, publish: bool = False) -> None:
        self.path = path
        #: Is it to be published? Then its scenarios are run.
        self.publish = publish
        #: Why the package could not be read, and why the engine would not run it.
        self.unreadable: list[Finding] = []
        self.refused: list[Finding] = []

    @classmethod
    def of(cls, package: Package) -> Subject:
        """Of a package that has been read."""
        subject = cls(Path(package.name))
        subject.package = package
        return subject

    @property
    def name(self) -> str:
        """Of the file or folder, for a finding about the whole."""
        return self.path.name

    @cached_property
    def package(self) -> Package | None:
        """The package; None where it cannot be read at all, and `unreadable` says why."""
        try:
            return self._load()
        except InvalidModel as error:
            self.unreadable += error.findings
        return None

    def _load(self) -> Package:
        if self.path.is_dir() or self.path.suffix.lower() == ".bpmn":
            return Package.load(self.path, broken=True)
        try:
            if self.path.stat().st_size > FILE_LIMIT:
                raise InvalidModel([finding("file-too-large", self.name, limit=FILE_LIMIT // 1_000_000)])
            alone = Package.from_files({self.name: self.path.read_bytes()}, self.path.stem, broken=True)
        except OSError as error:
            raise InvalidModel([finding("unreadable", self.name, reason=error.strerror or "?")]) from error
        return replace(alone, findings=tuple(one for one in alone.findings if one.rule != "no-model"))

    @cached_property
    def roots(self) -> Mapping[str, etree._Element]:
        """`.bpmn` file → its XML, for those that are safe to read."""
        found = {}
        for name, content in self.package.bpmn.items() if self.package else ():
            try:
                found[name] = read_xml(content, name)
            except InvalidModel as error:
                self.refused += error.findings
        return found

    @cached_property
    def model(self) -> Model | None:
        """What the engine would run; None where it refuses, and `refused` says why."""
        if self.package is None or not self.package.bpmn:
            return None
        try:
            return Model.load(self.package, JOB_TYPES)
        except InvalidModel as error:
            self.refused += error.findings
        return None

    @cached_property
    def ways(self) -> Ways | None:
        """The solved data-flow of the model; None without a model, or where it takes too long to solve."""
        return Ways.solved(self.model) if self.model is not None else None

    @cached_property
    def known(self) -> Known | None:
        """What is known of each variable at each place of the model; None where nothing can be concluded."""
        return Known(self.model, self.ways) if self.model is not None and self.ways is not None else None

    @cached_property
    def forms(self) -> Mapping[str, forms.Form]:
        """Form id → form, for those that can be used."""
        found = {}
        for form_id, content in self.package.forms.items() if self.package else ():
            try:
                found[form_id] = forms.load(content, self.package.form_files[form_id])  # type: ignore[union-attr]
            except forms.InvalidForm:
                continue
        return found

    @cached_property
    def decisions(self) -> Mapping[str, Decisions]:
        """`.dmn` file → its decisions, for those that can be read."""
        found = {}
        for name, content in self.package.dmn.items() if self.package else ():
            try:
                found[name] = Decisions.parse(content, name)
            except InvalidModel:
                continue
        return found
