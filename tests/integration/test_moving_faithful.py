"""Random cases of random pairs of versions go on, once moved, as the new version's token game allows (`make fuzz`: more)."""

from __future__ import annotations

import time
from collections import Counter

from tests.moving import play_pair

PAIRS, SECONDS = 100, 20.0


def test_moved_cases_go_on_as_the_token_game_of_the_new_version_allows() -> None:
    counts: Counter[str] = Counter()
    until = time.monotonic() + SECONDS
    for seed in range(PAIRS):
        if time.monotonic() > until:
            break
        try:
            counts += play_pair(seed)
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}") from error
    assert counts["moved"] > 10
    assert counts["refused"] > 0
