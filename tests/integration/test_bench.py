"""`samled bench` end to end, as little as it can run: what it measures is for people to read, that it does is for us."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner
from lxml import etree

from engine.bench import plot
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


def test_ageing_is_measured_and_drawn(tmp_path: Path) -> None:
    options = ["--quick", "--only", "age", "--json", "--database", f"sqlite:///{tmp_path}/any.db"]
    ran = CliRunner().invoke(main, ["bench", *options, "--svg", str(tmp_path / "pictures")])
    assert ran.exit_code == 0, ran.output
    found = json.loads(ran.stdout)["parts"]["age"]["databases"]["sqlite"]
    assert all(one["ms"] > 0 for states in found.values() for sizes in states.values() for one in sizes.values())
    drawn = etree.parse(tmp_path / "pictures" / "bench-age.svg").getroot()
    assert len(drawn.findall("{*}polyline")) == len(found)
    assert len(drawn.findall("{*}circle")) == sum(len(states["warm"]) for states in found.values())


def test_pages_are_drawn_small_beside_large(tmp_path: Path) -> None:
    inbox = {"small": {"p50": 40.0, "p99": 60.0}, "large": {"p50": 44.0, "p99": 90.0}}
    [file] = plot.write({"parts": {"pages": {"databases": {"sqlite": {"inbox": inbox}}}}}, tmp_path)
    drawn = etree.parse(file).getroot()
    small, large = (float(one.get("width", "0")) for one in drawn.findall("{*}rect")[1:3])
    assert abs(large / small - 1.1) < 0.01
