"""What an expression cannot do: reach anything, take for ever, or harm the evaluation after it."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import FeelError
from engine.feel import Feel, FeelContext, current_feel

CONTEXT = FeelContext(now=datetime(2026, 3, 27, 9, 0, tzinfo=UTC))


def evaluate(source: str, variables: Mapping[str, Any] | None = None, feel: Feel | None = None) -> Any:
    return (feel or current_feel()).compile(source).evaluate(variables or {}, CONTEXT)


def assert_healthy(feel: Feel | None = None) -> None:
    assert evaluate('upper case(x) + string(today() = date("2026-03-27"))', {"x": "å"}, feel) == "Åtrue"


@pytest.mark.parametrize(
    ("source", "variables"),
    [
        ('matches(x, "(a+)+$")', {"x": "a" * 40 + "b"}),
        ('replace(x, "(a|a)*$", "")', {"x": "a" * 40 + "b"}),
        ('split(x, "(a+)+b(a+)+$")', {"x": "a" * 60 + "c"}),
        ("for i in 1..1000000000 return i", {}),
        ("for i in 1..100000, j in 1..100000 return i * j", {}),
        ("some i in 1..1000000000 satisfies i < 0", {}),
        ("count(for i in 1..100000000 return [i, i, i])", {}),
        ("(function(f) f(f))(function(f) f(f))", {}),
        ("{y: function(f, n) f(f, n + 1), r: y(y, 1)}.r", {}),
        ("sort(x, function(a, b) count(sort(x, function(c, d) c < d)) > a)", {"x": list(range(200))}),
        ('string join(for i in 1..100000 return string join(for j in 1..100 return "xxxxxxxxxx"))', {}),
        ("{f: function(x, g) g([x, x], g), r: f(1, f)}.r", {}),
        ("flatten(x)", {"x": [[[0] * 100] * 100] * 200}),
        ("working days after(today(), 50000)", {}),
    ],
)
def test_an_endless_or_greedy_expression_ends_as_an_error_and_harms_nothing(
    source: str, variables: dict[str, Any]
) -> None:
    started = time.perf_counter()
    with pytest.raises(FeelError) as caught:
        evaluate(source, variables)
    assert time.perf_counter() - started < 5
    assert caught.value.expression == source
    assert_healthy()


@pytest.mark.parametrize(
    "source",
    [
        "(" * 4000 + "1" + ")" * 4000,
        "[" * 4000 + "]" * 4000,
        "-" * 4000 + "1",
        "not(" * 3000 + "true" + ")" * 3000,
        "1" + "+1" * 9000,
    ],
)
def test_an_expression_nested_without_end_is_refused_when_it_is_compiled(source: str) -> None:
    feel = Feel(time_limit=0.05)
    with pytest.raises(FeelError):
        evaluate(source, feel=feel)
    assert_healthy(feel)


def test_an_expression_longer_than_a_person_writes_is_refused() -> None:
    with pytest.raises(FeelError, match="longer than"):
        current_feel().compile("1" * 20_001)


def test_a_string_that_doubles_is_stopped_by_memory() -> None:
    feel = Feel(time_limit=10, memory_limit=32 * 2**20)
    doubling = "".join(
        f"for a{n} in [string join([{'x' if n == 0 else f'a{n - 1}'}, {'x' if n == 0 else f'a{n - 1}'}])] return "
        for n in range(40)
    )
    with pytest.raises(FeelError, match="too much memory"):
        evaluate(f"({doubling} a39)", {"x": "x" * 1000}, feel)
    assert_healthy(feel)


def test_a_value_larger_than_the_memory_is_an_error() -> None:
    feel = Feel(memory_limit=8 * 2**20)
    for size in range(50_000, 250_000, 25_000):
        with pytest.raises(FeelError, match="too much memory"):
            evaluate("count(x)", {"x": [[0]] * size}, feel)
    with pytest.raises(FeelError, match="too large"):
        evaluate("count(x)", {"x": ["y" * 1000] * 10_000}, feel)
    assert_healthy(feel)


def test_the_time_limit_is_the_expressions_own_also_beside_busy_threads() -> None:
    feel = Feel(time_limit=0.2)
    stop = threading.Event()
    neighbours = [
        threading.Thread(target=lambda: [evaluate("1 + 1") for _ in iter(stop.is_set, True)]) for _ in range(3)
    ]
    # Some 0.1 s of work: within the limit, but the process's CPU time runs faster than this thread's.
    work = feel.compile("count(for i in 1..n return [i])")
    size = 1000
    while True:
        started = time.thread_time()
        work.evaluate({"n": size}, CONTEXT)
        if time.thread_time() - started > 0.03:
            break
        size *= 2
    for thread in neighbours:
        thread.start()
    try:
        for _ in range(5):
            assert work.evaluate({"n": size}, CONTEXT) == size
    finally:
        stop.set()
        for thread in neighbours:
            thread.join()


HOSTILE_NAMES = [
    "__proto__", "constructor", "prototype", "toString", "valueOf", "hasOwnProperty", "__defineGetter__", "toJSON",
    "then", "length", "globalThis", "eval", "Function", "this", "arguments", "caller", "process", "require", "Symbol",
    "compile", "evaluate", "state", "builtins", "Reflect", "Proxy", "std", "os", "console", "print",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE_NAMES)
@pytest.mark.parametrize(
    "template",
    ["{}", "x.{}", '"a".{}', "[1].{}[1]", "now().{}", 'duration("P1D").{}', "(function(a) a).{}", "[1..2].{}",
     "count.{}", "{{a: 1}}.{}", "{}(1)", "x.{}(1)", 'x.{}.constructor("return 1")', "x[{} != null]", "`{}`",
     'date("2026-01-01").{}', "today.{}", "{}.{}"],
)  # fmt: skip
def test_nothing_of_javascript_can_be_reached_by_name(template: str, name: str) -> None:
    with pytest.raises(FeelError):
        evaluate(template.format(*[name] * template.count("{}")), {"x": {"a": 1}})


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_a_hostile_key_of_data_is_a_key_like_any_other(name: str) -> None:
    data = {"x": {name: {"a": 1}}, "list": [{name: 1}, {name: 2}]}
    assert evaluate("x", data) == {name: {"a": 1}}
    assert evaluate(f'get value(x, "{name}").a', data) == 1
    assert evaluate("get entries(x)[1].key", data) == name
    assert evaluate("context merge(x, {b: 1}).b", data) == 1
    assert evaluate("x = x", data) is True
    assert evaluate("count(list[item != null])", data) == 2
    assert evaluate(f'context put({{}}, "{name}", 1)', data) == {name: 1}
    assert evaluate("string(x)", data) == f"{{{name}: {{a: 1}}}}"
    with pytest.raises(FeelError):
        evaluate("x.a", data)
    assert_healthy()


@pytest.mark.parametrize(
    "source",
    [
        '{"__proto__": {a: 1}}.a',
        '{"\\u005f_proto__": {a: 1}}.a',
        'context([{key: "__proto__", value: {a: 1}}]).a',
        'context put({}, ["__proto__", "a"], 1).a',
        "function(__proto__) 1",
        "for __proto__ in [{a: 1}] return a",
        "{__proto__: {a: 1}, b: a}.b",
    ],
)
def test_a_prototype_cannot_be_put_under_a_value(source: str) -> None:
    with pytest.raises(FeelError):
        evaluate(source)
    assert_healthy()
    with pytest.raises(FeelError):
        evaluate("{}.a")


def test_nothing_is_left_behind_for_the_next_evaluation() -> None:
    assert evaluate("{leak: 5, b: leak}.b") == 5
    with pytest.raises(FeelError, match="no variable"):
        evaluate("leak")
    assert evaluate("x", {"x": 1}) == 1
    with pytest.raises(FeelError, match="no variable"):
        evaluate("x")


def test_the_engine_beneath_has_no_door_to_the_outside() -> None:
    runtime = Feel().runtime
    runtime.compile(("1", "expression", ()))
    reachable = set(runtime._context.eval("Object.getOwnPropertyNames(globalThis).join()").split(","))
    assert not reachable & {
        "std",
        "os",
        "bjson",
        "fetch",
        "require",
        "process",
        "console",
        "print",
        "XMLHttpRequest",
        "Worker",
        "setTimeout",
        "scriptArgs",
        "Deno",
        "navigator",
    }
    ours = {"compile", "evaluate", "evaluateTable", "surround", "drop", "loadTable", "dropTable"}
    assert ours <= reachable
    for maker in ("globalThis.Function", "globalThis.eval", "(() => 1).constructor", "(function* () {}).constructor"):
        assert runtime._context.eval(f"typeof ({maker})") == "undefined"
    for shared in ("Object.prototype", "Array.prototype", "String.prototype", "RegExp.prototype", "Math", "JSON"):
        assert runtime._context.eval(f"Object.isFrozen({shared})") is True


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60))
def test_any_text_as_an_expression_gives_a_value_or_a_feel_error(source: str) -> None:
    with suppress(FeelError):
        evaluate(source, {"x": {"a": [1, "b", None]}})
    assert current_feel().compile("1 + 1").evaluate({}, CONTEXT) == 2


_words = st.sampled_from(
    'x a 1 "å" ( ) [ ] { } + - * / . , : = != < > .. ? and or not if then else for in return some every satisfies '
    "function null true between instance of date date() now() today duration @ count deadline item partial".split()
)


@settings(max_examples=150, deadline=None)
@given(st.lists(_words, max_size=14).map(" ".join))
def test_any_words_of_feel_in_any_order_give_a_value_or_a_feel_error(source: str) -> None:
    with suppress(FeelError):
        evaluate(source, {"x": {"a": [1, "b", None]}, "a": 1})
    assert current_feel().compile("1 + 1").evaluate({}, CONTEXT) == 2
