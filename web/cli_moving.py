"""`samled migrate`: what a version does to running cases, moving them onto it, and taking that back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from engine import Engine
    from engine.migrating.forecast import Forecast
    from engine.migrating.stored import Batch, Move

#: So many cases are moved between two lines of progress.
_STEP = 100


@click.command()
@click.argument("process", metavar="PROCESS")
@click.option("--to", "number", type=int, metavar="VERSION", help="The version's number; else the newest.")
@click.option("--cases", "chosen", metavar="NUMBERS", help="Case numbers with commas; else all on other versions.")
@click.option("--map", "pairs", multiple=True, metavar="OLD=NEW", help="A step whose id has changed; once for each.")
@click.option("--recompute", is_flag=True, help="Work out running deadlines anew; else they keep their due time.")
@click.option("--dry-run", is_flag=True, help="Only tell what would happen; nothing is stored.")
@click.option("--reason", default="", help="Why; it stays in the cases' history.")
@click.option("--go-on", "again", type=int, metavar="BATCH", help="Go on with a batch that was stopped.")
@click.option("--take-back", "back", type=int, metavar="BATCH", help="Put the cases of a batch back as they were.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of lines.")
@click.pass_context
def migrate(
    ctx: click.Context,
    process: str,
    number: int | None,
    chosen: str | None,
    pairs: tuple[str, ...],
    recompute: bool,
    dry_run: bool,
    reason: str,
    again: int | None,
    back: int | None,
    as_json: bool,
) -> None:
    """Move running cases to another version of their process, each moved or refused with a reason.

    Exit code 1 when a case cannot move, or cannot be taken back.
    """
    from engine.actors import SYSTEM
    from web.cli import open_engine

    cases = [one.strip() for one in chosen.split(",") if one.strip()] if chosen is not None else None
    if sum((dry_run, again is not None, back is not None)) > 1:
        raise click.UsageError("Choose one of --dry-run, --go-on and --take-back.")
    if not (dry_run or again is not None or reason.strip()):
        raise click.UsageError("Say why with --reason, or only look with --dry-run.")
    with open_engine() as engine:
        if back is not None:
            gone, stayed = engine.take_back(back, cases, reason=reason, by=SYSTEM)
            _say({"taken_back": gone, "gone_on": stayed}, as_json, _back_lines(gone, stayed))
            ctx.exit(1 if stayed else 0)
        mapping = dict(_pair(text) for text in pairs)
        if dry_run:
            ahead = engine.what_moves(process, number, mapping, recompute=recompute, cases=cases, by=SYSTEM)
            _say(ahead.as_dict(), as_json, _forecast_lines(ahead))
            ctx.exit(0 if all(one.outcome.moves for one in ahead.cases) else 1)
        if again is None:
            asked = engine.ask_to_move(
                process, number, mapping, reason=reason, recompute=recompute, cases=cases, by=SYSTEM
            )
            again = asked.id
        batch, moves = _carried_out(engine, again, quiet=as_json)
    _say(_batch_dict(batch, moves), as_json, _batch_lines(batch, moves))
    ctx.exit(1 if batch.counts.get("refused") else 0)


def _pair(text: str) -> tuple[str, str]:
    old, _, new = text.partition("=")
    if not (old and new):
        raise click.UsageError(f"{text} is no pair of steps. Write --map old=new.")
    return old, new


def _carried_out(engine: Engine, batch_id: int, *, quiet: bool) -> tuple[Batch, Sequence[Move]]:
    from engine.actors import SYSTEM

    batch, _ = engine.moves(batch_id, by=SYSTEM)
    while not batch.is_done:
        batch = engine.go_on_moving(batch_id, by=SYSTEM, limit=_STEP)
        if not quiet:
            total = sum(batch.counts.values())
            click.echo(f"batch {batch.id}: {total - batch.counts.get('waiting', 0)} of {total}", err=True)
    return engine.moves(batch_id, by=SYSTEM)


def _say(found: dict[str, Any], as_json: bool, lines: Sequence[str]) -> None:
    click.echo(json.dumps(found, ensure_ascii=False, indent=2) if as_json else "\n".join(lines))


def _back_lines(gone: Sequence[str], stayed: Sequence[str]) -> list[str]:
    return [f"{one}: as it was" for one in gone] + [f"{one}: has gone on since, and stays" for one in stayed]


def _forecast_lines(ahead: Forecast) -> list[str]:
    if not ahead.versions:
        return ["No case runs on another version."]
    lines = []
    for one in ahead.versions:
        stands = ", ".join(f"{element} {count}" for element, count in one.stands.items())
        lines.append(f"{one.version.name}: {len(one.cases)} cases ({stands}); {len(one.moving)} can move")
        lines += [f"  {count} cannot: {reason.text.en}." for reason, count in one.reasons.items()]
        if one.redated:
            lines.append(f"  {one.redated} dates change; {one.overdue} become overdue")
    for case in ahead.cases:
        lines += [f"{case.case_id}: {reason.text.en}." for reason in case.outcome.reasons]
        lines += [
            f"{case.case_id}: moves, past the new step {one}" for one in case.outcome.passed if case.outcome.moves
        ]
    if ahead.left_out:
        lines.append(f"{ahead.left_out} more cases were not looked at.")
    return lines


def _batch_dict(batch: Batch, moves: Sequence[Move]) -> dict[str, Any]:
    rows = [
        {"case": one.case_id, "state": one.state, "from": one.from_number, **one.outcome} for one in moves
    ]  # fmt: skip
    return {"batch": batch.id, "to": batch.to_number, "counts": dict(batch.counts), "cases": rows}


def _batch_lines(batch: Batch, moves: Sequence[Move]) -> list[str]:
    counts = ", ".join(f"{count} {state}" for state, count in batch.counts.items())
    lines = [f"batch {batch.id} to {batch.process_id}@{batch.to_number}: {counts or 'no cases'}"]
    for one in moves:
        lines += [f"{one.case_id}: {reason['text']}." for reason in one.outcome.get("reasons", [])]
        lines += [f"{one.case_id}: past the new step {step}" for step in one.outcome.get("passed", [])]
    return lines
