"""A scheduler on a machine whose clock jumps an hour forward and back: PostgreSQL's time decides, and ticks go on."""

from __future__ import annotations

import time
from pathlib import Path

from engine import Actor, Engine
from tests.integration import drawing as draw
from tests.site import SAMLED, environment, process, until

REMEDY = "No libfaketime to test with. Run `make test-tools` (installs Debian's libfaketime)."
ANNA = Actor(id="anna", units=["elevhalsa-skovde"], roles=["staff"])
HOUR = 3600


def wait(name: str, duration: str) -> str:
    return draw.process(
        name,
        '<startEvent id="start"/><endEvent id="end"/>',
        *[draw.timer("pause", duration), draw.task("done")],
        draw.flows("start>pause>done>end"),
    )


def faked(file: Path) -> dict[str, str]:
    """The environment in which a process sees the machine's clock moved by what the file says, and nothing else."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    assert found, REMEDY
    return {
        "LD_PRELOAD": str(found[0]),
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }


def test_a_clock_that_jumps_an_hour_fires_nothing_early_and_nothing_late(postgresql_url: str, tmp_path: Path) -> None:
    engine = Engine(postgresql_url)
    engine.publish(draw.write(tmp_path, wait("soon", "PT1S")))
    engine.publish(draw.write(tmp_path, wait("later", "PT30M")))
    shift = tmp_path / "shift"
    shift.write_text("+0")
    settings = environment(SAMLED_DATABASE_URL=postgresql_url, **faked(shift))
    with process([str(SAMLED), "scheduler"], settings, tmp_path):
        until(lambda: engine.heartbeats(), "the scheduler ticks")
        later = engine.start("later", by=ANNA).id
        for offset in (HOUR, 0, -HOUR, 0):
            shift.write_text(f"{offset:+d}")
            time.sleep(0.5)
            soon = engine.start("soon", by=ANNA).id
            until(lambda soon=soon: engine.tasks(case=soon), f"it fires with the clock at {offset:+d} s")
            assert not engine.tasks(case=later)
        until(lambda: engine.pulse().lateness and engine.pulse().lateness.fires == 4, "all are counted")
    late = engine.pulse().lateness
    assert late is not None
    assert late.max < HOUR / 10
    print(f"\nthe machine's clock an hour forward and back: late p50 {late.p50:.2f} s, max {late.max:.2f} s")
    assert engine.check() == []
    engine.close()
