"""Our own style sheets, scripts and pictures: kept for a year, found anew when their content changes."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from flask import Flask, Response, current_app, request, send_from_directory, url_for
from werkzeug.security import safe_join

from engine.errors import SamledError
from web.permissions import public

STYLE = "dist/style/samled.css"
YEAR = 365 * 24 * 3600
#: A part of a script that the build has named by its content.
HASHED = re.compile(r"-[0-9A-Z]{8}\.(js|css)$")
_marks: dict[tuple[str, int], str] = {}


class NotBuilt(SamledError):
    """The style sheet and the scripts are not built. Run `make setup`, or `npm ci` and `npm run build`."""


def asset(name: str) -> str:
    """The address of a file in `static/`, with a mark that changes with its content."""
    path = Path(str(current_app.static_folder)) / name
    try:
        changed = path.stat().st_mtime_ns
    except OSError:
        raise NotBuilt(f"static/{name} is missing. Build it: npm run build.") from None
    key = (name, changed)
    if key not in _marks:
        _marks[key] = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    return url_for("static", filename=name, v=_marks[key])


def send_static(filename: str) -> Response:
    """A file of `static/`; the copy compressed when it was built, if the browser takes it."""
    folder = str(current_app.static_folder)
    packed = safe_join(folder, f"{filename}.gz")
    compressed = bool("gzip" in request.accept_encodings and packed and Path(packed).is_file())
    age = YEAR if "v" in request.args or HASHED.search(filename) else 3600
    if not compressed:
        response = send_from_directory(folder, filename, max_age=age)
    else:
        response = send_from_directory(folder, f"{filename}.gz", mimetype=_kind(filename), max_age=age)
        response.headers["Content-Encoding"] = "gzip"
    response.headers.add("Vary", "Accept-Encoding")
    if age == YEAR:
        response.cache_control.immutable = True
    return response


def _kind(filename: str) -> str:
    kinds = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
    return kinds.get(Path(filename).suffix, "text/plain")


def init_app(app: Flask) -> None:
    if not (Path(app.root_path) / "static" / STYLE).is_file():
        raise NotBuilt  # told when the process starts, not on everybody's first page
    app.add_url_rule("/static/<path:filename>", endpoint="static", view_func=public(send_static))
    app.jinja_env.globals["asset"] = asset
