"""How expressions are written: functions called with what they cannot take, and an `in` that swallows what follows."""

from __future__ import annotations

from collections.abc import Iterator

from engine.errors import FeelError
from engine.feel import Expression, Tree, current_feel

_JOINED = frozenset({"Conjunction", "Disjunction"})
#: No condition by itself: a list, a range or a constant.
_NO_CONDITION = frozenset({"List", "Interval", "SimplePositiveUnaryTest", "StringLiteral", "NumericLiteral"})


def wrong_calls(expression: Expression) -> Iterator[FeelError]:
    """Calls with too many values, too few, or names of values that the function does not know."""
    if not expression.functions:
        return
    nodes = list(expression.tree.walk())
    if any(node.kind == "FunctionDefinition" for node in nodes):
        return  # a name may then be one of its own
    for node in nodes:
        error = _wrong_call(node)
        if error is not None:
            yield error


def _wrong_call(node: Tree) -> FeelError | None:
    if node.kind not in ("FunctionInvocation", "DateTimeLiteral") or len(node.parts) < 3:
        return None
    name = " ".join(node.parts[0].text.split())
    takes = current_feel().signatures.get(name)
    if takes is None:
        return None
    given = next((part for part in node.parts if part.kind.endswith("Parameters")), None)
    parts = given.parts if given is not None else ()
    named = given is not None and given.kind == "NamedParameters"
    any_number = bool(takes) and takes[-1].startswith("...")
    known = {one.removeprefix("...") for one in takes}
    unknown = named and any(" ".join(part.parts[0].text.split()) not in known for part in parts)
    too_many = len(parts) > len(takes) and not any_number
    nothing = not parts and bool(takes) and not any_number
    if not (unknown or too_many or nothing):
        return None
    shown = ", ".join(takes)
    return (
        FeelError("parameters", {"name": name, "parameters": shown})
        if takes
        else FeelError("no-parameters", {"name": name})
    )


def swallowing(expression: Expression) -> Iterator[str]:
    """Each `x in [a] or y`, which FEEL reads as `x in ([a] or y)`."""
    if " in" not in expression.source:
        return
    for node in expression.tree.walk():
        if node.kind != "Comparison" or len(node.parts) != 3 or node.parts[1].text != "in":
            continue
        test = node.parts[2]
        joined = test.parts[0] if test.kind == "PositiveUnaryTest" and test.parts else None
        if (
            joined is not None
            and joined.kind in _JOINED
            and any(one.kind in _NO_CONDITION for one in _operands(joined))
        ):
            yield node.text


def _operands(tree: Tree) -> Iterator[Tree]:
    for part in tree.parts:
        if part.kind in _JOINED:
            yield from _operands(part)
        else:
            yield part
