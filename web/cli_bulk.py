"""`samled bulk`: start, complete and hand on many at once, with progress, and going on where it was stopped."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from engine import Engine
    from engine.bulk import Bulk

#: So many are done between two lines of progress.
_STEP = 100

REASON = click.option("--reason", required=True, help="Why; it stays with the batch.")
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of lines.")
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def bulk() -> None:
    """Do the same to many cases, each in a transaction of its own.

    Exit code 1 when one was refused. A batch that was stopped goes on with `samled bulk go-on`.
    """


@bulk.command()
@click.argument("process", metavar="PROCESS")
@click.argument("file", metavar="FILE", type=FILE)
@click.option("--owner", required=True, metavar="UNIT", help="The unit that answers for the cases.")
@REASON
@JSON
@click.pass_context
def start(ctx: click.Context, process: str, file: Path, owner: str, reason: str, as_json: bool) -> None:
    """Start a case for each line of FILE: a JSON object with its start answers."""
    from engine.actors import SYSTEM
    from web.cli import open_engine

    rows = [_object(line, f"line {number}") for number, line in _lines(file)]
    with open_engine() as engine:
        asked = engine.ask_to_start(process, rows, owner=owner, reason=reason, by=SYSTEM)
        _carry_out(ctx, engine, asked.id, as_json)


@bulk.command()
@click.argument("process", metavar="PROCESS")
@click.argument("step", metavar="STEP")
@click.option("--answers", "file", type=FILE, metavar="FILE", help="A JSON object, the same for all; else none.")
@click.option("--cases", "chosen", metavar="NUMBERS", help="Case numbers with commas; else all that stand there.")
@REASON
@JSON
@click.pass_context
def complete(
    ctx: click.Context, process: str, step: str, file: Path | None, chosen: str | None, reason: str, as_json: bool
) -> None:
    """Complete the open tasks at STEP (an element id) of a process."""
    from engine.actors import SYSTEM
    from web.cli import open_engine

    answers = _object(file.read_text(encoding="utf-8"), file.name) if file else {}
    numbers = [one.strip() for one in chosen.split(",") if one.strip()] if chosen is not None else None
    with open_engine() as engine:
        asked = engine.ask_to_complete(process, step, answers, cases=numbers, reason=reason, by=SYSTEM)
        _carry_out(ctx, engine, asked.id, as_json)


@bulk.command()
@click.argument("giver", metavar="FROM")
@click.argument("taker", metavar="[TO]", required=False)
@click.option("--release", is_flag=True, help="Give them back to the units that hold them, to nobody in particular.")
@click.option("--unit", metavar="UNIT", help="Only tasks that this unit holds.")
@REASON
@JSON
@click.pass_context
def assign(
    ctx: click.Context, giver: str, taker: str | None, release: bool, unit: str | None, reason: str, as_json: bool
) -> None:
    """Hand all open tasks that the person FROM has taken to the person TO."""
    from engine.actors import SYSTEM
    from web.cli import open_engine

    if release == (taker is not None):
        raise click.UsageError("Name who is to have the tasks, or give them back with --release.")
    with open_engine() as engine:
        asked = engine.ask_to_assign(giver, taker, unit=unit, reason=reason, by=SYSTEM)
        _carry_out(ctx, engine, asked.id, as_json)


@bulk.command("go-on")
@click.argument("batch", type=int, metavar="BATCH")
@JSON
@click.pass_context
def go_on(ctx: click.Context, batch: int, as_json: bool) -> None:
    """Go on with a batch that was stopped; of one that is done, tell what came of it."""
    from web.cli import open_engine

    with open_engine() as engine:
        _carry_out(ctx, engine, batch, as_json)


def _lines(file: Path) -> list[tuple[int, str]]:
    text = file.read_text(encoding="utf-8")
    return [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]


def _object(text: str, where: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise click.UsageError(f"{where} is no JSON: {error}.") from error
    if not isinstance(found, dict):
        raise click.UsageError(f'{where} is no JSON object. Write {{"form": {{"field": "value"}}}}.')
    return found


def _carry_out(ctx: click.Context, engine: Engine, batch_id: int, as_json: bool) -> None:
    from engine.actors import SYSTEM

    batch, _ = engine.bulk(batch_id, by=SYSTEM)
    click.echo(f"batch {batch.id}: {batch.total} to {batch.kind}", err=True)
    while not batch.is_done:
        batch = engine.go_on_with(batch_id, by=SYSTEM, limit=_STEP)
        click.echo(f"batch {batch.id}: {batch.total - batch.counts.get('waiting', 0)} of {batch.total}", err=True)
    click.echo(_told(engine, batch, as_json))
    ctx.exit(1 if batch.counts.get("refused") else 0)


def _told(engine: Engine, batch: Bulk, as_json: bool) -> str:
    from engine.actors import SYSTEM

    items = engine.bulk(batch.id, by=SYSTEM)[1]
    if as_json:
        rows = [
            {"number": one.number, "state": one.state, "case": one.case_id, "task": one.task_id, "error": one.error}
            for one in items
        ]
        return json.dumps(
            {"batch": batch.id, "counts": dict(batch.counts), "items": rows}, ensure_ascii=False, indent=2
        )
    counts = ", ".join(f"{count} {state}" for state, count in sorted(batch.counts.items()))
    lines = [f"batch {batch.id}: {counts or 'nothing to do'}"]
    return "\n".join(
        [*lines, *(f"{one.case_id or one.number}: {one.error}" for one in items if one.state == "refused")]
    )
