"""What the validator accepts runs as drawn: random models beside an independent token game. `make fuzz` runs many more."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.faithful import drawn, judge, play
from tests.random_models import Element

SEEDS = st.integers(min_value=0, max_value=2**32)
REFERENCE = Path(__file__).parents[2] / "docs/reference/bpmn.md"


@settings(max_examples=220, deadline=None, derandomize=True)
@given(SEEDS)
def test_random_models_run_as_the_token_game_allows_restarted_after_every_step_or_not(seed: int) -> None:
    play(*drawn(seed))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(SEEDS, st.sampled_from([0.4, 1.0]))
def test_whatever_gets_stuck_or_never_rests_was_refused(seed: int, rewire: float) -> None:
    judged = judge(drawn(seed, rewire=rewire)[0], seconds=0.3)
    assert judged.disagreement() is None


def test_nearly_every_model_that_the_token_game_finds_sound_is_accepted_and_proven() -> None:
    judged = [judge(drawn(seed, rewire=rewire)[0], seconds=0.3) for rewire in (0.0, 0.5) for seed in range(35)]
    sound = [one for one in judged if one.sound]
    accepted = [one for one in sound if one.accepted]
    print(f"{len(judged)} models, {len(sound)} sound by the token game, {len(accepted)} of them accepted and proven")
    assert len(sound) > 35
    assert len(accepted) >= 0.95 * len(sound), {finding.rule for one in sound for finding in one.errors}


def test_a_dead_part_is_found_wherever_the_token_game_never_gets() -> None:
    for seed in range(20):
        judged = judge(drawn(seed, rewire=1.0)[0], seconds=0.3)
        if judged.space.complete and judged.unreached and not judged.space.stuck and not judged.space.endless:
            assert "dead-part" in {finding.rule for finding in judged.errors}, seed


#: A row of the reference → what is drawn of it: (kind, trigger, interrupting); None stands for any.
KINDS: dict[str, list[tuple[str, str | None, bool | None]]] = {
    "user task": [("user", None, None)],
    "manual task, task without a type": [("pass", None, None)],
    "script task": [("script", None, None)],
    "service task": [("service", None, None)],
    "send task": [("throw", "message", None)],
    "receive task": [("receive", "message", None)],
    "business rule task": [("decide", None, None)],
    "call activity": [("call", None, None)],
    "sub-process": [("sub", None, None)],
    "event sub-process": [
        *(("event_sub", kind, stops) for kind in ("timer", "message", "signal", "escalation", "condition") for stops in (True, False)),
        ("event_sub", "error", True),
        ("event_sub", "cycle", False),
    ],
    "multi-instance": [],
    "exclusive gateway": [("xor", None, None)],
    "parallel, inclusive gateway": [("and", None, None), ("or", None, None)],
    "event gateway": [("events", None, None)],
    "timer": [("catch", "timer", None), ("boundary", "timer", True), ("boundary", "timer", False), ("boundary", "cycle", False)],
    "message": [*((kind, "message", None) for kind in ("catch", "throw", "end", "start")), *(("boundary", "message", x) for x in (True, False))],
    "signal": [*((kind, "signal", None) for kind in ("catch", "throw", "end")), *(("boundary", "signal", x) for x in (True, False))],
    "error, escalation": [
        ("end", "error", None), ("boundary", "error", True), ("end", "escalation", None), ("throw", "escalation", None),
        ("boundary", "escalation", True), ("boundary", "escalation", False),
    ],
    "condition": [("catch", "condition", None), ("boundary", "condition", True), ("boundary", "condition", False)],
    "link, terminate": [("end", "terminate", None)],
}  # fmt: skip


def test_every_element_of_the_reference_is_drawn() -> None:
    runs = REFERENCE.read_text(encoding="utf-8").split("## What runs")[1].split("\n## ")[0]
    rows = {row for row in re.findall(r"^\| ([^|]+?) \|", runs, re.MULTILINE) if row != "element"}
    assert rows == set(KINDS)
    models = [drawn(seed)[0] for seed in range(1_500)]
    elements: list[Element] = [one for model in models for one in model.everything()]
    seen = Counter((one.kind, one.trigger, one.interrupting) for one in elements)
    for row, wanted in KINDS.items():
        for kind, trigger, stops in wanted:
            assert sum(seen[kind, trigger, way] for way in (True, False) if stops in (None, way)), (
                row,
                kind,
                trigger,
                stops,
            )
    loops = {(one.kind, one.sequential, bool(one.enough)) for one in elements if one.times}
    assert loops == {
        (kind, order, enough) for kind in ("user", "sub", "call") for order in (True, False) for enough in (True, False)
    }
    hosts = {one.kind for model in models for scope in [model] for one in scope.elements.values() if any(b.host == one.id for b in scope.elements.values())}  # fmt: skip
    assert hosts == {"user", "receive", "service", "sub", "call"}
    assert any(flow.link for model in models for flow in model.flows)
    gateways = [(model, one.id) for model in models for one in model.elements.values() if one.kind == "events"]
    behind = [[model.elements[flow.target].trigger for flow in model.leaving(one)] for model, one in gateways]
    assert any(triggers.count("timer") > 1 for triggers in behind)
