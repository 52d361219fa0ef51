"""A test client that inspects every page it fetches, so that no test has to remember to.

    client = PageInspector(app)
    client.log_in("kurator.skovde")              # or enter(…), which is quick
    page = client.get("/")                       # inspected: HTML, headings, ids, labels, tokens, headers
    page = page.submit("Take", at="/tasks/7/take")   # fills in the hidden fields as a browser does

Each finding says what to do about it.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any
from urllib.parse import urljoin, urlsplit

import html5lib
from flask import Flask
from lxml import etree
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

PASSWORD = "prova-samled-2026"
NAMED_CONTROLS = ("input", "select", "textarea")
UNLABELLED = ("hidden", "submit", "button", "image", "reset")


def findings(html: str) -> list[str]:
    """What is wrong with a page, a sentence each."""
    parser = html5lib.HTMLParser(tree=html5lib.getTreeBuilder("lxml"), namespaceHTMLElements=False)
    tree = parser.parse(html)
    lines = html.splitlines()
    found = [
        f"HTML is not valid: {code} at line {line}: {lines[line - 1][:160] if line <= len(lines) else ''}"
        for (line, _column), code, _values in parser.errors
    ]
    root = tree.getroot() if hasattr(tree, "getroot") else tree
    for check in (_headings, _ids, _labels, _forms, _inline, _landmarks, _names, _tables, _images):
        found += check(root)
    return found


def _headings(root: Any) -> Iterator[str]:
    levels = [int(item.tag[1]) for item in root.iter("h1", "h2", "h3", "h4", "h5", "h6")]
    if levels.count(1) != 1:
        yield f"The page has {levels.count(1)} h1. Give it one."
    for before, after in pairwise(levels):
        if after > before + 1:
            yield f"An h{after} follows an h{before}. Leave no level out."
    if not (root.findtext(".//title") or "").strip(" –"):
        yield "The title is empty. Fill the block `title`."


def _ids(root: Any) -> Iterator[str]:
    ids = Counter(root.xpath("//@id"))
    yield from (f"The id {key!r} is used {count} times. Make it unique." for key, count in ids.items() if count > 1)
    for attribute in ("for", "aria-describedby", "aria-labelledby", "aria-controls"):
        for value in root.xpath(f"//@{attribute}"):
            yield from (f'{attribute}="{key}" points at no id. Correct it.' for key in value.split() if key not in ids)
    for target in root.xpath("//a[starts-with(@href, '#')]/@href"):
        if target[1:] not in ids:
            yield f'href="{target}" points at no id. Correct it.'


def _labels(root: Any) -> Iterator[str]:
    labelled = set(root.xpath("//label/@for"))
    for control in root.iter(*NAMED_CONTROLS):
        if control.get("type") in UNLABELLED or control.get("aria-hidden") == "true":
            continue
        inside = control.xpath("ancestor::label")
        if not (inside or control.get("id") in labelled or control.get("aria-label") or control.get("aria-labelledby")):
            yield f"{control.tag} {control.get('name')!r} has no label. Add a label with for=."
    for group in root.iter("fieldset"):
        if group.find("legend") is None:
            yield "A fieldset has no legend. Add one as its first child."


def _forms(root: Any) -> Iterator[str]:
    for form in root.iter("form"):
        if (form.get("method") or "get").lower() == "post" and not form.xpath(".//input[@name='csrf_token']"):
            yield f"The form to {form.get('action')!r} has no csrf token. Begin it with form_token()."
        outside = root.xpath("//button[@form=$id]", id=form.get("id") or "")
        if not outside and not form.xpath(".//button | .//input[@type='submit']"):
            yield f"The form to {form.get('action')!r} cannot be sent without JavaScript. Give it a button."


def _inline(root: Any) -> Iterator[str]:
    for item in root.iter(etree.Element):
        for attribute in item.attrib:
            if attribute == "style" or attribute.startswith("on"):
                yield f"{item.tag} has {attribute}=, which the security policy refuses. Use a class or a script file."
    for script in root.iter("script"):
        if not script.get("src") and script.get("type") not in ("application/json",):
            yield "A script stands in the page. Move it to a file."
    if next(root.iter("style"), None) is not None:
        yield "A style element stands in the page. Move it to web/styles/."
    for address in root.xpath("//@src | //link/@href"):
        if urlsplit(address).netloc:
            yield f"{address} is fetched from another host. Serve it from static/."


def _landmarks(root: Any) -> Iterator[str]:
    if not root.get("lang"):
        yield "html has no lang. Set it to the language of the page."
    if len(root.xpath("//main")) != 1:
        yield "The page needs one main."
    navigations = root.xpath("//nav")
    if any(not (nav.get("aria-label") or nav.get("aria-labelledby")) for nav in navigations):
        yield "A nav has no name. Give it an aria-label."


def _names(root: Any) -> Iterator[str]:
    for item in root.iter("a", "button", "summary"):
        text = "".join(item.itertext()).strip()
        if not (text or item.get("aria-label") or item.xpath(".//img[@alt!='']")):
            yield f"{item.tag} to {item.get('href')!r} has no text. Say where it leads or what it does."


def _tables(root: Any) -> Iterator[str]:
    for table in root.iter("table"):
        if not table.xpath(".//th"):
            yield "A table has no th. Name its columns or rows."


def _images(root: Any) -> Iterator[str]:
    for image in root.iter("img"):
        if image.get("alt") is None:
            yield f"The image {image.get('src')!r} has no alt. Describe it, or set it to empty."
    for picture in root.iter("{*}svg", "svg"):
        if picture.get("aria-hidden") != "true" and picture.get("role") != "img":
            yield "An svg is neither hidden nor named. Add aria-hidden or role=img with a label."


HEADERS = {
    "Content-Security-Policy": "default-src 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=()",
}


def header_findings(response: TestResponse) -> list[str]:
    """What is wrong with the headers of a page."""
    found = [
        f"{name} is {response.headers.get(name)!r}. It should hold {part}."
        for name, part in HEADERS.items()
        if part not in response.headers.get(name, "")
    ]
    policy = response.headers.get("Content-Security-Policy", "")
    found += [f"The content security policy allows {word}." for word in ("unsafe", "*", "http:") if word in policy]
    if response.headers.get("Cache-Control") != "no-store":
        found.append("A page may be kept by a cache. Send Cache-Control: no-store.")
    return found


class Page:
    """A page that was fetched and found in order."""

    def __init__(self, client: PageInspector, response: TestResponse) -> None:
        self.client, self.response = client, response
        self.status, self.html, self.url = response.status_code, response.text, response.request.full_path.rstrip("?")
        parser = html5lib.HTMLParser(tree=html5lib.getTreeBuilder("lxml"), namespaceHTMLElements=False)
        tree = parser.parse(self.html)
        self.root: Any = tree.getroot() if hasattr(tree, "getroot") else tree

    @property
    def text(self) -> str:
        """The words of the page's main part."""
        return " ".join(" ".join(self.root.xpath("//main//text()")).split())

    @property
    def title(self) -> str:
        """The one h1."""
        return " ".join("".join(self.root.find(".//h1").itertext()).split())

    def links(self) -> dict[str, str]:
        """Text → address."""
        return {" ".join("".join(link.itertext()).split()): link.get("href") for link in self.root.iter("a")}

    def follow(self, text: str) -> Page:
        """Follow the link with this text."""
        return self.client.get(urljoin(self.url, self.links()[text]))

    def fields(self, at: str | None = None, button: str | None = None) -> MultiDict[str, str]:
        """What a browser would send from a form, untouched."""
        return self._fields(self._form(at, button))

    def submit(self, button: str | None = None, *, at: str | None = None, follow: bool = True, **typed: Any) -> Page:
        """Fill in the form with this button (or this action) and send it. `typed`: name → value, list or file."""
        form, action = self._form_and_action(at, button)
        data = self._fields(form)
        for item in form.xpath(".//button[@name]"):
            if button and button in "".join(item.itertext()):
                data[item.get("name")] = item.get("value", "")
                break
        for name, value in typed.items():
            data.setlist(name, value if isinstance(value, list) else [value])
        if (form.get("method") or "get").lower() == "get":
            return self.client.get(action, query_string=data)
        return self.client.post(action, data, follow=follow)

    def _form_and_action(self, at: str | None, button: str | None) -> tuple[Any, str]:
        """A button may stand outside its form and have an address of its own."""
        for item in self.root.xpath("//button[@form][@formaction]"):
            label = " ".join("".join(item.itertext()).split())
            if (at is None or item.get("formaction") == at) and (button is None or button in label):
                return self.root.xpath("//form[@id=$id]", id=item.get("form"))[0], item.get("formaction")
        form = self._form(at, button)
        return form, urljoin(self.url, form.get("action") or self.url)

    def _form(self, at: str | None, button: str | None) -> Any:
        for form in self.root.iter("form"):
            label = " ".join(" ".join("".join(item.itertext()).split()) for item in form.iter("button"))
            if (at is None or urlsplit(form.get("action") or self.url).path == at) and (
                button is None or button in label
            ):
                return form
        raise AssertionError(f"There is no form to {at} with the button {button} on {self.url}: {self.text[:2000]}")

    @staticmethod
    def _fields(form: Any) -> MultiDict[str, str]:
        data: MultiDict[str, str] = MultiDict()
        for control in form.iter(*NAMED_CONTROLS):
            name, kind = control.get("name"), control.get("type")
            if not name or kind in ("submit", "button", "file") or control.get("disabled") is not None:
                continue
            if kind in ("checkbox", "radio"):
                if control.get("checked") is not None:
                    data.add(name, control.get("value", "on"))
            elif control.tag == "select":
                first = [] if control.get("multiple") is not None else control.xpath(".//option")[:1]
                for option in control.xpath(".//option[@selected]") or first:
                    data.add(name, option.get("value", "".join(option.itertext())))
            elif control.tag == "textarea":
                data.add(name, "".join(control.itertext()).removeprefix("\n"))
            else:
                data.add(name, control.get("value", ""))
        return data


class PageInspector:
    """A browser without a window that looks at every page as an inspector would."""

    def __init__(self, app: Flask, language: str = "sv") -> None:
        self.app = app
        self.http = app.test_client()
        self.http.environ_base["HTTP_ACCEPT_LANGUAGE"] = language
        self.seen: list[str] = []

    def get(self, path: str, *, status: int | None = 200, query_string: Any = None, follow: bool = True) -> Page:
        """Fetch and inspect a page; `status` is what is hoped for (None: anything)."""
        response = self.http.get(path, query_string=query_string, follow_redirects=follow)
        return self._inspected(response, status)

    def post(self, path: str, data: Mapping[str, Any], *, status: int | None = None, follow: bool = True) -> Page:
        """Send a form and inspect what comes back."""
        response = self.http.post(path, data=data, follow_redirects=follow)
        return self._inspected(response, status)

    def log_in(self, username: str, password: str = PASSWORD) -> Page:
        """Log in through the page."""
        return self.get("/login").submit(at="/login", username=username, password=password)

    def enter(self, person_id: str) -> PageInspector:
        """Have a session as this person without the log-in page, whose hash is meant to take time."""
        found = self.app.extensions["samled"].directory.person(person_id)
        with self.http.session_transaction() as session:
            session["_user_id"] = f"{found.session_epoch}:{found.id}"
            session["since"] = session["seen"] = int(time.time())
        return self

    def _inspected(self, response: TestResponse, status: int | None) -> Page:
        self.seen.append(response.request.path)
        if status is not None:
            assert response.status_code == status, f"{response.request.path}: {response.status}\n{response.text[:3000]}"
        if response.mimetype == "text/html" and response.status_code not in (301, 302, 303, 307, 308):
            found = findings(response.text) + header_findings(response)
            assert not found, f"{response.request.path}:\n" + "\n".join(found)
        return Page(self, response)
