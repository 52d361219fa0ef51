"""Reading BPMN and DMN as XML: nothing is fetched, nothing is expanded, and size and depth have limits."""

from __future__ import annotations

import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from typing import Any

from lxml import etree

from engine.errors import InvalidModel
from engine.rules import finding

#: The limits that the command line promises: bytes of a file, levels of nesting, BPMN elements of a file.
MAX_BYTES = 5_000_000
MAX_DEPTH = 100
MAX_ELEMENTS = 2_000

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"

_UTF_16 = (BOM_UTF16_LE, BOM_UTF16_BE, b"<\0", b"\0<")
#: Encodings an XML declaration may name; what stands in the file decides, and a UTF-16 file may still say UTF-8.
_DECLARED = re.compile(r"\s*<\?xml[^>]*?\bencoding\s*=\s*[\"'](?!(?:utf-?8|utf-?16(?:[lb]e)?|us-ascii)[\"'])", re.I)
#: A document type, in the one place where XML allows it. Possessive: nothing is looked at twice.
_DOCUMENT_TYPE = re.compile(r"(?:\s++|<\?.*?\?>|<!--.*?-->)*+<!DOCTYPE", re.DOTALL)


def read_xml(content: bytes, file: str) -> etree._Element:
    """The root element of an XML file in UTF-8 or UTF-16.

    Raises:
        InvalidModel: it is too large or too deep, in another encoding, is not XML, or declares a document type.
        MemoryError: there was no memory to read it.
    """
    if len(content) > MAX_BYTES:
        raise _refused("file-too-large", file, limit=MAX_BYTES // 1_000_000)
    # Looked at before any parser does, which would take in the entities first.
    if _DOCUMENT_TYPE.match(_text(content, file)):
        raise _refused("document-type", file)
    root = _parsed(content, file)
    _check_depth(root, file)
    return root


def is_true(node: etree._Element, attribute: str, *, otherwise: bool = False) -> bool:
    """A truth value as XML writes it; `otherwise` where the attribute is left out."""
    said = node.get(attribute)
    return otherwise if said is None else said.strip() in ("true", "1")


def _text(content: bytes, file: str) -> str:
    try:
        if content.startswith(_UTF_16):
            # A byte order mark says which of the two it is, else the place of the zero does.
            order = "utf-16-be" if content.startswith((BOM_UTF16_BE, b"\0<")) else "utf-16-le"
            text = content.decode(order).removeprefix("\ufeff")
        else:
            text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _refused("encoding", file) from None
    # A zero in the text: UTF-32, which begins as UTF-16 does.
    if _DECLARED.match(text) or "\0" in text:
        raise _refused("encoding", file)
    return text


def _parsed(content: bytes, file: str) -> etree._Element:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False, remove_pis=True
    )
    try:
        return etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        if not error.code or error.code == etree.ErrorTypes.ERR_NO_MEMORY:
            raise MemoryError from error
        if error.code == etree.ErrorTypes.ERR_RESOURCE_LIMIT:
            # Without a document type the only one that 5 MB can reach: 256 levels.
            raise _refused("too-deep", file) from error
        raise _refused("not-xml", file, reason=" ".join(error.msg.split())) from error


def _check_depth(root: etree._Element, file: str) -> None:
    depth, elements = 0, 0
    for event, node in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth > MAX_DEPTH:
            raise _refused("too-deep", file)
        if event == "start" and isinstance(node.tag, str) and node.tag.startswith(f"{{{BPMN}}}") and node.get("id"):
            elements += not node.tag.endswith("}sequenceFlow")
    if elements > MAX_ELEMENTS:
        raise _refused("too-many-elements", file, count=elements, limit=MAX_ELEMENTS)


def _refused(rule: str, file: str, **values: Any) -> InvalidModel:
    return InvalidModel([finding(rule, file, **values)])
