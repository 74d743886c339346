"""Rows as Polars frames, at once or lazily."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, cast

from iceframe.expressions import Expression
from iceframe.polars_predicates import implied_filter

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

__all__ = ["lazy_frame", "to_polars"]


def to_polars(rows: pa.Table | pa.RecordBatch) -> pl.DataFrame:
    """Returns Arrow rows as a Polars DataFrame."""
    polars = _polars()
    frame: pl.DataFrame | pl.Series = polars.from_arrow(rows)
    if not isinstance(frame, polars.DataFrame):
        raise TypeError("expected a DataFrame from Polars")
    return cast("pl.DataFrame", frame)


def lazy_frame(
    scan: Callable[[list[str], Expression | None, int | None], Iterator[pa.RecordBatch]],
    no_rows: pa.Table,
) -> pl.LazyFrame:
    """Returns a LazyFrame whose columns, filters and row limit reach ``scan``.

    Args:
        scan: yields the rows of these columns that match a filter, at most so many.
        no_rows: an empty table with the schema of all columns.
    """
    _polars()
    from polars.io.plugins import register_io_source

    empty = to_polars(no_rows)

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
        for batch in scan(needed or empty.columns[:1], before, n_rows):
            frame = to_polars(batch)
            if predicate is not None:
                frame = frame.filter(predicate)
            yield frame.select(wanted) if wanted else frame

    return register_io_source(read, schema=empty.schema, explain_name="iceframe")


def _polars() -> Any:  # noqa: ANN401 - the module
    try:
        import polars as pl
    except ImportError as error:
        message = "this returns Polars frames: pip install 'iceframe[polars]'"
        raise ImportError(message) from error
    return pl
