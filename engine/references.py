"""What models name, read straight from the XML: enough to find what belongs together before anything is parsed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from lxml import etree

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
ZEEBE = "{http://camunda.org/schema/zeebe/1.0}"


@dataclass(frozen=True)
class References:
    """Ids only. Those computed by an expression cannot be pinned and are left out."""

    #: Processes defined here.
    processes: frozenset[str] = frozenset()
    called: frozenset[str] = frozenset()
    forms: frozenset[str] = frozenset()
    decisions: frozenset[str] = frozenset()
    #: Processes that a `start-case` service starts as cases of their own.
    started: frozenset[str] = frozenset()

    @classmethod
    def of(cls, models: Iterable[bytes]) -> References:
        """Of all the models together. What is not well-formed counts for nothing: the loader reports it."""
        found: dict[str, set[str]] = {name: set() for name in ("processes", "called", "forms", "decisions", "started")}
        for root in map(read_xml, models):
            if root is None:
                continue
            for tag, attribute, kind in _NAMED:
                found[kind] |= {value for item in root.iter(tag) if _constant(value := item.get(attribute) or "")}
            found["started"] |= set(_started(root))
        return cls(**{kind: frozenset(values) for kind, values in found.items()})


_NAMED = (
    (f"{BPMN}process", "id", "processes"),
    (f"{ZEEBE}calledElement", "processId", "called"),
    (f"{BPMN}callActivity", "calledElement", "called"),
    (f"{ZEEBE}formDefinition", "formId", "forms"),
    (f"{ZEEBE}calledDecision", "decisionId", "decisions"),
)


def _constant(value: str) -> bool:
    return bool(value) and not value.startswith("=")


def _started(root: etree._Element) -> Iterable[str]:
    for definition in root.iter(f"{ZEEBE}taskDefinition"):
        extensions = definition.getparent()
        if definition.get("type") != "start-case" or extensions is None:
            continue
        named = [(header.get("key"), header.get("value") or "") for header in extensions.iter(f"{ZEEBE}header")]
        named += [
            (given.get("target"), _literal(given.get("source") or "")) for given in extensions.iter(f"{ZEEBE}input")
        ]
        yield from (value for key, value in named if key in ("process", "processId") and _constant(value))


def _literal(source: str) -> str:
    """What an input mapping gives without looking at any variable: `="handover"` is handover."""
    found = re.fullmatch(r'=\s*"([^"\\]+)"\s*', source)
    return found[1] if found else source


def read_xml(content: bytes) -> etree._Element | None:
    """The root, read without entities, network or unlimited text; None if it is not well-formed."""
    # Explicit although they are close to lxml's defaults: a model comes from anybody.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        return etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None


def defines(content: bytes, process_id: str) -> bool:
    """Does a model define the process? Looks at the bytes first: a folder may hold thousands of models."""
    if not any(process_id.encode(encoding) in content for encoding in ("utf-8", "utf-16-le", "utf-16-be")):
        return False
    return process_id in References.of([content]).processes


def decision_ids(content: bytes) -> frozenset[str]:
    """The decisions a `.dmn` file defines, whatever version of DMN it is written in."""
    root = read_xml(content)
    return frozenset() if root is None else frozenset(i for item in root.iter("{*}decision") if (i := item.get("id")))
