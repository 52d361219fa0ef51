"""Which flows can have a token at once: held against a brute-force token game over random graphs of gateways."""

from __future__ import annotations

from collections import Counter
from random import Random

from lxml import etree

from engine.bpmn.reading import BPMN
from engine.validation.concurrency import Concurrency
from tests.models import bpmn

TAGS = {"task": "task", "xor": "exclusiveGateway", "and": "parallelGateway"}
Graph = tuple[dict[str, str], list[tuple[str, str]]]
#: Of more tokens, or more markings, the game is not played to its end.
MOST_TOKENS, MOST_MARKINGS = 8, 3000


def drawn(random: Random) -> Graph:
    """The kinds of the elements between `s` and `e`, and the flows: mostly forward, some back."""
    kinds = {f"n{number}": random.choice(["task", "xor", "and"]) for number in range(random.randint(4, 9))}
    names, flows = ["s", *kinds, "e"], {}
    for place, source in enumerate(names[:-1]):
        for _ in range(1 if kinds.get(source, "task") == "task" else random.choice([1, 2, 2])):
            ahead = random.random() < 0.85
            flows[source, random.choice(names[place + 1 :] if ahead else names[1:-1])] = None
    return kinds, list(flows)


def moves(graph: Graph, node: str, arrived: set[int]) -> list[tuple[list[int], list[int]]]:
    """What an element may take and put, given the flows into it that have a token."""
    kinds, flows = graph
    into = [number for number, flow in enumerate(flows) if flow[1] == node]
    out_of = [number for number, flow in enumerate(flows) if flow[0] == node]
    if kinds.get(node) == "and":
        return [(into, out_of)] if arrived.issuperset(into) else []
    ways = [[one] for one in out_of] if kinds.get(node) == "xor" and out_of else [out_of]
    return [([one], way) for one in arrived for way in ways]


def meetings(graph: Graph) -> set[str] | None:
    """The tasks and exclusive gateways at which tokens can arrive by two flows at once; None: too many markings."""
    kinds, flows = graph
    todo = [tuple(number for number, flow in enumerate(flows) if flow[0] == "s")]
    seen, found = set(todo), set()
    while todo:
        marking = todo.pop()
        tokens = Counter(marking)
        if len(seen) > MOST_MARKINGS or len(marking) > MOST_TOKENS or max(tokens.values(), default=0) > 2:
            return None
        for node in {flows[number][1] for number in tokens}:
            arrived = {number for number in tokens if flows[number][1] == node}
            if len(arrived) > 1 and kinds.get(node) in ("task", "xor"):
                found.add(node)
            for takes, puts in moves(graph, node, arrived):
                after = Counter(tokens)
                after.subtract(takes)
                after.update(puts)
                following = tuple(sorted(after.elements()))
                if following not in seen:
                    seen.add(following)
                    todo.append(following)
    return found


def told(graph: Graph) -> set[str]:
    kinds, flows = graph
    elements = "".join(f'<{TAGS[kind]} id="{name}"/>' for name, kind in kinds.items())
    lines = "\n".join(f"{source} -> {target}" for source, target in flows)
    root = etree.fromstring(bpmn(f'<startEvent id="s"/>{elements}<endEvent id="e"/><flows>\n{lines}\n</flows>'))
    return {node.get("id") for node in Concurrency(root.find(f"{{{BPMN}}}process")).meetings()}


def test_where_the_token_game_sees_branches_meet_they_are_told_and_nowhere_else() -> None:
    seen = Counter[bool]()
    for seed in range(700):
        graph = drawn(Random(seed))
        expected = meetings(graph)
        if expected is None:
            continue
        seen[bool(expected)] += 1
        # What follows from a meeting is not told; that there is one, and where there is none, must be.
        assert told(graph) <= expected, f"seed {seed}"
        assert bool(told(graph)) == bool(expected), f"seed {seed}"
    assert min(seen[True], seen[False]) > 6, "both kinds are drawn"
