"""`QueryBuilder`: what is wanted of tables and data, step by step; read when it is asked for."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from iceframe import _native
from iceframe.arguments import (
    as_list,
    filter_argument,
    identifier,
    required_text,
    required_whole_number,
    texts,
    truth,
)
from iceframe.errors import ValidationError, shown
from iceframe.expressions import Expression, SortKey, column_of
from iceframe.foreign_rows import is_data, query_of_rows, shown_name
from iceframe.not_built import QUERY, refuse
from iceframe.polars_frames import to_polars
from iceframe.progress import ProgressOption
from iceframe.row_streams import RowSource

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

__all__ = ["Explanation", "JoinHow", "QueryBuilder"]

#: Longer queries are shown with a step on each line.
_MAX_LINE = 88

#: The kinds of joins; "outer" is "full".
JoinHow = Literal["inner", "left", "right", "full", "outer", "semi", "anti", "cross"]
#: A column's name (or SQL, such as "sum(price) AS total"), or an expression.
ColumnLike = str | Expression


class Explanation:
    """What a query does, in words and figures: a text tree, and the same as plain data."""

    def __init__(self, text: str, data: str) -> None:
        self._text = text
        self._data = data

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return self._text

    def _repr_html_(self) -> str:
        return f"<pre>{escape(self._text)}</pre>"

    def to_dict(self) -> dict[str, Any]:
        """Returns ``{"operation": …, figures by name, "inputs": […]}``, the root first."""
        result: dict[str, Any] = json.loads(self._data)
        return result

    def to_json(self) -> str:
        """Returns `to_dict` as JSON text."""
        return self._data

    def __contains__(self, text: str) -> bool:
        return required_text("text", text) in self._text


class QueryBuilder:
    """Immutable steps over a table or data; every method gives a new query, terminal ones read.

    Each step works on the rows of the one before: ``limit(10).filter(…)`` filters ten rows, and
    `order_by` before `limit` gives the first of all. More kindly, `filter` and `order_by` may name
    columns that a `select` before them left out, `group_by` and its `select` stand in either
    order, and ``limit(5).offset(10)`` skips ten rows first, as in SQL.

    A string among columns is a column's name, else SQL (``"sum(price) AS total"``); a filter is
    SQL text or an expression.

    Example:
        >>> from iceframe.functions import count
        >>> query = demo().query("users").group_by("age").select("age", count().alias("n"))
        >>> query.execute().to_dicts()
        [{'age': 36, 'n': 1}, {'age': None, 'n': 1}]
    """

    def __init__(self, session: _native.Session, query: _native.Query) -> None:
        self._session = session
        self._query = query
        self._steps: tuple[str, ...] = ()
        # How the query takes part in a cache: None, or (ttl in ns or None,).
        self._caching: tuple[int | None] | None = None
        self._prepared: dict[tuple[str, bool], _native.PreparedQuery] = {}

    # -- steps -------------------------------------------------------------------------------------

    def select(self, *columns: ColumnLike | Iterable[ColumnLike]) -> QueryBuilder:
        """Keeps these columns and expressions, in this order; ``"*"`` stands for all columns.

        With aggregates it gives one row per group of `group_by`, or one row in all. Window
        functions see the rows as they are at this step.
        """
        items = _items("select", columns)
        return self._with("select", items, self._query.select(items))

    def filter(self, *predicates: str | Expression) -> QueryBuilder:
        """Keeps the rows for which all predicates are true; null is not true.

        A predicate is SQL text or an expression, of ours or of Polars, pyarrow or PyIceberg.
        After a grouping it sees the groups: aggregates may stand in it (SQL's HAVING).
        """
        query = self._query
        shown: list[object] = []
        for predicate in predicates:
            native = filter_argument("filter", predicate)
            if native is None:
                raise ValidationError("filter needs SQL text or an expression, not None")
            query = query.filter(native)
            shown.append(native)
        return self._with("filter", shown, query)

    def where(self, *predicates: str | Expression) -> QueryBuilder:
        """The same as `filter`."""
        return self.filter(*predicates)

    def join(
        self,
        other_table: Any,  # noqa: ANN401 - a table's name, a query, or data
        on: str | Sequence[str] | None = None,
        how: JoinHow = "inner",
        *,
        left_on: str | Sequence[str] | None = None,
        right_on: str | Sequence[str] | None = None,
    ) -> QueryBuilder:
        """Joins with a table, by its name, with another query of the same `IceFrame`, or with data.

        Args:
            other_table: the right side. Data is a frame of Polars or pandas, anything with
                ``__arrow_c_stream__``, a dict of columns or a list of rows; its columns have the
                types that a new table would give them, and keys of different width meet.
            on: columns of that name on both sides; one of each comes out.
            how: inner, left, right, full (or outer): rows that meet, and those of one side or of
                both that meet nothing, with nulls; semi, anti: rows of the left side that meet
                something, or nothing; cross: every row with every row.
            left_on: columns of the left side, in place of ``on``; both sides' come out.
            right_on: their counterparts on the right side.

        The right side's columns come last; a name that is taken already gets "_right" at its end.
        Null meets nothing; NaN equals NaN.

        Example:
            >>> nicknames = {"id": [1, 2], "nickname": ["Countess", "Builder"]}
            >>> named = demo().query("users").join(nicknames, "id").select("name", "nickname")
            >>> named.execute().to_dicts()
            [{'name': 'Ada', 'nickname': 'Countess'}, {'name': 'Bob', 'nickname': 'Builder'}]
        """
        other = self._other("join", other_table)
        if on is not None and (left_on is not None or right_on is not None):
            raise ValidationError("join takes on, or left_on and right_on, not both")
        required_text("how", how)
        left = texts("on", on) if on is not None else texts("left_on", left_on)
        right = texts("on", on) if on is not None else texts("right_on", right_on)
        if how != "cross" and not left and not right:
            raise ValidationError(
                f"a join of kind {how} needs on=, or left_on= and right_on=; "
                "how='cross' joins every row with every row"
            )
        query = self._query.join(other, left, right, on is not None, how)
        named = {"on": on, "left_on": left_on, "right_on": right_on}
        words = [f"{name}={names!r}" for name, names in named.items() if names is not None]
        shown_words = (*map(_Words, words), _Words(f"how={how!r}"))
        return self._with("join", (_other_text(other_table), *shown_words), query)

    def union(
        self,
        other: Any,  # noqa: ANN401 - a table's name, a query, or data
        *,
        by_name: bool = False,
        allow_missing_columns: bool = False,
    ) -> QueryBuilder:
        """Puts the rows of a table, a query or data below these; equal rows all stay.

        Args:
            other: a table's name, another query of the same `IceFrame`, or data, as for `join`.
            by_name: columns, and fields of structs, meet by name; False: by position, under the
                names of this query.
            allow_missing_columns: with ``by_name``, a column that one side lacks is null in that
                side's rows; False: it is an error.

        Types are promoted as Iceberg does, where no value can be lost by it: int to long, float to
        double, decimals to more digits, microseconds to nanoseconds, columns of nulls to any type.
        Other types must be equal. SQL's UNION is ``.union(…).distinct()``.

        Raises:
            ValidationError: when it is executed, naming the column and both types.

        Example:
            >>> more = [{"name": "Cleo", "id": 3}]
            >>> users = demo().query("users").select("id", "name").union(more, by_name=True)
            >>> users.execute().to_dict(as_series=False)
            {'id': [1, 2, 3], 'name': ['Ada', 'Bob', 'Cleo']}
        """
        options = {
            "by_name": truth("by_name", by_name),
            "allow_missing_columns": truth("allow_missing_columns", allow_missing_columns),
        }
        if allow_missing_columns and not by_name:
            raise ValidationError("allow_missing_columns needs by_name=True")
        query = self._query.union(self._other("union", other), **options)
        words = [_Words(f"{name}=True") for name, value in options.items() if value]
        return self._with("union", (_other_text(other), *words), query)

    def group_by(self, *keys: ColumnLike | Iterable[ColumnLike]) -> QueryBuilder:
        """Makes groups of equal keys (nulls are equal here) for the `select` next to it."""
        items = _items("group_by", keys)
        return self._with("group_by", items, self._query.group_by(items))

    def order_by(
        self,
        *keys: ColumnLike | SortKey | Iterable[ColumnLike | SortKey],
        descending: bool | Sequence[bool] = False,
        nulls_last: bool | Sequence[bool] = True,
    ) -> QueryBuilder:
        """Sorts, stably, by the keys, the first one first; NaN is greater than every number.

        Args:
            *keys: columns, expressions or sort keys such as ``col("x").desc()``.
            descending: for all keys, or a list with an entry per key.
            nulls_last: likewise; nulls come last in either direction unless this is False.
        """
        given = _flat(keys)
        if not given:
            raise ValidationError("order_by needs at least one column")
        directions = _per_key("descending", descending, len(given))
        nulls = _per_key("nulls_last", nulls_last, len(given))
        keys_in_order = []
        for key, is_descending, is_last in zip(given, directions, nulls, strict=True):
            if not isinstance(key, SortKey):
                key = SortKey(column_of(key), descending=is_descending, nulls_last=is_last)
            keys_in_order.append(key)
        native = [(key.expression.native, key.descending, key.nulls_last) for key in keys_in_order]
        return self._with("order_by", keys_in_order, self._query.order_by(native))

    def limit(self, n: int) -> QueryBuilder:
        """Keeps the first ``n`` rows."""
        count = required_whole_number("limit", n)
        if count < 0:
            raise ValidationError(f"limit must not be negative: {count}")
        return self._with("limit", (count,), self._query.limit(count))

    def offset(self, n: int) -> QueryBuilder:
        """Leaves out the first ``n`` rows."""
        count = required_whole_number("offset", n)
        if count < 0:
            raise ValidationError(f"offset must not be negative: {count}")
        return self._with("offset", (count,), self._query.offset(count))

    def distinct(self) -> QueryBuilder:
        """Keeps one of each set of equal rows; nulls are equal here."""
        return self._with("distinct", (), self._query.distinct())

    def with_column(self, name: str, expression: Expression | str) -> QueryBuilder:
        """Adds a column of this value, or puts it in the place of its namesake."""
        required_text("the name of a column", name)
        value = column_of(expression)
        return self._with("with_column", (name, value), self._query.with_column(name, value.native))

    def cache(self, ttl: float | None = None) -> QueryBuilder:
        """Lets the query be answered from the cache of results, and its answer be kept there.

        The answer is that of the tables as they are now, whoever changed them: every execution asks
        the catalog first. The cache is that of the `IceFrame`, else the process's
        (`iceframe.cache`). A query with limit or offset, or numbered rows, and without an order is
        computed each time. Of a query that is a side of a join or union it says nothing.

        Args:
            ttl: the most seconds that an answer may be old; None: any.

        Example:
            >>> query = demo().query("users").select("count(*) AS n").cache(ttl=3600)
            >>> query.execute().item(), query.execute().item()
            (2, 2)
            >>> "from cache" in query.explain()
            True
        """
        from iceframe.cache_arguments import ttl_in_ns

        words = () if ttl is None else (_Words(f"ttl={ttl!r}"),)
        made = self._with("cache", words, self._query)
        made._caching = (ttl_in_ns("ttl", ttl),)
        return made

    # -- terminal calls ----------------------------------------------------------------------------

    def execute(self, *, progress: ProgressOption = False) -> pl.DataFrame:
        """Runs the query; returns its rows as a Polars DataFrame.

        Args:
            progress: False, True (a bar on a terminal or in a notebook) or a callable of a
                `Progress`.

        Raises:
            ValidationError: an unknown column, a step that can't be meant, text that is no SQL.
            TableNotFoundError: there is no such table.
            MemoryLimitError: ``memory.limit`` was reached.
        """
        if self._caching is not None and progress is False:
            kept = self._session.find_kept(self._prepare(as_views=True))
            if kept is not None:
                return to_polars(kept)
        return self._rows(as_views=True).polars(progress)

    collect = execute
    to_polars = execute

    def to_arrow(self, *, progress: ProgressOption = False) -> pa.Table:
        """As `execute`, as a pyarrow Table."""
        return self._rows().arrow(progress)

    def to_pandas(self, *, progress: ProgressOption = False) -> pd.DataFrame:
        """As `execute`, as a pandas DataFrame."""
        return self._rows().pandas(progress)

    def to_batches(self, *, progress: ProgressOption = False) -> Iterator[pa.RecordBatch]:
        """Runs the query; yields its rows as they are computed. Closing the iterator stops it."""
        return self._rows().arrow_batches(progress, what="to_batches")

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self._rows().stream().__arrow_c_stream__(requested_schema)

    def explain(self, analyze: bool = False, *, disabled_rules: Sequence[str] = ()) -> Explanation:
        """Returns what the query does.

        Args:
            analyze: run it, drop its rows and tell what happened: rows, time and memory per
                operator, files and row groups skipped. False: from manifests alone, no data file
                is opened; row groups are an estimate then.
            disabled_rules: rules of the optimizer to leave out, by name.
        """
        text, data = self._session.explain(
            self._query,
            analyze=truth("analyze", analyze),
            disabled_rules=[
                required_text("disabled_rules", str(rule))
                for rule in as_list("disabled_rules", disabled_rules)
            ],
            prepared=None if self._caching is None else self._prepare(as_views=False),
        )
        return Explanation(text, data)

    def analyze(self) -> dict[str, Any]:
        """Returns what the query reads and what would make it cheaper; it is not run.

        As `iceframe.optimizer.QueryOptimizer.analyze_query`, for each of its tables: the advice
        comes from their manifests, with evidence, estimate and the call that carries it out. None
        comes where there is nothing to improve.

        Example:
            >>> query = demo().query("users").filter("id + 1 > 2")
            >>> [advice.kind for advice in query.analyze()["suggestions"]]
            ['rewrite_filter']
        """
        from iceframe.optimizer import analysis_of

        return analysis_of(_native.analyze_query(self._session, self._query))

    # Type checkers find what there is not by themselves.
    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> NoReturn:
            raise refuse(self, QUERY, name)

    def __repr__(self) -> str:
        start = self._query.table_name
        parts = (f"query({start if start[:1] == '<' else repr(start)})", *self._steps)
        line = "".join(parts)
        return line if len(line) <= _MAX_LINE else "\n  ".join(parts)

    def _repr_html_(self) -> str:
        return f"<pre>{escape(repr(self))}</pre>"

    # -- inside ------------------------------------------------------------------------------------

    def _rows(self, *, as_views: bool = False) -> RowSource:
        return RowSource(lambda listener: self._start(listener, as_views=as_views))

    def _start(self, listener: Any, *, as_views: bool = False) -> _native.BatchStream:  # noqa: ANN401 - of progress_listener
        if self._caching is None:
            return self._session.execute(self._query, disabled_rules=[], progress=listener)
        prepared = self._prepare(as_views=as_views)
        return self._session.execute_prepared(prepared, progress=listener)

    def _prepared_for_views(self) -> _native.PreparedQuery | None:
        return None if self._caching is None else self._prepare(as_views=True)

    def _prepare(self, *, as_views: bool) -> _native.PreparedQuery:
        """Returns the query as it asks a cache; text as Polars has it, or as Arrow's tables."""
        assert self._caching is not None
        # Times are shown by it.
        scope = "/".join(time.tzname)
        prepared = self._prepared.get((scope, as_views))
        if prepared is None:
            prepared = _native.PreparedQuery.of(self._query, self._caching[0], scope, as_views)
            self._prepared[(scope, as_views)] = prepared
        return prepared

    def _other(self, step: str, other: object) -> _native.Query:
        """Returns the other side of a step: a query, a table by its name, or data."""
        if isinstance(other, QueryBuilder):
            if other._session is not self._session:
                raise ValidationError(
                    f"{step} needs a query of the same IceFrame; a CatalogFederation "
                    "(iceframe.federation) has queries over several catalogs"
                )
            return other._query
        if is_data(other):
            return query_of_rows(self._session, other)
        if not isinstance(other, str | tuple):
            raise ValidationError(f"{step} needs a table name, a query or data: {shown(other)}")
        return _native.Query.of(identifier(other), None, None, None)

    def _with(self, name: str, arguments: Iterable[object], query: _native.Query) -> QueryBuilder:
        step = f".{name}({', '.join(_text(argument) for argument in arguments)})"
        made = QueryBuilder(self._session, query)
        made._steps = (*self._steps, step)
        made._caching = self._caching
        return made


class _Words(str):
    """Text that a query's repr shows without quotes."""

    __slots__ = ()


def __getattr__(name: str) -> Any:  # noqa: ANN401 - what iceframe.cache has
    if name not in {"get_query_cache", "set_query_cache", "invalidate_query_cache"}:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import iceframe.cache

    return getattr(iceframe.cache, name)


def _other_text(other: object) -> object:
    """Returns what shows the other side: data by its kind alone."""
    if isinstance(other, QueryBuilder | str | tuple):
        return other
    return _Words(shown_name(other))


def _text(argument: object) -> str:
    """Returns what shows an argument of a step: expressions as the texts that steps take."""
    if isinstance(argument, _Words):
        return argument
    if isinstance(argument, _native.Expression):
        return repr(argument.to_sql())
    if isinstance(argument, Expression | SortKey):
        return repr(str(argument))
    return repr(argument)


def _flat(given: Iterable[Any]) -> list[Any]:
    """Returns the entries, lists among them opened."""
    entries: list[Any] = []
    for entry in given:
        is_one = isinstance(entry, str | bytes | Mapping | Expression | SortKey)
        if isinstance(entry, Iterable) and not is_one:
            entries.extend(entry)
        else:
            entries.append(entry)
    return entries


def _items(step: str, given: Iterable[Any]) -> list[_native.Expression]:
    entries = _flat(given)
    if not entries:
        raise ValidationError(f"{step} needs at least one column")
    return [column_of(entry).native for entry in entries]


def _per_key(name: str, given: bool | Sequence[bool], count: int) -> list[bool]:
    entries = [given] * count if isinstance(given, bool) else as_list(name, given)
    if len(entries) != count:
        raise ValidationError(f"{name} has {len(entries)} entries for {count} keys")
    return [truth(name, entry) for entry in entries]
