"""Files that people attach to a task, and get back.

A file is what its first bytes say it is, never what its name or the browser claims: only kinds of the table below are
taken, and they leave as downloads that no browser runs. Who may read a file is asked of `may` by the engine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Flask, Response
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage, MultiDict

from engine.files import referred_to
from engine.tasks import Task
from forms import FileRule, Form, Message
from forms.components import Filepicker
from forms.reading import component_named
from web.auth import actor
from web.context import engine
from web.permissions import requires

blueprint = Blueprint("attachments", __name__)

_ZIP = ((0, b"PK\x03\x04"),)
_OLE = ((0, bytes.fromhex("d0cf11e0a1b11ae1")),)
_ISO = ((4, b"ftyp"),)
_OFFICE = "application/vnd.openxmlformats-officedocument."
_OPEN = "application/vnd.oasis.opendocument."
#: Ending → media type and the marks, any of which its first bytes carry (offset, bytes). No marks: readable text.
KINDS: Mapping[str, tuple[str, tuple[tuple[int, bytes], ...]]] = {
    "pdf": ("application/pdf", ((0, b"%PDF-"),)),
    "png": ("image/png", ((0, b"\x89PNG\r\n\x1a\n"),)),
    "jpg": ("image/jpeg", ((0, b"\xff\xd8\xff"),)),
    "jpeg": ("image/jpeg", ((0, b"\xff\xd8\xff"),)),
    "gif": ("image/gif", ((0, b"GIF8"),)),
    "webp": ("image/webp", ((8, b"WEBP"),)),
    "heic": ("image/heic", _ISO),
    "mp3": ("audio/mpeg", ((0, b"ID3"), (0, b"\xff\xfb"), (0, b"\xff\xf3"), (0, b"\xff\xf2"))),
    "wav": ("audio/wav", ((8, b"WAVE"),)),
    "m4a": ("audio/mp4", _ISO),
    "mp4": ("video/mp4", _ISO),
    "mov": ("video/quicktime", _ISO),
    "docx": (f"{_OFFICE}wordprocessingml.document", _ZIP),
    "xlsx": (f"{_OFFICE}spreadsheetml.sheet", _ZIP),
    "pptx": (f"{_OFFICE}presentationml.presentation", _ZIP),
    "odt": (f"{_OPEN}text", _ZIP),
    "ods": (f"{_OPEN}spreadsheet", _ZIP),
    "odp": (f"{_OPEN}presentation", _ZIP),
    "doc": ("application/msword", _OLE),
    "xls": ("application/vnd.ms-excel", _OLE),
    "ppt": ("application/vnd.ms-powerpoint", _OLE),
    "rtf": ("application/rtf", ((0, b"{\\rtf"),)),
    "txt": ("text/plain", ()),
    "csv": ("text/csv", ()),
}


@dataclass
class Uploads:
    """What came with one posted form."""

    #: Field name → references, as `form.read_post` takes them.
    references: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    #: Path of the field → why a file was not taken.
    errors: dict[str, list[Message]] = field(default_factory=dict)


def media_type(name: str, content: bytes) -> str | None:
    """What a file is by its first bytes and ending; None for what we do not take."""
    kind = KINDS.get(name.rpartition(".")[2].lower())
    if kind is None:
        return None
    claimed, marks = kind
    fits = any(content.startswith(mark, offset) for offset, mark in marks) if marks else _is_text(content)
    return claimed if fits else None


def _is_text(content: bytes) -> bool:
    start = content[:4096]
    # UTF-16 text has zero bytes, but then a byte order mark too.
    return b"\0" not in start or start.startswith((b"\xff\xfe", b"\xfe\xff"))


def store(task: Task, form: Form, files: MultiDict[str, FileStorage]) -> Uploads:
    """Keep the files of a posted form that its file pickers take; the others become errors of their fields."""
    found = Uploads()
    for name, given in files.items(multi=True):
        rule = form.file_rule(name) if given.filename else None
        if rule is None:
            continue
        content = given.stream.read(rule.largest + 1)
        if problems := _problems(rule, str(given.filename), content):
            label = _label(form, name)
            told = [Message(problem.key, {"label": label, **problem.params}) for problem in problems]
            found.errors.setdefault(name.replace("-", "."), []).extend(told)
            continue
        kept = engine().add_file(
            task.id,
            name=str(given.filename),
            media_type=media_type(str(given.filename), content) or "application/octet-stream",
            content=content,
            by=actor(),
        )
        reference = {"id": str(kept.id), "name": kept.name, "size": kept.size, "type": kept.media_type}
        found.references.setdefault(name, []).append(reference)
    return found


def _label(form: Form, name: str) -> str:
    """The question as it is written; what an expression would add is left out."""
    label = getattr(component_named(form, name), "label", None)
    return "".join(part for part in label.parts if isinstance(part, str)) if label else name


def _problems(rule: FileRule, name: str, content: bytes) -> list[Message]:
    kind = media_type(name, content)
    if kind is None:
        kinds = ", ".join(rule.accept) or ", ".join(f".{ending}" for ending in KINDS)
        return [Message("file-type", {"accept": kinds})]
    return rule.broken_by(name, len(content), kind)


def made_up(form: Form, raw: Mapping[str, Any], case_id: str) -> bool:
    """Does an answer refer to a file that is not this case's? A page of ours never does."""
    ids = set(referred_to(raw))
    has_files = any(isinstance(component, Filepicker) for component in form.walk())
    return has_files and bool(ids - {str(file.id) for file in engine().files(case_id, by=actor())})


@blueprint.get("/files/<int:file_id>")
@requires("read-case")
def download(file_id: int) -> ResponseReturnValue:
    """A file as a download, for whoever may read its case."""
    file, content = engine().file(file_id, by=actor())
    response = Response(content, mimetype=file.media_type)
    plain = file.name.encode("ascii", "replace").decode().replace('"', "'").replace("?", "_")
    response.headers["Content-Disposition"] = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(file.name)}"
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def init_app(app: Flask) -> None:
    app.register_blueprint(blueprint)
