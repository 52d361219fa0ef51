"""YAML with line numbers, where dates, times and numbers with leading zeros stay as they are written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import yaml

#: Nodes after aliases are written out; a file of nested aliases can stand for more than the memory holds.
NODE_LIMIT = 100_000
#: Levels of nesting. libyaml recurses on the machine's own stack, so what is deeper must not reach it.
DEPTH_LIMIT = 100
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_NUMBER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)\.[0-9]+(?:[eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+][0-9]+")
_KEPT = ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:int", "tag:yaml.org,2002:float")


#: `- - - - …`: each opens a level. Levels by indentation need a line each, and a file of those ends before the stack.
_BLOCKS = re.compile(rf"(?:[-?:][ \t]+){{{DEPTH_LIMIT}}}")


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Safe, without YAML 1.1's dates, its base 60 (10:30 is 630) and its octal (0123 is 83)."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in _KEPT]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
for _tag, _pattern in (("int", _INTEGER), ("float", _NUMBER)):
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_pattern.pattern})$"), list("-+0123456789")
    )


class TextError(ValueError):
    """The text is not YAML that can be used: a variant of the rule `yaml` and its values. `line` counts from 1."""

    def __init__(self, line: int, rule: str, **values: Any) -> None:
        super().__init__(f"line {line}: {rule}")
        self.line, self.rule, self.values = line, rule, values


@dataclass(frozen=True)
class Value:
    """Something read, and where it stands."""

    line: int
    #: A mapping's values are `Value` again, and so are a sequence's items; everything else is plain.
    content: Any

    @property
    def plain(self) -> Any:
        """The same without lines."""
        if isinstance(self.content, dict):
            return {key: value.plain for key, value in self.content.items()}
        if isinstance(self.content, list):
            return [value.plain for value in self.content]
        return self.content


def read_yaml(text: str) -> Value:
    """One document. Raises `TextError` with the line."""
    _check_depth(text)
    loader = None
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None:
            raise TextError(1, "yaml.empty")
        return _Reader(loader).value(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        # libyaml places what is missing at the end on the line after the last.
        last = text.rstrip().count("\n") + 1
        raise TextError(min(mark.line + 1, last) if mark else 1, "yaml", reason=error.problem) from None
    except yaml.YAMLError as error:
        raise TextError(1, "yaml", reason=str(error).splitlines()[0]) from None
    except RecursionError:
        raise TextError(1, "yaml.deep") from None
    finally:
        if loader:
            loader.dispose()


def _check_depth(text: str) -> None:
    """By counting brackets, those in quotes too: nobody opens a hundred without closing any."""
    depth = 0
    for found in re.finditer(r"[\[{\]}]", text):
        depth = depth + 1 if found[0] in "[{" else max(0, depth - 1)
        if depth > DEPTH_LIMIT:
            raise TextError(text.count("\n", 0, found.start()) + 1, "yaml.deep")
    if found_blocks := _BLOCKS.search(text):
        raise TextError(text.count("\n", 0, found_blocks.start()) + 1, "yaml.deep")


class _Reader:
    """Turns nodes into values: keys are text and stand once."""

    def __init__(self, loader: _Loader) -> None:
        self.loader = loader
        self.count = 0

    def value(self, node: yaml.Node) -> Value:
        line = node.start_mark.line + 1
        self.count += 1
        if self.count > NODE_LIMIT:
            raise TextError(line, "yaml.large", limit=NODE_LIMIT)
        if isinstance(node, yaml.MappingNode):
            self.loader.flatten_mapping(node)
            return Value(line, self.mapping(node))
        if isinstance(node, yaml.SequenceNode):
            return Value(line, [self.value(item) for item in node.value])
        try:
            content = self.loader.construct_object(node)
        except ValueError as error:
            raise TextError(line, "yaml", reason=error) from None
        if content is not None and not isinstance(content, str | int | float):
            raise TextError(line, "yaml.kind", kind=type(content).__name__)
        return Value(line, content)

    def mapping(self, node: yaml.MappingNode) -> dict[str, Value]:
        found: dict[str, Value] = {}
        for key_node, value_node in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
            line = key_node.start_mark.line + 1
            if key is None:
                raise TextError(line, "yaml.key")
            if key in found:
                raise TextError(line, "yaml.twice", key=key)
            found[key] = self.value(value_node)
        return found
