"""The BPMN 2.0 schema of the standard, and its violations in plain words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import SpiffWorkflow.bpmn.parser as parser
from lxml import etree

from engine.findings import Finding
from engine.rules import finding

#: So many violations of a file are told one by one.
MOST = 10
_SCHEMA = Path(parser.__file__).parent / "schema" / "BPMN20.xsd"
#: What the schema's reader says → the variant of the rule. The last one is whatever else it says.
_SAYINGS = (
    (re.compile(r"This element is not expected\.|Element content is not allowed"), "schema.unexpected"),
    (re.compile(r"Missing child element"), "schema.incomplete"),
    (re.compile(r"The attribute '(?P<attribute>[^']+)' is required but missing"), "schema.missing-attribute"),
    (re.compile(r"The attribute '(?P<attribute>[^']+)' is not allowed"), "schema.attribute"),
    (re.compile(r"attribute '(?P<attribute>[^']+)': .*does not resolve to a type", re.DOTALL), "schema.type"),
    (re.compile(r"attribute '(?P<attribute>[^']+)': .*'(?P<value>[^']*)' is not ", re.DOTALL), "schema.value"),
    (re.compile(r"Character content|Text content|not allowed, because the content type"), "schema.text"),
    (re.compile(r"'(?P<value>[^']*)' is not a valid value"), "schema.content"),
)
_NAMESPACE = re.compile(r"\{[^}]*\}")


def violations(root: etree._Element, file: str) -> Iterator[Finding]:
    """Where the file departs from the schema: warnings, as the engine may run it all the same."""
    schema = _schema()
    if schema.validate(root):
        return
    told = [error for error in schema.error_log if not _is_doubled_id(error.message)]
    for error in told[:MOST]:
        yield _violation(error, root, file)
    if len(told) > MOST:
        yield finding("schema.more", file, count=len(told) - MOST)


@cache
def _schema() -> etree.XMLSchema:
    """Read once (17 ms). The library brings the files, and nothing is fetched."""
    return etree.XMLSchema(etree.parse(_SCHEMA, etree.XMLParser(no_network=True, load_dtd=False)))


def _violation(error: etree._LogEntry, root: etree._Element, file: str) -> Finding:
    node = _at(root, error.path)
    holder = next((one for one in (node, *node.iterancestors()) if one.get("id")), root)
    parent = node.getparent()
    values: dict[str, Any] = {
        "tag": etree.QName(node).localname,
        "parent": "definitions" if parent is None else etree.QName(parent).localname,
        "line": error.line,
    }
    element, name = holder.get("id", ""), holder.get("name") or None
    said = _NAMESPACE.sub("", error.message)
    for saying, rule in _SAYINGS:
        if match := saying.search(said):
            return finding(rule, file, element, name=name, **values | match.groupdict())
    return finding("schema.other", file, element, name=name, **values, reason=said.rpartition(": ")[2].rstrip("."))


def _at(root: etree._Element, path: str | None) -> etree._Element:
    """The element at a path as the schema's reader writes it; the root where it uses a prefix that the root has not."""
    prefixes = {prefix: uri for prefix, uri in root.nsmap.items() if prefix}
    try:
        found = root.xpath(path or "/*", namespaces=prefixes)
    except etree.XPathError:
        found = []
    return found[0] if found else root


def _is_doubled_id(message: str) -> bool:
    """Two elements with one id are an error of their own (duplicate-id)."""
    match = re.search(r"attribute 'id': '([^']*)' is not a valid value of the atomic type 'xs:ID'", message)
    return bool(match and re.fullmatch(r"[^\W\d][\w.-]*", match[1]))
