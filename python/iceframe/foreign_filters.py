"""Filters of Polars, pyarrow and PyIceberg as ours: the rows that they keep are kept."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from iceframe import _native
from iceframe.errors import UnsupportedOperationError
from iceframe.expressions import Expression, col, lit, sql
from iceframe.polars_filters import exact_filter

__all__ = ["foreign_filter"]

_COMPARISONS = {
    "EqualTo": "__eq__",
    "LessThan": "__lt__",
    "LessThanOrEqual": "__le__",
    "GreaterThan": "__gt__",
    "GreaterThanOrEqual": "__ge__",
}


def foreign_filter(value: Any) -> Expression | None:  # noqa: ANN401 - anything
    """Returns a filter of another library as ours; None: it is none.

    Raises:
        UnsupportedOperationError: a part of it has no counterpart here.

    Example:
        >>> import polars as pl
        >>> foreign_filter((pl.col("age") > 30) & pl.col("name").is_not_null())
        <Expression age > 30 AND name IS NOT NULL>
    """
    library = type(value).__module__.partition(".")[0]
    if library == "polars" and type(value).__name__ == "Expr":
        return exact_filter(value)
    if library == "pyarrow" and type(value).__name__ == "Expression":
        import pyarrow as pa

        try:
            _, (serialized,) = value.__reduce__()
        except pa.ArrowException as error:
            raise UnsupportedOperationError(
                f"Arrow's expression has no counterpart here: {value}; name its columns"
            ) from error
        return Expression(_native.Expression.from_arrow(memoryview(serialized).tobytes()))
    # Predicates of ours may be among PyIceberg's.
    if any(base.__module__.startswith("pyiceberg.expressions") for base in type(value).__mro__):
        return _translate(value)
    return None


def _translate(e: Any) -> Expression:  # noqa: ANN401 - a BooleanExpression
    """Returns what PyIceberg's scans keep: comparisons leave out NaN, sets know of nulls."""
    name = type(e).__name__
    if name == "Not":
        return ~_translate(e.child)
    if name == "AlwaysTrue":
        return sql("TRUE")
    if name == "AlwaysFalse":
        return sql("FALSE")
    if name == "And":
        return _translate(e.left) & _translate(e.right)
    if name == "Or":
        return _translate(e.left) | _translate(e.right)
    if name == "TypedWhenBound":
        return Expression(e.expression)
    if not hasattr(getattr(e, "term", None), "name"):
        raise UnsupportedOperationError(f"PyIceberg's expression has no counterpart here: {e!r}")
    translated = _predicate(name, e, col(e.term.name))
    if translated is None:
        raise UnsupportedOperationError(f"PyIceberg's expression has no counterpart here: {e!r}")
    return translated


def _predicate(name: str, e: Any, column: Expression) -> Expression | None:  # noqa: ANN401
    if type(getattr(e, "literal", None)).__name__ == "TimestampLiteral":
        # Of a column with a zone or without one: what it counts is the same.
        column = column.cast("timestamp")
    if name in _COMPARISONS:
        literal = lit(_literal_value(e.literal))
        compared: Expression = getattr(column, _COMPARISONS[name])(literal)
        is_number = isinstance(literal.value, int | float) and not isinstance(literal.value, bool)
        if name.startswith("Greater") and is_number:
            return compared & ~column.is_nan()
        return compared
    match name:
        case "NotEqualTo":
            return column != lit(_literal_value(e.literal))
        case "In":
            return _is_in(column, e.literals)
        case "NotIn":
            return ~_is_in(column, e.literals)
        case "IsNull":
            return column.is_null()
        case "NotNull":
            return column.is_not_null()
        case "IsNaN":
            return column.is_nan()
        case "NotNaN":
            return ~column.is_nan()
        case "StartsWith":
            return column.starts_with(str(e.literal.value))
        case "NotStartsWith":
            return ~column.starts_with(str(e.literal.value))
    return None


def _is_in(column: Expression, literals: Iterable[Any]) -> Expression:
    """Returns whether a value is there; a null is not."""
    values = sorted((_literal_value(literal) for literal in literals), key=repr)
    return column.is_in(values) & column.is_not_null()


def _literal_value(literal: Any) -> Any:  # noqa: ANN401 - a Literal
    """Returns a literal's value; dates and times count days and microseconds in PyIceberg's."""
    from pyiceberg.utils import datetime as moments

    match type(literal).__name__:
        case "DateLiteral":
            return moments.days_to_date(literal.value)
        case "TimeLiteral":
            return moments.micros_to_time(literal.value)
        case "TimestampLiteral":
            return moments.micros_to_timestamp(literal.value)
        case "UUIDLiteral":
            import uuid

            return uuid.UUID(bytes=literal.value)
    return literal.value
