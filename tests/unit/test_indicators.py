"""Small groups are not told, nor what would tell them; and how long most took."""

from __future__ import annotations

from engine.indicators import percentile, suppressed, told


def test_fewer_than_five_are_not_told_but_none_is() -> None:
    assert [told(count) for count in (0, 1, 4, 5, 60)] == [0, None, None, 5, 60]


def test_large_groups_are_told_as_they_are() -> None:
    assert suppressed({"a": 5, "b": 30}) == {"a": 5, "b": 30}


def test_the_next_smallest_is_hidden_with_a_single_small_one() -> None:
    assert suppressed({"a": 30, "b": 2, "c": 9, "d": 12}) == {"a": 30, "b": None, "c": None, "d": 12}


def test_small_ones_that_are_fewer_than_five_together_hide_the_next_too() -> None:
    assert suppressed({"a": 1, "b": 2, "c": 9, "d": 12}) == {"a": None, "b": None, "c": None, "d": 12}


def test_two_small_ones_that_are_five_together_hide_each_other() -> None:
    assert suppressed({"a": 4, "b": 4, "c": 9}) == {"a": None, "b": None, "c": 9}


def test_nothing_is_left_to_tell_where_all_are_few() -> None:
    assert suppressed({"a": 3}) == {"a": None}
    assert suppressed({}) == {}


def test_half_and_nine_of_ten_are_values_that_occurred() -> None:
    assert percentile([7.0], 90) == 7.0
    assert percentile([1, 2, 3, 4], 50) == 2
    assert percentile(list(range(1, 11)), 90) == 9
    assert percentile(list(range(1, 12)), 90) == 10
