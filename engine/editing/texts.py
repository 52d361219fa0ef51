"""The words and deadlines of a draft's package: `process.toml`, its forms and translations. Their layout stays.

Every function is given the files of a draft and gives what changes in them: file name → text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import tomlkit

from engine.deadline_values import demand_duration
from engine.differences.vocabulary import length
from engine.editing.steps.model import StepRefused
from engine.merging.texts import written
from engine.process_settings import FILE as SETTINGS
from engine.process_settings import LOCAL, ProcessSettings, parse_settings
from engine.toml import read_toml
from engine.translations import language_of

Files = Mapping[str, str]
Path = tuple[str | int, ...]
#: Properties of a form's components that people read.
READ = ("label", "description", "text", "title", "dateLabel", "timeLabel", "rowLabel", "patternErrorMessage")
#: Unit → how so many of it are written.
UNITS = {
    "working": "{} working days", "days": "P{}D", "weeks": "P{}W", "months": "P{}M", "hours": "PT{}H",
    "minutes": "PT{}M",
}  # fmt: skip
#: What a deadline of one's own begins as.
NEW_VALUE, NEW_REMIND = "3 working days", "1 working day"


class NotATime(StepRefused):
    """This is no length of time. Write a number, and choose what it counts."""


@dataclass(frozen=True)
class Deadline:
    """What can be said of a deadline: times as they are written, `escalate` in the order in which they are told."""

    title: str
    value: str
    remind: str = ""
    escalate: tuple[str, ...] = ()


@dataclass(frozen=True)
class Said:
    """One text of a form."""

    path: Path
    #: Which property of its component it is: `label`, `description` …
    what: str
    text: str


def settings(files: Files) -> ProcessSettings:
    """What process.toml says, as far as it can be read."""
    return parse_settings(files.get(SETTINGS, ""))[0]


# --- lengths of time --------------------------------------------------------------------------------------------------


def parts(value: str) -> tuple[str, str]:
    """`P3W` → ("3", "weeks"); what takes several units, as it is written, with no unit."""
    found = length(value) if value else None
    return (str(found[0]), found[1]) if found else (value, "")


def together(count: str, unit: str) -> str:
    """("3", "weeks") → `P3W`. Raises NotATime."""
    value = UNITS[unit].format(int(count)) if unit in UNITS and re.fullmatch(r"\d{1,5}", count) else count
    value = value.replace("1 working days", "1 working day") if value == "1 working days" else value
    try:
        demand_duration(value)
    except (ValueError, OverflowError):
        raise NotATime("not-a-time") from None
    return value


# --- process.toml -----------------------------------------------------------------------------------------------------


def set_process(files: Files, title: str, description: str) -> dict[str, str]:
    """What the process is called, and what it is for."""
    table = _table(files, SETTINGS)
    _put(table.setdefault("process", {}), title=title, description=description)
    return _changed(files, SETTINGS, _rewritten(files, SETTINGS, table))


def set_role(files: Files, role: str, title: str, description: str) -> dict[str, str]:
    """What a role is called, and who has it. Raises StepRefused: it is not there."""
    table = _table(files, SETTINGS)
    if role not in table.get("roles", {}):
        raise StepRefused("gone")
    _put(table["roles"][role], title=title, description=description)
    return _changed(files, SETTINGS, _rewritten(files, SETTINGS, table))


def set_deadline(files: Files, name: str, said: Deadline) -> dict[str, str]:
    """Give a deadline another time, reminder or ladder; one that is not there is new, and local."""
    table = _table(files, SETTINGS)
    found = table.setdefault("deadlines", {}).setdefault(name, {})
    if not found:
        found |= {"title": said.title, "value": said.value, "source": LOCAL, "adjustable": True}
    _put(found, title=said.title, value=said.value, remind=said.remind)
    if said.escalate:
        found["escalate"] = list(said.escalate)
    else:
        found.pop("escalate", None)
    return _changed(files, SETTINGS, _rewritten(files, SETTINGS, table))


def drop_deadline(files: Files, name: str) -> dict[str, str]:
    """Take a deadline away that nothing uses. Raises StepRefused."""
    if uses(files, name):
        raise StepRefused("in-use")
    table = _table(files, SETTINGS)
    if table.get("deadlines", {}).pop(name, None) is None:
        raise StepRefused("gone")
    return _changed(files, SETTINGS, _rewritten(files, SETTINGS, table))


def uses(files: Files, name: str) -> bool:
    """Does anything of the package name this deadline?"""
    quoted = (f'"{name}"', f"&quot;{name}&quot;", f'\\"{name}\\"')
    models = [text for file, text in files.items() if not file.endswith(".toml")]
    if any(one in text for text in models for one in quoted):
        return True
    table = _table(files, SETTINGS)
    return any(one.get("within") == name for one in table.get("indicators", {}).values() if isinstance(one, Mapping))


def free_deadline(files: Files, wanted: str) -> str:
    """A name for a new deadline, from the id of its step: `ask_family` → `ask-family`."""
    taken = settings(files).deadlines
    plain = wanted.replace("_", "-").strip("-") or "deadline"
    return next(one for one in (plain, *(f"{plain}-{n}" for n in range(2, 9999))) if one not in taken)


# --- forms ------------------------------------------------------------------------------------------------------------


def forms(files: Files) -> dict[str, str]:
    """Form id → file, of those that can be read."""
    found = {}
    for name in sorted(files):
        if name.lower().endswith(".form"):
            content = _json(files[name])
            if isinstance(content, dict) and isinstance(content.get("id"), str):
                found[content["id"]] = name
    return found


def form_texts(text: str) -> list[Said]:
    """What a form says, in the order in which it is shown."""
    return list(_said(_json(text), ()))


def set_form_texts(files: Files, file: str, changes: Mapping[Path, str]) -> dict[str, str]:
    """Change what a form says. A text that becomes empty goes, but for the name of an answer, which must have one."""
    content = _json(files.get(file, ""))
    for path, text in changes.items():
        place = content
        for key in path[:-1]:
            place = place[key]
        if text:
            place[path[-1]] = text
        else:
            place.pop(path[-1], None)
    indented = re.match(r"\s*[{\[]\r?\n([ \t]+)", files.get(file, ""))
    return _changed(files, file, json.dumps(content, ensure_ascii=False, indent=indented[1] if indented else None))


def _said(value: Any, path: Path) -> Iterator[Said]:
    if isinstance(value, list):
        for number, one in enumerate(value):
            yield from _said(one, (*path, number))
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key in READ and isinstance(inner, str) and inner and not inner.startswith("="):
                yield Said((*path, key), key if "values" not in path else "option", inner)
            elif isinstance(inner, list | dict):
                yield from _said(inner, (*path, key))


# --- other languages --------------------------------------------------------------------------------------------------


def languages(files: Files) -> dict[str, Mapping[str, str]]:
    """Language → text → the same in that language."""
    found: dict[str, Mapping[str, str]] = {}
    for name in sorted(files):
        if (language := language_of(name)) and language != settings(files).language:
            try:
                table = _table(files, name)
            except StepRefused:
                continue  # the checks say what is wrong with it; what is not read is not rewritten
            found[language] = {key: value for key, value in table.items() if isinstance(value, str)}
    return found


def retell(files: Files, told: Sequence[tuple[str, str, Mapping[str, str]]]) -> dict[str, str]:
    """Texts that are said otherwise, with what they are in other languages: (before, now, language → text).

    `files`: as they are after the texts themselves have changed. What no longer stands anywhere goes.
    """
    changes: dict[str, str] = {}
    for language in languages(files):
        name = next(file for file in files if language_of(file) == language)
        document = tomlkit.parse(files[name])
        for before, now, others in told:
            if not now:
                continue
            other = others.get(language, "").strip()
            if before != now and before in document and not _stands(files, before):
                other = other or str(document[before])
                _replace(document, before, now, other)
            elif other and document.get(now) != other:
                document[now] = other
        if (after := tomlkit.dumps(document)) != files[name]:
            changes[name] = after
    return changes


def _replace(document: MutableMapping[str, Any], before: str, now: str, other: str) -> None:
    del document[before]
    document[now] = other


def _stands(files: Files, text: str) -> bool:
    """Is it written anywhere besides the translations?"""
    forms_of = {text, escape(text), escape(text, quote=False), json.dumps(text, ensure_ascii=False)[1:-1]}
    own = [content for name, content in files.items() if not language_of(name) and not name.startswith("scenarios/")]
    return any(f"{a}{one}{b}" in content for content in own for one in forms_of for a, b in _AROUND)


#: What stands around a whole text in a model, a form or a settings file.
_AROUND = (('"', '"'), (">", "<"), ("'", "'"), ('"""', '"""'))


# --- small ------------------------------------------------------------------------------------------------------------


def _table(files: Files, name: str) -> dict[str, Any]:
    """What a file says. Raises StepRefused: it cannot be read."""
    try:
        return read_toml(files.get(name, ""))
    except (ValueError, RecursionError):
        raise StepRefused("unreadable") from None


def _put(table: MutableMapping[str, Any], **values: str) -> None:
    for key, value in values.items():
        if value:
            table[key] = value
        else:
            table.pop(key, None)


def _rewritten(files: Files, name: str, table: Mapping[str, Any]) -> str:
    return written(files.get(name, ""), table)


def _changed(files: Files, name: str, text: str) -> dict[str, str]:
    """With the line ends that the file had."""
    before = files.get(name, "")
    newline = "\r\n" if "\r\n" in before else "\n"
    text = text.replace("\r\n", "\n").rstrip("\n") + ("\n" if before.endswith("\n") or not before else "")
    text = text.replace("\n", newline)
    return {} if text == before else {name: text}


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return {}
