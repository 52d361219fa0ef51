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


WHOSE = ("--for", "Skövde kommun (exempel)")


def test_a_variant_is_made_changed_published_compared_updated_and_ended(database_url, revised, tmp_path, monkeypatch):
    monkeypatch.setenv("SAMLED_DATABASE_URL", database_url)
    assert samled("publish", "processes/deviation")[0] == 0
    own = tmp_path / "own"
    assert samled("variant", "new", "deviation", *WHOSE, "--into", str(own))[0] == 0
    assert samled("variant", "new", "deviation", *WHOSE, "--into", str(own))[0] == 2
    assert samled("diff", "processes/deviation", str(own)) == (0, "Nothing is different.\n")
    settings = own / "process.toml"
    settings.write_text(settings.read_text("utf-8").replace('title = "', 'title = "Vår ', 1), "utf-8")
    assert samled("variant", "status", "deviation", *WHOSE)[0] == 1
    assert samled("publish", str(own)) == (0, "deviation version 2\n")
    code, output = samled("variant", "status", "deviation", *WHOSE)
    assert (code, "It differs in 1:" in output) == (0, True)
    assert samled("publish", str(revised))[0] == 0

    code, output = samled("variant", "status", "deviation", *WHOSE, "--json")
    [conflict] = json.loads(output)["conflicts"]
    assert (code, conflict["id"]) == (1, "process.toml:process.title")
    code, output = samled("variant", "update", "deviation", *WHOSE)
    assert (code, "conflict process.toml:process.title" in output) == (1, True)
    assert samled("variant", "update", "deviation", *WHOSE, "--take", "process.toml:process.title=none")[0] == 2
    assert samled("variant", "update", "deviation", *WHOSE, "--take", "nothing=ours")[0] == 1
    take = ("--take", "process.toml:process.title=ours")
    assert samled("variant", "update", "deviation", *WHOSE, *take, "--into", str(tmp_path / "merged"))[0] == 0
    assert 'variant_of = "deviation@3"' in (tmp_path / "merged/process.toml").read_text("utf-8")
    code, output = samled("variant", "update", "deviation", *WHOSE, *take)
    assert (code, output) == (0, "deviation version 4, of Skövde kommun (exempel)\n")
    assert "That is the newest base." in samled("variant", "status", "deviation", *WHOSE)[1]
    assert samled("variant", "end", "deviation", *WHOSE)[0] == 0
    assert samled("variant", "end", "deviation", *WHOSE)[0] == 1
