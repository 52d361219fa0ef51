"""The items of what is no model: `process.toml`, forms and translations."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from engine.differences.items import Item
from engine.toml import read_toml

#: Section of `process.toml` → what one of its tables is.
SECTIONS = {"roles": "role", "deadlines": "deadline", "indicators": "indicator"}
#: Of which version a variant is, and whose: what makes it one, not how it differs.
VARIANT = ("variant_of", "variant_for")
#: What the editor writes about itself.
_OF_THE_EDITOR = ("components", "id", "schemaVersion", "exporter", "executionPlatform", "executionPlatformVersion")
#: Entries of a list are known by the first of these that they have.
IDENTITIES = ("id", "key", "value", "name")


def settings_items(text: str, file: str) -> Iterator[Item]:
    """The process, its roles, deadlines and indicators."""
    table = read_toml(text)
    process = {key: value for key, value in table.get("process", {}).items() if key not in VARIANT}
    yield Item(file, "package", "process", str(process.get("title", "")), flat(process))
    for section, kind in SECTIONS.items():
        for name, said in table.get(section, {}).items():
            said = said if isinstance(said, dict) else {"": said}
            yield Item(file, kind, name, str(said.get("title", name)), flat(said))


def translation_items(text: str, file: str) -> Iterator[Item]:
    """Each text, with what it is in the other language."""
    for said, other in read_toml(text).items():
        yield Item(file, "text", said, said, {"text": str(other)})


def form_items(text: str, file: str) -> Iterator[Item]:
    """The form, and each of its components by id, else by key."""
    form = json.loads(text)
    own = {key: value for key, value in form.items() if key not in _OF_THE_EDITOR}
    yield Item(file, "form", form.get("id", ""), form.get("id", ""), flat(own))
    yield from _components(form.get("components", []), file, "")


def _components(components: Any, file: str, within: str) -> Iterator[Item]:
    for place, component in enumerate(components if isinstance(components, list) else []):
        if not isinstance(component, dict):
            continue
        key = str(component.get("id") or component.get("key") or f"{within}{place + 1}")
        own = flat({name: value for name, value in component.items() if name not in ("components", "id")})
        name = str(component.get("label") or component.get("text") or component.get("key") or key)
        yield Item(file, "field", key, " ".join(name.split())[:80], own | {"within": within}, listed=f"in {within}")
        yield from _components(component.get("components"), file, key)


def flat(value: Any, path: str = "") -> dict[str, str]:
    """Nested data as path → text: `validate.required` → `true`, `values[yes].label` → `Yes`."""
    if isinstance(value, Mapping):
        found: dict[str, str] = {}
        for key, inner in value.items():
            found |= flat(inner, f"{path}.{key}" if path else str(key))
        return found
    if isinstance(value, list) and value and all(isinstance(one, Mapping) and identity(one) for one in value):
        found = {}
        for one in value:
            found |= flat(one, f"{path}[{identity(one)}]")
        return found
    return {path: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)}


def identity(entry: Mapping[str, Any]) -> str | None:
    """What tells an entry of a list from the others."""
    return next((str(entry[name]) for name in IDENTITIES if isinstance(entry.get(name), str | int)), None)
