"""The checks in their order, each a module of its own that takes a `Subject` and yields findings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from engine.errors import FeelError, InvalidModel
from engine.feel import current_feel
from engine.findings import Finding
from engine.forked import Aside
from engine.rules import Text, finding
from engine.validation import (
    chairs,
    conditions,
    dataflow,
    form_files,
    form_usage,
    idle_events,
    readable,
    references,
    scenario_runs,
    soundness,
    style,
    tables,
    value_types,
    wellformed,
)
from engine.validation.subject import Subject


@dataclass(frozen=True)
class Check:
    """What a later check needs of an earlier one it takes from the subject, never from its findings."""

    name: Text
    run: Callable[[Subject], Iterable[Finding]]
    #: May it find errors? Then nothing is published without it, whoever publishes.
    refuses: bool = True
    #: Does it need little of what the others work out? Then it runs beside them where there is a second core.
    beside: bool = False


CHECKS = (
    Check(Text("what can be read", "det som kan läsas"), readable.check),
    Check(Text("well-formed BPMN", "välformad BPMN"), wellformed.check, refuses=False),
    Check(Text("what can be run", "det som kan köras"), readable.check_model),
    Check(Text("events that never happen", "händelser som aldrig sker"), idle_events.check, refuses=False),
    Check(Text("style", "stil"), style.check, refuses=False, beside=True),
    Check(Text("expressions", "uttryck"), dataflow.check_subject),
    Check(Text("types", "typer"), value_types.check),
    Check(Text("conditions", "villkor"), conditions.check),
    Check(Text("references", "hänvisningar"), references.check),
    Check(Text("decisions", "beslut"), tables.check, beside=True),
    Check(Text("forms", "formulär"), form_files.check, beside=True),
    Check(Text("the use of forms", "hur formulären används"), form_usage.check, refuses=False, beside=True),
    Check(Text("soundness", "sundhet"), soundness.check_subject, beside=True),
    Check(Text("between the chairs", "mellan stolarna"), chairs.check, refuses=False, beside=True),
    Check(Text("scenarios", "scenarier"), scenario_runs.check, refuses=False),
)
SCENARIOS = CHECKS[-1]


#: Read everything that the others look at, and need little of FEEL: its expressions are compiled meanwhile.
FIRST = CHECKS[:3]


def run(subject: Subject, *, entering: Callable[[Text], None] = lambda _check: None) -> Iterator[Finding]:
    """Every check; `entering` hears the name of each before it begins, or before what ran beside is waited for."""
    for check in FIRST:
        entering(check.name)
        yield from _guarded(subject, check)
    current_feel().settle()
    later = [check for check in CHECKS if check not in FIRST]
    # To play scenarios takes longer than all else, and a second to begin: the others are done meanwhile.
    beside = [check for check in later if check.beside or (subject.publish and check is not SCENARIOS)]
    with Aside(lambda check: list(_guarded(subject, check)), beside) as aside:
        for check in later:
            if check not in beside:
                entering(check.name)
                yield from _guarded(subject, check)
        for check in beside:
            entering(check.name)
            yield from aside.next()


def errors_of(subject: Subject) -> list[Finding]:
    """Why a package must not run: of the checks that refuse, the errors."""
    found = (one for check in CHECKS if check.refuses for one in _guarded(subject, check))
    return [one for one in found if one.severity == "error"]


def _guarded(subject: Subject, check: Check) -> Iterator[Finding]:
    """Run one check; whatever it raises becomes a finding, so that the others still run."""
    try:
        yield from check.run(subject)
    except InvalidModel as error:
        yield from error.findings
    except FeelError as error:
        yield error.finding(file=subject.name)
    except RecursionError:
        yield finding("too-deep", subject.name)
    except MemoryError:
        raise
    except Exception as error:
        # A fault of ours. It must not hide the other findings, and nobody should publish what we cannot read.
        reason = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
        yield finding("cannot-check", subject.name, reason=reason)
