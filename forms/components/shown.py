"""Components that only show: text, a line, a space, a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from forms.components.base import Component
from forms.nodes import Node
from forms.scope import Scope
from forms.templating import Template, words


@dataclass(frozen=True, kw_only=True)
class TextView(Component):
    """Markdown, with FEEL in it."""

    type = "text"
    properties = frozenset({"text", "label", "strict"})

    text: Template

    @classmethod
    def settings(cls, node: Node) -> dict[str, Any]:
        return {"text": node.template("text")}

    def expressions(self) -> dict[str, str]:
        found = super().expressions()
        return {**found, **{f"text.{number}": source for number, source in enumerate(self.text.expressions)}}


@dataclass(frozen=True, kw_only=True)
class Separator(Component):
    """A line across."""

    type = "separator"


@dataclass(frozen=True, kw_only=True)
class Spacer(Component):
    """Some room. Its height in pixels is left to the style sheet."""

    type = "spacer"
    properties = frozenset({"height"})


@dataclass(frozen=True)
class Column:
    """A column of a table."""

    key: str
    label: str


@dataclass(frozen=True, kw_only=True)
class Table(Component):
    """Rows of data that the case already has. All rows are shown: `rowCount` is about paging."""

    type = "table"
    properties = frozenset({"label", "rowCount", "columns", "columnsExpression", "dataSource"})

    label: Template
    columns: tuple[Column, ...] = ()
    columns_expression: str = ""
    #: FEEL source of a list of objects.
    rows: str = "null"

    @classmethod
    def settings(cls, node: Node) -> dict[str, Any]:
        expression = node.content.get("columnsExpression")
        return {
            "label": node.template("label"),
            "columns": tuple(_columns(node)),
            "columns_expression": node.feel("columnsExpression", expression) if expression else "",
            "rows": node.feel("dataSource", node.content.get("dataSource")),
        }

    def expressions(self) -> dict[str, str]:
        found = {**super().expressions(), "dataSource": self.rows}
        if self.columns_expression:
            found["columnsExpression"] = self.columns_expression
        return found

    def content(self, scope: Scope) -> tuple[list[Column], list[list[str]]]:
        """Columns and the cells of each row, in words; a unit by its name."""
        columns = list(self.columns)
        if self.columns_expression:
            given = scope.feel(self.columns_expression)
            columns = [column for column in map(_column, given if isinstance(given, list) else []) if column]
        rows = scope.feel(self.rows)
        units = {option.value: option.label for option in scope.situation.options("unit") or []}
        return columns, [
            [words(_named(row.get(column.key), units), scope) for column in columns]
            for row in (rows if isinstance(rows, list) else [])
            if isinstance(row, Mapping)
        ]


def _named(value: Any, units: Mapping[Any, str]) -> Any:
    return units.get(value, value) if isinstance(value, str) else value


def _columns(node: Node) -> list[Column]:
    given = node.content.get("columns")
    if given is None:
        if not node.content.get("columnsExpression"):
            node.refuse("missing-columns")
        return []
    columns = [_column(item) for item in given] if isinstance(given, list) else [None]
    if not all(columns):
        node.refuse("property-type.column")
    return [column for column in columns if column]


def _column(item: Any) -> Column | None:
    if not isinstance(item, Mapping) or not isinstance(item.get("key"), str):
        return None
    return Column(item["key"], str(item.get("label") or item["key"]))
