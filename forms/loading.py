"""From the bytes of a `.form` file to a form, or to all the reasons why not."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from forms.components import COMPONENTS, REFUSED, Component, Container, DynamicList, Expression, Question, TextView
from forms.conditions import circles
from forms.errors import InvalidForm
from forms.form import Form
from forms.limits import COMPONENTS as MOST_COMPONENTS
from forms.limits import FILE_BYTES, NESTING
from forms.nodes import Node, Source

SCHEMA_VERSION = 19
#: Properties of the form itself. All of them but `components` and `id` say who wrote it with what.
_ROOT = frozenset(
    {
        "type",
        "id",
        "title",
        "name",
        "components",
        "schemaVersion",
        "exporter",
        "executionPlatform",
        "executionPlatformVersion",
        "versionTag",
        "generated",
        "properties",
    }
)
#: Names that the page itself sends beside the answers.
_RESERVED = frozenset({"csrf_token"})
_ID = re.compile(r"\w[\w.-]{0,199}")


def load(content: bytes | str | Mapping[str, Any], file: str = "") -> Form:
    """Read a form-js 1.x form.

    `file` is what reasons call it. Raises InvalidForm with every reason found: syntax, components, properties and
    rules that Samled does not keep, keys that clash, conditions that hide each other in a circle.
    """
    source = Source(file)
    root = _parse(content, source)
    node = Node(source, root, "")
    if source.reasons:
        raise InvalidForm(source.reasons)
    _check_root(node, root)
    components = _load_all(node, root, "", 0)
    _check_paths(source, components, (), {})
    if not source.reasons:
        for circle in circles(str(root.get("id")), components):
            source.refuse(circle[0], "conditions-in-a-circle", circle=" → ".join(circle))
    if source.reasons:
        raise InvalidForm(source.reasons)
    id = root.get("id")
    return Form(id=str(id), title=_title(root, components), file=file, components=components)


def _parse(content: bytes | str | Mapping[str, Any], source: Source) -> Mapping[str, Any]:
    if isinstance(content, (bytes, str)):
        if len(content) > FILE_BYTES:
            source.refuse("", "too-large", limit=FILE_BYTES)
            return {}
        try:
            content = json.loads(content, parse_constant=_no_constant)
        except ValueError as error:
            source.refuse("", "form-json", reason=str(error)[:200])
            return {}
        except RecursionError:
            source.refuse("", "form-json.deep")
            return {}
    if not isinstance(content, Mapping):
        source.refuse("", "not-a-form.object")
        return {}
    if not isinstance(content.get("components"), list):
        source.refuse("", "not-a-form.components")
    return content


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")


def _check_root(node: Node, root: Mapping[str, Any]) -> None:
    source, version = node.source, root.get("schemaVersion", 1)
    if root.get("type", "default") != "default":
        source.refuse("", "not-a-form.type", type=root["type"])
    if not isinstance(version, int) or isinstance(version, bool) or not 1 <= version <= SCHEMA_VERSION:
        source.refuse("", "schema-version", version=version, latest=SCHEMA_VERSION)
    if not isinstance(root.get("id"), str) or not _ID.fullmatch(root["id"]):
        source.refuse("id", "form-id.illegal")
    for name in root:
        if name not in _ROOT and not name.startswith(("_", "$")) and ":" not in name:
            source.refuse("", "unsupported-property.form", property=name)


def _load_all(parent: Node, content: Mapping[str, Any], place: str, depth: int) -> tuple[Component, ...]:
    """The components of a form or a container."""
    listed = content.get("components")
    if not isinstance(listed, list):
        parent.refuse("property-type.components")
        return ()
    if depth > NESTING:
        parent.refuse("groups-too-deep", limit=NESTING)
        return ()
    loaded = []
    for index, item in enumerate(listed):
        parent.source.count += 1
        if parent.source.count > MOST_COMPONENTS:
            if parent.source.count == MOST_COMPONENTS + 1:
                parent.refuse("too-large.components", limit=MOST_COMPONENTS)
            break
        component = _load_one(parent.source, item, f"{place}components.{index}", depth)
        if component:
            loaded.append(component)
    return tuple(loaded)


def _load_one(source: Source, item: Any, place: str, depth: int) -> Component | None:
    if not isinstance(item, Mapping):
        source.refuse(place, "not-a-component")
        return None
    node = Node(source, item, place)
    if node.type in REFUSED:
        node.refuse(f"unsupported-component.{REFUSED[node.type]}", type=node.type)
        return None
    if node.type not in COMPONENTS:
        node.refuse("unsupported-component", type=node.type[:80], known=", ".join(sorted(COMPONENTS)))
        return None
    component = COMPONENTS[node.type].load(node, _claim_id(node))
    if isinstance(component, Container):
        return replace(component, children=_load_all(node, item, f"{place}.", depth + 1))
    return component


def _claim_id(node: Node) -> str:
    """The component's own id, or one made of its place; twice the same is refused as form-js does."""
    given = node.text("id")
    id = given if _ID.fullmatch(given) else node.place.replace(".", "-")
    if given and given in node.source.ids:
        node.refuse("duplicate-component", id=given)
    node.source.ids.add(given)
    return id


def _check_paths(
    source: Source, components: tuple[Component, ...], above: tuple[str, ...], claimed: dict[tuple[str, ...], str]
) -> None:
    """No two answers in the same place, and none inside another."""
    for component in components:
        if isinstance(component, (Question, Expression)):
            _claim(source, (*above, *component.keys), "answer", claimed)
        elif isinstance(component, DynamicList):
            path = (*above, *component.keys)
            _claim(source, path, "list", claimed)
            _check_paths(source, component.children, (*path, "[]"), claimed)
        elif isinstance(component, Container):
            path = (*above, *component.keys)
            if component.keys and claimed.setdefault(path, "group") != "group":
                _clash(source, path)
            _check_paths(source, component.children, path, claimed)


def _claim(source: Source, path: tuple[str, ...], kind: str, claimed: dict[tuple[str, ...], str]) -> None:
    if path and (path[0].startswith("_") or path[0] in _RESERVED):
        source.refuse(".".join(path), "illegal-key.page", key=path[0])
    if path in claimed:
        _clash(source, path)
    for length in range(1, len(path)):
        around = claimed.get(path[:length])
        if around == "answer" or (around == "list" and path[length] != "[]"):
            _clash(source, path)
        claimed.setdefault(path[:length], "group")
    claimed[path] = kind


def _clash(source: Source, path: tuple[str, ...]) -> None:
    name = ".".join(segment for segment in path if segment != "[]")
    source.refuse(name, "duplicate-key", key=name)


def _title(root: Mapping[str, Any], components: tuple[Component, ...]) -> str:
    """What the form calls itself: its title, else its first heading, else its id."""
    for name in ("title", "name"):
        if isinstance(root.get(name), str) and root[name].strip():
            return str(root[name]).strip()
    for component in components:
        if isinstance(component, TextView) and component.text.parts:
            first = component.text.parts[0]
            heading = re.match(r"#+\s+(.+)", first) if isinstance(first, str) else None
            return heading[1].strip() if heading else str(root.get("id"))
    return str(root.get("id"))
