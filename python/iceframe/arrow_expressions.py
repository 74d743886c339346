"""Expressions as pyarrow's.

pyarrow's comparisons leave out NaN, which is greater than every number here; what is made here
says so.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from functools import reduce
from typing import TYPE_CHECKING, Any

from iceframe import _native
from iceframe.errors import UnsupportedOperationError
from iceframe.exported_literals import depends_on_column, needs_schema, storage_value

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.compute as pc

__all__ = ["to_arrow_expression"]

_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_FLOATS = ("float", "double")


def to_arrow_expression(e: _native.Expression) -> pc.Expression:
    """Returns the expression of pyarrow.

    Raises:
        UnsupportedOperationError: pyarrow has no such thing, or it depends on the types of
            columns, which an expression that was bound to a schema knows.
    """
    try:
        import pyarrow  # noqa: F401 - it is asked for once, not in each of its uses
    except ImportError as error:
        message = "this returns pyarrow's expressions: pip install 'iceframe[arrow]'"
        raise ImportError(message) from error
    parts = e.parts()
    translate = _NODES.get(parts["kind"])
    result = translate(e, parts) if translate else None
    if result is None:
        raise UnsupportedOperationError(f"pyarrow has no such expression: {e.to_sql()}")
    return result


def _column(_: _native.Expression, parts: dict[str, Any]) -> pc.Expression:
    import pyarrow.compute as pc

    return pc.field(*parts["name"].split("."))


def _scalar(kind: str, value: Any) -> pa.Scalar:  # noqa: ANN401 - any literal's
    import pyarrow as pa

    value = storage_value(kind, value)
    types: dict[str, Any] = {
        "boolean": pa.bool_(),
        "int": pa.int32(),
        "long": pa.int64(),
        "float": pa.float32(),
        "double": pa.float64(),
        "date": pa.date32(),
        "time": pa.time64("us"),
        "timestamp": pa.timestamp("us"),
        "timestamptz": pa.timestamp("us", "UTC"),
        "timestamp_ns": pa.timestamp("ns"),
        "timestamptz_ns": pa.timestamp("ns", "UTC"),
        "string": pa.string(),
        "binary": pa.binary(),
    }
    if kind.startswith("decimal"):
        precision, scale = kind.removeprefix("decimal(").removesuffix(")").split(",")
        return pa.scalar(value, pa.decimal128(int(precision), int(scale)))
    if kind.startswith("fixed"):
        return pa.scalar(value, pa.binary(len(value)))
    if kind not in types:
        raise UnsupportedOperationError(f"pyarrow has no such literal: {kind} {value!r}")
    return pa.scalar(value, types[kind])


def _literal(_: _native.Expression, parts: dict[str, Any]) -> pc.Expression:
    import pyarrow as pa
    import pyarrow.compute as pc

    if parts["value"] is None:
        return pc.scalar(pa.scalar(None, pa.bool_()))
    return pc.scalar(_scalar(parts["type"], parts["value"]))


def _comparison(e: _native.Expression, parts: dict[str, Any]) -> pc.Expression | None:
    left, right = e.operands()
    op = parts["op"]
    if left.parts()["kind"] == "literal":
        left, right, op = right, left, _MIRRORED.get(op, op)
    literal = right.parts()
    if literal["kind"] != "literal":
        return _two_sides(op, left, right)
    return _compared(left, op, literal["type"], literal["value"])


def _two_sides(op: str, left: _native.Expression, right: _native.Expression) -> Any:  # noqa: ANN401
    types = (left.type(), right.type())
    if "unknown" in types:
        raise needs_schema(left)
    if types[0] != types[1] or types[0] == "uuid":
        return None
    a, b = to_arrow_expression(left), to_arrow_expression(right)
    if types[0] not in _FLOATS:
        return _COMPARISONS[op](a, b)
    a_nan, b_nan = a.is_nan(), b.is_nan()
    equal = (a == b) | (a_nan & b_nan)
    less = (a < b) | (~a_nan & b_nan)
    forms = {
        "=": equal,
        "<>": ~equal,
        "<": less,
        ">=": ~less,
        "<=": less | equal,
        ">": ~(less | equal),
    }
    return forms[op]


def _compared(
    operand: _native.Expression,
    op: str,
    kind: str,
    value: Any,  # noqa: ANN401 - any literal's
) -> pc.Expression | None:
    import pyarrow as pa
    import pyarrow.compute as pc

    if value is None:
        return pc.scalar(pa.scalar(None, pa.bool_()))
    # pyarrow joins no number with decimals.
    is_number = kind in ("int", "long")
    if operand.type() == "unknown" and (is_number or depends_on_column(kind, value)):
        raise needs_schema(operand)
    left = to_arrow_expression(operand)
    if kind in _FLOATS and math.isnan(value):
        is_nan = left.is_nan()
        nothing = is_nan & ~is_nan
        forms = {"=": is_nan, ">=": is_nan, "<": ~is_nan, "<>": ~is_nan, ">": nothing}
        return forms.get(op, ~nothing)
    if kind == "uuid":
        return None
    compared: pc.Expression = _COMPARISONS[op](left, pc.scalar(_scalar(kind, value)))
    if op in (">", ">=") and operand.type() in _FLOATS:
        compared = compared | left.is_nan()
    return compared


def _in(e: _native.Expression, parts: dict[str, Any]) -> pc.Expression | None:
    import pyarrow as pa
    import pyarrow.compute as pc

    operand = e.operands()[0]
    equal = []
    for value in parts["values"]:
        compared = _compared(operand, "=", parts["type"], value)
        if compared is None:
            return None
        equal.append(compared)
    result = reduce(operator.or_, equal) if equal else pc.scalar(pa.scalar(False))
    return ~result if parts["negated"] else result


def _is_null(e: _native.Expression, parts: dict[str, Any]) -> pc.Expression:
    operand = to_arrow_expression(e.operands()[0])
    return operand.is_valid() if parts["negated"] else operand.is_null()


def _is_nan(e: _native.Expression, parts: dict[str, Any]) -> pc.Expression:
    if e.operands()[0].type() == "unknown":
        raise needs_schema(e)
    operand = to_arrow_expression(e.operands()[0])
    return ~operand.is_nan() if parts["negated"] else operand.is_nan()


def _starts_with(e: _native.Expression, parts: dict[str, Any]) -> pc.Expression:
    import pyarrow.compute as pc

    result = pc.starts_with(to_arrow_expression(e.operands()[0]), parts["prefix"])
    return ~result if parts["negated"] else result


def _like(e: _native.Expression, parts: dict[str, Any]) -> pc.Expression | None:
    import pyarrow.compute as pc

    if parts["case_insensitive"]:
        return None
    result = pc.match_like(to_arrow_expression(e.operands()[0]), parts["pattern"])
    return ~result if parts["negated"] else result


def _junction(join: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    def translate(e: _native.Expression, _: dict[str, Any]) -> pc.Expression:
        joined: pc.Expression = reduce(join, map(to_arrow_expression, e.operands()))
        return joined

    return translate


def _not(e: _native.Expression, _: dict[str, Any]) -> pc.Expression:
    return ~to_arrow_expression(e.operands()[0])


def _alias(e: _native.Expression, _: dict[str, Any]) -> pc.Expression:
    return to_arrow_expression(e.operands()[0])


_NODES: dict[str, Callable[..., Any]] = {
    "column": _column,
    "literal": _literal,
    "comparison": _comparison,
    "in": _in,
    "is_null": _is_null,
    "is_nan": _is_nan,
    "starts_with": _starts_with,
    "like": _like,
    "and": _junction(operator.and_),
    "or": _junction(operator.or_),
    "not": _not,
    "alias": _alias,
}
