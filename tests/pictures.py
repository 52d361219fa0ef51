"""Takes the pictures of the documentation: the example organisation, as a person would see it. `make pictures`."""

from __future__ import annotations

import tempfile
from pathlib import Path

from engine.example import PASSWORD
from tests import browser as browsers
from tests import site as sites
from tests.browser import Person

FOLDER = Path(__file__).parents[1] / "docs/images"
WIDTH, HEIGHT = 1100, 760


def main() -> None:
    """Take them all, over a database of their own."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name, browsers.running() as browser:
        folder = Path(name)
        with sites.running(f"sqlite:///{folder / 'samled.db'}", folder, apart=False) as site:
            person = Person.at(browser, site.base_url, width=WIDTH)
            person.log_in("kurator.skovde", PASSWORD)
            take(person, "tasks.png", HEIGHT)
            waits_for_others = person.page.locator("main").inner_text()
            person.follow("Ärenden")
            take(person, "cases.png", HEIGHT)
            number = next(text for text in numbers(person) if text not in waits_for_others)
            person.open(f"/cases/{number}")
            take(person, "case.png", HEIGHT + 340)
            administrator = Person.at(browser, site.base_url, width=WIDTH)
            administrator.log_in("administrator", PASSWORD)
            administrator.open("/calendar/deadlines/sip/summons-receipt")
            administrator.answer({"value": "4 working days", "for": "running", "reason": "Styrgruppens beslut"})
            administrator.press("Visa vad det gör")
            take(administrator, "deadline.png", HEIGHT + 340)


def numbers(person: Person) -> list[str]:
    """The case numbers on the page, the newest first."""
    links = person.page.locator('main a[href^="/cases/20"]')
    return [text.split()[0] for text in links.all_inner_texts()]


def take(person: Person, name: str, height: int) -> None:
    """A picture of the top of the page."""
    person.page.set_viewport_size({"width": WIDTH, "height": height})
    person.page.screenshot(path=FOLDER / name)
    print(f"wrote {(FOLDER / name).relative_to(FOLDER.parents[1])}")


if __name__ == "__main__":
    main()
