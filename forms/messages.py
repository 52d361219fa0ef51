"""What a form says to the person who fills it in: Swedish and English side by side, what to do next, the label in it.

A message is a key and its values; the language is chosen when it is shown, so that errors can be made where nobody
knows who reads them.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

LANGUAGES = ("sv", "en")

MONTHS = {
    "sv": "januari februari mars april maj juni juli augusti september oktober november december".split(),
    "en": "January February March April May June July August September October November December".split(),
}

#: key → (Swedish, English). `{label}` is the question as the form asks it.
TEXTS: dict[str, tuple[str, str]] = {
    # What is missing
    "required": ("Fyll i ”{label}”.", "Fill in “{label}”."),
    "required-choice": ("Välj ett alternativ under ”{label}”.", "Choose an option under “{label}”."),
    "required-choices": ("Välj minst ett alternativ under ”{label}”.", "Choose at least one option under “{label}”."),
    "required-tick": ("Kryssa i ”{label}” för att gå vidare.", "Tick “{label}” to go on."),
    "required-date": (
        "Skriv ett datum under ”{label}”, till exempel {example}.",
        "Enter a date under “{label}”, such as {example}.",
    ),
    "required-time": (
        "Skriv ett klockslag under ”{label}”, till exempel 13:30.",
        "Enter a time under “{label}”, such as 13:30.",
    ),
    "required-file": ("Välj en fil under ”{label}”.", "Choose a file under “{label}”."),
    # What has the wrong shape
    "not-text": ("Skriv text i ”{label}”.", "Enter text in “{label}”."),
    "not-a-number": (
        "Skriv ett tal i ”{label}”, till exempel {example}.",
        "Enter a number in “{label}”, such as {example}.",
    ),
    "not-yes-or-no": ("Svara ja eller nej på ”{label}”.", "Answer yes or no to “{label}”."),
    "not-a-date": (
        "Skriv ett datum som finns under ”{label}”, till exempel {example}.",
        "Enter a real date under “{label}”, such as {example}.",
    ),
    "not-a-time": (
        "Skriv ett klockslag mellan 00:00 och 23:59 under ”{label}”, till exempel 13:30.",
        "Enter a time between 00:00 and 23:59 under “{label}”, such as 13:30.",
    ),
    "not-a-moment": (
        "Skriv både datum och klockslag under ”{label}”, till exempel {example} 13:30.",
        "Enter both a date and a time under “{label}”, such as {example} 13:30.",
    ),
    "not-an-object": (
        "Skicka svaren under ”{label}” som ett objekt.",
        "Send the answers under “{label}” as an object.",
    ),
    "not-a-list": ("Skicka ”{label}” som en lista.", "Send “{label}” as a list."),
    "not-a-file": ("Välj filen under ”{label}” på nytt.", "Choose the file under “{label}” again."),
    "unknown-key": (
        "Formuläret har ingen fråga som heter ”{key}”. Ta bort den.",
        "The form has no question named “{key}”. Leave it out.",
    ),
    "characters": (
        "”{label}” innehåller tecken som inte går att spara. Skriv om texten.",
        "“{label}” has characters that cannot be stored. Write the text again.",
    ),
    # What breaks a rule
    "too-short": ("Skriv minst {limit} tecken i ”{label}”.", "Enter at least {limit} characters in “{label}”."),
    "too-long": (
        "Korta ”{label}” till högst {limit} tecken; nu är det {length}.",
        "Shorten “{label}” to at most {limit} characters; it has {length}.",
    ),
    "too-small": (
        "Skriv ett tal som är minst {limit} i ”{label}”.",
        "Enter a number of at least {limit} in “{label}”.",
    ),
    "too-large": ("Skriv ett tal som är högst {limit} i ”{label}”.", "Enter a number of at most {limit} in “{label}”."),
    "whole-number": (
        "Skriv ett heltal i ”{label}”, utan decimaler.",
        "Enter a whole number in “{label}”, without decimals.",
    ),
    "decimals": ("Skriv ”{label}” med högst {limit} decimaler.", "Enter “{label}” with at most {limit} decimals."),
    "number-size": (
        "Talet i ”{label}” är för stort. Skriv ett tal med högst {limit} siffror.",
        "The number in “{label}” is too large. Enter a number of at most {limit} digits.",
    ),
    "increment": (
        "Skriv ett tal i steg om {step} i ”{label}”; närmast ligger {below} och {above}.",
        "Enter a number in steps of {step} in “{label}”; the nearest are {below} and {above}.",
    ),
    "pattern": ("Skriv ”{label}” på det sätt som efterfrågas.", "Enter “{label}” in the way that is asked for."),
    "pattern-own": ("{label}: {own}", "{label}: {own}"),
    "email": (
        "Skriv en e-postadress i ”{label}”, till exempel namn@example.se.",
        "Enter an e-mail address in “{label}”, such as name@example.com.",
    ),
    "phone": (
        "Skriv ett telefonnummer i ”{label}”, till exempel 070-174 06 05 eller +46 70 174 06 05.",
        "Enter a telephone number in “{label}”, such as 070-174 06 05 or +46 70 174 06 05.",
    ),
    "past-date": (
        "Skriv ett datum från och med i dag under ”{label}”, till exempel {example}.",
        "Enter today or a later date under “{label}”, such as {example}.",
    ),
    "interval": (
        "Skriv ett klockslag i steg om {minutes} minuter under ”{label}”, till exempel {example}.",
        "Enter a time in steps of {minutes} minutes under “{label}”, such as {example}.",
    ),
    "working-day": (
        "Välj en arbetsdag under ”{label}”. Den närmaste är {example}.",
        "Choose a working day under “{label}”. The nearest is {example}.",
    ),
    "not-an-option": ("Välj ett av alternativen under ”{label}”.", "Choose one of the options under “{label}”."),
    "too-many": ("Välj högst {limit} under ”{label}”.", "Choose at most {limit} under “{label}”."),
    "too-many-rows": (
        "Ta bort rader under ”{label}”; högst {limit} får plats.",
        "Remove rows under “{label}”; at most {limit} fit.",
    ),
    "too-many-rows-in-all": (
        "Ta bort rader under ”{label}”; formuläret rymmer högst {limit} rader i alla listor tillsammans.",
        "Remove rows under “{label}”; the form holds at most {limit} rows in all its lists together.",
    ),
    "fixed-rows": (
        "Fyll i de {limit} rader som finns under ”{label}”; rader kan inte läggas till eller tas bort.",
        "Fill in the {limit} rows under “{label}”; rows cannot be added or removed.",
    ),
    "one-file": ("Välj bara en fil under ”{label}”.", "Choose only one file under “{label}”."),
    "file-type": (
        "Välj en fil av rätt slag under ”{label}”: {accept}.",
        "Choose a file of the right kind under “{label}”: {accept}.",
    ),
    "file-size": (
        "Välj en mindre fil under ”{label}”; högst {limit}.",
        "Choose a smaller file under “{label}”; at most {limit}.",
    ),
    # Words on the page
    "word.optional": ("frivilligt", "optional"),
    "word.yes": ("Ja", "Yes"),
    "word.no": ("Nej", "No"),
    "word.unanswered": ("Inget svar", "No answer"),
    "word.choose": ("Välj", "Choose"),
    "word.row": ("{label} {number}", "{label} {number}"),
    "word.add": ("Lägg till en rad under {label}", "Add a row under {label}"),
    "word.remove": ("Ta bort {row}", "Remove {row}"),
    "word.remove-file": ("Ta bort filen {name}", "Remove the file {name}"),
    "word.no-rows": ("Inga rader ännu.", "No rows yet."),
    "word.nothing": ("Inget att visa.", "Nothing to show."),
    "word.refresh": ("Uppdatera sidan", "Update the page"),
    "word.problem": ("Något behöver rättas", "Something needs to be corrected"),
    "word.error": ("Fel:", "Error:"),
    "word.date-hint": ("År-månad-dag, till exempel 2027-03-27.", "Year-month-day, such as 2027-03-27."),
    "word.time-hint": ("Timme:minut, till exempel 13:30.", "Hour:minute, such as 13:30."),
    "word.working-date-hint": ("En arbetsdag.", "A working day."),
    "word.date": ("Datum", "Date"),
    "word.time": ("Klockslag", "Time"),
    "word.files-hint": ("Tillåtna slag: {accept}.", "Kinds allowed: {accept}."),
    "word.size-hint": ("Högst {limit} per fil.", "At most {limit} a file."),
    "word.at": ("{date} kl. {time}", "{date} at {time}"),
    "word.more-question": ("Svara också på ”{label}”.", "Also answer “{label}”."),
}


@dataclass(frozen=True)
class Message:
    """One thing to say, in any of the languages. `params` are JSON values, dates, decimals or messages."""

    key: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def text(self, language: str = "sv") -> str:
        """The message in words. An unknown language gives English."""
        swedish, english = TEXTS[self.key]
        template = swedish if language == "sv" else english
        return template.format_map({name: in_words(value, language) for name, value in self.params.items()})

    def __str__(self) -> str:
        return self.text("en")

    def __hash__(self) -> int:
        return hash((self.key, str(sorted(self.params.items(), key=lambda item: item[0]))))


def say(key: str, language: str, **params: Any) -> str:
    """A word or sentence on the page, such as `say("word.optional", "sv")`."""
    return Message(key, params).text(language)


def in_words(value: Any, language: str) -> str:
    """A value as a person reads it: 27 mars 2027; 3,5; Ja."""
    if isinstance(value, Message):
        return value.text(language)
    if isinstance(value, bool):
        return say("word.yes" if value else "word.no", language)
    if isinstance(value, datetime.datetime):
        return say("word.at", language, date=value.date(), time=value.strftime("%H:%M"))
    if isinstance(value, datetime.date):
        return f"{value.day} {MONTHS['sv' if language == 'sv' else 'en'][value.month - 1]} {value.year}"
    if isinstance(value, (float, Decimal)):
        text = format(Decimal(str(value)), "f")
        return text.replace(".", ",") if language == "sv" else text
    return str(value)
