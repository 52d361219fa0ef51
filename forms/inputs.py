"""Which input a question gets on the page, and what stands in it: what was typed, even when it is wrong."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from forms.characters import showable
from forms.components import Checkbox, Datetime, Filepicker, Number, Question, Textarea, Textfield
from forms.components.choices import Choice, Picker, Radio, Several
from forms.components.files import in_units
from forms.components.texts import bound_now
from forms.messages import in_words, say
from forms.options import find, token
from forms.scope import Option, Scope

if TYPE_CHECKING:
    from forms.view import Part

_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_CLOCK = re.compile(r"\d{2}:\d{2}", re.ASCII)


@dataclass(frozen=True)
class FileView:
    """A file already attached."""

    name: str
    size: str
    #: The reference as JSON, sent back with the page.
    token: str
    #: Value of its remove button.
    button: str


def fill(part: Part, question: Question, raw: Any, value: Any, scope: Scope) -> None:
    """Make `part` an input of the right kind. `raw` is what was typed or is known, `value` what it was read as."""
    if isinstance(question, Checkbox):
        part.kind, part.optional = "checkbox", False
        part.attributes = {"checked": ""} if raw is True or raw == "true" else {}
    elif isinstance(question, Choice):
        _choices(part, question, raw, value, scope)
    elif isinstance(question, Datetime):
        _moment(part, question, raw, value, scope)
    elif isinstance(question, Filepicker):
        _files(part, question, raw, scope)
    elif isinstance(question, Number):
        _number(part, question, raw, scope)
    elif isinstance(question, Textarea):
        part.kind, part.value = "textarea", _text(raw)
        part.attributes = {"autocomplete": "off"}
    elif isinstance(question, Textfield):
        _textfield(part, question, raw, scope)


def _textfield(part: Part, question: Textfield, raw: Any, scope: Scope) -> None:
    options = question.picker.options(scope) if question.picker else None
    if options is not None:
        part.kind = "select"
        _offer(part, options, [raw] if raw not in (None, "") else [])
        return
    part.kind, part.value = "input", _text(raw)
    part.attributes = {"type": "text", "autocomplete": "off"}
    part.prefix, part.suffix = question.prefix.render(scope), question.suffix.render(scope)
    if question.kind in ("email", "phone"):
        part.attributes["inputmode"] = "email" if question.kind == "email" else "tel"
    if question.kind == "email":
        part.attributes["spellcheck"] = "false"


def _number(part: Part, question: Number, raw: Any, scope: Scope) -> None:
    """A text box with a number keyboard: type=number loses what it cannot read and changes by a turn of the wheel."""
    part.kind = "input"
    number = isinstance(raw, (int, float)) and not isinstance(raw, bool)
    part.value = in_words(Decimal(str(raw)), scope.situation.language) if number else _text(raw)
    least = bound_now(question.least, scope)
    whole = question.decimals == 0 and least is not None and least >= 0
    # Telephones' number keyboards lack a minus sign, so only what cannot be negative gets one.
    mode = "numeric" if whole else "decimal" if least is not None and least >= 0 else "text"
    part.attributes = {"type": "text", "inputmode": mode, "autocomplete": "off"}
    part.prefix, part.suffix = question.prefix.render(scope), question.suffix.render(scope)


def _choices(part: Part, question: Choice, raw: Any, value: Any, scope: Scope) -> None:
    options = question.options(scope)
    several = isinstance(question, Several)
    if options is None:
        _unknown_options(part, question.picker, raw, several)
        return
    part.kind = "checks" if several else "radios" if isinstance(question, Radio) else "select"
    chosen = raw if several and isinstance(raw, list) else [] if several or raw in (None, "") else [raw]
    _offer(part, options, chosen)


def _unknown_options(part: Part, picker: Picker | None, raw: Any, several: bool) -> None:
    """A picker that nobody has given options: the id is typed."""
    part.kind, part.value = "input", _text(raw[0] if several and isinstance(raw, list) and raw else raw)
    part.attributes = {"type": "text", "autocomplete": "off"}


def _offer(part: Part, options: list[Option], chosen: list[Any]) -> None:
    from forms.view import ChoiceView

    found = [find(options, value) for value in chosen]
    # What was chosen before and is offered no more stays visible, so that nothing is lost without a word.
    strange = [Option(value, _text(value)) for value, option in zip(chosen, found, strict=True) if option is None]
    picked = {token(option.value) for option in [*found, *strange] if option}
    part.choices = [
        ChoiceView(token(option.value), option.label, token(option.value) in picked, f"{part.id}-{number}")
        for number, option in enumerate([*options, *strange], start=1)
    ]


def _moment(part: Part, question: Datetime, raw: Any, value: Any, scope: Scope) -> None:
    language = scope.situation.language
    if question.working_day:
        part.hints.append(say("word.working-date-hint", language))
    if question.subtype == "date":
        part.kind, part.value = "input", _text(raw)
        part.attributes = _date_attributes(part.value, question, scope)
        part.hints.append(say("word.date-hint", language))
        return
    date, time = _date_and_time(question, raw, value, scope)
    if question.subtype == "time":
        part.kind, part.value = "input", time
        part.attributes = _time_attributes(time, question)
        part.hints.append(say("word.time-hint", language))
        return
    part.kind = "moment"
    part.parts = [
        _half(part, "date", question.date_label.render(scope), date, _date_attributes(date, question, scope), scope),
        _half(part, "time", question.time_label.render(scope), time, _time_attributes(time, question), scope),
    ]


def _half(part: Part, name: str, label: str, value: str, attributes: dict[str, str], scope: Scope) -> Part:
    from forms.view import Part as MadePart

    language = scope.situation.language
    label = label if label and label != part.label else say(f"word.{name}", language)
    half = MadePart("input", f"{part.id}-{name}", label, f"{part.name}-{name}", value=value, attributes=attributes)
    half.hints, half.required = [say(f"word.{name}-hint", language)], part.required
    return half


def _date_attributes(value: str, question: Datetime, scope: Scope) -> dict[str, str]:
    # A browser's date box shows nothing of what is no date; as text it stays to be corrected.
    attributes = {"type": "date" if not value or _ISO_DATE.fullmatch(value) else "text", "autocomplete": "off"}
    if question.not_past:
        attributes["min"] = scope.situation.today().isoformat()
    return attributes


def _time_attributes(value: str, question: Datetime) -> dict[str, str]:
    attributes = {"type": "time" if not value or _CLOCK.fullmatch(value) else "text", "autocomplete": "off"}
    if question.interval > 1:
        attributes["step"] = str(question.interval * 60)
    return attributes


def _date_and_time(question: Datetime, raw: Any, value: Any, scope: Scope) -> tuple[str, str]:
    """What stands in the two boxes: what was typed, or the stored moment on the organisation's clock."""
    if isinstance(raw, Mapping):
        return _text(raw.get("date")), _text(raw.get("time"))
    if isinstance(value, str) and value:
        moment: datetime.datetime = question.moment(value, scope)
        return moment.strftime("%Y-%m-%d"), moment.strftime("%H:%M")
    if question.subtype == "time":
        return "", _text(raw)
    date, _, time = _text(raw).partition("T")
    return date, time


def _files(part: Part, question: Filepicker, raw: Any, scope: Scope) -> None:
    from forms.components.files import shown_reference

    language = scope.situation.language
    part.kind = "files"
    accept = ",".join(question.rule.accept)
    part.attributes = {"type": "file", **({"accept": accept} if accept else {})}
    if question.rule.multiple:
        part.attributes["multiple"] = ""
    if accept:
        part.hints.append(say("word.files-hint", language, accept=", ".join(question.rule.accept)))
    part.hints.append(say("word.size-hint", language, limit=in_units(question.rule.largest)))
    for number, reference in enumerate(raw if isinstance(raw, list) else []):
        name, size = shown_reference(reference)
        part.files.append(FileView(name, size, _text(reference), f"{part.name}-{number}"))


def _text(raw: Any) -> str:
    """Anything typed or stored, as it stands in a text box."""
    if raw is None:
        return ""
    return showable(raw if isinstance(raw, str) else json.dumps(raw, ensure_ascii=False))
