"""The example organisation: one region and three municipalities. A newcomer meets it, and every scenario runs in it.

Nobody here exists. The names say so, the mailboxes are at example.org, and everybody has the same published password.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from argon2 import PasswordHasher

from engine.directory import Membership, Person, Unit
from engine.rhythms import Rhythm

if TYPE_CHECKING:
    from engine.engine import Engine

#: Everybody's password; shown on the log-in page in example mode.
PASSWORD = "prova-samled-2026"  # noqa: S105 - published on purpose
REGION = "Västra Götaland (exempel)"
#: A kind of unit whose name is two words; the others are the unit id's first part.
_TWO_WORDS = ("vuxen-socialtjanst", "politiskt-samrad", "mini-maria")

# principal, municipality: {unit id: name}
_PLACES: list[tuple[str, str | None, dict[str, str]]] = [
    (
        "Skövde kommun (exempel)",
        "Skövde",
        {
            "elevhalsa-skovde": "Elevhälsan Skövde",
            "skola-skovde": "Exempelskolan Skövde",
            "forskola-skovde": "Exempelförskolan Skövde",
            "socialtjanst-skovde": "Socialtjänsten barn och unga Skövde",
            "lss-skovde": "LSS-enheten Skövde",
            "narvaroteam-skovde": "Närvaroteamet Skövde",
            "insatsteam-skovde": "Tidiga insatser Skövde",
            "forvaltning-skovde": "Förvaltningsledningen Skövde",
            "vuxen-socialtjanst-skovde": "Socialtjänsten vuxna Skövde",
            "familjecentral-skovde": "Familjecentralen Skövde",
            "partssamverkan-skovde": "Partssamverkan Skövde",
        },
    ),
    (
        "Lidköpings kommun (exempel)",
        "Lidköping",
        {
            "elevhalsa-lidkoping": "Elevhälsan Lidköping",
            "socialtjanst-lidkoping": "Socialtjänsten barn och unga Lidköping",
            "skola-lidkoping": "Exempelskolan Lidköping",
            "insatsteam-lidkoping": "Tidiga insatser Lidköping",
            "partssamverkan-lidkoping": "Partssamverkan Lidköping",
        },
    ),
    (
        "Mariestads kommun (exempel)",
        "Mariestad",
        {
            "elevhalsa-mariestad": "Elevhälsan Mariestad",
            "socialtjanst-mariestad": "Socialtjänsten barn och unga Mariestad",
            "skola-mariestad": "Exempelskolan Mariestad",
            "partssamverkan-mariestad": "Partssamverkan Mariestad",
        },
    ),
    (
        REGION,
        "Skövde",
        {
            "vardcentral-norrmalm": "Vårdcentralen Norrmalm",
            "uph-skovde": "Ungas psykiska hälsa Skövde",
            "ungdomsmottagning-skovde": "Ungdomsmottagningen Skövde",
            "barnhalsovard-skovde": "Barnhälsovården Skövde",
        },
    ),
    (
        REGION,
        None,
        {
            "bup-skaraborg": "BUP Skaraborg",
            "habilitering-skaraborg": "Barn- och ungdomshabiliteringen Skaraborg",
            "mini-maria-skaraborg": "Mini-Maria Skaraborg",
            "vuxenpsykiatri-skaraborg": "Vuxenpsykiatrin Skaraborg",
            "delregional-skaraborg": "Delregional samverkan Skaraborg",
            "politiskt-samrad-vg": "Politiskt samråd Västra Götaland",
        },
    ),
    ("Exempelhemmet (privat utförare)", None, {"hvb-exempel": "HVB Exempelhemmet"}),
]

#: Units that have no mailbox of their own and are reached through another.
_REACHED_THROUGH = {
    "skola-skovde": "elevhalsa-skovde",
    "skola-lidkoping": "elevhalsa-lidkoping",
    "skola-mariestad": "elevhalsa-mariestad",
}

#: Every other Tuesday at one; the team of Lidköping meets when it has to.
_RHYTHMS = {"insatsteam-skovde": Rhythm("R/2025-09-02T13:00/P2W", room=6)}

# unit, user name, title, role
_STAFF: list[tuple[str, str, str, str]] = [
    ("elevhalsa-skovde", "kurator.skovde", "Kurator", "staff"),
    ("elevhalsa-skovde", "skolskoterska.skovde", "Skolsköterska", "staff"),
    ("elevhalsa-skovde", "skolpsykolog.skovde", "Skolpsykolog", "staff"),
    ("elevhalsa-skovde", "elevhalsochef.skovde", "Elevhälsochef", "unit-manager"),
    ("skola-skovde", "specialpedagog.skovde", "Specialpedagog", "staff"),
    ("skola-skovde", "rektor.skovde", "Rektor", "unit-manager"),
    ("forskola-skovde", "forskollarare.skovde", "Förskollärare", "staff"),
    ("socialtjanst-skovde", "socialsekreterare.skovde", "Socialsekreterare", "staff"),
    ("socialtjanst-skovde", "familjebehandlare.skovde", "Familjebehandlare", "staff"),
    ("socialtjanst-skovde", "enhetschef.skovde", "Enhetschef", "unit-manager"),
    ("lss-skovde", "lsshandlaggare.skovde", "LSS-handläggare", "staff"),
    ("narvaroteam-skovde", "narvaropedagog.skovde", "Närvaropedagog", "staff"),
    ("insatsteam-skovde", "samordnare.insatsteam", "Samordnare", "staff"),
    ("insatsteam-skovde", "teamledare.insatsteam", "Teamledare", "unit-manager"),
    ("forvaltning-skovde", "forvaltningschef.skovde", "Förvaltningschef", "unit-manager"),
    ("vuxen-socialtjanst-skovde", "vuxenhandlaggare.skovde", "Vuxenhandläggare", "staff"),
    ("familjecentral-skovde", "foraldrastodjare.skovde", "Föräldrastödjare", "staff"),
    ("partssamverkan-skovde", "sammankallande.skovde", "Sammankallande", "staff"),
    ("elevhalsa-lidkoping", "kurator.lidkoping", "Kurator", "staff"),
    ("socialtjanst-lidkoping", "socialsekreterare.lidkoping", "Socialsekreterare", "staff"),
    ("skola-lidkoping", "rektor.lidkoping", "Rektor", "unit-manager"),
    ("partssamverkan-lidkoping", "sammankallande.lidkoping", "Sammankallande", "staff"),
    ("insatsteam-lidkoping", "samordnare.lidkoping", "Samordnare", "staff"),
    ("elevhalsa-mariestad", "kurator.mariestad", "Kurator", "staff"),
    ("socialtjanst-mariestad", "socialsekreterare.mariestad", "Socialsekreterare", "staff"),
    ("skola-mariestad", "rektor.mariestad", "Rektor", "unit-manager"),
    ("partssamverkan-mariestad", "sammankallande.mariestad", "Sammankallande", "staff"),
    ("vardcentral-norrmalm", "lakare.norrmalm", "Läkare", "staff"),
    ("uph-skovde", "behandlare.uph", "Behandlare", "staff"),
    ("ungdomsmottagning-skovde", "barnmorska.skovde", "Barnmorska", "staff"),
    ("barnhalsovard-skovde", "bhvskoterska.skovde", "BHV-sköterska", "staff"),
    ("bup-skaraborg", "psykolog.bup", "Psykolog", "staff"),
    ("bup-skaraborg", "enhetschef.bup", "Enhetschef", "unit-manager"),
    ("habilitering-skaraborg", "logoped.habilitering", "Logoped", "staff"),
    ("mini-maria-skaraborg", "behandlare.minimaria", "Behandlare", "staff"),
    ("vuxenpsykiatri-skaraborg", "lakare.vuxenpsykiatri", "Läkare", "staff"),
    ("delregional-skaraborg", "samordnare.skaraborg", "Lokal samordnare", "staff"),
    ("delregional-skaraborg", "processagare.skaraborg", "Processägare", "process-owner"),
    ("politiskt-samrad-vg", "sekreterare.samrad", "Sekreterare", "staff"),
    ("hvb-exempel", "behandlare.hvb", "Behandlare", "staff"),
    ("forvaltning-skovde", "administrator", "Administratör", "administrator"),
]


@dataclass(frozen=True)
class SignIn:
    """What the log-in page shows of an example person."""

    username: str
    password: str
    name: str
    title: str
    unit: str
    #: staff | unit-manager | process-owner | administrator
    role: str


def kind_of(unit_id: str) -> str:
    """The kind of an example unit: the first part of its id."""
    for kind in _TWO_WORDS:
        if unit_id.startswith(f"{kind}-"):
            return kind
    return unit_id.partition("-")[0]


def units() -> list[Unit]:
    """All units of the example organisation."""
    return [
        Unit(
            id=unit_id,
            name=name,
            kind=kind_of(unit_id),
            principal=principal,
            municipality=municipality,
            mailbox=None if unit_id in _REACHED_THROUGH else f"{unit_id}@example.org",
            via_unit=_REACHED_THROUGH.get(unit_id),
        )
        for principal, municipality, places in _PLACES
        for unit_id, name in places.items()
    ]


def sign_ins() -> list[SignIn]:
    """Everybody, in the order of the organisation."""
    names = {unit.id: unit.name for unit in units()}
    return [
        SignIn(username, PASSWORD, _name(unit_id, title, names), title, names[unit_id], role)
        for unit_id, username, title, role in _STAFF
    ]


def load_example_organisation(engine: Engine, *, passwords: bool = False) -> None:
    """Add the units and people to the engine's directory. Doing it again changes nothing.

    `passwords`: so that the people can log in; scenarios need no log-in and would only wait for the hash.
    """
    names = {unit.id: unit.name for unit in units()}
    staff = [
        Person(id=username, username=username, name=_name(unit_id, title, names), email=f"{username}@example.org")
        for unit_id, username, title, _role in _STAFF
    ]
    # One hash for all: they share a published password, and a hash is meant to take time.
    hashed = PasswordHasher().hash(PASSWORD) if passwords else ""
    engine.directory.add_units(units())
    engine.directory.add_people(staff, {person.id: hashed for person in staff} if passwords else None)
    engine.directory.add_memberships(
        Membership(person_id=username, unit_id=unit_id, role=role, title=title)
        for unit_id, username, title, role in _STAFF
    )
    for unit_id, rhythm in _RHYTHMS.items():
        engine.set_rhythm(unit_id, rhythm, "Exempel")


def _name(unit_id: str, title: str, names: dict[str, str]) -> str:
    """An obvious example name, such as Exempel Kurator Skövde."""
    return f"Exempel {title} {names[unit_id].split()[-1]}"
