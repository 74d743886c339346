"""Functions of expressions: aggregates, windows, cases, and what works value by value.

Text among the arguments is a column's name; write ``lit("text")`` for a constant. Where an argument
can only be a constant (a pattern, a unit) text is that.

>>> from iceframe.expressions import col
>>> from iceframe import functions as F
>>> F.sum("price").alias("total"), F.when(col("age") < 18, "child").otherwise("adult")
(<Expression sum(price) AS total>, <Case CASE WHEN age < 18 THEN 'child' ELSE 'adult' END>)
"""

from __future__ import annotations

from typing import Any

from iceframe import _native
from iceframe.errors import ValidationError, shown
from iceframe.expressions import Expression, IntoExpression, column_of, native_of

__all__ = [
    "Case",
    "abs",
    "avg",
    "ceil",
    "coalesce",
    "concat",
    "contains",
    "count",
    "count_distinct",
    "date_trunc",
    "day",
    "dense_rank",
    "ends_with",
    "floor",
    "greatest",
    "hour",
    "lag",
    "lead",
    "least",
    "length",
    "lower",
    "ltrim",
    "max",
    "mean",
    "min",
    "minute",
    "month",
    "nullif",
    "rank",
    "round",
    "row_number",
    "rtrim",
    "second",
    "starts_with",
    "substring",
    "sum",
    "trim",
    "upper",
    "when",
    "year",
]

ColumnOrExpression = str | Expression


def _operand(value: Any) -> _native.Expression:  # noqa: ANN401 - a column, expression or value
    return column_of(value).native if isinstance(value, str) else native_of(value)


def _call(name: str, *operands: Any) -> Expression:  # noqa: ANN401 - as above
    return Expression(_native.Expression.function(name, [_operand(value) for value in operands]))


# Aggregates: one value of a group's rows, or with over() of a partition's.


def count(expression: ColumnOrExpression | None = None) -> Expression:
    """Returns the number of rows; with an expression, of its values that are not null."""
    return _call("count") if expression is None else _call("count", expression)


def count_distinct(expression: ColumnOrExpression) -> Expression:
    """Returns the number of different values; null is none."""
    return _call("count_distinct", expression)


def sum(expression: ColumnOrExpression) -> Expression:
    """Returns the sum of the values that are not null; null if there are none."""
    return _call("sum", expression)


def avg(expression: ColumnOrExpression) -> Expression:
    """Returns the mean of the values that are not null, as a double."""
    return _call("avg", expression)


def mean(expression: ColumnOrExpression) -> Expression:
    """Returns the same as `avg`."""
    return avg(expression)


def min(expression: ColumnOrExpression) -> Expression:
    """Returns the least value that is not null."""
    return _call("min", expression)


def max(expression: ColumnOrExpression) -> Expression:
    """Returns the greatest value that is not null; NaN is greater than every number."""
    return _call("max", expression)


# Windows: each needs over().


def row_number() -> Expression:
    """Returns the row's number in its partition, from 1."""
    return _call("row_number")


def rank() -> Expression:
    """Returns one more than the number of rows before it in order; equal rows share a rank."""
    return _call("rank")


def dense_rank() -> Expression:
    """Returns one more than the number of different keys before it in order."""
    return _call("dense_rank")


def _shift(name: str, expression: ColumnOrExpression, offset: int, default: Any) -> Expression:  # noqa: ANN401
    if isinstance(offset, bool) or not isinstance(offset, int) or offset < 0:
        raise ValidationError(f"offset must be a whole number, 0 or more: {shown(offset)}")
    return Expression(
        _native.Expression.function(
            name, [_operand(expression), native_of(offset), native_of(default)]
        )
    )


def lead(
    expression: ColumnOrExpression,
    offset: int = 1,
    default: Any = None,  # noqa: ANN401 - any value of a column
) -> Expression:
    """Returns the value so many rows further down the partition, ``default`` beyond its end."""
    return _shift("lead", expression, offset, default)


def lag(
    expression: ColumnOrExpression,
    offset: int = 1,
    default: Any = None,  # noqa: ANN401 - any value of a column
) -> Expression:
    """Returns the value so many rows further up the partition, ``default`` beyond its start.

    Example:
        >>> lag("price", 2, 0).over("item", order_by="day")
        <Expression lag(price, 2, 0) OVER (PARTITION BY item ORDER BY day)>
    """
    return _shift("lag", expression, offset, default)


# Cases.


class Case(Expression):
    """What `when` begins: null where no condition is true, until `otherwise` says another value."""

    __slots__ = ("_branches",)

    def __init__(self, branches: list[tuple[_native.Expression, _native.Expression]]) -> None:
        super().__init__(_case(branches, native_of(None)))
        self._branches = branches

    def __repr__(self) -> str:
        return f"<Case {self}>"

    def when(self, condition: Expression, value: IntoExpression) -> Case:
        """Returns the case with one more branch, looked at after the others."""
        return Case([*self._branches, (_condition(condition), native_of(value))])

    def otherwise(self, value: IntoExpression) -> Case:
        """Returns the whole case."""
        whole = Case(self._branches)
        whole.native = _case(self._branches, native_of(value))
        return whole


def when(condition: Expression, value: IntoExpression) -> Case:
    """Begins a case: ``when(c, v).when(c2, v2).otherwise(v3)``; text as a value is a constant.

    Example:
        >>> from iceframe.expressions import col
        >>> str(when(col("n") == 0, 0).otherwise(100 / col("n")))
        'CASE WHEN n = 0 THEN 0 ELSE 100 / n END'
    """
    return Case([(_condition(condition), native_of(value))])


def _condition(condition: object) -> _native.Expression:
    if not isinstance(condition, Expression):
        raise ValidationError(f"a condition must be an expression: {shown(condition)}")
    return condition.native


def _case(
    branches: list[tuple[_native.Expression, _native.Expression]], otherwise: _native.Expression
) -> _native.Expression:
    conditions, values = zip(*branches, strict=True)
    return _native.Expression.case(list(conditions), list(values), otherwise)


# Numbers.


def abs(expression: ColumnOrExpression) -> Expression:
    """Returns the number without its sign."""
    return _call("abs", expression)


def round(expression: ColumnOrExpression, digits: int = 0) -> Expression:
    """Returns the number with so many digits after the point; halves go away from zero."""
    return _call("round", expression, digits)


def floor(expression: ColumnOrExpression) -> Expression:
    """Returns the greatest whole number that is not above."""
    return _call("floor", expression)


def ceil(expression: ColumnOrExpression) -> Expression:
    """Returns the least whole number that is not below."""
    return _call("ceil", expression)


# Text.


def lower(expression: ColumnOrExpression) -> Expression:
    """Returns the text in lower case."""
    return _call("lower", expression)


def upper(expression: ColumnOrExpression) -> Expression:
    """Returns the text in upper case."""
    return _call("upper", expression)


def length(expression: ColumnOrExpression) -> Expression:
    """Returns the number of characters (code points)."""
    return _call("length", expression)


def trim(expression: ColumnOrExpression) -> Expression:
    """Returns the text without blanks at its ends."""
    return _call("trim", expression)


def ltrim(expression: ColumnOrExpression) -> Expression:
    """Returns the text without blanks at its start."""
    return _call("ltrim", expression)


def rtrim(expression: ColumnOrExpression) -> Expression:
    """Returns the text without blanks at its end."""
    return _call("rtrim", expression)


def substring(expression: ColumnOrExpression, start: int, length: int | None = None) -> Expression:
    """Returns a part of the text; ``start`` is from 1, from the end if negative."""
    if length is None:
        return _call("substring", expression, start)
    return _call("substring", expression, start, length)


def concat(*expressions: ColumnOrExpression) -> Expression:
    """Returns the values one after the other as text; nulls are left out.

    Example:
        >>> from iceframe.expressions import lit
        >>> concat("first", lit(" "), "last")
        <Expression concat(first, ' ', last)>
    """
    return _call("concat", *expressions)


def _text_test(name: str, expression: ColumnOrExpression, text: str | Expression) -> Expression:
    return Expression(_native.Expression.function(name, [_operand(expression), native_of(text)]))


def contains(expression: ColumnOrExpression, text: str | Expression) -> Expression:
    """Returns whether ``text``, a constant unless it is an expression, is part of the text."""
    return _text_test("contains", expression, text)


def starts_with(expression: ColumnOrExpression, text: str | Expression) -> Expression:
    """Returns whether the text begins with ``text``, a constant unless it is an expression."""
    return _text_test("starts_with", expression, text)


def ends_with(expression: ColumnOrExpression, text: str | Expression) -> Expression:
    """Returns whether the text ends with ``text``, a constant unless it is an expression."""
    return _text_test("ends_with", expression, text)


# Dates and times; those with a zone are read in UTC.


def year(expression: ColumnOrExpression) -> Expression:
    """Returns the year."""
    return _call("year", expression)


def month(expression: ColumnOrExpression) -> Expression:
    """Returns the month, from 1."""
    return _call("month", expression)


def day(expression: ColumnOrExpression) -> Expression:
    """Returns the day of the month, from 1."""
    return _call("day", expression)


def hour(expression: ColumnOrExpression) -> Expression:
    """Returns the hour of the day."""
    return _call("hour", expression)


def minute(expression: ColumnOrExpression) -> Expression:
    """Returns the minute of the hour."""
    return _call("minute", expression)


def second(expression: ColumnOrExpression) -> Expression:
    """Returns the second of the minute."""
    return _call("second", expression)


def date_trunc(unit: str, expression: ColumnOrExpression) -> Expression:
    """Returns the start of the year, quarter, month, week, day, hour, minute, second … it is in.

    Example:
        >>> date_trunc("month", "sold_at")
        <Expression date_trunc('month', sold_at)>
    """
    return Expression(
        _native.Expression.function("date_trunc", [native_of(unit), _operand(expression)])
    )


# Nulls and extremes.


def coalesce(*expressions: Any) -> Expression:  # noqa: ANN401 - columns, expressions, values
    """Returns the first value that is not null.

    Example:
        >>> coalesce("nickname", "name")
        <Expression coalesce(nickname, name)>
    """
    return _call("coalesce", *expressions)


def nullif(expression: ColumnOrExpression, value: IntoExpression) -> Expression:
    """Returns null where the two are equal, else the first; text as ``value`` is a constant."""
    return Expression(
        _native.Expression.function("nullif", [_operand(expression), native_of(value)])
    )


def greatest(*expressions: Any) -> Expression:  # noqa: ANN401 - as for coalesce
    """Returns the greatest value that is not null."""
    return _call("greatest", *expressions)


def least(*expressions: Any) -> Expression:  # noqa: ANN401 - as for coalesce
    """Returns the least value that is not null."""
    return _call("least", *expressions)
