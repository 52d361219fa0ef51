"""Files made bad by chance: a finding or a faithful run, never a fault of the check and never a crash of the engine."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from engine.validation import validate
from tests.models import bpmn
from tests.mutants import mutant, run_accepted
from tests.mutations import KINDS


@pytest.mark.parametrize("suffix", KINDS)
def test_a_mutant_is_told_or_runs(suffix: str, tmp_path: Path) -> None:
    for seed in range({".bpmn": 25, ".dmn": 15}.get(suffix, 6)):
        random, folder = Random(f"{seed}{suffix}"), tmp_path / str(seed)
        folder.mkdir()
        made = mutant(folder, suffix, random)
        assert made.fault() is None, (seed, suffix)
        if made.accepted:
            run_accepted(made.whole, random)


def _model(inside: str, before: str = "") -> bytes:
    return before.encode() + bpmn(inside)


_CHAIN = '<startEvent id="s"/><userTask id="u"/><endEvent id="e"/><flows>\ns -> u\nu -> e\n</flows>'
_LAUGHS = (
    "<!DOCTYPE x [<!ENTITY a 'ha'>" + "".join(f"<!ENTITY a{n} '{'&a' + str(n - 1) + ';' if n else '&a;'}'>" for n in range(30)) + "]>"
)  # fmt: skip
_OBJECTS = (
    '<startEvent id="s"/><subProcess id="one"><startEvent id="s1"/><subProcess id="two"><startEvent id="s2"/>'
    '<dataObjectReference id="r" dataObjectRef="d"/><endEvent id="e2"/><flows>\ns2 -> e2\n</flows></subProcess>'
    '<endEvent id="e1"/><flows>\ns1 -> two\ntwo -> e1\n</flows></subProcess><dataObject id="d"/><endEvent id="e"/>'
    "<flows>\ns -> one\none -> e\n</flows>"
)
_YAML_LAUGHS = "a: &a [x, x]\n" + "".join(f"b{n}: &b{n} [*{'a' if n == 0 else f'b{n - 1}'}, *{'a' if n == 0 else f'b{n - 1}'}]\n" for n in range(30))  # fmt: skip


def _many_inclusive(count: int) -> bytes:
    flows = ["s -> g0"]
    nodes = ['<startEvent id="s"/><endEvent id="e"/>']
    for n in range(count):
        nodes.append(f'<inclusiveGateway id="g{n}"/><inclusiveGateway id="h{n}"/>')
        for way in range(6):
            nodes.append(f'<userTask id="t{n}_{way}"/>')
            flows += [f"g{n} -> t{n}_{way} [{'default' if way == 0 else f'=v > {way}'}]", f"t{n}_{way} -> h{n}"]
        flows.append(f"h{n} -> {f'g{n + 1}' if n + 1 < count else 'e'}")
    return bpmn("".join(nodes) + "<flows>\n" + "\n".join(flows) + "\n</flows>")


#: Name of the file, content, and whether it must be refused.
HEAVY: dict[str, tuple[str, bytes, bool]] = {
    "a billion laughs": ("a.bpmn", bpmn(_CHAIN).replace(b"?>", b"?>" + _LAUGHS.encode(), 1), True),
    "UTF-32": ("a.bpmn", bpmn(_CHAIN).decode().encode("utf-32"), True),
    "UTF-16 that says UTF-8": ("a.bpmn", bpmn(_CHAIN).decode().encode("utf-16"), False),
    "Latin-1": ("a.bpmn", bpmn(_CHAIN).replace(b"UTF-8", b"ISO-8859-1").replace(b'id="u"', b'id="u" name="\xe5"'), True),
    "a NUL": ("a.bpmn", bpmn(_CHAIN).replace(b'id="u"', b'id="u" name="\0"'), True),
    "an attribute of 1 MB": ("a.bpmn", bpmn(_CHAIN).replace(b'id="u"', b'id="u" name="' + b"x" * 1_000_000 + b'"'), False),
    "a condition of 4 MB": (
        "a.bpmn",
        bpmn(_CHAIN.replace("u -> e", "u -> e [=" + "1 + " * 1_000_000 + "1]")),
        True,
    ),
    "10 MB": ("a.bpmn", bpmn(_CHAIN).replace(b"</bpmn:definitions>", b" " * 10_000_000 + b"</bpmn:definitions>"), True),
    "20,000 flows": (
        "a.bpmn",
        bpmn(_CHAIN.replace("<flows>", "".join(f'<sequenceFlow id="f{n}" sourceRef="u" targetRef="e"/>' for n in range(20_000)) + "<flows>")),
        True,
    ),
    "a data object two levels deep": ("a.bpmn", bpmn(_OBJECTS), False),
    "inclusive gateways in a row": ("a.bpmn", _many_inclusive(20), False),
    "a form of 10,000 fields": (
        "a.form",
        (
            '{"type": "default", "id": "a", "schemaVersion": 19, "components": ['
            + ", ".join(f'{{"type": "textfield", "key": "k{n}", "id": "i{n}", "label": "L"}}' for n in range(10_000))
            + "]}"
        ).encode(),
        True,
    ),
    "JSON nested without end": ("a.form", b'{"components": ' + b"[" * 100_000, True),
    "YAML aliases": ("a.yaml", _YAML_LAUGHS.encode(), True),
    "YAML nested without end": ("a.yaml", b"- " * 20_000 + b"x", True),
}  # fmt: skip


@pytest.mark.parametrize("what", sorted(HEAVY))
def test_what_is_heavy_ends_within_the_limits(what: str, tmp_path: Path) -> None:
    name, content, refused = HEAVY[what]
    (tmp_path / name).write_bytes(content)
    found = validate(tmp_path / name)
    assert {one.rule for one in found} & {"cannot-check"} == set()
    assert any(one.severity == "error" for one in found) == refused, [str(one)[:200] for one in found]


@pytest.mark.parametrize(
    "bomb",
    ["[" * 50_000, "a = " + "[" * 50_000 + "]" * 50_000, "a." * 20_000 + "b = 1", "x = '" + "y" * 3_000_000 + "'"],
)
def test_settings_that_are_a_bomb_are_told(bomb: str, tmp_path: Path) -> None:
    (tmp_path / "p.bpmn").write_bytes(bpmn(_CHAIN))
    (tmp_path / "process.toml").write_text(bomb, encoding="utf-8")
    found = validate(tmp_path)
    assert {one.rule for one in found} & {"cannot-check", "too-slow", "too-much-memory"} == set(), [
        str(one)[:200] for one in found
    ]
    assert any(one.severity == "error" for one in found)
