"""What is done in a process beside this one."""

from __future__ import annotations

import os
import signal

import pytest

from engine.forked import Aside, each_of


def _half(number: int) -> int:
    if number % 2:
        raise ValueError(f"{number} is odd")
    return number // 2


def test_results_come_in_the_order_of_the_items() -> None:
    assert each_of(_half, [8, 6, 4, 2, 0]) == [4, 3, 2, 1, 0]
    with Aside(_half, [8, 6, 4]) as aside:
        assert [aside.next() for _ in range(3)] == [4, 3, 2]


def test_what_is_raised_beside_is_raised_here_and_the_next_item_is_still_done() -> None:
    with Aside(_half, [8, 3, 4]) as aside:
        assert aside.next() == 4
        with pytest.raises(ValueError, match="3 is odd"):
            aside.next()
        assert aside.next() == 2


def test_a_result_of_more_than_a_pipe_holds_arrives_whole() -> None:
    with Aside(lambda size: "x" * size, [10, 1_000_000, 10]) as aside:
        assert [len(aside.next()) for _ in range(3)] == [10, 1_000_000, 10]


def test_nothing_waits_for_what_nobody_asks_for() -> None:
    reading, writing = os.pipe()
    with Aside(lambda _: signal.pause(), [1, 2]):
        os.close(writing)
    # The other end is closed everywhere only when the other process is gone.
    assert os.read(reading, 1) == b""
    os.close(reading)
