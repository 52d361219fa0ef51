"""Commands for versions side by side: what differs between two, and local variants of a process."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from engine.findings import Language
    from engine.merging import Conflict, Side
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


PROCESS = click.argument("process", metavar="PROCESS")
FOR = click.option("--for", "principal", required=True, metavar="ORGANISATION", help="As its units have it.")


@click.group()
def variant() -> None:
    """An organisation's own version of a process, on top of everybody's."""


@variant.command()
@PROCESS
@FOR
@click.option("--into", type=click.Path(path_type=Path), help="Folder to write; else PROCESS-variant here.")
def new(process: str, principal: str, into: Path | None) -> None:
    """Write the newest version as files, to be changed and published as the organisation's own."""
    from web.cli import open_engine

    folder = into or Path(f"{process}-variant")
    with open_engine() as engine:
        files = engine.new_variant(process, principal)
    write_files(folder, files)
    click.echo(f"{folder.as_posix()} is {process} as it is. Change it, then: samled publish {folder.as_posix()}")


@variant.command()
@PROCESS
@FOR
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of sentences.")
@click.option("--language", type=click.Choice(["en", "sv"]), default="en", show_default=True, help="Of the sentences.")
@click.pass_context
def status(ctx: click.Context, process: str, principal: str, as_json: bool, language: Language) -> None:
    """Tell how a variant differs from its base, and what a revised base brings. Exit code 1 when it was revised."""
    from engine.differences import sentences
    from web.cli import open_engine

    with open_engine() as engine:
        found = engine.variant_status(process, principal)
    base, newest, own = found.packages
    differs, brings = (sentences(base, own, found.own, language), sentences(base, newest, found.revised, language))
    if as_json:
        rows = {
            "variant": found.variant.name, "base": found.base.name, "newest": found.newest.name,
            "own": differs, "revised": brings,
            "conflicts": [conflict.as_dict() for conflict in found.merged.conflicts],
            "findings": [finding.as_dict() for finding in found.merged.findings],
        }  # fmt: skip
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        ctx.exit(1 if found.is_behind else 0)
    click.echo(f"{found.variant.name} of {principal} stands on {found.base.name}. It differs in {len(differs)}:")
    click.echo("".join(f"  {text}\n" for text in differs), nl=False)
    if not found.is_behind:
        click.echo("That is the newest base.")
        ctx.exit(0)
    count = len(found.merged.conflicts)
    click.echo(f"The base has been revised to {found.newest.name}: {len(brings)} changes, {count} conflicts.")
    click.echo("".join(f"  {text}\n" for text in brings), nl=False)
    _show_conflicts(found.merged.conflicts)
    for finding in found.merged.findings:
        click.echo(finding.line(language))
    ctx.exit(1)


@variant.command()
@PROCESS
@FOR
@click.option("--take", multiple=True, metavar="ID=ours|theirs", help="In a conflict, by its id; once for each.")
@click.option("--into", type=click.Path(path_type=Path), help="Write the merged files there, and publish nothing.")
@click.pass_context
def update(ctx: click.Context, process: str, principal: str, take: tuple[str, ...], into: Path | None) -> None:
    """Take a revised base into a variant. Publishes it, when nothing is left to choose."""
    from engine.actors import SYSTEM
    from engine.errors import InvalidModel
    from web.cli import open_engine, show_findings

    taken = dict(_choice(text) for text in take)
    with open_engine() as engine:
        found = engine.variant_status(process, principal, taken)
        if into is not None:
            write_files(into, engine.merged_variant(process, principal, taken))
            click.echo(f"Written to {into.as_posix()}. Publish it with: samled publish {into.as_posix()}")
        _show_conflicts(found.merged.conflicts)
        if found.merged.conflicts:
            ctx.exit(1)
        if into is None:
            try:
                version = engine.update_variant(process, principal, taken, by=SYSTEM)
            except InvalidModel as error:
                show_findings(error.findings, Path(process), "en")
                ctx.exit(1)
            click.echo(f"{version.process_id} version {version.number}, of {principal}")


@variant.command()
@PROCESS
@FOR
def end(process: str, principal: str) -> None:
    """Start the organisation's cases on everybody's version again; those that run go on."""
    from engine.actors import SYSTEM
    from web.cli import open_engine

    with open_engine() as engine:
        engine.end_variant(process, principal, by=SYSTEM)
    click.echo(f"Cases of {principal} start on everybody's version of {process} again.")


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """A package's files into a folder that is new or empty. Raises UsageError for another."""
    if folder.exists() and any(folder.iterdir()):
        raise click.UsageError(f"{folder.as_posix()} is not empty. Name a new folder.")
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _choice(text: str) -> tuple[str, Side]:
    conflict, _, side = text.rpartition("=")
    if side == "ours" or side == "theirs":
        return conflict, side
    raise click.UsageError(f"{text} is no choice. Write the conflict's id, then =ours or =theirs.")


def _show_conflicts(conflicts: Sequence[Conflict]) -> None:
    for one in conflicts:
        said = [f"{name}: {value if value is not None else '-'}" for name, value in
                (("base", one.base), ("ours", one.ours), ("theirs", one.theirs))]  # fmt: skip
        with_it = f"; with it {', '.join(one.along)}" if one.along else ""
        click.echo(f"conflict {one.id}\n  {'; '.join(said)}{with_it}")
