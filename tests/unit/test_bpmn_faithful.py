"""What the random models have found (`tests/integration/test_faithful.py`, `make fuzz`), each as a model of its own."""

from __future__ import annotations

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
