"""Merging the library's own models after random edits: nothing is lost without a word, and nothing is made up."""

from pathlib import Path
from random import Random

import pytest

from engine.differences import Change
from engine.differences.items import compare
from engine.differences.models import items_of
from engine.merging.conflicts import Choices
from engine.merging.models import merge_model
from tests.random_edits import edited

MODELS = [Path("processes/deviation/deviation.bpmn"), Path("processes/handover/handover.bpmn")]
FILE = "m.bpmn"


def changes(before: bytes, after: bytes) -> list[Change]:
    old, new = ({("", key): item for key, item in items_of(one, FILE).items()} for one in (before, after))
    return [change for change in compare(old, new) if change.what != "layout"]


def noted(content: bytes) -> bytes:
    """The same in all that matters, but not in every byte."""
    return content.replace(b"</bpmn:process>", b"<!-- read --></bpmn:process>", 1)


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_merging_with_an_unchanged_side_gives_the_other(path):
    base = path.read_bytes()
    for seed in range(6):
        other = edited(base, Random(seed), edits=3)
        for theirs, ours in ((other, noted(base)), (noted(base), other)):
            choices = Choices()
            merged = merge_model(base, theirs, ours, FILE, choices)
            assert choices.open == []
            assert changes(other, merged) == [], (path, seed)


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_every_change_of_either_side_is_in_the_result_or_named_in_a_conflict(path):
    base = path.read_bytes()
    for seed in range(12):
        random = Random(1000 + seed)
        theirs, ours = edited(base, random, edits=3), edited(base, random, edits=3)
        choices = Choices()
        merged = merge_model(base, theirs, ours, FILE, choices)
        named = {key for one in choices.open for key in (one.element, *one.along)}
        made = {(one.id, one.what, one.aspect, one.after) for one in changes(base, merged)}
        wanted = {(one.id, one.what, one.aspect, one.after) for side in (theirs, ours) for one in changes(base, side)}
        assert {one[0] for one in wanted - made} <= named, (path, seed)
        assert {one[0] for one in made - wanted} <= named, (path, seed)
