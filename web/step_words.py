"""The list of steps in words: who, when, and where each way leads, as sentences with links to the rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, cast

from flask_babel import gettext as _
from markupsafe import Markup

from engine.differences.vocabulary import length_words
from engine.editing import texts
from engine.editing.steps.model import StepRefused
from engine.editing.steps.read import DEADLINE, Aside, Step, Way
from engine.errors import SamledError
from engine.findings import Language
from engine.process_settings import UNIT_MANAGER, DeadlineSetting
from web.durations import duration_words
from web.i18n import language


class Words:
    """What is said about the steps of a draft, in the reader's language."""

    def __init__(self, files: Mapping[str, str], steps: Sequence[Step]) -> None:
        self.files = files
        self.settings = texts.settings(files)
        self._steps = {step.id: step for step in steps}
        self._languages = texts.languages(files)

    @property
    def languages(self) -> list[str]:
        """Those that the package is translated to."""
        return list(self._languages)

    @cached_property
    def forms(self) -> list[str]:
        return list(texts.forms(self.files))

    @cached_property
    def role_names(self) -> list[str]:
        """Roles that may do a step: those of the package."""
        return list(self.settings.roles)

    def text(self, text: str) -> str:
        """A text of the package, translated where it is."""
        return self._languages.get(language(), {}).get(text, text)

    def other(self, text: str, code: str) -> str:
        """A text in another language, as it is written; nothing where nobody has."""
        return self._languages.get(code, {}).get(text, "")

    def role(self, name: str) -> str:
        role = self.settings.roles.get(name)
        if role is None and name == UNIT_MANAGER:
            return _("the unit's manager")
        return self.text(role.title) if role else name

    def name(self, key: str) -> str:
        """What a step is called; what kind it is where it has no name."""
        step = self._steps.get(key)
        return (self.text(step.name) or self.kind(step)) if step else key

    def kind(self, step: Step) -> str:
        """What kind of step it is, in a word or two."""
        if step.kind == "startEvent":
            return _("Begins")
        if step.is_branch:
            return {
                "parallelGateway": _("At the same time"),
                "eventBasedGateway": _("Waits for what comes first"),
            }.get(step.kind, _("Choice"))
        if step.is_part:
            return _("Part of the process")
        if step.kind == "callActivity":
            return _("Other process")
        if step.is_task:
            return _("Task")
        if step.kind in ("intermediateCatchEvent", "receiveTask"):
            return _("Waits")
        return _("By itself")

    def who(self, step: Step) -> str:
        """Who does it; nothing where nobody need do anything."""
        if step.groups:
            return ", ".join(self.role(one) for one in step.groups)
        if step.who_formula:
            return ""
        if step.is_task:
            return self.text(step.lane) if step.lane else _("Nobody yet")
        return ""

    def deadline(self, name: str) -> DeadlineSetting | None:
        return self.settings.deadlines.get(name)

    def how_long(self, name: str) -> str:
        """A deadline's time."""
        found = self.deadline(name)
        return duration_words(found.value) if found else ""

    def deadline_words(self, name: str) -> str:
        """A deadline: how long, and what it is called."""
        found = self.deadline(name)
        if found is None:
            return _("“%(name)s”, which is not declared", name=name)
        return f"{duration_words(found.value)} ({self.text(found.title or name)})"

    def reminders(self, step: Step) -> list[str]:
        found = [one for name in step.deadlines if (one := self.deadline(name)) and one.remind and step.is_task]
        return [_("%(time)s before", time=length_words(str(one.remind), cast("Language", language()))) for one in found]

    def ladders(self, step: Step) -> list[str]:
        """Who hears of it when a deadline has passed, in order."""
        found = [one for name in step.deadlines if (one := self.deadline(name)) and step.is_task]
        told = [_(", then ").join(self.role(rung) for rung in one.escalate) for one in found if one.escalate]
        return [_("%(who)s is told", who=who) for who in told]

    def users(self, name: str, but: str) -> list[Step]:
        """Other steps with the same deadline."""
        return [step for step in self._steps.values() if step.id != but and name in step.deadlines]

    # Choices

    def choosable(self, chosen: Sequence[str]) -> list[str]:
        """Roles to tick: the package's, and what is ticked though nobody declares it."""
        return list(dict.fromkeys((*self.role_names, *chosen)))

    def recipients(self, chosen: Sequence[str]) -> list[str]:
        """Whom a deadline may tell."""
        return list(dict.fromkeys((UNIT_MANAGER, *self.role_names, *chosen)))

    def deadline_choices(self, now: str) -> list[tuple[str, str]]:
        names = dict.fromkeys((*self.settings.deadlines, *([now] if now else [])))
        return [(name, self.deadline_words(name)) for name in names]

    def form_choices(self, now: str) -> list[tuple[str, str]]:
        return [(name, name) for name in dict.fromkeys((*self.forms, *([now] if now else [])))]

    @cached_property
    def ladder_of_most(self) -> tuple[str, ...]:
        """Who hears of most of the package's deadlines: what a new one begins with."""
        ladders = Counter(one.escalate for one in self.settings.deadlines.values() if one.escalate)
        return ladders.most_common(1)[0][0] if ladders else (UNIT_MANAGER,)

    # Sentences

    def sentences(self, step: Step, following: Step | None) -> list[Markup]:
        """Where it goes on, but for what simply comes next; and what may happen meanwhile."""
        found = []
        if step.for_each:
            found.append(_said(_("Once for each of %(list)s."), list=_code(step.for_each)))
        if step.kind == "callActivity" and step.does:
            found.append(_said(_("Runs the process %(process)s."), process=step.does))
        for way in step.ways:
            plain = len(step.ways) == 1 and not way.condition
            if not (plain and following is not None and way.target_id == following.id and not way.waits):
                found.append(self._way(step, way, plain))
        return found + [sentence for aside in step.asides for sentence in self._aside(aside)]

    def _way(self, step: Step, way: Way, plain: bool) -> Markup:
        goes = self._goes(way)
        if step.kind == "eventBasedGateway":
            return _said(_("If this comes first: %(goes)s."), goes=goes)
        if plain or step.kind == "parallelGateway":
            return (
                _said(_("Then %(goes)s."), goes=goes) if plain else _said(_("At the same time: %(goes)s."), goes=goes)
            )
        if way.label:
            return _said(_("If “%(answer)s”: %(goes)s."), answer=self.text(way.label), goes=goes)
        if way.is_default or not way.condition:
            return _said(_("Otherwise: %(goes)s."), goes=goes)
        return _said(_("If %(condition)s: %(goes)s."), condition=_code(way.condition), goes=goes)

    def _goes(self, way: Way) -> Markup:
        if way.target_id is None:
            if way.target:
                return _said(_("it ends here, “%(end)s”"), end=self.text(way.target))
            return _said(_("it ends here"))
        link = self._link(way.target_id, way.target)
        if way.is_back:
            return _said(_("back to %(step)s"), step=link)
        if way.waits:
            return _said(_("when the others are done as well, %(step)s"), step=link)
        return link

    def _aside(self, aside: Aside) -> list[Markup]:
        when = self._when(aside)
        goes = [self._goes(way) for way in aside.ways] or [_said(_("nothing more"))]
        text = (
            _("%(when)s: the step stops, and %(goes)s.")
            if aside.interrupts
            else _("%(when)s: %(goes)s, while the step goes on.")
        )
        return [_said(text, when=when, goes=one) for one in goes]

    def _when(self, aside: Aside) -> Markup:
        name = self.text(aside.name)
        names = DEADLINE.findall(aside.when)
        if names:
            return _said(_("When %(time)s have passed (“%(name)s”)"), time=self.deadline_words(names[0]), name=name)
        if aside.trigger == "timer":
            return _said(_("When the time %(time)s comes (“%(name)s”)"), time=_code(aside.when), name=name)
        return _said(_("If “%(name)s” happens"), name=name or aside.trigger)

    def _link(self, key: str, name: str) -> Markup:
        if key not in self._steps:
            return Markup("<em>{}</em>").format(self.text(name) or key)
        step = self._steps[key]
        return Markup('<a href="#row-{}">{} {}</a>').format(key, step.number, self.name(key))

    # Names of choices

    def template(self, name: str) -> str:
        return {
            "task": _("A task for somebody"),
            "approval": _("An approval: a yes goes on, a no goes back"),
            "consent": _("Ask for consent (the shared process)"),
            "meeting": _("Summon units and hold a meeting (the shared process)"),
            "handover": _("Hand over with a receipt (the shared process)"),
        }.get(name, name)

    def unit(self, name: str) -> str:
        return {
            "working": _("working days"),
            "days": _("days"),
            "weeks": _("weeks"),
            "months": _("months"),
            "hours": _("hours"),
            "minutes": _("minutes"),
            "": _("as written"),
        }[name]

    def reason(self, reason: str) -> str:
        return reasons().get(reason, reasons()["other"])


def reasons() -> dict[str, str]:
    """Why something cannot be done, and what to do instead."""
    return {
        "gone": _("That step is not there any more. This is how it is now."),
        "no-model": _("The draft has no model of the process. Bring one in as a file."),
        "timer-needs-time": _("A wait for a time needs one. Choose a deadline, or take the step out."),
        "not-a-step": _("It is no step of its own but where ways part or begin. Change it in the diagram."),
        "begins-by-itself": _("Nothing leads to it: it begins by itself. Take it out in the diagram."),
        "several-ways": _(
            "Several ways lead on from it, so it is not clear which should stay. Take it out in the diagram."
        ),
        "first-of-several": _("It is one of several that are waited for at once. Take it out in the diagram."),
        "goes-round": _(
            "Without it, the process would go round without ever waiting. Change where its way leads first."
        ),
        "nothing-beside": _("It cannot be moved there: ways part or meet beside it. Move it in the diagram."),
        "approves-nothing": _("An approval stands after the step that is approved. Choose another place."),
        "in-use": _("It is in use. Choose another deadline in the steps first."),
        "unreadable": _("A file of the draft cannot be read as it is. What the checks say of it stands under Publish."),
        "other": _("This cannot be laid out as it would be. Change it in the diagram."),
    }


def refusal(error: SamledError) -> str:
    """Why something was not done, in words."""
    known = reasons()
    return known.get(error.reason, known["other"]) if isinstance(error, StepRefused) else known["other"]


def _code(formula: str) -> Markup:
    return Markup("<code>{}</code>").format(formula)


def _said(text: str, **values: Any) -> Markup:
    """A translated sentence with what is put into it; what is no markup is escaped."""
    return Markup(text) % values  # noqa: S704 - the sentence is our own
