"""The organisation: its units, the people who work there, and who manages what.

Units are read by every command (which units hold a role?), so a process keeps a snapshot; the counter `organisation`
is raised by every change and read with every case, which tells when the snapshot is old.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, delete, select, update

from engine import absences, counters
from engine.absences import Absence
from engine.actors import Actor
from engine.database import Database
from engine.errors import NotFound
from engine.schema import memberships, people, units
from engine.upsert import upsert

MANAGER = "unit-manager"


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit (enhet)."""

    id: str
    name: str
    #: socialtjanst, elevhalsa, vardcentral …: which roles it may hold.
    kind: str
    principal: str | None = None
    municipality: str | None = None
    #: E-mail address of the function mailbox.
    mailbox: str | None = None
    #: The unit through which this one is reached.
    via_unit: str | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """A member of staff."""

    id: str
    username: str
    name: str
    email: str | None = None
    language: str = "sv"
    active: bool = True
    #: Sessions of an older epoch are logged out.
    session_epoch: int = 0


@dataclass(frozen=True, slots=True)
class Membership:
    """That somebody works at a unit, as what."""

    person_id: str
    unit_id: str
    #: staff | unit-manager | process-owner | administrator
    role: str = "staff"
    title: str | None = None


@dataclass(frozen=True)
class Organisation:
    """The snapshot: all units, and the managers of each."""

    units: Mapping[str, Unit] = field(default_factory=dict)
    #: Unit id → ids of its managers, active ones.
    managers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    #: Is anybody registered at all?
    has_people: bool = False
    #: Ids of those who work here and have an e-mail address.
    reachable: frozenset[str] = frozenset()
    #: Person id → when they are away.
    absences: Mapping[str, Sequence[Absence]] = field(default_factory=dict)

    def kind(self, unit: str) -> str | None:
        """The kind of a unit; None when nobody registered it."""
        found = self.units.get(unit)
        return found.kind if found else None

    def municipality(self, unit: str) -> str | None:
        """The municipality of a unit."""
        found = self.units.get(unit)
        return found.municipality if found else None

    def principal(self, unit: str) -> str | None:
        """The organisation (huvudman) that a unit belongs to; None when nobody said."""
        found = self.units.get(unit)
        return found.principal if found else None

    @property
    def principals(self) -> list[str]:
        """All organisations that units belong to."""
        return sorted({unit.principal for unit in self.units.values() if unit.principal})

    def mailbox(self, unit: str) -> str | None:
        """The mailbox of a unit, or of the unit through which it is reached."""
        seen: set[str] = set()
        while unit and unit not in seen:
            seen.add(unit)
            found = self.units.get(unit)
            if found is None or found.mailbox:
                return found.mailbox if found else None
            unit = found.via_unit or ""
        return None

    def of_kinds(self, kinds: Iterable[str], municipality: str | None) -> list[str]:
        """The units of a municipality (and those of the whole region) that are of one of these kinds."""
        wanted = set(kinds)
        places = {municipality, None}
        return [unit.id for unit in self.units.values() if unit.kind in wanted and unit.municipality in places]


def demand_colleague(tx: Connection, person_id: str, unit_ids: Iterable[str]) -> None:
    """Raises NotFound unless somebody active with this id works at one of the units.

    In an empty directory anybody may be meant.
    """
    works = select(people.c.id).join(memberships, memberships.c.person_id == people.c.id)
    works = works.where(people.c.id == person_id, people.c.active, memberships.c.unit_id.in_(list(unit_ids)))
    if tx.execute(works).first() is None and tx.execute(select(people.c.id).limit(1)).first() is not None:
        raise NotFound(f"Nobody with the id {person_id} works at a unit that holds this task. Choose a colleague.")


def load(tx: Connection) -> Organisation:
    """The organisation as it is now."""
    managers: dict[str, tuple[str, ...]] = {}
    for row in tx.execute(_MANAGERS):
        managers[row.unit_id] = (*managers.get(row.unit_id, ()), row.person_id)
    return Organisation(
        units={row.id: Unit(*row) for row in tx.execute(_UNITS)},
        managers=managers,
        has_people=tx.execute(select(people.c.id).limit(1)).first() is not None,
        reachable=frozenset(tx.execute(_REACHABLE).scalars()),
        absences=absences.load(tx),
    )


_REACHABLE = select(people.c.id).where(people.c.active, people.c.email.is_not(None), people.c.email != "")
_UNITS = select(
    units.c.id, units.c.name, units.c.kind, units.c.principal, units.c.municipality, units.c.mailbox, units.c.via_unit
).order_by(units.c.name)
_PEOPLE = select(
    people.c.id,
    people.c.username,
    people.c.name,
    people.c.email,
    people.c.language,
    people.c.active,
    people.c.session_epoch,
).order_by(people.c.name)
_MEMBERSHIPS = select(memberships.c.person_id, memberships.c.unit_id, memberships.c.role, memberships.c.title).order_by(
    memberships.c.unit_id, memberships.c.role
)
_MANAGERS = (
    select(memberships.c.unit_id, memberships.c.person_id)
    .join(people, people.c.id == memberships.c.person_id)
    .where(memberships.c.role == MANAGER, people.c.active)
    .order_by(memberships.c.unit_id, memberships.c.person_id)
)


class Directory:
    """Reads and keeps the organisation. Every method is a transaction of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def units(self, *, kind: str | None = None, municipality: str | None = None) -> list[Unit]:
        """All units by name, or those of a kind or municipality."""
        wanted = _UNITS
        if kind is not None:
            wanted = wanted.where(units.c.kind == kind)
        if municipality is not None:
            wanted = wanted.where(units.c.municipality == municipality)
        with self._database.reading() as tx:
            return [Unit(*row) for row in tx.execute(wanted)]

    def unit(self, unit_id: str) -> Unit:
        """One unit. Raises NotFound."""
        with self._database.reading() as tx:
            row = tx.execute(_UNITS.where(units.c.id == unit_id)).first()
        if row is None:
            raise NotFound(f"There is no unit {unit_id}. Check its id.")
        return Unit(*row)

    def people(self, *, unit: str | None = None) -> list[Person]:
        """Everybody by name, or those who work at a unit."""
        wanted = _PEOPLE
        if unit is not None:
            wanted = wanted.where(people.c.id.in_(select(memberships.c.person_id).where(memberships.c.unit_id == unit)))
        with self._database.reading() as tx:
            return [Person(*row) for row in tx.execute(wanted)]

    def person(self, person_id: str) -> Person:
        """One person. Raises NotFound."""
        with self._database.reading() as tx:
            return _person(tx.execute(_PEOPLE.where(people.c.id == person_id)).first(), person_id)

    def person_by_username(self, username: str) -> Person | None:
        """Whoever logs in by this name; None when nobody does. Capitals do not matter."""
        with self._database.reading() as tx:
            row = tx.execute(_PEOPLE.where(people.c.username == username.strip().lower())).first()
        return Person(*row) if row else None

    def memberships(self, *, person: str | None = None, unit: str | None = None) -> list[Membership]:
        """Who works where, as what."""
        wanted = _MEMBERSHIPS
        if person is not None:
            wanted = wanted.where(memberships.c.person_id == person)
        if unit is not None:
            wanted = wanted.where(memberships.c.unit_id == unit)
        with self._database.reading() as tx:
            return [Membership(*row) for row in tx.execute(wanted)]

    def actor(self, person_id: str) -> Actor:
        """The person as an actor: their units and roles. Raises NotFound for nobody, or nobody active."""
        person = self.person(person_id)
        if not person.active:
            raise NotFound(f"{person_id} does not work here any more. Ask an administrator.")
        held = self.memberships(person=person_id)
        # Where somebody is staff comes before where they only administer: the first unit is the one acted for.
        ordered = sorted(held, key=lambda membership: membership.role not in ("staff", MANAGER))
        return Actor(
            id=person_id,
            units=list(dict.fromkeys(membership.unit_id for membership in ordered)),
            roles=list(dict.fromkeys(membership.role for membership in ordered)),
        )

    def password_hash(self, person_id: str) -> str | None:
        """The stored hash, for whoever checks passwords."""
        with self._database.reading() as tx:
            return tx.execute(select(people.c.password_hash).where(people.c.id == person_id)).scalar()

    def set_password_hash(self, person_id: str, password_hash: str) -> None:
        """Change the password and log the person out everywhere. Raises NotFound."""
        self._change_person(person_id, password_hash=password_hash, session_epoch=people.c.session_epoch + 1)

    def rehash(self, person_id: str, password_hash: str) -> None:
        """Store the same password by newer parameters; sessions go on. Raises NotFound."""
        self._change_person(person_id, password_hash=password_hash)

    def log_out_everywhere(self, person_id: str) -> int:
        """End all sessions of a person. Returns the new epoch. Raises NotFound."""
        self._change_person(person_id, session_epoch=people.c.session_epoch + 1)
        return self.person(person_id).session_epoch

    def set_language(self, person_id: str, language: str) -> None:
        """The language of pages and e-mail. Raises NotFound."""
        self._change_person(person_id, language=language)

    def add_units(self, wanted: Iterable[Unit]) -> None:
        """Add units, or replace those of the same id."""
        with self._database.command() as tx:
            for unit in wanted:
                upsert(tx, units, asdict(unit))
            counters.raise_organisation(tx)

    def add_people(self, wanted: Iterable[Person], passwords: Mapping[str, str] | None = None) -> None:
        """Add people, or replace those of the same id. `passwords`: person id → hash."""
        with self._database.command() as tx:
            for person in wanted:
                values = {**asdict(person), "username": person.username.strip().lower()}
                if passwords and person.id in passwords:
                    values["password_hash"] = passwords[person.id]
                upsert(tx, people, values)
            counters.raise_organisation(tx)

    def add_memberships(self, wanted: Iterable[Membership]) -> None:
        """Add memberships, or replace those of the same person, unit and role."""
        with self._database.command() as tx:
            for membership in wanted:
                upsert(tx, memberships, asdict(membership))
            counters.raise_organisation(tx)

    def remove_membership(self, person_id: str, unit_id: str, role: str) -> None:
        """Somebody is no longer that at a unit."""
        gone = delete(memberships).where(
            memberships.c.person_id == person_id, memberships.c.unit_id == unit_id, memberships.c.role == role
        )
        with self._database.command() as tx:
            tx.execute(gone)
            counters.raise_organisation(tx)

    def _change_person(self, person_id: str, **values: object) -> None:
        with self._database.command() as tx:
            if not tx.execute(update(people).where(people.c.id == person_id).values(**values)).rowcount:
                raise NotFound(f"There is no person {person_id}. Check the id.")


def _person(row: Row[*tuple[Any, ...]] | None, person_id: str) -> Person:
    if row is None:
        raise NotFound(f"There is no person {person_id}. Check the id.")
    return Person(*row)
