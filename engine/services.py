"""Service tasks: the built-in job types, and the registry where others add theirs.

A handler runs inside the command that reaches the task: it changes the case through `CaseContext` and returns
variables. What must reach beyond the case leaves through the outbox, after the commit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from engine.bpmn.environment import ServiceCall
from engine.directory import Organisation
from engine.errors import Incident
from engine.job_types import JOB_TYPES, JobType
from engine.outbox import Outgoing
from engine.parties import Party
from engine.process_settings import Role
from engine.roles import CaseRoles
from engine.rules import Text


@dataclass
class CaseContext:
    """The case as a service may see and change it, for one command."""

    number: str
    #: The revision that the command makes: with it, keys of the outbox are unique.
    revision: int
    now: datetime
    #: A case's owner → the roles of the process as that unit's organisation has set them.
    roles_for: Callable[[str], Mapping[str, Role]]
    organisation: Organisation
    owner: str
    parties: list[Party]
    #: What leaves after the commit.
    outgoing: list[Outgoing] = field(default_factory=list)
    #: For the history: [kind, element id, token or None, payload].
    events: list[list[Any]] = field(default_factory=list)
    roles: CaseRoles = field(init=False)

    def __post_init__(self) -> None:
        self._resolve()

    def _resolve(self) -> None:
        self.roles = CaseRoles(self.roles_for(self.owner), self.owner, self.parties, self.organisation)

    def send(self, kind: str, payload: Mapping[str, Any]) -> None:
        """Put something into the outbox."""
        key = f"{self.number}/{self.revision}/{len(self.outgoing)}"
        self.outgoing.append(Outgoing(key, kind, payload))

    def notify(self, recipients: list[str], reason: str, *, text: str | None = None) -> None:
        """Tell people (`person:<id>`) and mailboxes (`unit:<id>`) that the case awaits them. Nothing personal."""
        for recipient in dict.fromkeys(recipients):
            payload = {"case": self.number, "to": recipient, "reason": reason}
            self.send("notice", {**payload, "text": text} if text else payload)

    def set_owner(self, unit: str, element_id: str) -> None:
        """Hand the case to another unit. The old owner stays a party: it may still read what it was part of."""
        if unit == self.owner:
            return
        before, self.owner = self.owner, unit
        if all(party.unit != before for party in self.parties):
            self.parties = [*self.parties, Party(before, (), self.now, None, "former owner")]
        self.events.append(["owner-set", element_id, None, {"from": before, "to": unit}])
        self._resolve()

    def add_party(self, unit: str, roles: tuple[str, ...], ground: str | None, element_id: str) -> None:
        """Let a unit take part, as something more if it does already."""
        known = next((party for party in self.parties if party.unit == unit), None)
        held = tuple(dict.fromkeys((*(known.roles if known else ()), *roles)))
        party = Party(unit, held, known.since if known else self.now, None, ground or (known.ground if known else None))
        self.parties = [party if other.unit == unit else other for other in self.parties]
        if known is None:
            self.parties.append(party)
        self.events.append(
            ["party-added", element_id, None, {"unit": unit, "roles": list(held), "ground": party.ground}]
        )
        self._resolve()

    def remove_party(self, unit: str, roles: tuple[str, ...], element_id: str) -> None:
        """A unit takes part no longer: in these roles, or not at all when none is named."""
        left = []
        for party in self.parties:
            if party.unit != unit:
                left.append(party)
            elif rest := tuple(role for role in party.roles if roles and role not in roles):
                left.append(replace(party, roles=rest))
        self.parties = left
        self.events.append(["party-removed", element_id, None, {"unit": unit, "roles": list(roles)}])
        self._resolve()


Handler = Callable[[ServiceCall, CaseContext], Mapping[str, Any] | None]
#: Job type → who carries it out.
HANDLERS: dict[str, Handler] = {}


def handler(job_type: str) -> Callable[[Handler], Handler]:
    """Register a function as the handler of a job type, which becomes known if it is new."""

    def register(function: Handler) -> Handler:
        JOB_TYPES.setdefault(job_type, JobType(job_type))
        HANDLERS[job_type] = function
        return function

    return register


def carry_out(call: ServiceCall, case: CaseContext) -> Mapping[str, Any] | None:
    """Run a service task. Raises LookupError for an unknown job type, Incident for what the model gave it wrong."""
    return HANDLERS[call.type](call, case)


def given(call: ServiceCall, *names: str) -> Any:
    """The first of these that the input mapping, or else a header, gives."""
    for source in (call.inputs, call.headers):
        for name in names:
            if source.get(name) not in (None, ""):
                return source[name]
    return None


def _texts(value: Any, what: str, element_id: str) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    if value is None:
        return ()
    said = Text(
        f"“{what}” must be a text or a list of texts, not {value!r}",
        f"”{what}” måste vara en text eller en lista med texter, inte {value!r}",
    )
    raise Incident(said, element=element_id)


def _units(call: ServiceCall, case: CaseContext, *names: str) -> tuple[str, ...]:
    """Units named by id or by role."""
    found: dict[str, None] = {}
    for name in _texts(given(call, *names), names[0], call.element_id):
        found.update(dict.fromkeys(case.roles.units_of_group(name) or (name,)))
    if not found:
        said = Text(
            f"“{names[0]}” names no unit. Map it to a unit's id or a role",
            f"”{names[0]}” anger ingen enhet. Ge den en enhets id eller en roll",
        )
        raise Incident(said, element=call.element_id)
    return tuple(found)


@handler("notice")
def notice(call: ServiceCall, case: CaseContext) -> None:
    """Tells the units in `to` (ids or roles; the owner if left out) that the case awaits them.

    `text` is taken from the task's headers only: what is written in the model names nobody.
    """
    units = _units(call, case, "to") if given(call, "to") else (case.owner,)
    case.notify([f"unit:{unit}" for unit in units], "notice", text=call.headers.get("text"))
    case.events.append(["notice", call.element_id, None, {"to": list(units)}])


@handler("set-owner")
def set_owner(call: ServiceCall, case: CaseContext) -> None:
    """Hands the case to the unit in `unit` (an id or a role)."""
    case.set_owner(_units(call, case, "unit", "owner")[0], call.element_id)


@handler("add-party")
def add_party(call: ServiceCall, case: CaseContext) -> None:
    """Lets the units in `unit` (or `units`) take part, in `roles` (or `role`), on `ground`."""
    roles = _texts(given(call, "roles", "role"), "roles", call.element_id)
    ground = given(call, "ground")
    for unit in _units(call, case, "unit", "units"):
        case.add_party(unit, roles, None if ground is None else str(ground), call.element_id)


@handler("remove-party")
def remove_party(call: ServiceCall, case: CaseContext) -> None:
    """Ends the part of the units in `unit` (or `units`): in `roles`, or wholly."""
    roles = _texts(given(call, "roles", "role"), "roles", call.element_id)
    for unit in _units(call, case, "unit", "units"):
        case.remove_party(unit, roles, call.element_id)


@handler("start-case")
def start_case(call: ServiceCall, case: CaseContext) -> None:
    """Starts a case of `process` with `answers`, owned by `owner` (this case's owner if left out)."""
    process, answers = given(call, "process", "processId"), given(call, "answers", "data")
    if not isinstance(process, str) or not isinstance(answers or {}, dict):
        said = Text(
            "“process” must be a process id and “answers” a context",
            "”process” måste vara ett process-id och ”answers” en kontext",
        )
        raise Incident(said, element=call.element_id)
    owner = _units(call, case, "owner")[0] if given(call, "owner") else case.owner
    case.send("start-case", {"process": process, "answers": answers or {}, "owner": owner, "from": case.number})
    case.events.append(["case-started", call.element_id, None, {"process": process, "owner": owner}])
