"""The machine that was measured, in words."""

from __future__ import annotations

import os
import platform
import sqlite3
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

#: How often a page is forced to disk to learn what that takes.
_SYNCS = 100


def described(folder: Path) -> dict[str, Any]:
    """Processor, memory, versions, and what it takes to force 4 kB to the disk of `folder`."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "cores": os.cpu_count(),
        "processor": _processor(),
        "memory_gib": round(pages / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "spiffworkflow": version("spiffworkflow"),
        "load_before": round(os.getloadavg()[0], 2),
        "forced_to_disk_ms": _forced_to_disk(folder),
    }


def spread(values: Sequence[float]) -> dict[str, float]:
    """The median of what the rounds gave, with the lowest and the highest."""
    return {"median": _short(median(values)), "least": _short(min(values)), "most": _short(max(values))}


def _short(value: float) -> float:
    return round(value, 4 if value < 10 else 1)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.machine()
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.machine()


def _forced_to_disk(folder: Path) -> float:
    """Milliseconds, the median: what every durable commit waits for at least."""
    took = []
    with TemporaryDirectory(dir=folder) as place, (Path(place) / "sync").open("wb", buffering=0) as file:
        for _ in range(_SYNCS):
            began = perf_counter()
            file.write(b"x" * 4096)
            os.fsync(file.fileno())
            took.append(perf_counter() - began)
    return round(median(took) * 1000, 3)
