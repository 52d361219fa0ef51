"""`samled bench` end to end, as little as it can run: what it measures is for people to read, that it does is for us."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from web.cli import main


def test_the_benchmark_runs_the_reference_case_beside_the_library(tmp_path: Path) -> None:
    options = ["--quick", "--only", "cases", "--json", "--database", f"sqlite:///{tmp_path}/any.db"]
    ran = CliRunner().invoke(main, ["bench", *options])
    assert ran.exit_code == 0, ran.output
    result = json.loads(ran.stdout)
    assert result["quick"]
    assert result["databases"] == ["sqlite"]
    assert {"cores", "processor", "forced_to_disk_ms", "python", "spiffworkflow"} <= result["machine"].keys()
    contenders = result["parts"]["cases"]["contenders"]
    library = ["library in memory", "library through JSON"]
    assert list(contenders) == [*library, "sqlite warm", "sqlite cold", "sqlite 2 processes"]
    assert contenders["library in memory"]["ratio"]["median"] == 1
    assert all(one["per_second"]["median"] > 0 < one["ratio"]["median"] for one in contenders.values())
    assert not list(tmp_path.iterdir()), "what was measured on is gone"
