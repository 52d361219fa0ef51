"""Random pairs of versions (a model and a random edit of it) and random cases between them.

A case is played on the old version for a while, moved, and from there on played beside a token game of the new version
that was set up where the case stands: the same steps must be possible, with the same result. Refused cases stay as they were.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from random import Random
from typing import Any

from engine.bpmn import Model, Run
from engine.bpmn.events import EventStart
from engine.bpmn.instances import Instance as EngineInstance
from engine.bpmn.tokens import Token
from engine.errors import InvalidModel
from engine.job_types import JOB_TYPES
from engine.migrating.outcome import Outcome
from engine.migrating.transfer import Target, transfer
from tests.faithful import BUDGET, Player, _do, judge, observed, package_of
from tests.random_models import SIGNALS, Drawer, Element, Flow, Scope
from tests.token_game import Active, Instance, TokenGame, Values
from tests.token_space import outcomes

_SOUGHT = ("error", "escalation")


# Editing


def copied(scope: Scope) -> Scope:
    """A model that can be changed without the other."""
    elements = {
        key: replace(one, inside=copied(one.inside) if one.inside is not None else None)
        for key, one in scope.elements.items()
    }
    return Scope(elements, [replace(flow) for flow in scope.flows])


def edited(model: Scope, random: Random, edits: int) -> tuple[Scope, dict[str, str]]:
    """The model with some edits, and which ids became which."""
    new, mapping = copied(model), {}
    for _ in range(edits):
        scope = random.choice(list(_scopes(new)))
        edit = random.choice(_EDITS)
        mapping |= edit(scope, random) or {}
    return new, mapping


def _scopes(scope: Scope) -> list[Scope]:
    inner = [one.inside for one in scope.elements.values() if one.inside is not None]
    return [scope, *(found for one in inner for found in _scopes(one))]


def _fresh(random: Random, kind: str) -> str:
    return f"{kind}{random.randrange(10**6, 10**9)}"


def _plain_flows(scope: Scope) -> list[Flow]:
    """Flows into which something may be put."""
    return [
        flow
        for flow in scope.flows
        if not flow.link and scope.elements[flow.source].kind != "events" and not _acts(scope.elements[flow.target])
    ]


def _acts(element: Element) -> bool:
    return element.kind in ("script", "decide", "service", "throw") or (
        element.kind == "end" and element.trigger not in (None, "terminate")
    )


def _insert(scope: Scope, random: Random) -> None:
    """A step into a flow."""
    flows = _plain_flows(scope)
    if not flows:
        return
    flow = random.choice(flows)
    new = Element(_fresh(random, "user"), "user")
    scope.elements[new.id] = new
    scope.flows.append(Flow(_fresh(random, "f"), new.id, flow.target))
    flow.target = new.id


def _remove(scope: Scope, random: Random) -> None:
    """A step with one way in and one way out."""
    may = [
        one.id
        for one in scope.elements.values()
        if one.kind in ("user", "pass", "catch", "receive")
        and len(scope.entering(one.id)) == len(scope.leaving(one.id)) == 1
        and not any(flow.link for flow in (*scope.entering(one.id), *scope.leaving(one.id)))
        and not any(other.host == one.id for other in scope.elements.values())
        and scope.elements[scope.entering(one.id)[0].source].kind != "events"
        and not _acts(scope.elements[scope.leaving(one.id)[0].target])
        and scope.entering(one.id)[0].source != one.id
    ]
    if not may:
        return
    key = random.choice(may)
    into, out = scope.entering(key)[0], scope.leaving(key)[0]
    into.target = out.target
    scope.flows.remove(out)
    del scope.elements[key]


def _rename(scope: Scope, random: Random) -> dict[str, str]:
    """A step gets another id."""
    may = [one for one in scope.elements.values() if one.kind in ("user", "catch", "sub") and one.trigger != "message"]
    if not may:
        return {}
    old = random.choice(may)
    was, key = old.id, _fresh(random, old.kind)
    elements = list(scope.elements.values())
    old.id = key
    scope.elements.clear()
    for one in elements:
        one.host = key if one.host == was else one.host
        scope.elements[one.id] = one
    for flow in scope.flows:
        flow.source = key if flow.source == was else flow.source
        flow.target = key if flow.target == was else flow.target
    return {was: key}


def _watch(scope: Scope, random: Random) -> None:
    """An event at an activity, with an end of its own."""
    hosts = [
        one for one in scope.elements.values() if one.kind in ("user", "receive", "sub", "call") and one.times != 0
    ]
    if not hosts:
        return
    host, event, end = random.choice(hosts), _fresh(random, "boundary"), _fresh(random, "end")
    kind = random.choice(["timer", "message", "signal", "condition"])
    named = {"message": event, "signal": random.choice(SIGNALS)}
    scope.elements[event] = Element(
        event, "boundary", kind, named.get(kind), interrupting=random.random() < 0.5, host=host.id,
        at_least=random.randint(1, 9) if kind == "condition" else None,
    )  # fmt: skip
    scope.elements[end] = Element(end, "end")
    user = _fresh(random, "user")
    scope.elements[user] = Element(user, "user")
    scope.flows += [Flow(_fresh(random, "f"), event, user), Flow(_fresh(random, "f"), user, end)]


def _unwatch(scope: Scope, random: Random) -> None:
    """An event at an activity leads nowhere any more, so what only it led to goes."""
    may = [one for one in scope.elements.values() if one.kind == "boundary" and one.trigger not in _SOUGHT]
    for event in random.sample(may, len(may)):
        flow = scope.leaving(event.id)[0]
        if len(scope.entering(flow.target)) > 1 and not flow.link:
            scope.flows.remove(flow)
            del scope.elements[event.id]
            return


def _retrigger(scope: Scope, random: Random) -> None:
    """An event waits for something else."""
    may = [
        one
        for one in scope.elements.values()
        if one.kind in ("catch", "boundary") and one.trigger in ("timer", "message", "signal")
    ]
    if not may:
        return
    event = random.choice(may)
    event.trigger = random.choice(["timer", "message", "signal"])
    event.name = {"message": event.id, "signal": random.choice(SIGNALS)}.get(event.trigger)


def _interrupt(scope: Scope, random: Random) -> None:
    """An event stops what it watches, or no longer does."""
    may = [
        one
        for one in scope.elements.values()
        if one.kind == "boundary" and one.trigger in ("timer", "message", "signal", "escalation")
    ]
    if may:
        event = random.choice(may)
        event.interrupting = not event.interrupting


def _condition(scope: Scope, random: Random) -> None:
    flows = [flow for flow in scope.flows if flow.at_least is not None]
    if flows:
        random.choice(flows).at_least = random.randint(0, 9)


def _list(scope: Scope, random: Random) -> None:
    """Another length, another order or another end of a list."""
    may = [one for one in scope.elements.values() if one.times is not None]
    if may:
        one = random.choice(may)
        if random.random() < 0.3:
            one.enough = random.randint(1, 2)
        elif random.random() < 0.5:
            one.times = random.randint(1, 3)
        else:
            one.sequential = not one.sequential


def _branch(scope: Scope, random: Random) -> None:
    """One more branch between two gateways, or one less."""
    gateways = [one for one in scope.elements.values() if one.kind in ("and", "or", "xor")]
    splits = [one for one in gateways if len(scope.leaving(one.id)) > 1]
    joins = [one for one in gateways if len(scope.entering(one.id)) > 1]
    if not (splits and joins):
        return
    split = random.choice(splits)
    join = random.choice([one for one in joins if one.kind == split.kind] or joins)
    user = _fresh(random, "user")
    scope.elements[user] = Element(user, "user")
    rule = random.randint(0, 9) if split.kind != "and" else None
    scope.flows += [Flow(_fresh(random, "f"), split.id, user, rule), Flow(_fresh(random, "f"), user, join.id)]


def _rewire(scope: Scope, random: Random) -> None:
    """A flow leads elsewhere."""
    flows = [flow for flow in _plain_flows(scope) if len(scope.entering(flow.target)) > 1]
    targets = [
        one.id
        for one in scope.elements.values()
        if one.kind not in ("start", "boundary", "event_sub")
        and not _acts(one)
        and not any(scope.elements[flow.source].kind == "events" for flow in scope.entering(one.id))
    ]
    if flows and targets:
        random.choice(flows).target = random.choice(targets)


_EDITS: tuple[Callable[[Scope, Random], Any], ...] = (
    _insert, _insert, _insert, _remove, _remove, _rename, _watch, _watch, _unwatch, _retrigger, _interrupt, _condition,
    _list, _branch, _rewire,
)  # fmt: skip


# A token game where a case stands


class _Setting:
    """Sets a token game up where a run stands; restored from its rows, so nothing of the old version is left in it."""

    def __init__(self, run: Run, model: Scope) -> None:
        self.case, self.model = run._case, model
        self.values: dict[int, Values] = {}

    def game(self) -> TokenGame:
        game = TokenGame(Scope({"s": Element("s", "start"), "e": Element("e", "end")}, []), 0, budget=BUDGET)
        game.root = self._instance(self.case, self.model)
        game.ended = self.case.completed
        return game

    def _values(self, scope: Any) -> Values:
        if scope.id not in self.values:
            around = self._values(scope.parent) if scope.parent is not None else None
            own = scope.values.get("v")
            self.values[scope.id] = Values(own, around)
        return self.values[scope.id]

    def _instance(self, instance: EngineInstance, scope: Scope) -> Instance:
        tokens: Counter[str] = Counter()
        for waiting in instance.arrivals.values():
            tokens.update({flow.removeprefix("over_"): count for flow, count in waiting.items()})
        found = Instance(scope, self._values(instance.scope), tokens)
        found.born = -(10**9) + (instance.host.id if instance.host is not None else 0)
        starts = {one.inside.start().id: one for one in scope.elements.values() if one.kind == "event_sub"}  # type: ignore[union-attr]
        interrupted = False
        for token in sorted(instance.tasks.values(), key=lambda one: one.id):
            node = token.task_spec
            if token is instance.task_tree or token.of_multi_instance is not None:
                continue
            if isinstance(node, EventStart):
                found.armed.append(starts[node.bpmn_id])
                if token.internal_data.get("true"):
                    found.true.add(starts[node.bpmn_id].id)
            elif not token.internal_data.keys() & {"host", "gateway"}:
                element = scope.elements[node.bpmn_id]
                interrupted = interrupted or (element.kind == "event_sub" and element.interrupting)
                found.active.append(self._active(instance, token, element, scope))
        if not interrupted:
            found.armed += [one for one in starts.values() if one.trigger in _SOUGHT]
        order = list(scope.elements)
        found.armed.sort(key=lambda one: order.index(one.id))
        return found

    def _active(self, instance: EngineInstance, token: Token, element: Element, scope: Scope) -> Active:
        active = Active(element, self._inside(token, element), born=-(10**8) + token.id)
        guards = [self.case.tokens[one] for one in token.guards]
        if element.kind != "events":
            waiting = {one.task_spec.bpmn_id for one in guards}
            boundaries = [one for one in scope.elements.values() if one.kind == "boundary" and one.host == element.id]
            active.armed = [one for one in boundaries if one.id in waiting or one.trigger in _SOUGHT]
        active.true = {one.task_spec.bpmn_id for one in guards if one.internal_data.get("true")}
        if token.internal_data.get("true"):
            active.true.add(element.id)
        if element.times is not None:
            data = token.internal_data
            children = [instance.tasks[child] for child in token._children]
            active.children = [
                Active(element, self._inside(child, element), born=-(10**8) + child.id)
                for child in sorted(children, key=lambda one: one.id)
            ]
            active.done = data["done"]
            active.to_come = data["total"] - data["done"] - len(children)
        return active

    def _inside(self, token: Token, element: Element) -> Instance | None:
        inside = self.case.subprocesses.get(token.id)
        return self._instance(inside, element.inside) if inside is not None else None  # type: ignore[arg-type]


# Playing


def pair(seed: int) -> tuple[Scope, Scope, dict[str, str], Random] | None:
    """A model, an edit of it, and which ids became which; None: the edit cannot be run."""
    random = Random(seed)
    model = Drawer(random, rewire=0.1, decisions=True).model()
    new, mapping = edited(model, random, random.randint(1, 3))
    try:
        Model.load(package_of(new), JOB_TYPES)
    except InvalidModel:
        return None
    return model, new, mapping, random


def play_pair(seed: int, *, cases: int = 3) -> Counter[str]:
    """Random cases of a random pair. Raises AssertionError: one did not go on as the new version allows."""
    found = pair(seed)
    if found is None:
        return Counter({"pairs that cannot run": 1})
    model, new, mapping, random = found
    counts = Counter({"pairs": 1})
    target = Target(Model.load(package_of(new), JOB_TYPES), mapping)
    for _ in range(cases):
        counts += _play_case(model, new, target, random)
    return counts


def _play_case(model: Scope, new: Scope, target: Target, random: Random) -> Counter[str]:
    counts: Counter[str] = Counter(cases=1)
    start = random.choice([one.id for one in model.elements.values() if one.kind == "start"])
    player = Player(model, random.randint(0, 9), start, restarts=False)
    for _ in range(random.randint(0, 8)):
        if not _step(player, random):
            break
    if player.run.ended or player.run.stops:
        return counts + Counter({"ended or stopped before": 1})
    before = json.dumps(player.run.snapshot())
    run, outcome = _moved(player, target)
    assert json.dumps(player.run.snapshot()) == before, "the case was changed by looking at it"
    if not outcome.moves:
        counts.update({f"refused: {reason.code}" for reason in outcome.reasons})
        return counts + Counter(refused=1)
    _demand_kept(player.run, run, outcome)
    counts.update(moved=1)
    player.run = Run.restore(target.model, json.loads(json.dumps(run.snapshot())), player.environment)
    player.throws = {one.id: one for one in new.everything() if one.kind == "service"}
    player.model = player.other = target.model
    steps, stuck = _beside_the_game(player, new, random)
    if stuck:
        # Where the new version itself can get stuck, a case that was moved may too; such a version is not published.
        assert not judge(new).accepted, "it got stuck in a version that the validator accepts"
    return counts + Counter({"steps after": steps, "stuck after": stuck})


def _moved(player: Player, target: Target) -> tuple[Run, Outcome]:
    copy = Run.restore(player.model, json.loads(json.dumps(player.run.snapshot())), player.environment)
    return transfer(copy, target, player.environment)


def _demand_kept(old: Run, new: Run, outcome: Outcome) -> None:
    """Data, open tasks and dates are what they were."""
    assert new.data == old.data
    names = {token: outcome.became.get(task.element_id, task.element_id) for token, task in old.open_tasks.items()}
    assert {token: task.element_id for token, task in new.open_tasks.items()} == names
    afresh = {*outcome.begun}
    for token, wait in new.waits.items():
        was = old.waits.get(token)
        if was is not None and wait.element_id not in afresh:
            assert wait.due_at == was.due_at, wait


def _step(player: Player, random: Random) -> bool:
    acts = _acts_of(player.run)
    if not acts or player.run.ended:
        return False
    act, element = random.choice(acts)
    player.do(act, element, random.randint(0, 9))
    return True


def _acts_of(run: Run) -> list[tuple[str, str]]:
    acts = [("complete", task.element_id) for task in run.open_tasks.values()]
    acts += [("happen", wait.element_id) for wait in run.waits.values() if wait.kind in ("timer", "message")]
    return acts + [("signal", one) for one in SIGNALS] if acts or run.waits else acts


def _beside_the_game(player: Player, new: Scope, random: Random, *, most: int = 15) -> tuple[int, int]:
    """Play on, engine beside game; how many steps, and 1 if something got stuck."""
    may = [outcomes(_Setting(player.run, new).game(), TokenGame.settle)]
    for step in range(most):
        games = [game for one in may for game in one.games if observed(game) == player.seen]
        if not games:
            allowed = [observed(game) for one in may for game in one.games]
            endless = any(one.endless for one in may) and bool(player.run.stops)
            assert endless, f"step {step} after moving: the engine has {player.seen}, allowed is {allowed}"
            return step, 0
        if player.run.ended or player.run.stops:
            return step, int(bool(games[0].stuck))
        acts = _acts_of(player.run)
        if not acts:
            return step, 0
        act, element = random.choice(acts)
        v = random.randint(0, 9)
        player.do(act, element, v)
        may = [outcomes(game, partial(_do, act=act, element=element, v=v)) for game in games]
    return most, 0
