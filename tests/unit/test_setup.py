"""The set-up behind the commands: says what is missing and what to do, and does nothing twice."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout's files that the set-up reads, nothing installed."""
    for name in ("scripts/setup", "requirements.lock", "pyproject.toml", "package.json", "package-lock.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def run(checkout: Path, *steps: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", checkout / "scripts/setup", *steps],
        env={"PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_without_a_python_that_will_do_it_says_which_one_to_install(checkout: Path) -> None:
    done = run(checkout, "python", PYTHON="/bin/false")
    assert done.returncode == 1
    assert "No Python 3.11 or newer" in done.stderr
    assert "apt-get install python3" in done.stderr


def test_without_npm_it_says_what_to_install(checkout: Path) -> None:
    empty = checkout / "bin"
    empty.mkdir()
    for program in ("cat", "sha256sum", "cut", "dirname"):
        (empty / program).symlink_to(str(shutil.which(program)))
    done = run(checkout, "node", PATH=str(empty))
    assert done.returncode == 1
    assert "Install Node.js 20 or newer" in done.stderr


def test_an_unknown_step_is_refused_and_the_known_ones_named(checkout: Path) -> None:
    done = run(checkout, "everything")
    assert done.returncode == 1
    assert "Known: python, node, bundles, demo, test-tools." in done.stderr


def test_a_step_that_is_done_is_not_done_again(checkout: Path) -> None:
    files = [(checkout / name).read_bytes() for name in ("package.json", "package-lock.json")]
    digest = subprocess.run(["sha256sum"], input=b"".join(files), capture_output=True, check=True).stdout.decode()[:16]
    (checkout / "node_modules").mkdir()
    (checkout / "node_modules/.installed").write_text(f"{digest}\n")
    done = run(checkout, "node")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
