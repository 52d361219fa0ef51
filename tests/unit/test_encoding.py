"""The one JSON form: what goes in comes out, and what would not is refused."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.encoding import decode, encode, pack, plain, unpack

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


@given(values)
def test_whatever_json_knows_survives_storage(value: Any) -> None:
    assert decode(encode(value)) == value
    assert unpack(pack(value)) == value
    assert plain(value) == value


def test_long_values_are_stored_smaller_than_they_are() -> None:
    answers = {"form": {"text": "Samma ord igen. " * 100}}
    assert len(pack(answers)) < 100
    assert len(pack({"a": 1})) == len('{"a":1}') + 1


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({"form": {"when": date(2026, 3, 27)}}, "form.when"),
        ({"sum": Decimal("1.5")}, "sum"),
        ({"pair": (1, 2)}, "pair"),
        ({"list": [1, {2}]}, r"list\[1\]"),
        ({"form": {1: "x"}}, "form"),
        ({"ratio": float("nan")}, "ratio"),
        ({"ratio": float("inf")}, "ratio"),
        ({"bytes": b"x"}, "bytes"),
    ],
)
def test_what_would_come_back_as_something_else_is_refused_with_its_path(value: Any, path: str) -> None:
    with pytest.raises(TypeError, match=f"^{path}"):
        plain(value)
