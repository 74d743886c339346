"""Filters as PyIceberg's expressions, as far as it knows them.

PyIceberg's comparisons leave out NaN, which is greater than every number here, its readers skip
row groups by bounds that know nothing of NaN, and some of its negations keep nulls; what is made
here says all three.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from iceframe import _native
from iceframe.errors import UnsupportedOperationError
from iceframe.exported_literals import depends_on_column
from iceframe.literals import python_value

if TYPE_CHECKING:
    from pyiceberg.expressions import BooleanExpression

__all__ = ["plan", "pushdown", "to_iceberg"]

# An expression, None for "anything", and whether it says all.
Pushed = tuple["BooleanExpression | None", bool]

_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_INVERSE = {"=": "<>", "<>": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_PREDICATES = {
    "=": "EqualTo",
    "<>": "NotEqualTo",
    "<": "LessThan",
    "<=": "LessThanOrEqual",
    ">": "GreaterThan",
    ">=": "GreaterThanOrEqual",
}
_NOTHING: Pushed = (None, False)
# Types whose predicates PyIceberg can't evaluate.
_UNKNOWN_TYPES = frozenset({"uuid", "timestamp_ns", "timestamptz_ns"})


def pushdown(expression: _native.Expression) -> Pushed:
    """Returns what PyIceberg can filter by, None for nothing, and whether that is all."""
    return _Translation(is_bound=False).translate(expression, negate=False)


def pushdown_bound(expression: _native.Expression) -> Pushed:
    """As `pushdown`, of an expression whose literals have the types of their columns."""
    return _Translation(is_bound=True).translate(expression, negate=False)


def to_iceberg(expression: _native.Expression) -> BooleanExpression:
    """Returns the whole filter.

    Raises:
        UnsupportedOperationError: a part of it is unknown to PyIceberg.
    """
    return whole(expression, pushdown(expression))


def whole(expression: _native.Expression, pushed: Pushed) -> BooleanExpression:
    """Returns what was pushed.

    Raises:
        UnsupportedOperationError: it is not all.
    """
    if pushed[0] is None or not pushed[1]:
        raise UnsupportedOperationError(f"PyIceberg has no such expression: {expression.to_sql()}")
    return pushed[0]


class _Expression(Protocol):
    @property
    def native(self) -> _native.Expression: ...


_E = TypeVar("_E", bound=_Expression)


def plan(expressions: Iterable[_E]) -> tuple[BooleanExpression, list[_E]]:
    """Returns the conjunction of what can be pushed, and what is left to check."""
    from pyiceberg.expressions import AlwaysTrue, And

    row_filter: BooleanExpression = AlwaysTrue()
    residual = []
    for expression in expressions:
        pushed, fully = pushdown(expression.native)
        if pushed is not None:
            row_filter = And(row_filter, pushed)
        if not fully:
            residual.append(expression)
    return row_filter, residual


class _Translation:
    def __init__(self, *, is_bound: bool) -> None:
        self._is_bound = is_bound

    def translate(self, e: _native.Expression, *, negate: bool) -> Pushed:
        """Returns the filter, or what is true where it is false; null is neither."""
        from pyiceberg.expressions import AlwaysFalse, AlwaysTrue

        parts = e.parts()
        kind = parts["kind"]
        operands = e.operands()
        if kind == "not":
            return self.translate(operands[0], negate=not negate)
        if kind == "alias":
            return self.translate(operands[0], negate=negate)
        if kind in ("and", "or"):
            return self._junction(operands, is_and=(kind == "and") != negate, negate=negate)
        if kind == "literal":
            holds = parts["value"] is not None and bool(parts["value"]) != negate
            return (AlwaysTrue() if holds else AlwaysFalse()), True
        if kind == "column":
            return _predicate("EqualTo", parts["name"], not negate)
        if kind == "comparison":
            return self._comparison(e, negate=negate)
        if not operands or operands[0].parts()["kind"] != "column":
            return _NOTHING
        column = operands[0].parts()["name"]
        negated = parts.get("negated", False) != negate
        if kind == "in":
            return self._in(e, column, negated=negated)
        if kind == "is_null":
            return _predicate("NotNull" if negated else "IsNull", column)
        if kind == "is_nan":
            return _and_not_null("NotNaN", column) if negated else _predicate("IsNaN", column)
        if kind == "starts_with":
            name, prefix = "StartsWith", parts["prefix"]
            return (
                _and_not_null("NotStartsWith", column, prefix)
                if negated
                else _predicate(name, column, prefix)
            )
        return _NOTHING

    def _junction(
        self, operands: list[_native.Expression], *, is_and: bool, negate: bool
    ) -> Pushed:
        from pyiceberg.expressions import And, Or

        pushed = [self.translate(operand, negate=negate) for operand in operands]
        known = [expression for expression, _ in pushed if expression is not None]
        fully = all(whole for _, whole in pushed)
        if not known or (not is_and and len(known) < len(pushed)):
            return _NOTHING
        join: Callable[..., BooleanExpression] = And if is_and else Or
        result = known[0]
        for other in known[1:]:
            result = join(result, other)
        return result, fully

    def _comparison(self, e: _native.Expression, *, negate: bool) -> Pushed:
        from pyiceberg.expressions import AlwaysFalse

        op = e.parts()["op"]
        sides = [operand.parts() for operand in e.operands()]
        if sides[0]["kind"] == "literal":
            sides.reverse()
            op = _MIRRORED.get(op, op)
        if sides[0]["kind"] != "column" or sides[1]["kind"] != "literal":
            return _NOTHING
        if sides[1]["value"] is None:
            return AlwaysFalse(), True
        if not self._is_bound and depends_on_column(sides[1]["type"], sides[1]["value"]):
            return _when_bound(e, sides[0]["name"], negate=negate)
        column, op = sides[0]["name"], _INVERSE[op] if negate else op
        return _compared(op, column, sides[1]["type"], sides[1]["value"])

    def _in(self, e: _native.Expression, column: str, *, negated: bool) -> Pushed:
        from pyiceberg.expressions import AlwaysFalse

        parts = e.parts()
        kind = parts["type"]
        if negated and None in parts["values"]:
            return AlwaysFalse(), True
        given = [value for value in parts["values"] if value is not None]
        if not self._is_bound and any(depends_on_column(kind, value) for value in given):
            return _when_bound(e, column, negate=negated != parts["negated"])
        # Zeros and NaN are told apart in PyIceberg's sets.
        single = [value for value in given if isinstance(value, float) and not abs(value) > 0]
        try:
            values = [python_value(kind, value) for value in given if value not in single]
        except UnsupportedOperationError:
            return _NOTHING
        if kind in _UNKNOWN_TYPES:
            return _NOTHING
        op = "<>" if negated else "="
        pushed = [_compared(op, column, kind, value) for value in single]
        if negated:
            others = _and_not_null("NotIn", column, values) if given else _NOTHING
            pushed.append(_or_nan(others, column, values))
        elif values or not pushed:
            pushed.append(_predicate("In", column, values))
        return _joined(pushed, is_and=negated)


def _compared(op: str, column: str, kind: str, value: Any) -> Pushed:  # noqa: ANN401 - a literal's
    """Returns a comparison with a literal that means the same to each type the column may have."""
    if kind in _UNKNOWN_TYPES or (kind == "boolean" and op not in ("=", "<>")):
        return _NOTHING
    if isinstance(value, float) and math.isnan(value):
        return _compared_with_nan(op, column)
    try:
        literal = python_value(kind, value)
    except UnsupportedOperationError:
        return _NOTHING
    name = _PREDICATES[op]
    if op == "<>":
        return _or_nan(_and_not_null(name, column, literal), column, [value])
    compared = _predicate(name, column, literal)
    return _or_nan(compared, column, [value]) if op in (">", ">=") else compared


def _or_nan(pushed: Pushed, column: str, values: list[Any]) -> Pushed:
    """Returns what also keeps NaN, of which bounds and statistics of a file know nothing."""
    if not all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return pushed
    # IsNaN of a column that has none is false when it is bound.
    return _joined([pushed, _predicate("IsNaN", column)], is_and=False)


def _compared_with_nan(op: str, column: str) -> Pushed:
    from pyiceberg.expressions import AlwaysFalse

    if op in ("=", ">="):
        return _predicate("IsNaN", column)
    if op in ("<", "<>"):
        return _and_not_null("NotNaN", column)
    return _predicate("NotNull", column) if op == "<=" else (AlwaysFalse(), True)


def _when_bound(e: _native.Expression, column: str, *, negate: bool) -> Pushed:
    from iceframe.iceberg_predicates import TypedWhenBound

    return TypedWhenBound.of(e.invert() if negate else e, column, _bound_form), True


def _bound_form(expression: _native.Expression) -> BooleanExpression:
    return whole(expression, pushdown_bound(expression))


def _joined(pushed: list[Pushed], *, is_and: bool) -> Pushed:
    from pyiceberg.expressions import And, Or

    join: Callable[..., BooleanExpression] = And if is_and else Or
    result: BooleanExpression | None = None
    for expression, fully in pushed:
        if expression is None or not fully:
            return _NOTHING
        result = expression if result is None else join(result, expression)
    return result, True


def _and_not_null(name: str, column: str, *arguments: Any) -> Pushed:  # noqa: ANN401 - literals
    return _joined(
        [_predicate(name, column, *arguments), _predicate("NotNull", column)], is_and=True
    )


def _as_text(argument: Any) -> Any:  # noqa: ANN401 - literals
    from iceframe.iceberg_predicates import TextLiteral

    if isinstance(argument, list):
        return [_as_text(each) for each in argument]
    return TextLiteral(argument) if isinstance(argument, str) else argument


def _predicate(name: str, column: str, *arguments: Any) -> Pushed:  # noqa: ANN401 - literals
    from pyiceberg import expressions

    try:
        return getattr(expressions, name)(column, *map(_as_text, arguments)), True
    except (TypeError, ValueError):
        # No literal of PyIceberg's.
        return _NOTHING
