"""Rows as Polars frames, at once or lazily."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from iceframe import _native
from iceframe.expressions import Expression
from iceframe.polars_predicates import implied_filter

if TYPE_CHECKING:
    import polars as pl

__all__ = ["lazy_frame", "to_polars"]


def to_polars(rows: Any) -> pl.DataFrame:  # noqa: ANN401 - anything with __arrow_c_stream__
    """Returns rows as a Polars DataFrame."""
    import polars as pl

    return pl.DataFrame(rows)


def lazy_frame(
    scan: Callable[[list[str], Expression | None, int | None], Iterator[_native.Batch]],
    columns: _native.RowSchema,
    least_column: Callable[[], str],
) -> pl.LazyFrame:
    """Returns a LazyFrame whose columns, filters and row limit reach ``scan``.

    Args:
        scan: yields the rows of these columns that match a filter, at most so many.
        columns: all columns.
        least_column: gives a column to read where rows are only counted.
    """
    import polars as pl
    from polars.io.plugins import register_io_source

    # Types that Polars knows by their extension's name alone are not for reading: their storage is.
    known = pl.Schema(columns).items()
    empty = pl.DataFrame(schema={n: getattr(t, "ext_storage", lambda t=t: t)() for n, t in known})

    def read(
        with_columns: list[str] | None,
        predicate: pl.Expr | None,
        n_rows: int | None,
        batch_size: int | None,
    ) -> Iterator[pl.DataFrame]:
        wanted = empty.columns if with_columns is None else with_columns
        needed = list(wanted)
        implied = None
        if predicate is not None:
            implied = implied_filter(predicate, empty.schema)
            needed += [name for name in predicate.meta.root_names() if name not in needed]
        # A frame without columns has no height: a column stands in where rows are only counted.
        yield empty.select(wanted)
        # Polars gives both where the rows are counted before they are filtered.
        before = None if n_rows is not None else implied
        for batch in scan(needed or [least_column()], before, n_rows):
            frame = to_polars(batch)
            if predicate is not None:
                frame = frame.filter(predicate)
            yield frame.select(wanted) if wanted else frame

    return register_io_source(read, schema=empty.schema, explain_name="iceframe")
