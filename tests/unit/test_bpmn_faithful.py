"""What the random models have found (`tests/integration/test_faithful.py`, `make fuzz`), each as a model of its own."""

from __future__ import annotations

import pytest

from tests.models import Game


def test_an_inclusive_join_does_not_mind_which_event_of_a_gateway_comes() -> None:
    """A token at an event gateway was counted at each of its events; it can reach both ways into the join."""
    body = """<startEvent id="s"/><inclusiveGateway id="split"/><userTask id="a"/><exclusiveGateway id="x"/>
    <eventBasedGateway id="g"/><intermediateCatchEvent id="m1"><messageEventDefinition messageRef="one"/>
    </intermediateCatchEvent><intermediateCatchEvent id="m2"><messageEventDefinition messageRef="two"/>
    </intermediateCatchEvent><inclusiveGateway id="join"/><userTask id="after"/><endEvent id="e"/>
    <flows>
    s -> split
    split -> a [=true]
    split -> g [=true]
    a -> x
    x -> join
    g -> m1
    g -> m2
    m1 -> x
    m2 -> join
    join -> after
    after -> e
    </flows>"""
    declared = '<message id="one" name="one"/><message id="two" name="two"/>'
    game = Game(body, declared=declared)
    assert (game.open, game.waiting) == (["a"], ["m1", "m2"])
    assert game.complete("a").open == ["after"]


TIMER = "<timerEventDefinition><timeDuration>=x</timeDuration></timerEventDefinition>"
SIGNAL = '<signal id="sig" name="sig"/><message id="m" name="m"/>'
#: What arrives at something that cannot be told yet how long to wait: what then is open, and what waits.
UNTOLD = {
    "an event": (
        f'<startEvent id="s"/><intermediateCatchEvent id="c">{TIMER}</intermediateCatchEvent><endEvent id="e"/>'
        "<flows>\ns -> c\nc -> e\n</flows>",
        [],
        ["c"],
    ),
    "an event gateway": (
        f'<startEvent id="s"/><eventBasedGateway id="g"/><intermediateCatchEvent id="c">{TIMER}</intermediateCatchEvent>'
        '<intermediateCatchEvent id="d"><signalEventDefinition signalRef="sig"/></intermediateCatchEvent>'
        '<endEvent id="e"/><endEvent id="f"/><flows>\ns -> g\ng -> d\ng -> c\nc -> e\nd -> f\n</flows>',
        [],
        ["c", "d"],
    ),
    "a multi-instance": (
        '<startEvent id="s"/><userTask id="u"><multiInstanceLoopCharacteristics><extensionElements>'
        '<zeebe:loopCharacteristics inputCollection="=[1, 2]"/></extensionElements></multiInstanceLoopCharacteristics>'
        f'</userTask><boundaryEvent id="b" attachedToRef="u">{TIMER}</boundaryEvent><endEvent id="e"/><endEvent id="f"/>'
        "<flows>\ns -> u\nu -> e\nb -> f\n</flows>",
        ["u", "u"],
        ["b"],
    ),
    "an event sub-process": (
        '<startEvent id="s"/><userTask id="u"/><endEvent id="e"/><subProcess id="es" triggeredByEvent="true">'
        f'<startEvent id="late" isInterrupting="false">{TIMER}</startEvent><endEvent id="f"/>'
        "<flows>\nlate -> f\n</flows></subProcess><flows>\ns -> u\nu -> e\n</flows>",
        ["u"],
        ["late"],
    ),
    "a sub-process with one": (
        '<startEvent id="s"/><subProcess id="sub"><startEvent id="ss"/><userTask id="u"/><endEvent id="se"/>'
        '<subProcess id="es" triggeredByEvent="true">'
        f'<startEvent id="late" isInterrupting="false">{TIMER}</startEvent><endEvent id="f"/>'
        '<flows>\nlate -> f\n</flows></subProcess><flows>\nss -> u\nu -> se\n</flows></subProcess><endEvent id="e"/>'
        "<flows>\ns -> sub\nsub -> e\n</flows>",
        ["u"],
        ["late"],
    ),
}


@pytest.mark.parametrize("where", sorted(UNTOLD))
def test_what_could_not_begin_to_wait_begins_anew_when_it_is_tried_again(where: str) -> None:
    """Found by mutants: the token stayed where it was for ever, with half of its events, or the case did not start."""
    body, opened, waiting = UNTOLD[where]
    game = Game(body, declared=SIGNAL)
    assert len(game.run.incidents) == 1
    game.run.data["x"] = "P1D"
    game.run.retry(next(iter(game.run.incidents)))
    game._rest()
    assert (game.open, game.waiting, game.stuck) == (opened, waiting, [])
    assert all(wait.due_at for wait in game.run.waits.values() if wait.kind == "timer")
