"""Expressions over columns: filters, computed columns, conditions; evaluated by the engine.

>>> from iceframe.expressions import col, lit
>>> (col("age") > 30) & col("city").is_in(["Oslo", "Rome"])
<Expression age > 30 AND city IN ('Oslo', 'Rome')>
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from iceframe import _native
from iceframe.errors import ValidationError, needing, shown
from iceframe.literals import to_literal, type_name
from iceframe.plain_values import as_list, required_text, truth

if TYPE_CHECKING:
    import polars as pl
    import pyarrow.compute as pc
    from pyiceberg.expressions import BooleanExpression

__all__ = [
    "Column",
    "Expression",
    "IntoExpression",
    "LiteralValue",
    "SortKey",
    "col",
    "lit",
    "plan_pushdown",
    "sql",
]


class Expression:
    """An immutable expression; operators and methods make new ones.

    Plain values beside an operator are literals: ``col("name") == "Ada"``. Truth has three values,
    as in SQL: a comparison with null is null, a filter keeps what is true. ``&``, ``|`` and ``~``
    are AND, OR and NOT; Python's own ``and``, ``or`` and ``not`` can't be, and raise. What the
    functions mean is told in docs/expressions.md.

    Args:
        native: the engine's form, or SQL text.

    Example:
        >>> price = col("price") * (1 - col("discount"))
        >>> price.alias("net")
        <Expression price * (1 - discount) AS net>
        >>> Expression("price > 3").referenced_columns()
        ['price']
    """

    __slots__ = ("native",)

    # The engine's form: pass it to `_native` as it is.
    native: _native.Expression

    def __init__(self, native: _native.Expression | str) -> None:
        if not isinstance(native, _native.Expression):
            native = _native.Expression.parse(required_text("native", native))
        self.native = native

    def __repr__(self) -> str:
        return f"<Expression {self.native.to_sql()}>"

    def __str__(self) -> str:
        return self.native.to_sql()

    def __reduce__(self) -> tuple[type[Expression], tuple[str]]:
        return Expression, (self.native.to_sql(),)

    # Equality builds an expression, so an expression is equal to none but itself as a key.
    __hash__ = object.__hash__

    def __bool__(self) -> bool:
        raise TypeError(
            f"an expression is neither true nor false: {self}; "
            "join with & | ~ and parentheses, use between() for a < b < c"
        )

    def equals(self, other: object) -> bool:
        """Returns whether both are the same expression, written out.

        Example:
            >>> (col("a") == 1).equals(Expression("a = 1"))
            True
        """
        return isinstance(other, Expression) and self.native.equals(other.native)

    # Comparisons.

    def __eq__(self, other: object) -> Expression:  # type: ignore[override]
        return self._compare("=", other)

    def __ne__(self, other: object) -> Expression:  # type: ignore[override]
        return self._compare("<>", other)

    def __lt__(self, other: object) -> Expression:
        return self._compare("<", other)

    def __le__(self, other: object) -> Expression:
        return self._compare("<=", other)

    def __gt__(self, other: object) -> Expression:
        return self._compare(">", other)

    def __ge__(self, other: object) -> Expression:
        return self._compare(">=", other)

    def _compare(self, op: str, other: object) -> Expression:
        return Expression(self.native.compare(op, native_of(other)))

    def between(self, low: IntoExpression, high: IntoExpression) -> Expression:
        """Returns ``low <= self <= high``.

        Example:
            >>> col("age").between(18, 65)
            <Expression age >= 18 AND age <= 65>
        """
        return Expression(self.native.between(native_of(low), native_of(high)))

    def is_in(self, values: Iterable[IntoExpression]) -> Expression:
        """Returns whether the value is one of them; null where it is not and one is null.

        Example:
            >>> col("id").is_in([1, 2])
            <Expression id IN (1, 2)>
        """
        if values is None or isinstance(values, str | bytes):
            raise ValidationError(f"is_in takes a list of values, not {shown(values)}")
        return Expression(self.native.is_in([native_of(v) for v in as_list("values", values)]))

    def is_null(self) -> Expression:
        """Returns whether there is no value."""
        return Expression(self.native.is_null())

    def is_not_null(self) -> Expression:
        """Returns whether there is a value."""
        return Expression(self.native.is_not_null())

    def is_nan(self) -> Expression:
        """Returns whether the number is NaN; null for null."""
        return Expression(self.native.is_nan())

    def like(
        self, pattern: str, *, escape: str | None = None, ignore_case: bool = False
    ) -> Expression:
        r"""Returns whether the text matches SQL's pattern.

        Args:
            pattern: % is any run of characters, _ is one.
            escape: the character that takes the next one as it is.
            ignore_case: ILIKE.

        Example:
            >>> col("name").like("A%")
            <Expression name LIKE 'A%'>
            >>> col("share").like("100!%", escape="!")
            <Expression share LIKE '100\%' ESCAPE '\'>
        """
        escaped = _with_backslash(required_text("pattern", pattern), escape)
        return Expression(self.native.like(escaped, truth("ignore_case", ignore_case)))

    def starts_with(self, prefix: str) -> Expression:
        """Returns whether the text begins so."""
        return Expression(self.native.starts_with(required_text("prefix", prefix)))

    # Truth.

    def __and__(self, other: IntoExpression) -> Expression:
        return Expression(_native.Expression.conjunction([self.native, native_of(other)]))

    def __rand__(self, other: IntoExpression) -> Expression:
        return Expression(_native.Expression.conjunction([native_of(other), self.native]))

    def __or__(self, other: IntoExpression) -> Expression:
        return Expression(_native.Expression.disjunction([self.native, native_of(other)]))

    def __ror__(self, other: IntoExpression) -> Expression:
        return Expression(_native.Expression.disjunction([native_of(other), self.native]))

    def __invert__(self) -> Expression:
        return Expression(self.native.invert())

    # Arithmetic.

    def __add__(self, other: IntoExpression) -> Expression:
        return self._arithmetic("+", other)

    def __radd__(self, other: IntoExpression) -> Expression:
        return _reflected("+", other, self)

    def __sub__(self, other: IntoExpression) -> Expression:
        return self._arithmetic("-", other)

    def __rsub__(self, other: IntoExpression) -> Expression:
        return _reflected("-", other, self)

    def __mul__(self, other: IntoExpression) -> Expression:
        return self._arithmetic("*", other)

    def __rmul__(self, other: IntoExpression) -> Expression:
        return _reflected("*", other, self)

    def __truediv__(self, other: IntoExpression) -> Expression:
        return self._arithmetic("/", other)

    def __rtruediv__(self, other: IntoExpression) -> Expression:
        return _reflected("/", other, self)

    def __mod__(self, other: IntoExpression) -> Expression:
        return self._arithmetic("%", other)

    def __rmod__(self, other: IntoExpression) -> Expression:
        return _reflected("%", other, self)

    def __neg__(self) -> Expression:
        return Expression(_native.Expression.function("negate", [self.native]))

    def _arithmetic(self, op: str, other: IntoExpression) -> Expression:
        return Expression(self.native.arithmetic(op, native_of(other)))

    def cast(self, to: Any) -> Expression:  # noqa: ANN401 - a name or a type of some library
        """Returns the value as another type; a value that does not fit is an error.

        Args:
            to: a name ("long", "decimal(9, 2)"), a Python, Polars or Arrow type.

        Example:
            >>> col("id").cast("string"), col("id").cast(float)
            (<Expression CAST(id AS STRING)>, <Expression CAST(id AS DOUBLE)>)
        """
        return Expression(self.native.cast(required_text("to", type_name(to))))

    # Names, orders, windows.

    def alias(self, name: str) -> Expression:
        """Returns the expression under a name of its own."""
        return Expression(self.native.alias(required_text("name", name)))

    def name(self) -> str:
        """Returns what a column of it is called: its alias, its column, or its text."""
        return self.native.output_name()

    def asc(self, *, nulls_last: bool = True) -> SortKey:
        """Returns the key of an ascending order."""
        return SortKey(self, descending=False, nulls_last=truth("nulls_last", nulls_last))

    def desc(self, *, nulls_last: bool = True) -> SortKey:
        """Returns the key of a descending order.

        Example:
            >>> col("age").desc()
            SortKey(age DESC)
        """
        return SortKey(self, descending=True, nulls_last=truth("nulls_last", nulls_last))

    def over(
        self,
        partition_by: Keys = None,
        order_by: SortKeys = None,
        descending: bool | Sequence[bool] = False,
    ) -> Expression:
        """Returns a function of `iceframe.functions` over the rows of a partition.

        Args:
            partition_by: columns, by name, or expressions; none: all rows are one partition.
            order_by: columns, expressions or sort keys.
            descending: for keys that do not say themselves: one for all, or one each.

        Raises:
            ValidationError: a rank without an order; as many ``descending`` as keys are needed.

        Example:
            >>> from iceframe.functions import row_number, sum
            >>> row_number().over("city", order_by=col("age").desc())
            <Expression row_number() OVER (PARTITION BY city ORDER BY age DESC)>
            >>> sum("price").over("city").alias("total")
            <Expression sum(price) OVER (PARTITION BY city) AS total>
        """
        order = sort_keys(order_by, descending)
        function = self.native.parts().get("name")
        if not order and function in ("rank", "dense_rank"):
            raise ValidationError(f"a rank needs an order: {self} (give order_by)")
        return Expression(
            self.native.over([column_of(key).native for key in _items(partition_by)], order)
        )

    # What it is made of, and other libraries' forms.

    def referenced_columns(self) -> list[str]:
        """Returns the names of the columns it reads, sorted."""
        return self.native.referenced_columns()

    def to_polars(self, schema: object = None) -> pl.Expr:
        """Returns a Polars expression of the same meaning.

        Where Polars counts otherwise it goes its own way: overflow wraps, ``NaN`` is left out of
        ``min`` and ``max``.

        Args:
            schema: of the table, as `create_table` takes it; then literals have their columns'
                types. Without it a few can't be told (a text that reads as a uuid).

        Raises:
            UnsupportedOperationError: Polars has no such thing, or a schema is needed.
        """
        from iceframe.polars_expressions import to_polars

        return to_polars(self._typed(schema))

    def to_arrow(self, schema: object = None) -> pc.Expression:
        """Returns a filter of pyarrow's that keeps the same rows; needs ``iceframe[arrow]``.

        Args:
            schema: of the table, as `create_table` takes it. Without it what depends on the type
                of a column is refused: numbers, dates, texts that read as dates.

        Raises:
            UnsupportedOperationError: pyarrow has no such thing, or a schema is needed.

        Example:
            >>> col("name").starts_with("A").to_arrow()
            <pyarrow.compute.Expression starts_with(name, {pattern="A", ignore_case=false})>
        """
        with needing("to_arrow", "pyarrow", "iceframe[arrow]"):
            import pyarrow  # noqa: F401

        from iceframe.arrow_expressions import to_arrow_expression

        return to_arrow_expression(self._typed(schema))

    def _typed(self, schema: object) -> _native.Expression:
        row_wise = not (self.native.contains_aggregate() or self.native.contains_window())
        if schema is None or not row_wise:
            return self.native
        from iceframe.exported_literals import bound_to

        return bound_to(self.native, schema)

    def pushdown(self) -> tuple[BooleanExpression | None, bool]:
        """Returns the part of a filter that PyIceberg knows, and whether that is all of it.

        The part keeps every row that the filter keeps, and more if it is not all. A literal that
        depends on its column's type takes it when PyIceberg binds the filter to a table.

        Example:
            >>> ((col("a") == 1) & (col("b") % 2 == 0)).pushdown()
            (EqualTo(term=Reference(name='a'), literal=LongLiteral(1)), False)
        """
        with needing("pushdown", "pyiceberg", "pyiceberg"):
            import pyiceberg.expressions  # noqa: F401

        from iceframe.pushdown import pushdown

        return pushdown(self.native)

    def to_iceberg(self) -> BooleanExpression:
        """Returns the filter as PyIceberg's expression, of the same rows.

        Raises:
            UnsupportedOperationError: a part of it is none.
        """
        with needing("to_iceberg", "pyiceberg", "pyiceberg"):
            import pyiceberg.expressions  # noqa: F401

        from iceframe.pushdown import to_iceberg

        return to_iceberg(self.native)


class Column(Expression):
    """A column, by name; fields of structs are dotted."""

    __slots__ = ()

    def __init__(self, name: str) -> None:
        if not isinstance(name, str):
            raise ValidationError(f"a column's name must be text: {shown(name)}")
        required_text("a column's name", name)
        super().__init__(_native.Expression.column(name))


class LiteralValue(Expression):
    """A constant."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:  # noqa: ANN401 - any value of a column
        super().__init__(to_literal(value))
        # As it was given.
        self.value = value


class SortKey:
    """What rows are sorted by; NaN comes after every number, nulls last unless told otherwise."""

    __slots__ = ("descending", "expression", "nulls_last")

    def __init__(
        self, expression: Expression, *, descending: bool = False, nulls_last: bool = True
    ) -> None:
        self.expression = expression
        self.descending = descending
        self.nulls_last = nulls_last

    def __str__(self) -> str:
        words = (" DESC" if self.descending else "") + ("" if self.nulls_last else " NULLS FIRST")
        return f"{self.expression}{words}"

    def __repr__(self) -> str:
        return f"SortKey({self})"


IntoExpression: TypeAlias = Any
"""An expression, or a plain value, which is a literal."""
Keys: TypeAlias = "str | Expression | Iterable[str | Expression] | None"
SortKeys: TypeAlias = "str | Expression | SortKey | Iterable[str | Expression | SortKey] | None"


def col(name: str) -> Column:
    """Returns a column.

    Example:
        >>> col("address.city") == "Oslo"
        <Expression address.city = 'Oslo'>
    """
    return Column(name)


def lit(value: Any) -> LiteralValue:  # noqa: ANN401 - any value of a column
    """Returns a constant: None, a number, text, bytes, date, datetime, time, Decimal or UUID.

    Example:
        >>> lit("x") == col("name")
        <Expression 'x' = name>
    """
    return LiteralValue(value)


def sql(text: str) -> Expression:
    """Returns the expression that SQL text spells.

    Raises:
        ValidationError: it is none; the message shows where.

    Example:
        >>> sql("CASE WHEN age >= 18 THEN 'adult' END AS kind").name()
        'kind'
    """
    return Expression(required_text("text", text))


def plan_pushdown(
    expressions: Iterable[Expression],
) -> tuple[BooleanExpression, list[Expression]]:
    """Returns what PyIceberg can filter by, all in one, and the expressions it leaves to check.

    Example:
        >>> row_filter, residual = plan_pushdown([col("a") < 1, col("a") % 2 == 0])
        >>> row_filter
        LessThan(term=Reference(name='a'), literal=LongLiteral(1))
        >>> residual
        [<Expression a % 2 = 0>]
    """
    with needing("plan_pushdown", "pyiceberg", "pyiceberg"):
        import pyiceberg.expressions  # noqa: F401

    from iceframe.pushdown import plan

    given = as_list("expressions", expressions)
    for expression in given:
        if not isinstance(expression, Expression):
            raise ValidationError(f"expressions holds what is none: {shown(expression)}")
    return plan(given)


def native_of(value: IntoExpression) -> _native.Expression:
    """Returns the engine's form; a plain value is a literal."""
    return value.native if isinstance(value, Expression) else to_literal(value)


def column_of(value: object) -> Expression:
    """Returns an expression as it is, text as the column of that name."""
    if isinstance(value, Expression):
        return value
    if isinstance(value, str):
        return Column(value)
    raise ValidationError(f"a column's name or an expression is expected: {shown(value)}")


def _items(keys: Any) -> list[Any]:  # noqa: ANN401 - one key or several
    if keys is None:
        return []
    return list(keys) if isinstance(keys, Iterable) and not isinstance(keys, str) else [keys]


def sort_keys(
    keys: SortKeys, descending: bool | Sequence[bool] = False
) -> list[tuple[_native.Expression, bool, bool]]:
    """Returns keys as (expression, descending, nulls last); ``descending`` as for `over`."""
    given = _items(keys)
    is_one = isinstance(descending, bool)
    directions = [descending] * len(given) if is_one else as_list("descending", descending)
    if len(directions) != len(given):
        raise ValidationError(
            f"descending has another number of entries than order_by: {len(directions)}, "
            f"not {len(given)}"
        )
    ordered = []
    for key, is_descending in zip(given, directions, strict=True):
        if not isinstance(key, SortKey):
            key = SortKey(column_of(key), descending=truth("descending", is_descending))
        ordered.append((key.expression.native, key.descending, key.nulls_last))
    return ordered


def _reflected(op: str, left: IntoExpression, right: Expression) -> Expression:
    return Expression(native_of(left).arithmetic(op, right.native))


def _with_backslash(pattern: str, escape: str | None) -> str:
    """Returns the pattern with a backslash as its escape character."""
    if escape is not None and len(required_text("escape", escape)) != 1:
        raise ValidationError(f"escape must be one character: {escape!r}")
    result, characters = "", iter(pattern)
    for character in characters:
        if character == escape:
            following = next(characters, None)
            if following is None:
                raise ValidationError(f"pattern ends with its escape character: {pattern!r}")
            result += "\\" + following
        else:
            result += "\\\\" if character == "\\" else character
    return result
