"""One SIP from need to its first follow-up, by six people in six browsers, with the scheduler awake beside them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from engine.calendars import Calendar
from engine.example import PASSWORD
from tests import site as sites
from tests.browser import Person
from tests.site import Site

UNITS = ["skola-skovde", "socialtjanst-skovde", "bup-skaraborg"]


@pytest.fixture
def site(postgresql_url: str, tmp_path: Path) -> Iterator[Site]:
    with sites.running(postgresql_url, tmp_path) as running:
        yield running


class Staff:
    """The example people at their browsers, and the case they share."""

    def __init__(self, browser: Browser, site: Site) -> None:
        self.browser, self.site = browser, site
        self.people: dict[str, Person] = {}
        self.case = ""

    def at_work(self, username: str) -> Person:
        """Somebody at their list of tasks; the first time they log in. A day off has not logged them out."""
        if username in self.people:
            self.people[username].open("/")
        else:
            person = self.people[username] = Person.at(self.browser, self.site.base_url)
            person.log_in(username, PASSWORD)
        return self.people[username]

    def does(self, username: str, task: str, answers: dict[str, Any]) -> Person:
        """Somebody opens the case's task from their own list, fills it in and completes it."""
        person = self.at_work(username)
        row = person.page.locator("tr", has_text=self.case).filter(has_text=re.compile(task)).first
        person.click(row.get_by_role("link").first)
        person.answer(answers)
        person.press(re.compile("^(Markera som klar|Klar|Slutför|Complete)"))
        return person

    def day(self, days: int = 0) -> str:
        """A day of the site's own calendar, from today."""
        return (date.today() + self.site.shifted + timedelta(days=days)).isoformat()

    def let_pass(self, days: float) -> None:
        """Days go by for all processes at once."""
        self.site.advance(timedelta(days=days))

    def hears(self, address: str, words: str) -> None:
        """A notice about the case reaches a mailbox, and says no more than it may."""

        def came() -> bool:
            # A mail tells of several cases where they are due at once, each in a line of its own.
            lines = [line for mail in self.site.mailbox.to(address) for line in body(mail).splitlines()]
            return any(self.case in line and words in line for line in lines)

        sites.until(came, f"a notice to {address} that says {words!r}")


def body(mail: Any) -> str:
    return str(mail.get_payload(decode=True).decode("utf-8"))


def test_a_sip_runs_from_need_to_its_first_follow_up(browser: Browser, site: Site) -> None:
    staff = Staff(browser, site)
    need_is_seen(staff)
    consent_is_asked_for_after_a_reminder(staff)
    units_are_summoned_and_one_stays_silent(staff)
    the_meeting_makes_a_plan(staff)
    every_unit_confirms(staff)
    the_plan_is_followed_up(staff)

    assert len(staff.people) == 6
    assert "Nothing breaks an invariant" in site.samled("check")


def need_is_seen(staff: Staff) -> None:
    """The school counsellor starts the case, and is told of another about the same child before it is made."""
    kurator = staff.at_work("kurator.skovde")
    kurator.follow("Starta ett ärende")
    kurator.follow(re.compile("Samordnad individuell plan"))
    kurator.answer(
        {
            "child": {"name": "Exempel Andersson", "personal_number": "20120125-2382"},
            "placed": "no",
            "asked_by": "unit",
            "date": staff.day(),
            "reason": "school-absence",
            "why": "Har inte orkat gå till skolan på fyra veckor.",
            "informed": "yes",
            "plans": [{"kind": "school-programme", "where": "Skolans diarium"}],
        }
    )
    kurator.press("Starta ärendet")
    kurator.sees("Det finns redan ett öppet ärende om det här barnet")
    kurator.page.get_by_label("Starta ett ärende till ändå").check()
    kurator.press("Starta ärendet")
    staff.case = re.search(r"20\d\d-\d{5}", kurator.page.locator("main").inner_text())[0]  # type: ignore[index]
    kurator.sees("Fråga om samtycke")


def consent_is_asked_for_after_a_reminder(staff: Staff) -> None:
    """Nobody asks for consent: the scheduler reminds whoever holds the task before it is due."""
    staff.let_pass(days_to_working_day(staff, 2))
    staff.hears("elevhalsa-skovde@example.org", "Påminnelse")
    staff.does(
        "kurator.skovde",
        "Fråga om samtycke",
        {
            "given": "yes",
            "date": staff.day(),
            "by": ["child", "guardian-1", "guardian-2"],
            "how": "written",
            "second_guardian": "answered",
            "units": UNITS,
            "kinds": ["school", "health"],
            "not_agreed": "Inget om mammas sjukdom.",
            "until": staff.day(360),
        },
    )
    staff.does(
        "kurator.skovde",
        "Fråga vad barnet vill",
        {"told": "yes", "words": "Jag vill kunna sova.", "part": "some", "support": "Mormor"},
    )


def units_are_summoned_and_one_stays_silent(staff: Staff) -> None:
    """Two units answer. The third does not: its manager hears of it, and answers."""
    staff.does(
        "kurator.skovde",
        "Kalla enheter",
        {
            "units": [{"unit": unit, "question": "Vad kan ni bidra med?"} for unit in UNITS],
            "invited": [{"who": "Mormor", "how": "letter"}],
            "planned_at": f"{staff.day(10)}T13:00",
            "form": "in-person",
            "place": "Familjecentralen Skövde, rum 2",
        },
    )
    coming = {"answer": "coming", "person": "Exempel Kollega", "mandate": "yes"}
    staff.does("specialpedagog.skovde", "Svara på kallelsen", coming)
    staff.does("socialsekreterare.skovde", "Svara på kallelsen", coming)
    psykolog = staff.at_work("psykolog.bup")
    psykolog.sees(staff.case)

    staff.let_pass(days_to_working_day(staff, 6))
    staff.hears("enhetschef.bup@example.org", "förts vidare")
    chef = staff.at_work("enhetschef.bup")
    chef.speak("English")
    staff.does("enhetschef.bup", "Take up the missing answer", {**coming, "mandate": "anchored"})


def the_meeting_makes_a_plan(staff: Staff) -> None:
    """All three units meet the child; the plan names one main responsible unit."""
    staff.does(
        "kurator.skovde",
        "Håll mötet",
        {
            "outcome": "held",
            "date": staff.day(),
            "form": "in-person",
            "child": "some",
            "guardians": "all",
            "attended": UNITS,
        },
    )
    staff.does(
        "kurator.skovde",
        "Skriv planen",
        {
            "date": staff.day(),
            "needs": "Sova, och komma tillbaka till skolan i egen takt.",
            "goals": [{"goal": "Jag vill orka träffa Alex.", "sign": "Att jag svarar när Alex ringer."}],
            "interventions": [
                {"what": "Lektioner i liten grupp", "unit": UNITS[0], "by": staff.day(days_to_working_day(staff, 20))},
                {"what": "Familjebehandling", "unit": UNITS[1], "by": staff.day(days_to_working_day(staff, 20))},
                {"what": "Samtal om sömn", "unit": UNITS[2], "by": staff.day(days_to_working_day(staff, 20))},
            ],
            "main_responsible": UNITS[1],
            "follow_up_date": staff.day(days_to_working_day(staff, 30)),
        },
    )
    staff.does(
        "kurator.skovde",
        "Lämna ut planen",
        {"to": ["child", "guardian-1"], "how": "read-aloud", "date": staff.day(), "comment": "Bra."},
    )


def every_unit_confirms(staff: Staff) -> None:
    """Each unit confirms its own interventions; then the case is the main responsible unit's."""
    confirmed = {"answer": "confirmed", "record": "Enhetens journal"}
    for username in ("specialpedagog.skovde", "socialsekreterare.skovde", "psykolog.bup"):
        staff.does(username, "Bekräfta enhetens insatser", confirmed)
    staff.does("kurator.skovde", "Fråga hur mötet blev", {"child_heard": "4", "child_plan": "5"})
    plan = staff.at_work("kurator.skovde")
    plan.open(f"/cases/{staff.case}/plan")
    plan.sees("Jag vill orka träffa Alex.")


def the_plan_is_followed_up(staff: Staff) -> None:
    """Weeks later, the social worker holds the first follow-up."""
    staff.let_pass(40)
    staff.does(
        "familjebehandlare.skovde",
        "Håll första uppföljningen",
        {
            "date": staff.day(),
            "present": ["child", "guardians", "units"],
            "child_words": "Jag sover bättre.",
            "interventions": [
                {"status": "done", "helped": "yes"},
                {"status": "ongoing", "helped": "partly"},
                {"status": "ongoing", "helped": "too-early"},
            ],
            "next": "continue",
            "next_date": staff.day(days_to_working_day(staff, 60)),
        },
    )
    person = staff.people["familjebehandlare.skovde"]
    person.open(f"/cases/{staff.case}")
    person.sees("Håll nästa uppföljning")
    for text in ("Fråga om samtycke", "Håll mötet", "Håll första uppföljningen"):
        person.sees(text)


def days_to_working_day(staff: Staff, working_days: int) -> int:
    """Days from the site's today to so many working days later."""
    today = date.fromisoformat(staff.day())
    return (Calendar().working_days_after(today, working_days) - today).days
