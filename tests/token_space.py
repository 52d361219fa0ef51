"""Every way that a token game can go: after one action, or from the beginning with conditions left open."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from functools import partial

from tests.random_models import Scope
from tests.token_game import Active, Endless, Instance, TokenGame, first

#: So many ways to go on from one action are tried.
WAYS = 64
#: In a whole space: a non-interrupting event happens so often while it is waited for.
_AGAIN = 2


def key(game: TokenGame) -> object:
    """What two games have in common that go on alike."""
    return _instance_key(game.root), game.ended


def _instance_key(instance: Instance) -> object:
    return (
        id(instance.scope), instance.values.v, tuple(sorted((+instance.tokens).items())),
        tuple(sorted((_active_key(one) for one in instance.active), key=repr)),
        tuple(one.id for one in instance.armed), tuple(sorted(instance.true)), tuple(sorted(instance.stuck)),
    )  # fmt: skip


def _active_key(active: Active) -> object:
    return (
        active.element.id, active.inside and _instance_key(active.inside), active.to_come, active.done,
        tuple(sorted((_active_key(one) for one in active.children), key=repr)),
        tuple(one.id for one in active.armed), tuple(sorted(active.true)),
    )  # fmt: skip


@dataclass
class Outcomes:
    """Every game that an action may lead to."""

    games: list[TokenGame]
    #: May it also go on for ever?
    endless: bool = False
    #: Are these all?
    whole: bool = True


def outcomes(game: TokenGame, act: Callable[[TokenGame], None]) -> Outcomes:
    """Try every way that an action can go."""
    found: dict[object, TokenGame] = {}
    todo: list[list[int]] = [[]]
    endless, left = False, WAYS
    while todo and left:
        left -= 1
        way = todo.pop()
        tried, asked = deepcopy(game), []  # type: ignore[var-annotated]

        def pick(options: Sequence, way: list[int] = way, asked: list[int] = asked) -> object:
            asked.append(len(options))
            return options[way[len(asked) - 1] if len(asked) <= len(way) else 0]

        tried.pick = pick
        try:
            act(tried)
        except Endless:
            endless = True
            continue
        tried.pick = first
        found.setdefault(key(tried), tried).reached.update(tried.reached)
        for at in range(len(way), len(asked)):
            todo += [[*way, *[0] * (at - len(way)), other] for other in range(1, asked[at])]
    return Outcomes(list(found.values()), endless, not todo)


@dataclass
class Space:
    """What a whole space of games holds."""

    #: Was all of it seen?
    complete: bool = True
    states: int = 0
    stuck: set[str] = field(default_factory=set)
    endless: bool = False
    #: Elements at which a token has been.
    reached: set[str] = field(default_factory=set)


class _Explorer:
    """Meets every state once."""

    def __init__(self, model: Scope) -> None:
        self.model = model
        self.space = Space()
        self.todo: list[tuple[TokenGame, Counter[str]]] = []
        self.seen: set[object] = set()

    def begin(self) -> None:
        """At every start event."""
        for start in (one.id for one in self.model.elements.values() if one.kind == "start"):
            self._meet(outcomes(TokenGame(self.model, 0, budget=800, at=start, free=True), TokenGame.settle), Counter())

    def expand(self) -> None:
        """Do everything that can be done in one state."""
        game, happened = self.todo.pop()
        if game.stuck:
            return
        for element in dict.fromkeys(game.open):
            self._meet(outcomes(game, partial(TokenGame.complete, element_id=element, v=0)), happened)
        for element in dict.fromkeys(game.waiting):
            if happened[element] < _AGAIN:
                more = happened + Counter([element]) if _stays(game, element) else happened
                self._meet(outcomes(game, partial(TokenGame.happen, element_id=element)), more)

    def _meet(self, after: Outcomes, happened: Counter[str]) -> None:
        self.space.endless |= after.endless
        self.space.complete &= after.whole
        for game in after.games:
            self.space.reached |= game.reached
            self.space.stuck.update(game.stuck)
            state = (key(game), tuple(sorted(happened.items())))
            if state not in self.seen:
                self.seen.add(state)
                self.todo.append((game, happened))


def explore(model: Scope, *, states: int = 1_500, seconds: float = 1.0) -> Space:
    """Everything that can happen in a model whatever its conditions say, as far as the limits go."""
    explorer, until = _Explorer(model), time.monotonic() + seconds
    space = explorer.space
    explorer.begin()
    while explorer.todo and not space.endless:
        if len(explorer.seen) > states or time.monotonic() > until:
            space.complete = False
            break
        explorer.expand()
    space.states = len(explorer.seen)
    return space


def _stays(game: TokenGame, element: str) -> bool:
    """Does an event go on waiting after it has happened?"""
    return any(
        one.kind in ("boundary", "event_sub") and not one.interrupting
        for _, one, _ in game._listeners()
        if one.id == element
    )
