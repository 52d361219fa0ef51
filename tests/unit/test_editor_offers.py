"""What the editor offers is what the server runs: kinds of elements, and the functions that completion knows."""

from __future__ import annotations

import json
import re
from pathlib import Path

from engine.bpmn import supported
from engine.feel import current_feel

EDITOR = Path(__file__).parents[2] / "web" / "editor"


def _functions() -> list[str]:
    """Names in the list of offered functions, and of those of ours."""
    source = (EDITOR / "feel" / "functions.js").read_text(encoding="utf-8")
    listed = re.search(r"new Set\(\[(.*?)\]\)", source, re.DOTALL)
    assert listed
    return sorted({*re.findall(r'"([^"]+)"', listed[1]), *re.findall(r'own\("([^"]+)"', source)})


def test_the_menus_offer_the_kinds_of_elements_that_run() -> None:
    offered = json.loads((EDITOR / "supported.json").read_text(encoding="utf-8"))
    assert set(offered["activities"]) == supported.ACTIVITIES
    assert set(offered["gateways"]) == supported.GATEWAYS
    assert {kind: set(triggers) for kind, triggers in offered["events"].items()} == supported._DEFINITIONS


def test_completion_offers_no_function_that_the_server_lacks() -> None:
    calls = " + ".join(f"{name}(1)" for name in _functions())
    assert current_feel().compile(calls, element="offered", file="functions.js").functions == set(_functions())


def test_completion_offers_what_is_ours() -> None:
    ours = {"deadline", "working days after", "next working day", "age", "next meeting", "units with role"}
    assert ours <= set(_functions())
