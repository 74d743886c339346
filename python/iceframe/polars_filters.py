"""Polars' predicates as filters of ours that keep the same rows."""

from __future__ import annotations

import io
import json
from functools import reduce
from operator import and_, or_
from typing import TYPE_CHECKING, Any, TypeAlias

from iceframe.errors import UnsupportedOperationError, ValidationError
from iceframe.expressions import Expression, col, lit, sql
from iceframe.functions import contains, ends_with

if TYPE_CHECKING:
    import polars as pl

__all__ = ["exact_filter"]

# A node of what Polars serializes; its form is not promised, and differs between versions.
Node: TypeAlias = Any

# What reading a node of another form ends in: functions may be an object or a mere name.
_MISREAD = (ValueError, TypeError, KeyError, IndexError, AttributeError)

_BINARY = {
    "Eq": "__eq__",
    "NotEq": "__ne__",
    "Lt": "__lt__",
    "LtEq": "__le__",
    "Gt": "__gt__",
    "GtEq": "__ge__",
    "And": "__and__",
    "Or": "__or__",
    "Xor": "__ne__",
    "Plus": "__add__",
    "Minus": "__sub__",
    "Multiply": "__mul__",
}
_BETWEEN = {
    "Both": ("__ge__", "__le__"),
    "Left": ("__ge__", "__lt__"),
    "Right": ("__gt__", "__le__"),
    "None": ("__gt__", "__lt__"),
}


def exact_filter(predicate: pl.Expr) -> Expression:
    """Returns the filter that keeps the rows which Polars' keeps.

    Raises:
        UnsupportedOperationError: a part of it has no counterpart here.

    Example:
        >>> import polars as pl
        >>> exact_filter((pl.col("age") > 30) & ~pl.col("name").is_in(["Ada", "Bob"]))
        <Expression age > 30 AND NOT name IN ('Ada', 'Bob')>
    """
    import polars as pl

    try:
        tree = json.loads(predicate.meta.serialize(format="json"))
        translated = _translate(tree)
    except (pl.exceptions.PolarsError, *_MISREAD) as error:
        raise _unknown(predicate) from error
    if translated is None:
        raise _unknown(predicate)
    return translated


def _unknown(predicate: pl.Expr) -> UnsupportedOperationError:
    return UnsupportedOperationError(f"Polars' expression has no counterpart here: {predicate}")


def _translate(node: Node) -> Expression:
    ((kind, content),) = node.items()
    if kind == "Column":
        return col(content)
    if kind == "Alias":
        return _translate(content[0])
    if kind == "Literal":
        return _literal(content)
    if kind == "BinaryExpr":
        return _binary(content["op"], content["left"], content["right"])
    if kind == "Function":
        return _function(content["function"], content["input"])
    raise ValidationError(f"unknown: {kind}")


def _binary(op: str, left: Node, right: Node) -> Expression:
    a, b = _translate(left), _translate(right)
    if op in ("EqValidity", "NotEqValidity"):
        # Null is a value of its own.
        same = ((a == b) & a.is_not_null() & b.is_not_null()) | (a.is_null() & b.is_null())
        return same if op == "EqValidity" else ~same
    result: Expression = getattr(a, _BINARY[op])(b)
    return result


def _function(function: Node, operands: list[Node]) -> Expression:
    ((family, what),) = function.items()
    name, details = next(iter(what.items())) if isinstance(what, dict) else (what, {})
    if family == "StructExpr" and name == "FieldByName":
        return col(f"{_name(operands[0])}.{details}")
    if family == "StringExpr":
        return _text_function(name, details, *map(_translate, operands))
    if family != "Boolean":
        raise ValidationError(f"unknown: {family}")
    if name == "IsIn":
        return _is_in(operands[0], operands[1], nulls_equal=details["nulls_equal"])
    first, *rest = [_translate(operand) for operand in operands]
    match name:
        case "Not":
            return ~first
        case "IsNull":
            return first.is_null()
        case "IsNotNull":
            return first.is_not_null()
        case "IsNan":
            return first.is_nan()
        case "IsNotNan":
            return ~first.is_nan()
        case "AllHorizontal":
            return reduce(and_, rest, first)
        case "AnyHorizontal":
            return reduce(or_, rest, first)
        case "IsBetween":
            lower, upper = _BETWEEN[details["closed"]]
            both: Expression = getattr(first, lower)(rest[0]) & getattr(first, upper)(rest[1])
            return both
    raise ValidationError(f"unknown: {name}")


def _name(node: Node) -> str:
    """Returns a column's name, of a field of a struct the dotted one."""
    return _translate(node).referenced_columns()[0]


def _text_function(name: str, details: Any, text: Expression, part: Expression) -> Expression:  # noqa: ANN401
    if name == "StartsWith":
        return text.starts_with(part.native.parts()["value"])
    if name == "EndsWith":
        return ends_with(text, part)
    if name == "Contains" and details["literal"]:
        return contains(text, part)
    raise ValidationError(f"unknown: {name}")


def _is_in(operand: Node, values: Node, *, nulls_equal: bool) -> Expression:
    column, series = _translate(operand), _series(values["Literal"]).explode()
    given = series.drop_nulls().to_list()
    # A list's numbers do not take the type of what they meet.
    is_in = column.is_in(
        [lit(value).cast("double") for value in given] if series.dtype.is_float() else given
    )
    if series.null_count() == 0:
        return is_in & column.is_not_null() if nulls_equal else is_in
    return is_in | column.is_null() if nulls_equal else is_in


def _series(literal: Node) -> pl.Series:
    import polars as pl

    text = io.StringIO(json.dumps({"Literal": literal}))
    return pl.select(pl.Expr.deserialize(text, format="json")).to_series()


def _literal(literal: Node) -> Expression:
    import polars as pl

    series = _series(literal)
    value = series.item()
    if isinstance(series.dtype, pl.Datetime) and series.dtype.time_unit == "ns" and value:
        zone = "TIMESTAMP_NS" if series.dtype.time_zone is None else "TIMESTAMPTZ_NS"
        shown = series.dt.to_string("%Y-%m-%d %H:%M:%S%.9f").item()
        return sql(f"{zone} '{shown}{'' if series.dtype.time_zone is None else 'Z'}'")
    # One whose type was asked for keeps it beside a column of another.
    is_typed = value is not None and series.dtype.is_float() and "Dyn" not in literal
    if is_typed:
        return lit(value).cast("float" if series.dtype == pl.Float32 else "double")
    return lit(value)
