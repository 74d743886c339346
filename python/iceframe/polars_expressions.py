"""Expressions as Polars' expressions."""

from __future__ import annotations

import decimal
import math
import operator
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from iceframe import _native
from iceframe.errors import UnsupportedOperationError, ValidationError
from iceframe.exported_literals import (
    fits_exactly,
    nanoseconds,
    needs_schema,
    reads_as_other_type,
    storage_value,
)
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


# Of floats of 32 bits.
_LARGEST_FLOAT = 3.4028234663852886e38
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


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
    return _typed_literal(parts["type"], parts["value"])


def _typed_literal(kind: str, value: Any) -> pl.Expr:  # noqa: ANN401 - any literal's
    """Returns a literal; numbers but floats take the type that they meet."""
    import polars as pl

    value = storage_value(kind, value)
    if value is not None and kind in ("timestamp_ns", "timestamptz_ns"):
        zone = "UTC" if kind == "timestamptz_ns" else None
        return pl.lit(value, pl.Int64).cast(pl.Datetime("ns", zone))
    if kind == "float":
        return pl.lit(value, pl.Float32)
    if kind == "boolean":
        return pl.lit(value, pl.Boolean)
    if kind == "double" and value is not None and _LARGEST_FLOAT < abs(value) < math.inf:
        # Beside a float it would become an infinity.
        return pl.lit(value, pl.Float64)
    return pl.lit(value)


def _comparison(parts: dict[str, Any], operands: list[_native.Expression]) -> pl.Expr:
    left, right = operands
    op = parts["op"]
    sides = [left.parts()["kind"], right.parts()["kind"]]
    if sides == ["literal", "column"]:
        left, right, op = right, left, _MIRRORED.get(op, op)
        sides.reverse()
    if sides == ["column", "literal"]:
        literal = right.parts()
        return _compared(left, op, literal["type"], literal["value"])
    if "literal" in sides and any(_reads_as_other_type(operand) for operand in operands):
        raise needs_schema(operands[sides.index("literal")])
    compared: pl.Expr = _COMPARISONS[op](*_sides(operands))
    return compared


def _reads_as_other_type(e: _native.Expression) -> bool:
    parts = e.parts()
    is_text = parts["kind"] == "literal" and parts["type"] == "string"
    return is_text and parts["value"] is not None and reads_as_other_type(parts["value"])


def _sides(operands: list[_native.Expression]) -> list[pl.Expr]:
    """Returns operands that meet; a decimal literal beside what may be a float is a number."""
    import polars as pl

    is_typed = any(operand.type() not in ("unknown", "") for operand in operands)
    sides = []
    for operand in operands:
        parts = operand.parts()
        is_decimal = parts["kind"] == "literal" and parts["type"].startswith("decimal")
        typed = is_typed and all(
            other.parts()["kind"] == "literal" or other.type() != "unknown" for other in operands
        )
        if is_decimal and not typed and parts["value"] is not None:
            sides.append(pl.lit(float(parts["value"])))
        else:
            sides.append(to_polars(operand))
    return sides


def _compared(
    column: _native.Expression,
    op: str,
    kind: str,
    value: Any,  # noqa: ANN401 - any literal's
) -> pl.Expr:
    """Returns a column's comparison with a literal, which takes the column's type."""
    compare = _COMPARISONS[op]
    whole = to_polars(column)
    meanings = {} if column.type() != "unknown" or value is None else _meanings(kind, value)
    if not meanings:
        result: pl.Expr = compare(whole, _typed_literal(kind, value))
        return result
    import polars as pl
    import polars.selectors as cs

    name = column.parts()["name"]
    if "." in name or any(meaning is None for meaning in meanings.values()):
        raise needs_schema(column)
    # Whatever type the column has, one of these selectors finds it.
    rest = cs.by_name(name)
    found = []
    for selector, meaning in meanings.items():
        group = getattr(cs, selector)()
        found.append(compare((cs.by_name(name) & group).as_expr(), meaning))
        rest = rest - group
    return pl.any_horizontal(*found, compare(rest.as_expr(), _typed_literal(kind, value)))


def _meanings(kind: str, value: Any) -> dict[str, Any]:  # noqa: ANN401 - any literal's
    """Returns what a literal is to columns of other types, by Polars' selector; {}: itself.

    A meaning that can't be told is None.
    """
    if kind.startswith("decimal"):
        number = float(value)
        return {"float": number} if decimal.Decimal(number) != decimal.Decimal(value) else {}
    if kind in ("int", "long") and not fits_exactly(value):
        return {"float": float(value)}
    if kind in ("timestamp_ns", "timestamptz_ns") and nanoseconds(value) % 1000:
        # Polars would cut it off beside microseconds.
        return {"datetime": None}
    if kind != "string" or not reads_as_other_type(value):
        return {}
    timestamp = _cast_literal(value, "timestamp")
    date = _cast_literal(value, "date")
    moments = {
        "date": timestamp if date is None else date,
        "time": _cast_literal(value, "time"),
        "datetime": timestamp,
    }
    known = {selector: moment for selector, moment in moments.items() if moment is not None}
    # Bytes may be a uuid; nothing tells a column of uuids from one of bytes.
    return {**known, "binary": None} if "\\" in value or not known else known


def _cast_literal(text: str, kind: str) -> pl.Expr | None:
    """Returns the moment that a text reads as, None where it reads as none."""
    kinds = (kind, f"{kind}tz", f"{kind}_ns", f"{kind}tz_ns") if kind == "timestamp" else (kind,)
    quoted = text.replace("'", "''")
    for each in kinds:
        try:
            literal = _native.Expression.parse(f"{each.upper()} '{quoted}'").parts()
            return _typed_literal(literal["type"], literal["value"])
        except (ValidationError, UnsupportedOperationError):
            continue
    return None


def _in(parts: dict[str, Any], operands: list[_native.Expression]) -> pl.Expr:
    import polars as pl

    operand, kind = operands[0], parts["type"]
    given = [value for value in parts["values"] if value is not None]
    if operand.parts()["kind"] == "column":
        equal = [_compared(operand, "=", kind, value) for value in given]
    else:
        whole = to_polars(operand)
        equal = [whole == _typed_literal(kind, value) for value in given]
    result = pl.any_horizontal(equal or [pl.lit(False)])
    if len(given) < len(parts["values"]):
        result = result | pl.lit(None, pl.Boolean)
    return ~result if parts["negated"] else result


def _is_null(parts: dict[str, Any], operands: list[_native.Expression]) -> pl.Expr:
    operand = to_polars(operands[0])
    return operand.is_not_null() if parts["negated"] else operand.is_null()


def _is_nan(parts: dict[str, Any], operands: list[_native.Expression]) -> pl.Expr:
    operand = to_polars(operands[0])
    column = operands[0].parts()
    if column["kind"] == "column" and operands[0].type() == "unknown" and "." not in column["name"]:
        return _nan_of_any_type(column["name"], negated=parts["negated"])
    return operand.is_not_nan() if parts["negated"] else operand.is_nan()


def _nan_of_any_type(name: str, *, negated: bool) -> pl.Expr:
    """Polars knows of decimals not even that they are no NaN."""
    import polars as pl
    import polars.selectors as cs

    floats = (cs.by_name(name) & cs.float()).as_expr()
    others = (cs.by_name(name) - cs.float()).as_expr()
    if negated:
        return pl.any_horizontal(floats.is_not_nan(), others == others)
    return pl.any_horizontal(floats.is_nan(), others != others)


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

    left, right = _sides(operands)
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
