"""A box of a decision table in words: `level = “red” and age < 18`."""

from __future__ import annotations

from engine.rules import Text
from engine.validation.table_cover import Box
from engine.validation.table_space import Dimension, Space
from engine.validation.unary_tests import ORDERED

#: Values that are named one by one.
_NAMED = 4


def conditions(space: Space, box: Box) -> Text:
    """When a case lies in the box, told by the simplest part of it: `when level = “red” and age < 18`."""
    told = [
        _condition(dimension, mask)
        for dimension, mask in zip(space.dimensions, box, strict=True)
        if mask & dimension.possible != dimension.possible or (dimension.kind is None and _only_given(dimension, mask))
    ]
    if not told:
        return Text("whatever it is given", "vad den än får")
    en, sv = " and ".join(one.en for one in told), " och ".join(one.sv for one in told)
    return Text(f"when {en}", f"när {sv}")


def shown(dimension: Dimension) -> str:
    """What an input is called: its label, else its expression."""
    label = dimension.label.strip()
    if not label:
        return dimension.source
    return label if label.isidentifier() else f"“{label}”"


def _condition(dimension: Dimension, mask: int) -> Text:
    name = shown(dimension)
    if mask & dimension.possible == 0:
        return Text(f"{name} is empty", f"{name} är tomt")
    if dimension.kind is None:
        return Text(f"{name} is not empty", f"{name} inte är tomt")
    if dimension.kind in ORDERED:
        return _between(dimension, mask & dimension.possible, name)
    first = (mask & -mask).bit_length() - 1
    if first < len(dimension.constants):
        said = f"{name} = {dimension.constants[first].shown}"
        return Text(said, said)
    values = [constant.shown for constant in dimension.constants]
    if len(values) > _NAMED:
        return Text(f"{name} is something that no rule names", f"{name} är något som ingen regel nämner")
    if len(values) == 1:
        return Text(f"{name} is not {values[0]}", f"{name} inte är {values[0]}")
    *most, last = values
    return Text(f"{name} is neither {', '.join(most)} nor {last}", f"{name} varken är {', '.join(most)} eller {last}")


def _only_given(dimension: Dimension, mask: int) -> bool:
    """Is it told from a missing value, and not missing here?"""
    return dimension.asks_null and not mask & dimension.null


def _between(dimension: Dimension, mask: int, name: str) -> Text:
    """Of the atoms that follow each other, the first."""
    first = last = (mask & -mask).bit_length() - 1
    # An atom in which no value of the kind lies, such as between two whole numbers that follow each other, is passed.
    while last + 1 < dimension.size and (mask >> (last + 1) & 1 or not dimension.possible >> (last + 1) & 1):
        last += 1
    while not mask >> last & 1:
        last -= 1
    constants = dimension.constants
    low = constants[(first - 1) // 2].shown if first > 0 else ""
    high = constants[last // 2].shown if last // 2 < len(constants) else ""
    if first == last and first % 2:
        said = f"{name} = {low}"
    elif low and high:
        said = f"{low} {'≤' if first % 2 else '<'} {name} {'≤' if last % 2 else '<'} {high}"
    elif low:
        said = f"{name} {'≥' if first % 2 else '>'} {low}"
    else:
        said = f"{name} {'≤' if last % 2 else '<'} {high}"
    return Text(said, said)
