"""The files of a draft as text: out of a version, a zip archive or a single model, and into a folder to be checked."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from sqlalchemy import Connection

from engine import versions
from engine.errors import SamledError
from engine.package_files import FILE_LIMIT, FILES_LIMIT, RUNS, SCENARIOS
from engine.packages import Package
from engine.references import References
from engine.translations import language_of

#: Bytes of all files of a draft together, and of an archive when unpacked.
TOTAL_LIMIT = 20_000_000
#: An id that is also the name of a folder.
#: The encoding that an XML file says it is in: as text it is kept, checked and given out as UTF-8.
_SAYS_ENCODING = re.compile(r"""\A(<\?xml\b[^>]{0,200}?\bencoding\s*=\s*)(["'])[^"']*\2""")
_PROCESS_ID = re.compile(r"[^\W\d][\w.-]{0,99}")


class NotAPackage(SamledError):
    """This is no process package: a zip archive with a .bpmn file in it, or a .bpmn file. Choose another file."""


class FileRefused(SamledError):
    """This file cannot be in a process package. Take it out, or give it another name."""


def checked(files: Mapping[str, str | None]) -> None:
    """Raises FileRefused for a name that leads out of the package or has no use in it, and for what is too large."""
    for name, text in files.items():
        try:
            size = len(f"{name}{text or ''}".encode())
        except UnicodeEncodeError:
            raise FileRefused("A file holds signs that are half of one. Write them anew.") from None
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or path.as_posix() != name or set(name) & set('\\\0\n\r:*?"<>|'):
            raise FileRefused(f"The name “{name}” leads out of the package. Give the file another name.")
        if any(part.startswith(".") for part in path.parts) or not _belongs(name):
            raise FileRefused(f"“{name}” is nothing that a process package holds. Take it out.")
        if size - len(name.encode()) > FILE_LIMIT:
            raise FileRefused(f"“{name}” is larger than {FILE_LIMIT // 1_000_000} MB. Split it, or leave it out.")
    if len(files) > FILES_LIMIT or sum(len(text or "") for text in files.values()) > TOTAL_LIMIT:
        raise FileRefused("The package is too large. Leave out what does not belong to it.")


def _belongs(name: str) -> bool:
    plain = name in ("process.toml", "README.md") or language_of(name) is not None
    return plain or name.lower().endswith(RUNS + SCENARIOS)


def texts(package: Package) -> dict[str, str]:
    """A package's own files as text."""
    return {name: text_of(name, content) for name, content in package.files.items()}


def text_of(name: str, content: bytes) -> str:
    """UTF-8 and UTF-16 are read. Raises FileRefused for another encoding."""
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        raise FileRefused(f"“{name}” is not UTF-8. Save it as UTF-8.") from None
    return _SAYS_ENCODING.sub(r"\1\2UTF-8\2", text) if name.lower().endswith((".bpmn", ".dmn")) else text


def zipped(files: Mapping[str, str]) -> bytes:
    """A package as a zip archive; the same files are the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), text.encode(), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def unzipped(content: bytes) -> dict[str, str]:
    """The files of an archive; a folder around all of them is left out. Raises NotAPackage, FileRefused."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = [one for one in archive.infolist() if not one.is_dir()]
            if len(entries) > FILES_LIMIT or sum(one.file_size for one in entries) > TOTAL_LIMIT:
                raise FileRefused("The archive is too large. Leave out what does not belong to the package.")
            files = {one.filename: text_of(one.filename, archive.read(one)) for one in entries}
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError):
        raise NotAPackage from None
    files = _without_folder(files)
    checked(files)
    if not any(name.lower().endswith(".bpmn") for name in files):
        raise NotAPackage
    return files


def _without_folder(files: Mapping[str, str]) -> dict[str, str]:
    tops = {name.partition("/")[0] for name in files}
    if len(tops) == 1 and all("/" in name for name in files) and ".." not in tops and "" not in tops:
        return {name.partition("/")[2]: text for name, text in files.items()}
    return dict(files)


def process_id_of(files: Mapping[str, str]) -> str:
    """The process that the models define: the one that their file is called by, else the first. Raises NotAPackage."""
    models = {name: text.encode() for name, text in files.items() if name.lower().endswith(".bpmn")}
    found = sorted(References.of(models.values()).processes)
    named = [one for one in found if f"{one}.bpmn" in models]
    for process_id in named + found:
        if _PROCESS_ID.fullmatch(process_id):
            return process_id
    raise NotAPackage


def neighbours(tx: Connection, name: str, files: Mapping[str, str]) -> dict[str, Mapping[str, bytes]]:
    """The newest version of every process that a draft calls or starts, and that those do: process id → files."""
    found: dict[str, Mapping[str, bytes]] = {}
    waiting, done = [References.of(_models(files))], {name}
    while waiting:
        references = waiting.pop()
        for process_id in sorted((references.called | references.started) - done):
            done.add(process_id)
            version = versions.latest(tx, process_id)
            if version is not None and _PROCESS_ID.fullmatch(process_id):
                package = versions.package(tx, version.id)
                found[process_id] = package.files
                waiting.append(package.references)
    return found


@contextmanager
def folder(name: str, files: Mapping[str, str], beside: Mapping[str, Mapping[str, bytes]]) -> Iterator[Path]:
    """A draft as a folder, with its neighbours beside it; gone afterwards."""
    name = name if _PROCESS_ID.fullmatch(name) else "process"
    with TemporaryDirectory(prefix="samled-draft-") as place:
        _write(Path(place, name), {path: text.encode() for path, text in files.items()})
        for process_id, content in beside.items():
            _write(Path(place, process_id), content)
        yield Path(place, name)


def _models(files: Mapping[str, str]) -> list[bytes]:
    return [text.encode() for name, text in files.items() if name.lower().endswith(".bpmn")]


def _write(place: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        target = place / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
