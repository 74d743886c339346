"""Polars' predicates as filters of our scans, as far as they mean the same."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from iceframe.errors import ValidationError
from iceframe.expressions import Expression, col, lit

if TYPE_CHECKING:
    import polars as pl

__all__ = ["implied_filter"]

# A node of what Polars serializes; its form is not promised, and differs between versions.
Node: TypeAlias = Any

_COMPARISONS = {
    "Eq": "__eq__",
    "NotEq": "__ne__",
    "Lt": "__lt__",
    "LtEq": "__le__",
    "Gt": "__gt__",
    "GtEq": "__ge__",
}
_MIRRORED = {"Lt": "Gt", "LtEq": "GtEq", "Gt": "Lt", "GtEq": "LtEq", "Eq": "Eq", "NotEq": "NotEq"}
_BETWEEN = {"Both": ("GtEq", "LtEq"), "Left": ("GtEq", "Lt"), "Right": ("Gt", "LtEq")}


def implied_filter(predicate: pl.Expr, schema: Mapping[str, pl.DataType]) -> Expression | None:
    """Returns a filter that is true for all rows for which the predicate is; None: none is known.

    Polars still applies its own: what has no counterpart here only reads more rows.

    Example:
        >>> import polars as pl
        >>> both = (pl.col("id") > 5) & pl.col("name").str.contains("x")
        >>> implied_filter(both, {"id": pl.Int64(), "name": pl.String()})
        <Expression id > 5>
    """
    import polars as pl

    try:
        tree = json.loads(predicate.meta.serialize(format="json"))
        return _Translation(schema).filter(tree)
    except (
        pl.exceptions.PolarsError,
        ValidationError,
        ValueError,
        TypeError,
        KeyError,
        OverflowError,
    ):
        # Another version's form, a function of Python's, a value that is no literal of ours.
        return None


class _Translation:
    def __init__(self, schema: Mapping[str, pl.DataType]) -> None:
        self._schema = schema

    def filter(self, node: Node) -> Expression | None:
        """Returns what the node implies."""
        if not isinstance(node, dict) or len(node) != 1:
            return None
        ((kind, content),) = node.items()
        if kind == "Column":
            return col(content) if self._kind_of(content) == "boolean" else None
        if kind == "BinaryExpr":
            return self._binary(content["op"], content["left"], content["right"])
        if kind == "Function":
            return self._function(content["function"], content["input"])
        return None

    def _binary(self, op: str, left: Node, right: Node) -> Expression | None:
        if op in ("And", "Or"):
            sides = [self.filter(side) for side in (left, right)]
            known = [side for side in sides if side is not None]
            if len(known) == 2:
                return known[0] & known[1] if op == "And" else known[0] | known[1]
            return known[0] if known and op == "And" else None
        if op not in _COMPARISONS:
            return None
        if "Literal" in left:
            left, right, op = right, left, _MIRRORED[op]
        return self._compare(op, left, right)

    def _function(self, function: Node, operands: list[Any]) -> Expression | None:
        if function == {"StringExpr": "StartsWith"}:
            column, prefix = self._column(operands[0], operands[1])
            return None if column is None else column.starts_with(prefix[0])
        what = function.get("Boolean") if isinstance(function, dict) else None
        if what in ("IsNull", "IsNotNull"):
            name = operands[0].get("Column")
            if name is None or self._kind_of(name) is None:
                return None
            return col(name).is_null() if what == "IsNull" else col(name).is_not_null()
        if what == {"IsIn": {"nulls_equal": False}}:
            column, values = self._column(operands[0], operands[1])
            known = column is not None and all(value is not None for value in values)
            return column.is_in(values) if column is not None and known else None
        if (
            isinstance(what, dict)
            and (closed := what.get("IsBetween", {}).get("closed")) in _BETWEEN
        ):
            column, low, high = operands
            lower, upper = _BETWEEN[closed]
            above = self._compare(lower, column, low)
            below = self._compare(upper, column, high)
            return above if below is None else below if above is None else above & below
        return None

    def _compare(self, op: str, column: Node, value: Node) -> Expression | None:
        known, values = self._column(column, value)
        if known is None or len(values) != 1 or values[0] is None:
            return None
        result: Expression = getattr(known, _COMPARISONS[op])(lit(values[0]))
        return result

    def _column(self, column: Node, literal: Node) -> tuple[Expression | None, list[Any]]:
        """Returns a column and the values it meets; None where they are of different kinds."""
        import polars as pl

        name = column.get("Column") if isinstance(column, dict) else None
        if name is None or "Literal" not in literal:
            return None, []
        values = pl.select(pl.Expr.deserialize(io.StringIO(json.dumps(literal)), format="json"))
        series = values.to_series()
        if isinstance(series.dtype, pl.List):
            series = series.explode()
        kind = self._kind_of(name)
        if kind is None or kind != _kind(series.dtype):
            return None, []
        given = series.to_list()
        is_wider = series.dtype == pl.Float64 and self._schema[name] == pl.Float32
        if is_wider and "Dyn" not in literal["Literal"]:
            # A double that was asked for is none of the column's floats.
            given = [None if value is None else lit(value).cast("double") for value in given]
        return col(name), given

    def _kind_of(self, name: str) -> str | None:
        """Returns the kind of a top-level column, None for what is not compared alike."""
        # A dot would go into a struct.
        return None if "." in name or name not in self._schema else _kind(self._schema[name])


def _kind(dtype: pl.DataType) -> str | None:
    """Returns what values of a type may be compared with; both engines agree within a kind."""
    import polars as pl

    if dtype.is_integer():
        return "integer"
    if dtype.is_float():
        return "float"
    if isinstance(dtype, pl.Datetime):
        # Python has no nanoseconds.
        return None if dtype.time_unit == "ns" else f"datetime {dtype.time_zone is not None}"
    kinds = {
        pl.Boolean: "boolean",
        pl.String: "string",
        pl.Date: "date",
        pl.Decimal: "decimal",
    }
    return kinds.get(dtype.base_type())
