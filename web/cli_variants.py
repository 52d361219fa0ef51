"""Commands for versions side by side: what differs between two, and local variants of a process."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from engine.findings import Language
    from engine.packages import Package

_VERSION = re.compile(r"(?P<process>[^@/\\]+)@(?P<number>\d{1,9})")


@click.command()
@click.argument("before", metavar="A")
@click.argument("after", metavar="B")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of sentences.")
@click.option("--language", type=click.Choice(["en", "sv"]), default="en", show_default=True, help="Of the sentences.")
@click.pass_context
def diff(ctx: click.Context, before: str, after: str, as_json: bool, language: Language) -> None:
    """Tell what is different in B. Each is a package, a bare .bpmn, or a published version such as sip@3.

    Exit code 1 when there is a difference that is more than how it is drawn.
    """
    from engine.differences import differences, sentences
    from engine.errors import InvalidModel
    from web.cli import show_findings

    packages = []
    for name in (before, after):
        try:
            packages.append(package_of(name))
        except InvalidModel as error:
            show_findings(error.findings, Path(name), language)
            ctx.exit(2)
    old, new = packages
    changes = differences(old, new)
    said = sentences(old, new, changes, language)
    if as_json:
        rows = {"changes": [change.as_dict() for change in changes], "sentences": said}
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(said) or "Nothing is different.")
    ctx.exit(1 if any(change.what != "layout" for change in changes) else 0)


def package_of(name: str) -> Package:
    """A package from a path, or a published version. Raises InvalidModel, NotFound; UsageError for neither."""
    from engine.packages import Package
    from web.cli import open_engine

    if Path(name).exists():
        return Package.load(Path(name))
    found = _VERSION.fullmatch(name)
    if found is None:
        raise click.UsageError(f"There is no {name}. Give a package, a .bpmn, or a version such as sip@3.")
    with open_engine() as engine:
        return engine.version_package(found["process"], int(found["number"]))
