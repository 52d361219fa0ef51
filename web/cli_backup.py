"""`samled backup` and `samled restore`: everything in one file, and back."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from engine.backups import Contents

JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a line.")


@click.command()
@click.argument("file", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path, allow_dash=True))
@JSON
def backup(file: Path, as_json: bool) -> None:
    """Write all data as it is at one moment into FILE, while web and scheduler go on; - writes to standard output."""
    from web.cli import open_engine

    with open_engine() as engine:
        if str(file) != "-":
            click.echo(_told("backed up", engine.backup(file), as_json))
            return
        with tempfile.TemporaryDirectory(prefix="samled-") as folder:
            whole = Path(folder) / "backup"
            click.echo(_told("backed up", engine.backup(whole), as_json), err=True)
            with whole.open("rb") as content:
                shutil.copyfileobj(content, sys.stdout.buffer)


@click.command()
@click.argument("file", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--overwrite", is_flag=True, help="Also into a database with content; all of that is lost.")
@JSON
def restore(file: Path, overwrite: bool, as_json: bool) -> None:
    """Put the backup FILE into an empty database. Stop web and scheduler before."""
    from web.cli import open_engine

    with open_engine() as engine:
        click.echo(_told("restored", engine.restore(file, overwrite=overwrite), as_json))
    if not as_json:
        click.echo("Run `samled check` before you start web and scheduler.")


def _told(what: str, found: Contents, as_json: bool) -> str:
    if as_json:
        return json.dumps({"cases": found.cases, "commands": found.commands, "bytes": found.bytes})
    return f"{what}: {found.cases} cases, {found.commands} commands of their history; {found.bytes:,} bytes"
