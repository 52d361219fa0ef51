"""Good files made bad: bytes, structure and encodings, one mutation or a few at a time, by chance."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from lxml import etree

from tests.random_bpmn import to_bpmn
from tests.random_models import Drawer

ROOT = Path(__file__).parent.parent
KINDS = (".bpmn", ".dmn", ".form", ".yaml", ".toml")
#: Text that somebody may put anywhere: as a name, an expression, a reference, a duration.
WORDS = (
    "", " ", "=", "=x", "=1 +", "={", "==", "é" * 50, "\u202e", "\ufeff", "a b", "-1", "1e999", "9" * 400, "P", "PT", "P1D",
    "R/P1D", "P99999999Y", "PT0S", "R/PT0S", "R-1/P1D", "2026-02-30", "0000-00-00", "true", "null", "../../etc/passwd",
    "http://example.org/x", "__proto__", "constructor", "=__proto__", "{{x}}", "{{" * 50, "=" + "(" * 400, "[" * 400,
    "=for i in 1..1000000000 return i", "%s%n", "${x}", "<b>", "&amp;", "Start", "End", "Root", "#root", "p", "process", "=case",
    "=now()", "=deadline(\"x\")", "=working days after(today(), 99999)",
)  # fmt: skip
_LONG = (10_000, 200_000, 1_000_000)


def good_files() -> list[Path]:
    """What is mutated: the processes of the project and the good halves of the rules' pairs."""
    found = [path for path in ROOT.joinpath("processes").rglob("*") if path.suffix in KINDS]
    found += [
        path for path in ROOT.joinpath("tests/rules").rglob("*") if path.suffix in KINDS and "bad" not in path.name
    ]
    return sorted(path for path in found if not any(part.startswith("bad") for part in path.parts))


def drawn_file(random: Random) -> bytes:
    """A generated model instead."""
    return to_bpmn(Drawer(random, depth=2).model())


def mutated(content: bytes, suffix: str, random: Random) -> bytes:
    """The content with one to three mutations."""
    for _ in range(random.choice([1, 1, 1, 2, 3])):
        structural = {".bpmn": _xml, ".dmn": _xml, ".form": _json}.get(suffix, _lines)
        mutate = structural if random.random() < 0.75 else _bytes
        try:
            content = mutate(content, random)
        except (ValueError, etree.LxmlError, RecursionError, IndexError):
            content = _bytes(content, random)
    return content


# --- bytes and encodings


def _bytes(content: bytes, random: Random) -> bytes:
    ways: list[Callable[[bytes, Random], bytes]] = [
        _flip,
        _flip,
        _cut,
        _cut,
        _double,
        _insert,
        _truncate,
        _encode,
        _encode,
    ]
    return random.choice(ways)(content, random)


def _spot(content: bytes, random: Random) -> tuple[int, int]:
    first = random.randrange(len(content) + 1)
    return first, min(len(content), first + random.choice([1, 2, 10, 200]))


def _flip(content: bytes, random: Random) -> bytes:
    changed = bytearray(content)
    for _ in range(random.choice([1, 2, 8])):
        if changed:
            changed[random.randrange(len(changed))] = random.randrange(256)
    return bytes(changed)


def _cut(content: bytes, random: Random) -> bytes:
    first, last = _spot(content, random)
    return content[:first] + content[last:]


def _double(content: bytes, random: Random) -> bytes:
    first, last = _spot(content, random)
    return content[:last] + content[first:last] * random.choice([1, 1, 50]) + content[last:]


def _insert(content: bytes, random: Random) -> bytes:
    first, _ = _spot(content, random)
    return (
        content[:first]
        + random.choice([b"\0", b"\xff", b"<", b"&x;", b'"', b"\n", b"{", b"\t", b"- &a [*a]"])
        + content[first:]
    )


def _truncate(content: bytes, random: Random) -> bytes:
    return content[: random.randrange(len(content) + 1)]


def _encode(content: bytes, random: Random) -> bytes:
    text = content.decode("utf-8", errors="replace")
    encoding = random.choice(["utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "utf-8-sig", "cp037", "utf-7"])
    if random.random() < 0.5:
        text = text.replace("UTF-8", random.choice([encoding, "ISO-8859-1", "nonsense", "UTF-16", "EBCDIC-CP-US"]), 1)
    return text.encode(encoding, errors="replace")


# --- XML


def _xml(content: bytes, random: Random) -> bytes:
    root = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))
    nodes = [node for node in root.iter(etree.Element) if node is not root]
    node = random.choice(nodes)
    ways = [
        _drop,
        _drop,
        _copy,
        _copy,
        _move,
        _rename,
        _attribute,
        _attribute,
        _attribute,
        _cross,
        _cross,
        _text,
        _nest,
    ]
    random.choice(ways)(node, nodes, random)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _drop(node: Any, nodes: list[Any], random: Random) -> None:
    node.getparent().remove(node)


def _copy(node: Any, nodes: list[Any], random: Random) -> None:
    """With its ids, so that there are two."""
    for _ in range(random.choice([1, 1, 30])):
        twin = etree.fromstring(etree.tostring(node))
        twin.tail = None
        node.addnext(twin)


def _move(node: Any, nodes: list[Any], random: Random) -> None:
    into = random.choice(nodes)
    if node not in into.iterancestors() and into is not node:
        into.insert(random.randint(0, len(into)), node)


def _rename(node: Any, nodes: list[Any], random: Random) -> None:
    node.tag = random.choice(nodes).tag


def _attribute(node: Any, nodes: list[Any], random: Random) -> None:
    if not node.attrib:
        node.set(random.choice(["id", "name", "default", "isExecutable"]), random.choice(WORDS))
        return
    name = random.choice(sorted(node.attrib))
    if random.random() < 0.3:
        del node.attrib[name]
    else:
        node.set(name, _written(random))


def _written(random: Random) -> str:
    return random.choice(WORDS) if random.random() < 0.9 else random.choice("xé=([") * random.choice(_LONG)


def _cross(node: Any, nodes: list[Any], random: Random) -> None:
    """What one refers to becomes what another does."""
    other = random.choice(nodes)
    if node.attrib and other.attrib:
        one, two = random.choice(sorted(node.attrib)), random.choice(sorted(other.attrib))
        first, second = node.get(one), other.get(two)
        node.set(one, second)
        other.set(two, first)


def _text(node: Any, nodes: list[Any], random: Random) -> None:
    filled = [one for one in nodes if (one.text or "").strip()] or [node]
    random.choice(filled).text = _written(random)


def _nest(node: Any, nodes: list[Any], random: Random) -> None:
    inner = etree.fromstring(etree.tostring(node))
    for _ in range(random.choice([1, 5, 120])):
        outer = etree.Element(node.tag, dict(node.attrib))
        outer.append(inner)
        inner = outer
    node.getparent().replace(node, inner)


# --- JSON, and text by the line


def _json(content: bytes, random: Random) -> bytes:
    whole = json.loads(content)
    places: list[tuple[Any, Any]] = []

    def walk(value: Any) -> None:
        keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
        for key in keys:
            places.append((value, key))
            walk(value[key])

    walk(whole)
    holder, key = random.choice(places)
    other, its = random.choice(places)
    way = random.randrange(5)
    if way == 0:
        del holder[key]
    elif way == 1:
        holder[key] = json.loads(json.dumps(other[its]))
    elif way == 2:
        holder[key] = random.choice([None, True, -1, 1e300, 10**30, [], {}, [[]], "x", _written(random)])
    elif way == 3 and isinstance(holder, list):
        holder += json.loads(json.dumps(holder)) * random.choice([1, 1, 200])
    else:
        holder[key] = _nested(random.choice([3, 60, 900]))
    return json.dumps(whole).encode()


def _nested(depth: int) -> Any:
    value: Any = "x"
    for _ in range(depth):
        value = {"components": [value], "type": "group"}
    return value


def _lines(content: bytes, random: Random) -> bytes:
    lines = content.decode().split("\n")
    at, other = random.randrange(len(lines)), random.randrange(len(lines))
    way = random.randrange(6)
    if way == 0:
        del lines[at]
    elif way == 1:
        lines.insert(at, lines[other])
    elif way == 2:
        lines[at], lines[other] = lines[other], lines[at]
    elif way == 3:
        lines[at] = random.choice([" ", "  ", "\t", "- ", "# ", "["]) + lines[at]
    else:
        head = next((lines[at].split(sign, 1)[0] + sign for sign in (":", "=") if sign in lines[at]), "")
        said = random.choice([json.dumps(_written(random)), "[]", "{}", "null", "1e400", "[" * 300, "!!python/object:os.system x", "*a", "&a x", "2026-02-30", "~", ".inf"])  # fmt: skip
        lines[at] = f"{head} {said}"
    return "\n".join(lines).encode()
