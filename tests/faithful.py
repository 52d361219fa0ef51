"""A random model run by the engine beside the token game: the same steps, and the same after every restart."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from random import Random
from typing import Any

from engine.bpmn import Model, Run
from engine.bpmn.environment import Environment, ServiceCall
from engine.bpmn.throwing import BpmnError
from engine.findings import Finding
from engine.job_types import JOB_TYPES
from engine.packages import Package
from engine.validation.checks import run as checked
from engine.validation.subject import Subject
from tests.random_bpmn import DECISION
from tests.random_models import SIGNALS, Drawer, Element, Scope, to_bpmn
from tests.token_game import TokenGame
from tests.token_space import Space, explore, outcomes

CASE = "2026-00001"
#: Steps of the engine in one command before it counts as endless; the game allows itself as many moves.
BUDGET = 3_000


def package_of(model: Scope) -> Package:
    """A random model as a package."""
    return Package.from_files({"p.bpmn": to_bpmn(model), "turn.dmn": DECISION}, "p")


class Player:
    """One run of the engine. `restarts`: stored as JSON and restored, on another parse, after every command."""

    def __init__(self, model: Scope, v: int, at: str, *, restarts: bool) -> None:
        self.package, self.restarts = package_of(model), restarts
        self.model = Model.load(self.package, JOB_TYPES)
        self.other = Model.load(self.package, JOB_TYPES) if restarts else self.model
        self.throws = {one.id: one for one in model.everything() if one.kind == "service"}
        self.environment = self._environment(datetime(2026, 3, 27, 9, 0, tzinfo=UTC))
        self.run = Run.start(self.model, self.model.main, {"v": v}, self.environment, at=at)
        self._rest()

    def _environment(self, now: datetime) -> Environment:
        case = {"id": CASE, "owner": "u", "started": "2026-03-27T09:00:00Z"}
        return Environment(now=now, case=case, service=self._serve, step_budget=BUDGET)

    def _serve(self, call: ServiceCall) -> Mapping[str, Any]:
        element = self.throws[call.element_id]
        if element.at_least is not None and call.inputs["given"] >= element.at_least:
            raise BpmnError(element.name or "")
        return {}

    def _rest(self) -> None:
        self.run.advance()
        self.run.drain_events()
        if self.restarts:
            self.model, self.other = self.other, self.model
            self.run = Run.restore(self.model, json.loads(json.dumps(self.run.snapshot())), self.environment)

    @property
    def seen(self) -> tuple[list[str], list[str], list[str], bool, int]:
        """What can be seen of it: open tasks, waits, incidents, the end, and v."""
        return (
            sorted(task.element_id for task in self.run.open_tasks.values()),
            sorted(wait.element_id for wait in self.run.waits.values()),
            sorted({stop.element_id for stop in self.run.stops.values()}),
            self.run.ended,
            self.run.data["v"],
        )

    def do(self, act: str, element: str, v: int) -> None:
        """Complete the oldest task of an element, let what it waits for happen, or send a signal of this name."""
        if act == "complete":
            token = next(task.token_id for task in self.run.open_tasks.values() if task.element_id == element)
            self.run.complete(token, {"v": v})
        elif act == "signal":
            self.run.signal(element)
        else:
            wait = next(wait for wait in self.run.waits.values() if wait.element_id == element)
            if wait.kind == "timer":
                assert wait.due_at is not None
                self.environment = self._environment(max(self.environment.now, wait.due_at))
                self.run.attach(self.environment)
                self.run.fire(wait.token_id)
            else:
                assert self.run.send(wait.name or "", wait.key or "")
        self._rest()


def observed(game: TokenGame) -> tuple[list[str], list[str], list[str], bool, int]:
    """The same of the token game."""
    return game.open, game.waiting, sorted(set(game.stuck)), game.ended, game.root.values.v


@dataclass
class Played:
    """How a run went."""

    steps: int = 0
    ended: bool = False
    endless: bool = False
    stuck: bool = False


def play(model: Scope, random: Random, *, steps: int = 25) -> Played:
    """One random run on all sides.

    Raises:
        AssertionError: the engine did what the token game does not allow, or something else after a restart.
    """
    played, v = Played(), random.randint(0, 9)
    at = random.choice([one.id for one in model.elements.values() if one.kind == "start"])
    kept, restarted = Player(model, v, at, restarts=False), Player(model, v, at, restarts=True)
    may = [outcomes(TokenGame(model, v, budget=BUDGET, at=at), TokenGame.settle)]
    while True:
        assert kept.seen == restarted.seen, f"step {played.steps}: restarted {restarted.seen}, kept {kept.seen}"
        assert kept.run.data == restarted.run.data, f"step {played.steps}: data after a restart"
        games = [game for one in may for game in one.games if observed(game) == kept.seen]
        if not games:
            allowed = [observed(game) for one in may for game in one.games]
            # What moves without end comes to rest in the engine all the same: with an incident.
            played.endless = any(one.endless for one in may) and bool(kept.run.stops)
            assert played.endless, f"step {played.steps}: the engine has {kept.seen}, allowed is {allowed}"
            return played
        game = games[0]
        acts = [("complete", one) for one in game.open]
        acts += [("happen", one.id) for _, one, _ in game._listeners() if one.trigger in ("timer", "cycle", "message")]
        acts += [("signal", one) for one in SIGNALS]
        played.ended, played.stuck = game.ended, bool(game.stuck)
        if game.ended or played.steps == steps or not (len(acts) > len(SIGNALS) or game.waiting):
            return played
        act, element = random.choice(acts)
        v = random.randint(0, 9)
        for player in (kept, restarted):
            player.do(act, element, v)
        played.steps += 1
        may = [outcomes(game, partial(_do, act=act, element=element, v=v)) for game in games]


def _do(game: TokenGame, act: str, element: str, v: int) -> None:
    if act == "complete":
        game.complete(element, v)
    elif act == "signal":
        game.signal(element)
    else:
        game.happen(element)


@dataclass
class Judged:
    """What the validator and the token game say of a model."""

    model: Scope
    errors: list[Finding]
    not_proven: bool
    space: Space

    @property
    def unreached(self) -> set[str]:
        """Elements where no token ever comes; not those behind an error or escalation, which a service may throw."""
        found: set[str] = set()
        for scope in scopes(self.model):
            starts = {one.id for one in scope.elements.values() if one.kind in ("start", "event_sub")}
            # A scope that nothing begins here is only looked at along its flows.
            seen = self.space.reached if starts & self.space.reached else _behind(scope, starts)
            found |= set(scope.elements) - seen - _behind(scope, {one.id for one in _on_call(scope)})
        return found

    @property
    def sound(self) -> bool:
        """Does the token game find nothing wrong with it, having seen all of it?"""
        return self.space.complete and not (self.space.stuck or self.space.endless or self.unreached)

    @property
    def accepted(self) -> bool:
        """Does the validator let it be published?"""
        return not self.errors and not self.not_proven

    def disagreement(self) -> str | None:
        """Accepted, and yet wrong."""
        # An error that ends a process alone may be caught where another calls it: that is a warning.
        own = {one.id for one in self.model.elements.values() if one.trigger == "error" and one.kind == "end"}
        if self.accepted and self.space.stuck - own:
            return f"accepted, but gets stuck at {sorted(self.space.stuck)}"
        if self.accepted and self.space.endless:
            return "accepted, but moves without end"
        return None


def scopes(scope: Scope) -> Iterator[Scope]:
    """A scope and all inside it."""
    yield scope
    for element in scope.elements.values():
        if element.inside is not None:
            yield from scopes(element.inside)


def _on_call(scope: Scope) -> Iterator[Element]:
    """What begins only when something else throws; and events at a multi-instance of nobody."""
    for element in scope.elements.values():
        if (
            element.kind == "event_sub"
            or element.trigger in ("error", "escalation")
            or (element.kind == "boundary" and scope.elements[element.host or ""].times == 0)
        ):
            yield element


def _behind(scope: Scope, ids: set[str]) -> set[str]:
    found: set[str] = set()
    todo = list(ids)
    while todo:
        here = todo.pop()
        if here not in found:
            found.add(here)
            todo += [flow.target for flow in scope.leaving(here)]
            todo += [one.id for one in scope.elements.values() if one.host == here]
    return found


def judge(model: Scope, *, states: int = 1_500, seconds: float = 1.0) -> Judged:
    """Ask both."""
    found = list(checked(Subject.of(package_of(model))))
    errors = [one for one in found if one.severity == "error"]
    not_proven = any(one.rule == "soundness-not-proven" for one in found)
    return Judged(model, errors, not_proven, explore(model, states=states, seconds=seconds))


def drawn(seed: int, *, rewire: float = 0.4) -> tuple[Scope, Random]:
    """The model of a seed, and chance for its runs."""
    random = Random(seed)
    return Drawer(random, rewire=rewire, decisions=True).model(), random
