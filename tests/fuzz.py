"""`make fuzz`: random models by the ten thousand. Prints what was played and found; a failure with its seed.

Set by environment variables: FUZZ_MODELS (how many, 20000), FUZZ_SEED (the first seed, 0), FUZZ_SECONDS (at most so long,
no limit), FUZZ_PROCESSES (2).
"""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from tests.faithful import drawn, judge, play
from tests.moving import play_pair

#: Of every so many models one is also judged by the validator and by the whole space of its token games.
_JUDGED = 3
#: And of every so many one is edited, and cases of it are moved to the edited version.
_MOVED = 2
_CHUNK = 50


def _try(seed: int) -> Counter[str]:
    """One model: two runs, and now and then a judgement."""
    rewire = (0.4, 0.0, 1.0)[seed % 3]
    counts: Counter[str] = Counter(models=1)
    for _ in range(2):
        model, random = drawn(seed, rewire=rewire)
        random.seed(seed * 2 + counts["runs"])
        played = play(model, random)
        counts.update(
            runs=1,
            steps=played.steps,
            ended=played.ended,
            stuck=played.stuck,
            endless=played.endless,
            restarts=played.steps,
        )
    if seed % _MOVED == 0:
        counts += Counter({f"moving: {name}": count for name, count in play_pair(seed).items()})
    if seed // 3 % _JUDGED == 0:
        judged = judge(model)
        counts.update(judged=1, accepted=judged.accepted, states=judged.space.states, whole=judged.space.complete)
        counts.update({"not proven": judged.not_proven})
        if judged.sound:
            counts.update(sound=1, **{"sound and accepted": judged.accepted})
            if not judged.accepted:
                rules = sorted({one.rule for one in judged.errors})
                print(f"seed {seed}: sound, but refused by {', '.join(rules) or 'no proof'}", flush=True)
        if judged.disagreement():
            raise AssertionError(judged.disagreement())
    return counts


def _chunk(first: int, until: float) -> Counter[str]:
    counts: Counter[str] = Counter()
    for seed in range(first, first + _CHUNK):
        if time.time() > until:
            break
        try:
            counts += _try(seed)
        except Exception as error:
            counts["FAILED"] += 1
            where = traceback.extract_tb(error.__traceback__)[-1]
            text = str(error).split("\n")[0]
            print(f"seed {seed}: {type(error).__name__} at {where.name}:{where.lineno}: {text}", flush=True)
    return counts


def main() -> int:
    """Run, print, and return 1 if anything failed."""
    models, seed = int(os.environ.get("FUZZ_MODELS", "20000")), int(os.environ.get("FUZZ_SEED", "0"))
    until = time.time() + float(os.environ.get("FUZZ_SECONDS", "1e9"))
    started, counts = time.monotonic(), Counter[str]()
    with ProcessPoolExecutor(int(os.environ.get("FUZZ_PROCESSES", "2"))) as pool:
        for found in pool.map(partial(_chunk, until=until), range(seed, seed + models, _CHUNK)):
            counts += found
    seconds = time.monotonic() - started
    print(f"\n{seconds:.0f} s, seeds from {seed}")
    for name, count in counts.items():
        print(f"{count:>10,} {name}")
    if counts["sound"]:
        print(f"{counts['sound and accepted'] / counts['sound']:>10.1%} of what the token game finds sound is accepted")
    return 1 if counts["FAILED"] else 0


if __name__ == "__main__":
    sys.exit(main())
