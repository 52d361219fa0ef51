"""The `samled` command. What is heavy is imported inside the commands: `samled --help` must answer at once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from web import cli_backup, cli_bench, cli_bulk, cli_moving, cli_variants

if TYPE_CHECKING:
    from engine import Engine
    from engine.coverage import Coverage
    from engine.findings import Finding, Language
    from engine.simulation import ScenarioResult, Simulation

PATHS = click.argument("paths", nargs=-1, required=True, metavar="PATH…", type=click.Path(exists=True, path_type=Path))
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of lines.")
LANGUAGE = click.option(
    "--language", type=click.Choice(["en", "sv"]), default="en", show_default=True, help="Of the findings."
)
HOST = click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
PORT = click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="Port to listen on; 0 takes a free one.",
)


class _Commands(click.Group):
    """Turns every error that is raised on purpose into its text, and exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:
        from engine.errors import SamledError

        try:
            return super().invoke(ctx)
        except SamledError as error:
            click.echo(f"samled: {error.message}", err=True)
            ctx.exit(1)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="samled")
def main() -> None:
    """Samled: process-driven case co-ordination.

    The database is SAMLED_DATABASE_URL, else var/samled.db below the current folder.
    """


@main.command()
@click.option("--demo", is_flag=True, help="Add the example organisation, its people and cases.")
@click.option(
    "--processes",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of process packages; else processes/ here, else the one Samled came with.",
)
@LANGUAGE
@click.pass_context
def init(ctx: click.Context, demo: bool, processes: Path | None, language: Language) -> None:
    """Bring the database up to date and publish the processes."""
    with open_engine() as engine:
        engine.upgrade()
        _set_zone(engine)
        folder = processes or _processes_folder()
        broken = _publish_all(engine, folder, language)
        if demo:
            _load_demo(engine, folder)
    if broken:
        click.echo(f"{broken} of the processes could not be published; the others are.", err=True)
        ctx.exit(1)


@main.command()
@HOST
@PORT
def run(host: str, port: int) -> None:
    """Serve the pages and fire deadlines, in one process."""
    from web.serving import serve

    serve(host, port, with_scheduler=True)


@main.command()
@HOST
@PORT
@click.option("--threads", type=click.IntRange(1, 64), default=8, show_default=True, help="Requests served at once.")
def web(host: str, port: int, threads: int) -> None:
    """Serve the pages only; `samled scheduler` fires the deadlines."""
    from web.serving import serve

    serve(host, port, with_scheduler=False, threads=threads)


@main.command()
@click.option(
    "--healthy", is_flag=True, help="Start none: does one tick on this machine? Exit code 0 or 1, for health checks."
)
@click.option(
    "--status", is_flag=True, help="Start none: who ticks, how late, what waits. Exit code 1 when none ticks."
)
@JSON
@click.pass_context
def scheduler(ctx: click.Context, healthy: bool, status: bool, as_json: bool) -> None:
    """Fire deadlines and send notices only; run as many as you like."""
    from web.serving import pulse_in_words, schedule, ticks_here

    if as_json and not status:
        raise click.UsageError("--json goes with --status.")
    if not healthy and not status:
        schedule()
        return
    with open_engine() as engine:
        if status:
            pulse = engine.pulse()
            click.echo(_as_json(pulse.as_dict()) if as_json else pulse_in_words(pulse))
            ctx.exit(0 if pulse.living else 1)
        alive = ticks_here(engine)
    click.echo("A scheduler ticks." if alive else "No scheduler has ticked here for a minute. Start: samled scheduler.")
    ctx.exit(0 if alive else 1)


@main.command()
@PATHS
@click.option("--publish", is_flag=True, help="Findings that stand in the way of publishing are errors.")
@JSON
@click.option("--sarif", "as_sarif", is_flag=True, help="Print SARIF 2.1.0, which code hosts show beside the files.")
@LANGUAGE
@click.pass_context
def validate(
    ctx: click.Context, paths: tuple[Path, ...], publish: bool, as_json: bool, as_sarif: bool, language: Language
) -> None:
    """Check packages, or bare .bpmn, .dmn and .form files."""
    if as_json and as_sarif:
        raise click.UsageError("Choose one of --json and --sarif.")

    from engine.validation import packages_in
    from engine.validation import validate as find
    from engine.validation.confined import Confined

    helper = Confined(forked=Confined.may_fork())
    found: list[Finding] = []
    for path in (package for given in paths for package in packages_in(given)):
        for finding in find(path, publish=publish, helper=helper):
            found.append(finding)
            if not (as_json or as_sarif):
                click.echo(finding.line(language))
    if as_json:
        click.echo(_as_json([finding.as_dict() for finding in found]))
    if as_sarif:
        from engine.validation.sarif import sarif

        click.echo(_as_json(sarif(found)))
    ctx.exit(1 if any(finding.severity == "error" for finding in found) else 0)


@main.command()
@click.argument("path", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--anew", is_flag=True, help="Replace the diagram that the file has.")
@click.option("--fold", multiple=True, metavar="ID", help="Give this sub-process a plane of its own.")
def layout(path: Path, anew: bool, fold: tuple[str, ...]) -> None:
    """Draw a diagram into a .bpmn file that has none."""
    from engine.layout import lay_out

    drawn = lay_out(path.read_bytes(), path.name, anew=anew, fold=fold)
    path.write_bytes(drawn.content)
    click.echo(f"{path.as_posix()} has a diagram now.")
    if drawn.left_out:
        click.echo(f"Not drawn, as it has to be placed by hand: {', '.join(drawn.left_out)}.")


@main.command()
@PATHS
@click.option(
    "--scenario", type=click.Path(path_type=Path), help="Only this scenario: a file, or its name in the package."
)
@JSON
@LANGUAGE
@click.pass_context
def simulate(
    ctx: click.Context, paths: tuple[Path, ...], scenario: Path | None, as_json: bool, language: Language
) -> None:
    """Run the scenarios of packages under a virtual clock, in a throw-away database."""
    from engine.validation import packages_in

    shown: list[dict[str, Any]] = []
    failed = False
    for path in (package for given in paths for package in packages_in(given)):
        simulation, findings = _played(path, scenario)
        results = simulation.results if simulation else []
        failed = failed or bool(findings) or not all(result.passed for result in results)
        shown.append(
            {
                "path": path.as_posix(),
                "findings": [finding.as_dict() for finding in findings],
                "scenarios": [result.as_dict() for result in results],
                "coverage": simulation.coverage.as_dict() if simulation else None,
            }
        )
        if not as_json:
            _show_results(path, results, findings, language)
            if simulation and results[0].file:
                _show_coverage(path, simulation.coverage)
    if as_json:
        click.echo(_as_json(shown))
    ctx.exit(1 if failed else 0)


def _played(path: Path, scenario: Path | None) -> tuple[Simulation | None, list[Finding]]:
    """How it went; or why nothing was run, so that the next package still is."""
    from engine.errors import InvalidModel, SamledError
    from engine.rules import finding
    from engine.simulation import rehearse
    from engine.validation import placed

    try:
        return rehearse(path, scenario), []
    except InvalidModel as error:
        return None, [placed(one, path) for one in error.findings]
    except SamledError as error:
        return None, [finding("cannot-run", path.as_posix(), reason=error.message.rstrip("."))]


@main.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@LANGUAGE
@click.pass_context
def publish(ctx: click.Context, path: Path, language: Language) -> None:
    """Publish a package or a bare .bpmn; cases that start from now on run on it."""
    from engine.actors import SYSTEM
    from engine.errors import InvalidModel

    with open_engine() as engine:
        try:
            version = engine.publish(path, by=SYSTEM)
        except InvalidModel as error:
            show_findings(error.findings, path, language)
            ctx.exit(1)
        click.echo(f"{version.process_id} version {version.number}")


@main.command()
@JSON
def versions(as_json: bool) -> None:
    """List what is published."""
    with open_engine() as engine:
        found = engine.versions()
    if as_json:
        keys = ("process_id", "number", "title", "hash")
        rows = [
            {**{key: getattr(version, key) for key in keys}, "published_at": version.published_at.isoformat()}
            for version in found
        ]
        click.echo(_as_json(rows))
        return
    for version in found:
        click.echo(f"{version.process_id}\t{version.number}\t{version.published_at:%Y-%m-%d %H:%M}\t{version.title}")


main.add_command(cli_variants.diff)
main.add_command(cli_variants.variant)
main.add_command(cli_moving.migrate)
main.add_command(cli_bulk.bulk)
main.add_command(cli_backup.backup)
main.add_command(cli_backup.restore)
main.add_command(cli_bench.bench)


@main.command()
@JSON
@click.pass_context
def check(ctx: click.Context, as_json: bool) -> None:
    """Look for rows that break an invariant; none is the right answer."""
    from dataclasses import asdict

    with open_engine() as engine:
        rows = engine.check()
    if as_json:
        click.echo(_as_json([asdict(row) for row in rows]))
    else:
        click.echo("\n".join(map(str, rows)) or "Nothing breaks an invariant.")
    ctx.exit(1 if rows else 0)


@contextmanager
def open_engine() -> Iterator[Engine]:
    """An engine on the database that the environment names."""
    from engine import Engine
    from web.settings import Settings

    settings = Settings.from_environment(web=False)
    engine = Engine(settings.database_url, clock=settings.clock())
    try:
        yield engine
    finally:
        engine.close()


def _set_zone(engine: Engine) -> None:
    """Deadlines are counted in the zone that the pages show."""
    from web.settings import Settings

    zone = Settings.from_environment(web=False).zone
    if engine.calendar().zone != zone:
        engine.set_zone(zone)


def _processes_folder() -> Path:
    """`processes/` here, else the folder beside the installed engine."""
    here = Path("processes")
    return here if here.is_dir() else Path(__file__).resolve().parents[1] / "processes"


def _publish_all(engine: Engine, folder: Path, language: Language) -> int:
    """Publish every package of a folder; how many could not be. A broken one never stops the others."""
    from engine.errors import InvalidModel, SamledError

    broken = 0
    found = [path for path in folder.glob("*") if path.is_dir() and any(path.glob("*.bpmn"))]
    for path in sorted(found, key=lambda path: (_is_variant(path), path)):
        try:
            click.echo(_publish(engine, path))
        except InvalidModel as error:
            broken += 1
            show_findings(error.findings, path, language)
        except SamledError as error:  # a variant of what is not there
            broken += 1
            click.echo(f"{path.as_posix()}: {error.message}", err=True)
    return broken


def _is_variant(path: Path) -> bool:
    """Is it an organisation's variant? Then its base is published first."""
    settings = path / "process.toml"
    return settings.is_file() and b"variant_for" in settings.read_bytes()


def _publish(engine: Engine, path: Path) -> str:
    """Publish a package, in words. Raises InvalidModel."""
    from engine.actors import SYSTEM
    from engine.packages import Package

    package = Package.load(path)
    for version in engine.processes():
        # The hash decides, before anything is parsed: a start with nothing new must be quick.
        if version.hash == package.hash and version.process_id in package.references.processes:
            return f"{version.process_id}: version {version.number} is published already"
    version = engine.publish(path, by=SYSTEM)
    return f"{version.process_id}: version {version.number} published"


def _load_demo(engine: Engine, processes: Path) -> None:
    from engine.example import load_example_organisation
    from engine.example_cases import load_example_cases

    load_example_organisation(engine, passwords=True)
    made = load_example_cases(engine, processes)
    click.echo(f"The example organisation is in place{f', with {made} cases' if made else ''}.")
    click.echo("Serve it with SAMLED_EXAMPLE=1 to see its people and their password on the log-in page.")


def show_findings(findings: Sequence[Finding], path: Path, language: Language) -> None:
    """Why it was not published, with the path that was given in front."""
    from engine.validation import placed

    for finding in findings:
        click.echo(placed(finding, path).line(language), err=True)


def _show_results(path: Path, results: list[ScenarioResult], findings: list[Finding], language: Language) -> None:
    from engine.validation import placed

    for finding in findings:
        click.echo(finding.line(language))
    for result in results:
        click.echo(f"{'ok  ' if result.passed else 'FAIL'} {path.as_posix()}: {result.name}")
        place = path if path.is_dir() else path.parent
        for finding in result.findings:
            click.echo(f"     {placed(finding, path).line(language)}")
        for failure in result.failures:
            click.echo(f"     {(place / result.file).as_posix() if result.file else path.as_posix()}: {failure}")
        for incident in result.incidents:
            click.echo(f"     incident: {incident}")
        if not result.file:
            click.echo(f"     {_stands(result)}")
    failed = sum(not result.passed for result in results)
    if results:
        click.echo(f"{path.as_posix()}: {len(results)} run, {failed} failed")


def _show_coverage(path: Path, coverage: Coverage) -> None:
    click.echo(f"{path.as_posix()}: {coverage.visited} of {coverage.total} elements visited")
    for element in coverage.to_visit:
        way = f" from “{element.way[0]}” to “{element.way[1]}”" if element.way else ""
        click.echo(f"     not visited: {element.file}:{element.id}{f' “{element.name}”' if element.name else ''}{way}")


def _stands(result: ScenarioResult) -> str:
    if result.ended:
        return f"ended at {result.at}"
    waits = [f"open: {', '.join(result.open)}"] if result.open else []
    waits += [f"waiting: {', '.join(result.waiting)}"] if result.waiting else []
    return f"at {result.at}; " + ("; ".join(waits) or "nothing is open and nothing is waited for")


def _as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2, default=str)
