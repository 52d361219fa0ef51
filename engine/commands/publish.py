"""Publish a package, and what it starts as cases of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engine import versions
from engine.access import OrganisationAccess, may
from engine.actors import Actor
from engine.commands import variants
from engine.commands.change import Workplace
from engine.errors import Forbidden, InvalidModel, SamledError
from engine.packages import Package
from engine.validation.checks import errors_of
from engine.validation.subject import Subject
from engine.versions import Version


class IsVariant(SamledError):
    """This package is an organisation's local variant, no version for all. Publish its folder: `samled publish`."""


def publish(place: Workplace, path: Path, by: Actor | None, *, variant_for: str | None = None) -> Version:
    """Store the package at `path` as a version, and the packages beside it whose processes it starts.

    A variant (`variant_for`, or as its settings say) is stored alone: the rest is its base's matter.
    Raises Forbidden, InvalidModel with what cannot be run, and NotFound where a variant's base is not there.
    """
    package = Package.load(path)
    principal = variant_for or package.settings.variant_for
    if principal is not None:
        return variants.store(place, package, by, principal)
    version = publish_package(place, package, by)
    for started in started_by(package, path):
        publish_package(place, started, by)
    return version


def started_by(package: Package, path: Path) -> Iterator[Package]:
    """The packages beside `path` whose processes this one starts as cases of their own, and those that they start.

    Raises InvalidModel for one that cannot be read.
    """
    done = set(package.references.processes)
    wanted = sorted(package.references.started - done)
    while wanted:
        process_id = wanted.pop()
        done.add(process_id)
        beside = _beside(path, process_id)
        if beside is not None:
            started = Package.load(beside)
            yield started
            wanted += sorted(started.references.started - done - set(wanted))


def _beside(path: Path, process_id: str) -> Path | None:
    if not process_id.replace("_", "").replace("-", "").isalnum():
        return None  # an id is never used as a path unless it is a plain name
    found = path.resolve().parent / (process_id if path.is_dir() else f"{process_id}.bpmn")
    return found if found.exists() else None


def publish_package(place: Workplace, package: Package, by: Actor | None, *, after: int | None = None) -> Version:
    """Store a package as the newest version of its process.

    `after`: the id of the version that it takes the place of, and that must be the newest still.
    Raises Forbidden, InvalidModel, IsVariant, Conflict.
    """
    if package.settings.variant_for is not None:
        raise IsVariant
    subject = Subject.of(package)
    findings, model = errors_of(subject), subject.model
    if findings or model is None:
        raise InvalidModel(findings)
    with place.database.command() as tx:
        has_people = place.snapshots.get(tx).organisation.has_people
        if by is not None and not may(by, "publish", OrganisationAccess(has_people)):
            raise Forbidden("Only process owners publish. Ask one of them.")
        if after is not None:
            versions.demand_newest(tx, model.main, None, after, package.hash)
        messages = model.message_starts.get(model.main, {})
        by_id = by.id if by else None
        return versions.publish(tx, package, model.main, messages, by_id, place.clock.now(tx))
