"""The engine takes just the steps that an independent token game takes, on random models."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.models import Game
from tests.random_models import Drawer, to_bpmn
from tests.token_game import Endless, TokenGame


def play(seed: int, *, steps: int = 25) -> int:
    """Play one random model on both sides; returns how many steps were taken."""
    random = Random(seed)
    model = Drawer(random).model()
    v = random.randint(0, 9)
    try:
        game = TokenGame(model, v)
    except Endless:
        return 0
    run = Game(to_bpmn(model), {"v": v})
    taken = 0
    while True:
        assert (run.open, run.waiting) == (game.open, game.waiting), f"seed {seed}, step {taken}"
        assert sorted(set(run.stuck)) == sorted(set(game.stuck)), f"seed {seed}, step {taken}"
        assert run.run.ended == game.ended, f"seed {seed}, step {taken}"
        choices = [("complete", one) for one in game.open] + [("happen", one) for one in game.waiting]
        if not choices or taken == steps:
            return taken
        act, element = random.choice(choices)
        v = random.randint(0, 9)
        try:
            game.complete(element, v) if act == "complete" else game.happen(element)
        except Endless:
            return taken
        run.complete(element, v=v) if act == "complete" else run.happen(element)
        taken += 1


@settings(max_examples=250, deadline=None, derandomize=True)
@given(st.integers(min_value=0, max_value=2**32))
def test_random_models_run_as_the_token_game_allows(seed: int) -> None:
    play(seed)


def test_an_inclusive_join_does_not_mind_which_event_of_a_gateway_comes() -> None:
    """Found by the random models: a token at an event gateway was counted at each of its events."""
    play(10691)
