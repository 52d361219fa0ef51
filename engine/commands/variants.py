"""Local variants: an organisation's own version of a process, on top of a version of all.

A variant says in its `process.toml` on which version it stands and whose it is. Cases whose owner belongs to that
organisation start on it. When the base is revised, the three are merged: the base it stood on, the newest, the variant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter

from sqlalchemy import Connection

from engine import counters, organisations, versions
from engine.access import OrganisationAccess, may
from engine.actors import Actor
from engine.commands.change import Workplace
from engine.commands.parked import demand_administrator
from engine.differences import Change, differences
from engine.errors import Conflict, Forbidden, InvalidModel, NotFound, SamledError
from engine.merging import Merged, Side, merge
from engine.merging.texts import written
from engine.packages import Package
from engine.process_settings import FILE
from engine.toml import read_toml
from engine.validation.checks import errors_of
from engine.validation.subject import Subject
from engine.versions import Version


class NotAmong(SamledError):
    """The process does not let units of this kind hold the role. Choose among its own kinds, or make a variant."""


class BeyondVariant(SamledError):
    """A variant may not change this. Change it back, or ask whoever owns the process."""


#: What of a deadline that no organisation may set is as the base has it.
_fixed = attrgetter("value", "adjustable", "remind", "escalate", "escalate_every")


@dataclass(frozen=True)
class VariantStatus:
    """A local variant, its base, and the base as it is now."""

    variant: Version
    base: Version
    newest: Version
    #: How the variant differs from its base.
    own: Sequence[Change]
    #: How the newest version differs from the variant's base; nothing while that is the newest.
    revised: Sequence[Change]
    #: The variant merged with the newest version.
    merged: Merged
    packages: tuple[Package, Package, Package]

    @property
    def is_behind(self) -> bool:
        """Has the base been revised since?"""
        return self.base.id != self.newest.id


def demand_publisher(place: Workplace, tx: Connection, by: Actor | None, principal: str) -> None:
    """Raises Forbidden unless somebody may publish for an organisation: its process owners, and administrators."""
    organisation = place.snapshots.get(tx).organisation
    if by is None or by.is_system or not organisation.has_people:
        return
    theirs = any(organisation.principal(unit) == principal for unit in by.units)
    if may(by, "administer", OrganisationAccess(True)) or (theirs and may(by, "publish", OrganisationAccess(True))):
        return
    raise Forbidden(f"Only process owners of {principal} publish its variants. Ask one of them.")


def new(place: Workplace, process_id: str, principal: str) -> dict[str, bytes]:
    """The files of the newest version, marked as a variant of it. Raises NotFound."""
    with place.database.reading() as tx:
        base = _newest(tx, process_id)
        package = versions.package(tx, base.id)
    return marked(package, base, principal)


def marked(package: Package, base: Version, principal: str) -> dict[str, bytes]:
    """A package's files, with what makes them an organisation's variant of a version."""
    text = package.files.get(FILE, b"").decode("utf-8-sig")
    settings = read_toml(text)
    said = {**settings.get("process", {}), "variant_of": base.name, "variant_for": principal}
    return {**package.files, FILE: written(text, {**settings, "process": said}).encode()}


def store(
    place: Workplace,
    package: Package,
    by: Actor | None,
    principal: str,
    merged_of: tuple[int, int] | None = None,
    *,
    after: int | None = None,
) -> Version:
    """Publish a package as an organisation's variant of the version it says it stands on.

    `merged_of`: the ids of the variant and of the base that it was merged of, to be the newest still. `after`: the id
    of the version that it takes the place of, and on which the organisation's cases start still.

    Raises NotFound (no such base or organisation), Forbidden, InvalidModel, BeyondVariant, Conflict.
    """
    with place.database.reading() as tx:
        demand_publisher(place, tx, by, principal)
        organisation = place.snapshots.get(tx).organisation
        if organisation.units and principal not in organisation.principals:
            raise NotFound(f"No unit belongs to {principal}. Write the organisation as its units have it.")
        base = _base(tx, package)
        was = versions.package(tx, base.id)
        package = pinned(package, was, base, principal)
    subject = Subject.of(package)
    findings, model = errors_of(subject), subject.model
    if findings or model is None:
        raise InvalidModel(findings)
    if model.main != base.process_id:
        raise BeyondVariant(f"A variant of {base.process_id} keeps that id; this is {model.main}. Change it back.")
    _demand_fixed_kept(package, was)
    with place.database.command() as tx:
        counters.next_value(tx, versions.PUBLISHED)  # from here on nobody else publishes
        demand_publisher(place, tx, by, principal)
        if merged_of is not None:
            _demand_newest(tx, base.process_id, principal, merged_of)
        if after is not None:
            versions.demand_newest(tx, base.process_id, principal, after, package.hash)
        return versions.publish(
            tx, package, model.main, model.message_starts.get(model.main, {}), by.id if by else None,
            place.clock.now(tx), principal=principal, base=base,
        )  # fmt: skip


def pinned(package: Package, base: Package, version: Version, principal: str) -> Package:
    """The package as it is stored: marked, and what it calls taken from its base, whatever lies beside it."""
    return replace(Package.from_files(marked(package, version, principal), package.name), called=base.called)


def _demand_newest(tx: Connection, process_id: str, principal: str, merged_of: tuple[int, int]) -> None:
    """Raises Conflict where the variant or its base was published anew, or the variant ended, since the merge."""
    variant, base = versions.latest(tx, process_id, principal), versions.latest(tx, process_id)
    if variant is None or base is None or (variant.id, base.id) != merged_of:
        raise Conflict("The variant or its base was published anew meanwhile. Look at both, then try again.")


def _demand_fixed_kept(package: Package, base: Package) -> None:
    """Raises BeyondVariant where a deadline that no organisation may set is not as in the base."""
    for name, setting in base.deadlines.items():
        own = package.deadlines.get(name)
        if not setting.adjustable and (own is None or _fixed(own) != _fixed(setting)):
            raise BeyondVariant(
                f"The deadline “{name}” is {setting.value} by {setting.source}, for every organisation, and so are"
                " its reminder and whom it goes to. Change it back."
            )


def status(place: Workplace, process_id: str, principal: str, take: Mapping[str, Side] | None = None) -> VariantStatus:
    """A variant beside its base. Raises NotFound, NoSuchConflict."""
    with place.database.reading() as tx:
        variant, newest = _variant(tx, process_id, principal), _newest(tx, process_id)
        base = versions.get(tx, variant.base_version_id or newest.id)
        was, now, own = (versions.package(tx, one.id) for one in (base, newest, variant))
    merged = merge(was, now, own, take)
    return VariantStatus(variant, base, newest, differences(was, own), differences(was, now), merged, (was, now, own))


def update(
    place: Workplace, process_id: str, principal: str, take: Mapping[str, Side] | None, by: Actor | None
) -> Version:
    """Publish the merge of a variant with the newest base. Raises NotFound, Conflict, InvalidModel, Forbidden."""
    found = status(place, process_id, principal, take)
    if not found.is_behind:
        return found.variant
    if found.merged.conflicts:
        named = ", ".join(conflict.id for conflict in found.merged.conflicts)
        raise Conflict(f"Choose first what stands in: {named}.")
    package = found.merged.package
    files = {**package.to_files(), **marked(package, found.newest, principal)}
    merged_of = found.variant.id, found.newest.id
    return store(place, Package.from_files(files, package.name), by, principal, merged_of)


def merged(place: Workplace, process_id: str, principal: str, take: Mapping[str, Side] | None) -> dict[str, bytes]:
    """The files of the merge of a variant with the newest base, conflicts or not. Raises NotFound, NoSuchConflict."""
    found = status(place, process_id, principal, take)
    return marked(found.merged.package, found.newest, principal)


def end(place: Workplace, process_id: str, principal: str, by: Actor | None) -> None:
    """No case starts on the variant any more; those that run on it go on. Raises NotFound, Forbidden."""
    with place.database.command() as tx:
        counters.next_value(tx, versions.PUBLISHED)  # nobody publishes one meanwhile
        demand_publisher(place, tx, by, principal)
        if not versions.withdraw(tx, process_id, principal, place.clock.now(tx)):
            raise _no_variant(process_id, principal)


def set_role_kinds(
    place: Workplace,
    process_id: str,
    role: str,
    kinds: Sequence[str],
    principal: str | None,
    reason: str,
    by: Actor | None,
) -> None:
    """Narrow which kinds of unit hold a role. Raises NotFound, NotAmong, Forbidden."""
    with place.database.command() as tx:
        demand_administrator(place, tx, by)
        version = versions.latest(tx, process_id, principal)
        declared = place.publications.get(tx, version.id).roles if version else {}
        if role not in declared:
            raise NotFound(f"The process {process_id} has no role “{role}”. Look at its process.toml.")
        allowed = declared[role].kinds
        if allowed and not set(kinds) <= set(allowed):
            raise NotAmong
        by_id, now = by.id if by else None, place.clock.now(tx)
        organisations.set_role_kinds(tx, process_id, role, principal, kinds, by_id, now, reason)


def _base(tx: Connection, package: Package) -> Version:
    """The version that the package's settings name. Raises NotFound."""
    process_id, _, number = (package.settings.variant_of or "").rpartition("@")
    if not process_id or not (number.isascii() and number.isdigit() and len(number) <= 9):
        process_id = package.settings.variant_of or min(package.references.processes, default="")
        return _newest(tx, process_id)
    return versions.numbered(tx, process_id, int(number))


def _newest(tx: Connection, process_id: str) -> Version:
    version = versions.latest(tx, process_id)
    if version is None:
        raise NotFound(f"There is no process {process_id}. Look at `samled versions`.")
    return version


def _variant(tx: Connection, process_id: str, principal: str) -> Version:
    version = versions.latest(tx, process_id, principal)
    if version is None or version.principal is None:
        raise _no_variant(process_id, principal)
    return version


def _no_variant(process_id: str, principal: str) -> NotFound:
    return NotFound(f"{principal} has no variant of {process_id}. Make one: samled variant new {process_id}")
