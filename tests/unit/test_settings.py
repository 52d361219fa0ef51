"""Settings: what is wrong is told by name, with the remedy; and the documentation knows them all."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from web.settings import Settings, SettingsError

ROOT = Path(__file__).parents[2]
KEY = "k" * 32


def read(tmp_path: Path, **environ: str) -> Settings:
    return Settings.from_environment({"SAMLED_DATABASE_URL": f"sqlite:///{tmp_path}/samled.db", **environ})


def test_nothing_need_be_set(tmp_path: Path) -> None:
    settings = read(tmp_path)
    assert not settings.example
    assert settings.zone == "Europe/Stockholm"
    assert len(settings.secret_key) == 64


def test_the_key_made_the_first_time_is_kept_for_the_second_and_nobody_else_may_read_it(tmp_path: Path) -> None:
    first = read(tmp_path).secret_key
    assert read(tmp_path).secret_key == first
    assert (tmp_path / "secret-key").stat().st_mode & 0o077 == 0


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "given").write_text(KEY + "\n")
    assert read(tmp_path, SAMLED_SECRET_KEY_FILE=str(tmp_path / "given")).secret_key == KEY


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [
        ("SAMLED_SECRET_KEY", "short", "openssl rand"),
        ("SAMLED_SECRET_KEY_FILE", "/nowhere/key", "cannot be read"),
        ("SAMLED_EXAMPLE", "perhaps", "Set it to 1 or 0"),
        ("SAMLED_ZONE", "Skaraborg/Skövde", "Europe/Stockholm"),
        ("SAMLED_SESSION_HOURS", "0", "from 1 to 168"),
        ("SAMLED_SESSION_IDLE_MINUTES", "١٠", "whole number"),
        ("SAMLED_PROXIES", "-1", "from 0 to 5"),
        ("SAMLED_UPLOAD_MEGABYTES", "much", "whole number"),
    ],
)
def test_a_wrong_setting_is_told_by_name_with_the_remedy(tmp_path: Path, name: str, value: str, remedy: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(remedy)) as told:
        read(tmp_path, **{name: value})
    assert name in str(told.value)


def test_on_postgresql_the_key_must_be_given(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="SAMLED_SECRET_KEY is not set"):
        read(tmp_path, SAMLED_DATABASE_URL="postgresql://host/samled")
    assert read(tmp_path, SAMLED_DATABASE_URL="postgresql://host/samled", SAMLED_SECRET_KEY=KEY).secret_key == KEY


def test_every_setting_is_in_the_reference() -> None:
    code = "\n".join(
        path.read_text(encoding="utf-8") for room in ("web", "engine") for path in (ROOT / room).rglob("*.py")
    )
    reference = (ROOT / "docs/reference/settings.md").read_text(encoding="utf-8")
    names = set(re.findall(r'"(SAMLED_[A-Z_]+)"', code))
    assert {name for name in names if f"`{name}`" not in reference} == set()
    assert {name.removesuffix("_FILE") for name in re.findall(r"^\| `(SAMLED_[A-Z_]+)`", reference, re.M)} <= names | {
        "SAMLED_CLOCK"
    }
