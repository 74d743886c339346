"""`QueryOptimizer`: what a query reads, what skips for it, and what would make it cheaper."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from iceframe import _native
from iceframe.arguments import filter_argument, identifier
from iceframe.expressions import Expression, column_of
from iceframe.plain_values import as_list
from iceframe.sessions import session_of

__all__ = ["Estimate", "QueryOptimizer", "Suggestion"]


class Estimate(NamedTuple):
    """What a query reads now, and what it would read once the advice is followed."""

    files: int
    files_after: int
    bytes: int
    bytes_after: int

    @property
    def files_skipped(self) -> int:
        """How many files fewer are read."""
        return self.files - self.files_after

    @property
    def bytes_skipped(self) -> int:
        """How many bytes fewer are read."""
        return self.bytes - self.bytes_after


class Suggestion(str):
    """A piece of advice: its text, and what it stands on.

    Attributes:
        kind: ``"sort"``, ``"partition"``, ``"rewrite_filter"`` and so on (docs/optimizer.md).
        columns: those that it is about.
        evidence: figures by name.
        estimate: what it would save; None where nothing is known of the table.
        call: Python that carries it out, over ``ice`` and ``query``; None where there is none.
    """

    __slots__ = ("call", "columns", "estimate", "evidence", "kind")

    kind: str
    columns: list[str]
    evidence: dict[str, Any]
    estimate: Estimate | None
    call: str | None

    @classmethod
    def _of(cls, given: dict[str, Any]) -> Suggestion:
        made = cls(given["text"])
        made.kind = given["kind"]
        made.columns = given["columns"]
        made.evidence = given["evidence"]
        made.estimate = Estimate(**given["estimate"]) if "estimate" in given else None
        made.call = given.get("call")
        return made


class QueryOptimizer:
    """Analyzes queries: what they read, what skips for them, what would make them cheaper.

    Args:
        ice_frame: whose tables they are: advice then comes from the tables' real files. Without it
            an `IceFrame` of the process that knows a table is looked for; where there is none,
            advice comes from the expressions alone.

    Example:
        >>> from iceframe import col
        >>> from iceframe.optimizer import QueryOptimizer
        >>> optimizer = QueryOptimizer()
        >>> analysis = optimizer.analyze_query("users", ["name"], [col("age") + 1 > 30], [])
        >>> analysis["columns"], [advice.kind for advice in analysis["suggestions"]]
        (['name', 'age'], ['read_columns', 'rewrite_filter'])
        >>> analysis["suggestions"][1].evidence["rewrite"]
        'age > 29'
    """

    def __init__(self, ice_frame: Any = None) -> None:  # noqa: ANN401 - what the user wrote
        self._session = None if ice_frame is None else session_of(ice_frame)
        #: Names of what the engine does for the query that was analyzed last.
        self.optimizations_applied: list[str] = []

    def optimize_column_projection(
        self,
        select_exprs: Any,  # noqa: ANN401 - expressions or names
        filter_exprs: Any,  # noqa: ANN401 - expressions or SQL
        group_by_exprs: Any,  # noqa: ANN401 - expressions or names
    ) -> list[str] | None:
        """Returns the names of all columns that a query reads; None: all of the table's.

        Columns inside of predicates, aggregates and other expressions are among them.

        Example:
            >>> QueryOptimizer().optimize_column_projection(["name"], ["age > 30"], [])
            ['name', 'age']
        """
        needed = _native.needed_columns(
            _columns(select_exprs), _filters(filter_exprs), _columns(group_by_exprs)
        )
        if needed is not None:
            self._note("prune_columns")
        return needed

    def analyze_query(
        self,
        table_name: str,
        select_exprs: Any,  # noqa: ANN401 - expressions or names
        filter_exprs: Any,  # noqa: ANN401 - expressions or SQL
        group_by_exprs: Any,  # noqa: ANN401 - expressions or names
    ) -> dict[str, Any]:
        """Returns what a query reads and what would make it cheaper.

        Args:
            table_name: the table.
            select_exprs: expressions or columns' names; none of them: all columns.
            filter_exprs: predicates, expressions or SQL text; rows that meet all are kept.
            group_by_exprs: expressions or columns' names.

        Returns:
            table, has_filters, has_aggregations, suggestions (each a `Suggestion`, which is text),
            columns (those that are read, None: all) and predicates (each with predicate, pushed,
            reason and rewrite).

        Raises:
            ValidationError: text that is no SQL; with an `IceFrame`, an unknown column.
            TableNotFoundError: with an `IceFrame`, there is no such table.
        """
        text = _native.analyze_expressions(
            self._session,
            identifier(table_name),
            _columns(select_exprs),
            _filters(filter_exprs),
            _columns(group_by_exprs),
        )
        analysis = analysis_of(text)
        self.optimizations_applied = []
        if analysis["columns"] is not None:
            self._note("prune_columns")
        if any(predicate["pushed"] for predicate in analysis["predicates"]):
            self._note("push_filters")
        return analysis

    def _note(self, rule: str) -> None:
        if rule not in self.optimizations_applied:
            self.optimizations_applied.append(rule)


def analysis_of(text: str) -> dict[str, Any]:
    """Returns an analysis of the engine, its suggestions as objects."""
    analysis: dict[str, Any] = json.loads(text)
    analysis["suggestions"] = [Suggestion._of(given) for given in analysis["suggestions"]]
    return analysis


def _listed(given: Any) -> list[Any]:  # noqa: ANN401 - one or several
    if given is None:
        return []
    is_one = isinstance(given, str | Expression) or not isinstance(given, Iterable)
    return [given] if is_one else as_list("expressions", given)


def _columns(given: Any) -> list[_native.Expression]:  # noqa: ANN401 - as the user wrote them
    return [column_of(item).native for item in _listed(given)]


def _filters(given: Any) -> list[_native.Expression]:  # noqa: ANN401 - as the user wrote them
    filters: list[_native.Expression] = []
    for item in _listed(given):
        native = filter_argument("filter_exprs", item)
        if isinstance(native, str):
            filters.append(_native.Expression.parse(native))
        elif native is not None:
            filters.append(native)
    return filters
