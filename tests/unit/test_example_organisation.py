"""The example organisation: whole, and nobody in it could be taken for a real person."""

from collections import Counter

from engine import example

#: Units of the domain description, as kinds.
KINDS = set(
    "elevhalsa skola forskola socialtjanst lss vardcentral uph ungdomsmottagning bup barnhalsovard habilitering "
    "familjecentral mini-maria hvb narvaroteam insatsteam partssamverkan delregional politiskt-samrad forvaltning "
    "vuxen-socialtjanst vuxenpsykiatri".split()
)


def test_every_kind_of_unit_is_there() -> None:
    assert {unit.kind for unit in example.units()} == KINDS


def test_three_municipalities_and_units_of_the_whole_region() -> None:
    assert {unit.municipality for unit in example.units()} == {"Skövde", "Lidköping", "Mariestad", None}


def test_every_unit_is_reached_by_a_mailbox_at_example_org() -> None:
    units = {unit.id: unit for unit in example.units()}
    for unit in units.values():
        mailbox = unit.mailbox or units[unit.via_unit or ""].mailbox
        assert mailbox is not None
        assert mailbox.endswith("@example.org")


def test_everybody_has_an_obvious_example_name_and_one_role() -> None:
    people = example.sign_ins()
    assert len(people) >= 30
    assert all(person.name.startswith("Exempel ") for person in people)
    assert max(Counter(person.username for person in people).values()) == 1
    assert max(Counter(person.name for person in people).values()) == 1
    assert {person.role for person in people} == {"staff", "unit-manager", "process-owner", "administrator"}


def test_somebody_works_at_every_unit() -> None:
    assert {person.unit for person in example.sign_ins()} == {unit.name for unit in example.units()}
