"""A form that cannot be used is found before anybody is asked to fill it in."""

import json
import shutil
from contextlib import closing
from pathlib import Path

import pytest

from engine import Engine, InvalidModel
from engine.validation.form_files import form_findings

DEVIATION = Path(__file__).parents[2] / "processes" / "deviation"


def broken(tmp_path: Path, **change: object) -> Path:
    """The deviation package with its start form spoilt."""
    package = Path(shutil.copytree(DEVIATION, tmp_path / "deviation"))
    path = package / "forms" / "deviation.form"
    form = json.loads(path.read_text("utf-8"))
    form["components"][0] |= change
    path.write_text(json.dumps(form), "utf-8")
    return package


def test_a_package_with_a_component_we_do_not_have_is_not_published(tmp_path: Path, sqlite_url: str) -> None:
    with closing(Engine(sqlite_url)) as engine, pytest.raises(InvalidModel) as caught:
        engine.publish(broken(tmp_path, type="iframe"))
    assert [finding.rule for finding in caught.value.findings] == ["unsupported-component"]
    assert "deviation.form" in str(caught.value.findings[0])


def test_a_package_with_feel_that_cannot_be_read_is_not_published(tmp_path: Path, sqlite_url: str) -> None:
    with closing(Engine(sqlite_url)) as engine, pytest.raises(InvalidModel) as caught:
        engine.publish(broken(tmp_path, conditional={"hide": "=1 +"}))
    [finding] = caught.value.findings
    assert finding.rule == "feel"
    assert "conditional.hide" in finding.message


def test_every_form_that_comes_with_samled_can_be_used() -> None:
    paths = sorted(DEVIATION.parent.glob("*/forms/*.form"))
    assert paths
    assert [str(one) for path in paths for one in form_findings(path.read_bytes(), path.name)] == []
