"""Expressions as Polars' expressions."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from iceframe import _native
from iceframe.errors import UnsupportedOperationError
from iceframe.literals import python_value

if TYPE_CHECKING:
    import polars as pl

__all__ = ["to_polars"]

_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def to_polars(e: _native.Expression) -> pl.Expr:
    """Returns the expression of Polars.

    Raises:
        UnsupportedOperationError: Polars has no such thing.
    """
    parts = e.parts()
    translate = _NODES.get(parts["kind"])
    result = translate(parts, e.operands()) if translate else None
    if result is None:
        raise UnsupportedOperationError(f"Polars has no such expression: {e.to_sql()}")
    return result


def _column(parts: dict[str, Any], _: list[_native.Expression]) -> pl.Expr:
    import polars as pl

    first, *fields = parts["name"].split(".")
    column = pl.col(first)
    for field in fields:
        column = column.struct.field(field)
    return column


def _literal(parts: dict[str, Any], _: list[_native.Expression]) -> pl.Expr:
    import polars as pl

    return pl.lit(python_value(parts["type"], parts["value"]))


def _comparison(parts: dict[str, Any], operands: list[_native.Expression]) -> pl.Expr:
    left, right = map(to_polars, operands)
    result: pl.Expr = _COMPARISONS[parts["op"]](left, right)
    return result


def _in(parts: dict[str, Any], operands: list[_native.Expression]) -> pl.Expr:
    import polars as pl

    operand = to_polars(operands[0])
    values = [python_value(parts["type"], value) for value in parts["values"]]
    result = pl.any_horizontal(
        [operand == value for value in values if value is not None] or [pl.lit(False)]
    )
    if None in values:
        result = result | pl.lit(None, pl.Boolean)
    return ~result if parts["negated"] else result


def _is_null(parts: dict[str, Any], operands: list[_native.Expression]) -> pl.Expr:
    operand = to_polars(operands[0])
    return operand.is_not_null() if parts["negated"] else operand.is_null()


def _is_nan(parts: dict[str, Any], operands: list[_native.Expression]) -> pl.Expr:
    operand = to_polars(operands[0])
    return operand.is_not_nan() if parts["negated"] else operand.is_nan()


def _starts_with(parts: dict[str, Any], operands: list[_native.Expression]) -> pl.Expr:
    result = to_polars(operands[0]).str.starts_with(parts["prefix"])
    return ~result if parts["negated"] else result


def _like(parts: dict[str, Any], operands: list[_native.Expression]) -> pl.Expr:
    pattern, characters = "", iter(parts["pattern"])
    for character in characters:
        if character == "%":
            pattern += ".*"
        elif character == "_":
            pattern += "."
        else:
            pattern += re.escape(next(characters, "\\") if character == "\\" else character)
    flags = "(?si)" if parts["case_insensitive"] else "(?s)"
    result = to_polars(operands[0]).str.contains(f"{flags}^{pattern}$")
    return ~result if parts["negated"] else result


def _and(_: dict[str, Any], operands: list[_native.Expression]) -> pl.Expr:
    import polars as pl

    return pl.all_horizontal([to_polars(operand) for operand in operands])


def _or(_: dict[str, Any], operands: list[_native.Expression]) -> pl.Expr:
    import polars as pl

    return pl.any_horizontal([to_polars(operand) for operand in operands])


def _not(_: dict[str, Any], operands: list[_native.Expression]) -> pl.Expr:
    return ~to_polars(operands[0])


def _arithmetic(parts: dict[str, Any], operands: list[_native.Expression]) -> pl.Expr:
    import polars as pl

    left, right = map(to_polars, operands)
    match parts["op"]:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/":
            return left / right
    # SQL's remainder has the sign of the left side, Polars' that of the right one.
    remainder = left % right
    differs = (remainder != 0) & ((remainder < 0) != (left < 0))
    return pl.when(differs).then(remainder - right).otherwise(remainder)


def _cast(parts: dict[str, Any], operands: list[_native.Expression]) -> pl.Expr | None:
    import polars as pl

    types: dict[str, Any] = {
        "boolean": pl.Boolean,
        "int": pl.Int32,
        "long": pl.Int64,
        "float": pl.Float32,
        "double": pl.Float64,
        "string": pl.String,
        "binary": pl.Binary,
        "date": pl.Date,
        "time": pl.Time,
        "timestamp": pl.Datetime("us"),
        "timestamptz": pl.Datetime("us", "UTC"),
    }
    digits = re.fullmatch(r"decimal\((\d+), ?(\d+)\)", parts["type"])
    target = pl.Decimal(*map(int, digits.groups())) if digits else types.get(parts["type"])
    return None if target is None else to_polars(operands[0]).cast(target)


def _alias(parts: dict[str, Any], operands: list[_native.Expression]) -> pl.Expr:
    return to_polars(operands[0]).alias(parts["name"])


def _case(_: dict[str, Any], operands: list[_native.Expression]) -> pl.Expr:
    import polars as pl

    *branches, otherwise = [to_polars(operand) for operand in operands]
    chain: Any = pl
    for condition, value in zip(branches[::2], branches[1::2], strict=True):
        chain = chain.when(condition).then(value)
    result: pl.Expr = chain.otherwise(otherwise)
    return result


def _constant(e: _native.Expression) -> Any:  # noqa: ANN401 - any value of a column
    """Returns a literal's value; None for anything else."""
    parts = e.parts()
    return python_value(parts["type"], parts["value"]) if parts["kind"] == "literal" else None


def _window(parts: dict[str, Any], operands: list[_native.Expression]) -> pl.Expr | None:
    import polars as pl

    call, *keys = operands
    count = parts["num_partition_keys"]
    partition = [to_polars(key) for key in keys[:count]] or [pl.lit(1)]
    order = [to_polars(key) for key in keys[count:]]
    if len(set(parts["directions"])) > 1:
        return None
    descending, nulls_last = next(iter(parts["directions"]), (False, True))
    name = call.parts().get("name")
    if name == "row_number":
        value = pl.int_range(1, pl.len() + 1, dtype=pl.Int64)
    elif name in ("lead", "lag"):
        operand, *rest = call.operands()
        offset, default = [_constant(each) for each in rest] or [1, None]
        value = to_polars(operand).shift(offset if name == "lag" else -offset, fill_value=default)
    elif order or name in ("rank", "dense_rank"):
        # Ranks and sums that run have another form there.
        return None
    else:
        value = to_polars(call)
    if not order:
        return value.over(partition)
    return value.over(partition, order_by=order, descending=descending, nulls_last=nulls_last)


def _function(parts: dict[str, Any], operands: list[_native.Expression]) -> pl.Expr | None:
    import polars as pl

    name = parts["name"]
    if name == "count" and not operands:
        return pl.len().cast(pl.Int64)
    if name == "round" and len(operands) == 2:
        digits = _constant(operands[1])
        if not isinstance(digits, int) or digits < 0:
            return None
        return to_polars(operands[0]).round(digits, mode="half_away_from_zero")
    if name == "substring":
        return _substring(operands)
    translate = _FUNCTIONS.get(name)
    return None if translate is None else translate(*[to_polars(each) for each in operands])


def _horizontal(name: str) -> Callable[..., Any]:
    def call(*operands: pl.Expr) -> Any:  # noqa: ANN401 - pl.Expr
        import polars as pl

        return getattr(pl, name)(*operands)

    return call


def _substring(operands: list[_native.Expression]) -> pl.Expr | None:
    text, start, *length = operands
    first = _constant(start)
    # SQL counts from 1, and what lies before the first character takes part in the length.
    if not isinstance(first, int) or first == 0 or (first < 0 and length):
        return None
    return to_polars(text).str.slice(
        first - 1 if first > 0 else first, *[to_polars(each) for each in length]
    )


def _whole(e: pl.Expr) -> pl.Expr:
    """A count or part of a date as wide as ours: narrow ones overflow in arithmetic."""
    import polars as pl

    return e.cast(pl.Int64)


def _concat(*operands: pl.Expr) -> pl.Expr:
    import polars as pl

    return pl.concat_str(*operands, ignore_nulls=True)


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "count": lambda x: _whole(x.count()),
    "count_distinct": lambda x: _whole(x.drop_nulls().n_unique()),
    "sum": lambda x: _null_if_empty(x, x.sum()),
    "avg": lambda x: x.mean(),
    "mean": lambda x: x.mean(),
    "min": lambda x: x.min(),
    "max": lambda x: x.max(),
    "abs": lambda x: x.abs(),
    "negate": lambda x: -x,
    "floor": lambda x: x.floor(),
    "ceil": lambda x: x.ceil(),
    "round": lambda x: x.round(0, mode="half_away_from_zero"),
    "lower": lambda x: x.str.to_lowercase(),
    "upper": lambda x: x.str.to_uppercase(),
    "length": lambda x: _whole(x.str.len_chars()),
    "octet_length": lambda x: _whole(x.str.len_bytes()),
    "trim": lambda x: x.str.strip_chars(" "),
    "ltrim": lambda x: x.str.strip_chars_start(" "),
    "rtrim": lambda x: x.str.strip_chars_end(" "),
    "contains": lambda x, y: x.str.contains(y, literal=True),
    "starts_with": lambda x, y: x.str.starts_with(y),
    "ends_with": lambda x, y: x.str.ends_with(y),
    "concat": _concat,
    "||": lambda x, y: x + y,
    "coalesce": _horizontal("coalesce"),
    "greatest": _horizontal("max_horizontal"),
    "least": _horizontal("min_horizontal"),
    **{
        part: (lambda x, part=part: _whole(getattr(x.dt, part)()))
        for part in ("year", "month", "day", "hour", "minute", "second")
    },
}


def _null_if_empty(operand: pl.Expr, result: pl.Expr) -> pl.Expr:
    import polars as pl

    return pl.when(operand.count() > 0).then(result)


_NODES: dict[str, Callable[[dict[str, Any], list[_native.Expression]], pl.Expr | None]] = {
    "column": _column,
    "literal": _literal,
    "comparison": _comparison,
    "in": _in,
    "is_null": _is_null,
    "is_nan": _is_nan,
    "starts_with": _starts_with,
    "like": _like,
    "and": _and,
    "or": _or,
    "not": _not,
    "arithmetic": _arithmetic,
    "cast": _cast,
    "alias": _alias,
    "case": _case,
    "window": _window,
    "function": _function,
}
