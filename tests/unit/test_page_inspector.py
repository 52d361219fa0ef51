"""The inspector finds what it is there to find; else a page that passes would prove nothing."""

from __future__ import annotations

import pytest

from tests.page_inspector import findings

WHOLE = """<!doctype html>
<html lang="sv"><head><title>Prov</title></head><body><main><h1>Prov</h1>
<form method="post" action="/a"><input type="hidden" name="csrf_token" value="x">
<label for="a">A</label><input id="a" name="a" aria-describedby="hint"><p id="hint">Så</p>
<fieldset><legend>B</legend><label><input type="checkbox" name="b"> b</label></fieldset>
<button>Skicka</button></form>
<form method="post" action="/b" id="rows"><input type="hidden" name="csrf_token" value="x"></form>
<table><tr><th>Rad</th><td><button form="rows" formaction="/c">Ta</button></td></tr></table>
</main></body></html>"""


def test_a_page_in_order_has_no_findings() -> None:
    assert findings(WHOLE) == []


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("<h1>Prov</h1>", "<h2>Prov</h2>", "0 h1"),
        ("<h1>Prov</h1>", "<h1>Prov</h1><h1>Två</h1>", "2 h1"),
        ("<h1>Prov</h1>", "<h1>Prov</h1><h3>Under</h3>", "h3 follows an h1"),
        ("<title>Prov</title>", "<title> – </title>", "title is empty"),
        ('id="hint"', 'id="a"', "'a' is used 2 times"),
        ('aria-describedby="hint"', 'aria-describedby="gone"', "points at no id"),
        ('<label for="a">A</label>', "", "has no label"),
        ("<legend>B</legend>", "", "no legend"),
        ('<input type="hidden" name="csrf_token" value="x">\n', "", "no csrf token"),
        ("<button>Skicka</button>", "", "without JavaScript"),
        ("<h1>", '<h1 style="color:red">', "style="),
        ("<h1>", '<h1 onclick="x()">', "onclick="),
        ("</main>", "<script>x()</script></main>", "script stands in the page"),
        ("</main>", "<style>h1{}</style></main>", "style element"),
        ("</main>", '<img src="https://elsewhere.example/a.png" alt=""></main>', "another host"),
        ('lang="sv"', "", "no lang"),
        ("<main>", "<main></main><main>", "one main"),
        ("</main>", '<nav><a href="/">Hem</a></nav></main>', "nav has no name"),
        ("</main>", '<a href="/"></a></main>', "has no text"),
        ("<th>Rad</th>", "<td>Rad</td>", "no th"),
        ("</main>", '<img src="/a.png"></main>', "no alt"),
        ("</main>", "<svg></svg></main>", "svg is neither hidden nor named"),
        ("</main>", "<p><div>in</div></p></main>", "HTML is not valid"),
        ("</main>", '<a href="#gone">Dit</a></main>', "points at no id"),
    ],
)
def test_a_fault_is_found_and_the_remedy_told(right: str, wrong: str, told: str) -> None:
    assert WHOLE.count(right) >= 1
    found = findings(WHOLE.replace(right, wrong, 1))
    assert any(told in text for text in found), found
