"""A process package: the files a process owner owns, read together and named by the hash of what runs.

A package is a folder `processes/<name>/` or a bare `.bpmn`. What it calls is pinned into it when it is read, so that
a published version never changes when a neighbour does.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import sha256
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any

from engine.errors import InvalidModel
from engine.findings import Finding
from engine.package_files import FILE_LIMIT, FILES_LIMIT, RUNS, SCENARIOS
from engine.process_settings import FILE as SETTINGS_FILE
from engine.process_settings import DeadlineSetting, ProcessSettings, Role, parse_settings
from engine.references import References, decision_ids, defines
from engine.rules import finding
from engine.translations import language_of, parse_translation

#: Folder inside the stored files for what the package calls. Hidden, so that no folder of the owner's is taken for it.
_CALLED = ".called"


@dataclass(frozen=True, eq=False)
class Package:
    """Immutable. Two packages with the same hash run alike."""

    #: The folder's name, or the file's without `.bpmn`.
    name: str
    #: Every file by its name relative to the package, with `/`; called packages are not among them.
    files: Mapping[str, bytes]
    settings: ProcessSettings = field(default_factory=ProcessSettings)
    #: Form id → content, and form id → file name.
    forms: Mapping[str, bytes] = field(default_factory=dict)
    form_files: Mapping[str, str] = field(default_factory=dict)
    #: Language → text of the package → the same in that language.
    translations: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    #: Process id → the package that defines it; all that is reached, flat: those inside have none of their own.
    called: Mapping[str, Package] = field(default_factory=dict)
    #: What is wrong but not so wrong that the package cannot be read.
    findings: tuple[Finding, ...] = ()

    @classmethod
    def load(cls, path: Path, *, broken: bool = False) -> Package:
        """Read a folder or a bare `.bpmn` and what it calls beside it. Raises `InvalidModel` with every finding.

        `broken` keeps what can be read, with the errors in `findings`, to see what else is wrong with it.
        """
        path = Path(path)
        package = cls._read(path, broken=broken)
        finder = _Beside(path)
        called: dict[str, Package] = {}
        waiting = [package]
        while waiting:
            caller = waiting.pop()
            for process_id in sorted(caller.references.called - package.references.processes - called.keys()):
                if "/" not in process_id and (found := finder.find(process_id)):
                    called[process_id] = found
                    waiting.append(found)
        return replace(package, called=MappingProxyType(dict(sorted(called.items()))))

    @classmethod
    def _read(cls, path: Path, *, broken: bool) -> Package:
        if path.is_dir():
            return cls.from_files(_folder_files(path), path.resolve().name, broken=broken)
        if path.suffix.lower() != ".bpmn":
            raise InvalidModel([finding("not-a-package", path.name)])
        return cls.from_files(_bare_files(path), path.stem, broken=broken)

    @classmethod
    def from_files(cls, files: Mapping[str, bytes], name: str, *, broken: bool = False) -> Package:
        """Build from contents by relative name, as `to_files` gives them. Raises `InvalidModel` as `load` does."""
        own = {file: content for file, content in files.items() if not file.startswith(f"{_CALLED}/")}
        findings = list(_check_files(own))
        settings = ProcessSettings()
        if SETTINGS_FILE in own:
            text, problem = _decode(own[SETTINGS_FILE], SETTINGS_FILE)
            settings, found = parse_settings(text) if text is not None else (settings, [])
            findings += problem + found
        forms, form_files, found = _forms(own)
        findings += found
        translations, found = _translations(own)
        findings += found
        if not broken and any(one.severity == "error" for one in findings):
            raise InvalidModel(findings)
        return cls(
            name=name,
            files=MappingProxyType(dict(sorted(own.items()))),
            settings=settings,
            forms=forms,
            form_files=form_files,
            translations=translations,
            called=MappingProxyType(_stored_called(files)),
            findings=tuple(findings),
        )

    def to_files(self) -> dict[str, bytes]:
        """Everything needed to build the same package again, what it calls included."""
        files = dict(self.files)
        for process_id, package in self.called.items():
            files |= {f"{_CALLED}/{process_id}/{package.name}/{name}": data for name, data in package.files.items()}
        return files

    @cached_property
    def hash(self) -> str:
        """SHA-256 in hex over the names and contents of what runs and is shown: not scenarios, not the README."""
        digest = sha256()
        for name, content in sorted(self.to_files().items()):
            if name.lower().endswith(RUNS) or name.endswith(".toml"):
                # Lengths first: no two sets of files may run together into the same bytes.
                digest.update(f"{len(name.encode())}:{len(content)}:{name}".encode() + content)
        return digest.hexdigest()

    @cached_property
    def references(self) -> References:
        """What the models define and call, as far as they can be read."""
        return References.of(self.bpmn.values())

    @cached_property
    def bpmn(self) -> Mapping[str, bytes]:
        """File name → content."""
        return self._with_suffix(".bpmn")

    @cached_property
    def dmn(self) -> Mapping[str, bytes]:
        """File name → content."""
        return self._with_suffix(".dmn")

    @cached_property
    def scenarios(self) -> Mapping[str, str]:
        """File name → text; a file in an unknown encoding has its unreadable characters replaced."""
        return MappingProxyType(
            {name: _text(content) for name, content in self.files.items() if name.lower().endswith(SCENARIOS)}
        )

    def _with_suffix(self, suffix: str) -> Mapping[str, bytes]:
        return MappingProxyType({name: data for name, data in self.files.items() if name.lower().endswith(suffix)})

    def translate(self, text: str, language: str) -> str:
        """A text of the package in a language; as it is, where that is its own language or nobody has translated it."""
        return self.translations.get(language, {}).get(text, text)

    @property
    def bare(self) -> bool:
        """Is there no `process.toml`, so that nothing is declared?"""
        return SETTINGS_FILE not in self.files

    @property
    def title(self) -> str:
        """What people call the process; its name if nothing better is said."""
        return self.settings.title or self.name

    @property
    def description(self) -> str:
        return self.settings.description

    @property
    def language(self) -> str:
        return self.settings.language

    @property
    def owner_role(self) -> str | None:
        return self.settings.owner_role

    @property
    def promise(self) -> str:
        """What the unit that is asked promises, where it words nothing itself; nothing where it need not promise."""
        return self.settings.promise or ""

    @property
    def subject(self) -> str | None:
        return self.settings.subject

    @property
    def roles(self) -> Mapping[str, Role]:
        return self.settings.roles

    @property
    def deadlines(self) -> Mapping[str, DeadlineSetting]:
        return self.settings.deadlines

    @property
    def indicators(self) -> Mapping[str, Mapping[str, Any]]:
        return self.settings.indicators


def is_beside(path: Path, process_id: str) -> bool:
    """Is a process of this id defined beside a package or a bare model?"""
    files = _Beside(path).candidates(process_id)
    return any(defines(content, process_id) for file in files if (content := _read(file)) is not None)


class _Beside:
    """Finds the package that defines a process, beside a package or a bare model."""

    def __init__(self, path: Path) -> None:
        self.bare = not path.is_dir()
        self.own = path.resolve()
        self.place = self.own.parent

    def find(self, process_id: str) -> Package | None:
        """The package, or None. Raises `InvalidModel` when it is there and broken."""
        for file in self.candidates(process_id):
            content = _read(file)
            if content is not None and defines(content, process_id):
                found = file if self.bare else file.parent
                try:
                    return Package._read(found, broken=False)
                except InvalidModel as error:
                    named = [replace(one, file=f"{found.stem}/{one.file}") for one in error.findings]
                    raise InvalidModel(named) from None
        return None

    def candidates(self, process_id: str) -> Iterator[Path]:
        """The models to look into, the likely one first. An id is never used as a path unless it is a plain name."""
        if self.bare:
            files = sorted(self.place.glob("*.bpmn"))
            likely = {self.place / f"{process_id}.bpmn"}
        else:
            files = sorted(file for file in self.place.glob("*/*.bpmn") if file.parent != self.own)
            likely = {self.place / process_id / f"{process_id}.bpmn"}
        yield from sorted(files[:FILES_LIMIT], key=lambda file: file not in likely)


def _folder_files(folder: Path) -> dict[str, bytes]:
    """The files of a package by relative name; pictures and whatever else lies there are left alone."""
    files: dict[str, bytes] = {}
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(place, name)
            relative = path.relative_to(folder).as_posix()
            known = relative in (SETTINGS_FILE, "README.md") or language_of(relative)
            if known or name.lower().endswith(RUNS + SCENARIOS):
                if len(files) >= FILES_LIMIT:
                    raise InvalidModel([finding("too-many-files", "", limit=FILES_LIMIT)])
                files[relative] = _must_read(path, relative)
    if not any(name.lower().endswith(".bpmn") for name in files):
        raise InvalidModel([finding("no-model", f"{folder.resolve().name}/")])
    return files


def _bare_files(path: Path) -> dict[str, bytes]:
    """A bare model with the forms and decisions beside it that it names; of several with one id, the first."""
    files = {path.name: _must_read(path, path.name)}
    references = References.of(files.values())
    for suffix, wanted in ((".form", references.forms), (".dmn", references.decisions)):
        missing = set(wanted)
        for file in _beside(path.parent, suffix) if wanted else []:
            content = _read(file)
            found = _ids(file, content) & missing if content else set()
            if content and found:
                files[file.relative_to(path.parent).as_posix()] = content
                missing -= found
    return files


def _beside(folder: Path, suffix: str) -> list[Path]:
    return (sorted(folder.glob(f"*{suffix}")) + sorted(folder.glob(f"*/*{suffix}")))[:FILES_LIMIT]


def _ids(file: Path, content: bytes) -> set[str]:
    """What a neighbour defines; a broken form counts by its file name, so that it is told what is wrong with it."""
    if file.suffix == ".dmn":
        return set(decision_ids(content))
    form_id, findings = _form_id(file.name, content)
    return {form_id} if form_id else {file.stem} if findings else set()


def _must_read(path: Path, name: str) -> bytes:
    try:
        if path.stat().st_size > FILE_LIMIT:
            raise InvalidModel([_too_large(name)])
        return path.read_bytes()
    except FileNotFoundError:
        raise InvalidModel([finding("not-found", name)]) from None
    except OSError as error:
        raise InvalidModel([finding("unreadable", name, reason=error.strerror or "?")]) from None


def _read(path: Path) -> bytes | None:
    """A neighbour's content; one that is too large or cannot be read is not ours to report."""
    try:
        return path.read_bytes() if path.stat().st_size <= FILE_LIMIT else None
    except OSError:
        return None


def _too_large(name: str) -> Finding:
    return finding("file-too-large", name, limit=FILE_LIMIT // 1_000_000)


def _check_files(files: Mapping[str, bytes]) -> Iterator[Finding]:
    for name, content in files.items():
        if len(content) > FILE_LIMIT:
            yield _too_large(name)
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name:
            yield finding("file-name", name)
    if not any(name.lower().endswith(".bpmn") for name in files):
        yield finding("no-model", "")


def _stored_called(files: Mapping[str, bytes]) -> dict[str, Package]:
    """The pinned packages among stored files: `called/<process id>/<package name>/<file>`."""
    groups: dict[tuple[str, str], dict[str, bytes]] = {}
    for name, content in files.items():
        parts = name.split("/", 3)
        if parts[0] == _CALLED and len(parts) == 4:
            groups.setdefault((parts[1], parts[2]), {})[parts[3]] = content
    return {process_id: Package.from_files(inner, name) for (process_id, name), inner in groups.items()}


def _translations(files: Mapping[str, bytes]) -> tuple[Mapping[str, Mapping[str, str]], list[Finding]]:
    found: dict[str, Mapping[str, str]] = {}
    findings: list[Finding] = []
    for name, content in files.items():
        if language := language_of(name):
            text, problems = _decode(content, name)
            found[language], wrong = parse_translation(text, name) if text is not None else ({}, [])
            findings += problems + wrong
    return MappingProxyType(found), findings


def _forms(files: Mapping[str, bytes]) -> tuple[Mapping[str, bytes], Mapping[str, str], list[Finding]]:
    """Forms by id. What else is wrong with a form, the forms room says when it loads it."""
    forms: dict[str, bytes] = {}
    names: dict[str, str] = {}
    findings: list[Finding] = []
    for name, content in files.items():
        if not name.lower().endswith(".form"):
            continue
        form_id, problems = _form_id(name, content)
        findings += problems
        if form_id in names:
            findings.append(finding("duplicate-form", name, "id", id=form_id, other=names[form_id]))
        elif form_id:
            forms[form_id], names[form_id] = content, name
    return MappingProxyType(forms), MappingProxyType(names), findings


def _form_id(name: str, content: bytes) -> tuple[str | None, list[Finding]]:
    text, problem = _decode(content, name)
    if text is None:
        return None, problem
    try:
        form = json.loads(text)
    except ValueError as error:
        return None, [finding("form-json", name, reason=error)]
    except RecursionError:
        return None, [finding("form-json.deep", name)]
    form_id = form.get("id") if isinstance(form, dict) else None
    if not isinstance(form_id, str) or not form_id:
        return None, [finding("form-id", name, "id")]
    return form_id, []


def _decode(content: bytes, name: str) -> tuple[str | None, list[Finding]]:
    if len(content) > FILE_LIMIT:
        return None, []
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return content.decode(encoding), []
    except UnicodeDecodeError:
        return None, [finding("encoding", name)]


def _text(content: bytes) -> str:
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    return content.decode(encoding, errors="replace")
