"""Reading BPMN and DMN as XML: nothing is fetched, nothing is expanded, and size and depth have limits."""

from __future__ import annotations

from lxml import etree

from engine.errors import InvalidModel
from engine.findings import Finding

#: The limits that the command line promises: bytes of a file, levels of nesting, BPMN elements of a file.
MAX_BYTES = 5 * 1024 * 1024
MAX_DEPTH = 100
MAX_ELEMENTS = 2_000

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"


def read_xml(content: bytes, file: str) -> etree._Element:
    """The root element of an XML file in UTF-8 or UTF-16.

    Raises:
        InvalidModel: it is too large or too deep, is not XML, or declares a document type.
    """
    if len(content) > MAX_BYTES:
        raise refused(
            file, "file-too-large", f"The file is {len(content) / 2**20:.1f} MB", "Split it; 5 MB is the limit"
        )
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False, remove_pis=True
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise refused(
            file, "not-xml", f"The file is not well-formed XML ({error})", "Save it again from the editor"
        ) from error
    if root.getroottree().docinfo.doctype:
        raise refused(file, "document-type", "The file declares a document type", "Remove the DOCTYPE line")
    _check_depth(root, file)
    return root


def _check_depth(root: etree._Element, file: str) -> None:
    depth, elements = 0, 0
    for event, node in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth > MAX_DEPTH:
            raise refused(file, "too-deep", f"Elements are nested more than {MAX_DEPTH} levels", "Use call activities")
        if event == "start" and isinstance(node.tag, str) and node.tag.startswith(f"{{{BPMN}}}") and node.get("id"):
            elements += not node.tag.endswith("}sequenceFlow")
    if elements > MAX_ELEMENTS:
        raise refused(
            file, "too-many-elements", f"The file has {elements} elements", f"Split it; {MAX_ELEMENTS} is the limit"
        )


def refused(file: str, rule: str, message: str, remedy: str, element: str = "") -> InvalidModel:
    """The error for one fault that keeps a file from being read."""
    return InvalidModel([Finding(file, element, "error", rule, message, remedy)])
