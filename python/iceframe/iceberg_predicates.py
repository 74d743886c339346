"""A predicate of PyIceberg's that takes its literals' types when a schema is known."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pydantic import PrivateAttr
from pyiceberg.expressions import BooleanExpression, BoundPredicate, Reference, UnboundPredicate
from pyiceberg.expressions.literals import BinaryLiteral, StringLiteral
from pyiceberg.expressions.visitors import bind
from pyiceberg.types import BinaryType, FixedType, IcebergType

from iceframe import _native
from iceframe.errors import UnsupportedOperationError
from iceframe.exported_literals import bound_to

if TYPE_CHECKING:
    from pyiceberg.schema import Schema

__all__ = ["TextLiteral", "TypedWhenBound"]

#: Gives PyIceberg's form of a bound expression.
Translate = Callable[[_native.Expression], BooleanExpression]


class TextLiteral(StringLiteral):
    """A text, which is its bytes beside a binary column; equal to PyIceberg's own."""

    def to(self, type_var: IcebergType) -> Any:  # noqa: ANN401 - a Literal of some type
        """Returns the literal as one of a column's type.

        Raises:
            UnsupportedOperationError: no value of a fixed column is as long.
        """
        if not isinstance(type_var, BinaryType | FixedType):
            return StringLiteral(self.value).to(type_var)
        content = self.value.encode()
        if isinstance(type_var, FixedType) and len(type_var) != len(content):
            raise UnsupportedOperationError(f"PyIceberg has no {type_var} of {self.value!r}")
        return BinaryLiteral(content).to(type_var)


class TypedWhenBound(UnboundPredicate):
    """A comparison whose literal means different values to columns of different types.

    PyIceberg asks for it by name and binds it to the table's schema before it filters; then it
    becomes predicates that PyIceberg has.
    """

    _expression: _native.Expression = PrivateAttr()
    _translate: Translate = PrivateAttr()

    @classmethod
    def of(cls, e: _native.Expression, column: str, translate: Translate) -> TypedWhenBound:
        """Returns the predicate over ``column`` that is true where the expression is.

        ``translate`` gives PyIceberg's form of an expression that is bound.
        """
        made = cls(term=Reference(column))
        made._expression = e
        made._translate = translate
        return made

    def bind(self, schema: Schema, case_sensitive: bool = True) -> BooleanExpression:
        """Returns predicates of PyIceberg's over the schema's columns.

        Raises:
            UnsupportedOperationError: PyIceberg has none for the column's type.
        """
        expression = bound_to(self._expression, schema, case_sensitive=case_sensitive)
        return bind(schema, self._translate(expression), case_sensitive=True)

    @property
    def expression(self) -> _native.Expression:
        """The comparison as the engine has it."""
        return self._expression

    def __invert__(self) -> TypedWhenBound:
        column = self._expression.referenced_columns()[0]
        return TypedWhenBound.of(self._expression.invert(), column, self._translate)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TypedWhenBound) and self._expression.equals(other._expression)

    def __hash__(self) -> int:
        return hash(self._expression.to_sql())

    def __repr__(self) -> str:
        return f"TypedWhenBound({self._expression.to_sql()})"

    __str__ = __repr__

    @property
    def as_bound(self) -> type[BoundPredicate]:
        """The class of what it is bound to, of which there may be several."""
        return BoundPredicate
