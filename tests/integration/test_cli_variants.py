"""`samled diff` and `samled variant`, on a real database."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from engine import Engine
from web.cli import main


def samled(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, list(words))
    return result.exit_code, result.output


@pytest.fixture
def revised(tmp_path: Path) -> Path:
    """The package deviation with one deadline and one drawing changed."""
    folder = tmp_path / "deviation"
    for file in Path("processes/deviation").rglob("*"):
        if file.is_file():
            (folder / file.relative_to("processes/deviation")).parent.mkdir(parents=True, exist_ok=True)
            (folder / file.relative_to("processes/deviation")).write_bytes(file.read_bytes())
    settings = folder / "process.toml"
    settings.write_text(settings.read_text("utf-8").replace('title = "', 'title = "Ny ', 1), "utf-8")
    return folder


def test_two_packages_are_compared_in_sentences_and_as_data(revised):
    code, output = samled("diff", "processes/deviation", str(revised), "--language", "sv")
    assert code == 1
    assert "namnet är ”Ny " in output
    code, output = samled("diff", "processes/deviation", str(revised), "--json")
    assert [change["aspect"] for change in json.loads(output)["changes"]] == ["title"]
    assert samled("diff", "processes/deviation", "processes/deviation") == (0, "Nothing is different.\n")


def test_a_published_version_is_compared_with_the_files(database_url, revised, monkeypatch):
    monkeypatch.setenv("SAMLED_DATABASE_URL", database_url)
    engine = Engine(database_url)
    engine.publish(revised)
    engine.close()
    assert samled("diff", "deviation@1", str(revised))[0] == 0
    assert samled("diff", "processes/deviation", "deviation@1")[0] == 1
    code, output = samled("diff", "deviation@1", "deviation@9")
    assert (code, "deviation@9" in output) == (1, True)
    assert samled("diff", "deviation@1", "nothing")[0] == 2
