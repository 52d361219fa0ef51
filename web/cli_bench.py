"""`samled bench`: what a durable step costs on this machine."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

import click

#: Must lie on a real disk; the folder for temporary files is memory on many machines, this one is not.
_DISK = Path("/var/tmp")  # noqa: S108 - files in it are made with names of their own


@click.command()
@click.option("--database", "url", metavar="URL", help="Measure only there, in databases made beside it and removed.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.option(
    "--only", multiple=True, metavar="PART", help="Only this part; once for each: cases, age, pages, deadlines, sizes."
)
@click.option("--quick", is_flag=True, help="As little as shows that it works; the figures mean little.")
@click.option(
    "--svg",
    metavar="FOLDER",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write pictures of age and pages there: bench-age.svg, bench-pages.svg.",
)
def bench(url: str | None, as_json: bool, only: tuple[str, ...], quick: bool, svg: Path | None) -> None:
    """Measure durable steps beside SpiffWorkflow in memory, in throw-away databases.

    SQLite, and PostgreSQL where one is installed or SAMLED_BENCH_POSTGRES names a server.
    """
    from engine.bench import plot
    from engine.bench.report import lines
    from engine.bench.runs import PARTS, run

    if unknown := set(only) - set(PARTS):
        raise click.UsageError(f"No part is called {', '.join(sorted(unknown))}. Choose of: {', '.join(PARTS)}.")
    result = run(
        only or tuple(PARTS),
        url=url,
        postgresql=os.environ.get("SAMLED_BENCH_POSTGRES"),
        folder=_DISK if _DISK.is_dir() else Path(tempfile.gettempdir()),
        quick=quick,
        progress=lambda part: click.echo(f"measuring {part} …", err=True),
    )
    if svg is not None:
        plot.write(result, svg)
    click.echo(json.dumps(result, ensure_ascii=False, indent=2) if as_json else "\n".join(lines(result)))
