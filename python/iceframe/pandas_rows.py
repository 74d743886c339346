"""Pandas frames as columns: Python values where pandas has no type of their own, else Arrow."""

from __future__ import annotations

from typing import Any

from iceframe.errors import SchemaError, ValidationError
from iceframe.pyarrow_forms import pyarrow_for

__all__ = ["frame_columns", "is_pandas", "pandas_schema", "series_values"]

# Values of a column, whether they are Arrow's, and whether NaN stands for null.
Column = tuple[Any, bool, bool]


def is_pandas(data: object, name: str) -> bool:
    """Returns whether this is pandas' object of that name."""
    kind = type(data)
    return kind.__module__.partition(".")[0] == "pandas" and kind.__name__ == name


def frame_columns(frame: Any) -> list[tuple[str, Column]]:  # noqa: ANN401 - a DataFrame
    """Returns the columns of a frame by name; its index is left out where it has no name.

    Raises:
        SchemaError: two columns have the same name, or objects that no type stands for.
        ValidationError: the index has a name, so that it is a column too.
        MissingPackageError: pyarrow is not there.
    """
    names = [str(name) for name in frame.columns]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SchemaError(f"two columns of the data have the same name: {', '.join(twice)}")
    named = [str(name) for name in frame.index.names if name is not None]
    if named:
        raise ValidationError(
            f"the frame's index has a name, and indexes are not written: {', '.join(named)}; "
            "make it a column with reset_index(), or drop it with reset_index(drop=True)"
        )
    return [(name, series_values(name, frame.iloc[:, i])) for i, name in enumerate(names)]


def series_values(name: str, series: Any) -> Column:  # noqa: ANN401 - a Series
    """Returns the values of a series.

    Raises:
        SchemaError: objects that no type stands for.
        MissingPackageError: pyarrow is not there.
    """
    pa = pyarrow_for("reading pandas frames")
    if len(series) > 0 and series.isna().all():
        return [None] * len(series), False, True
    # Integers beside NaN became floats: the table's type says what they are.
    if series.dtype == object or getattr(series.dtype, "kind", "") == "f":
        return series.tolist(), False, True
    try:
        values = pa.Array.from_pandas(series)
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise _no_type(name, series) from error
    if isinstance(values.type, pa.BaseExtensionType) and not isinstance(
        values.type, pa.UuidType | pa.JsonType
    ):
        raise _no_type(name, series)
    return values, True, False


def _no_type(name: str, series: Any) -> SchemaError:  # noqa: ANN401 - a Series
    return SchemaError(
        f"column has a pandas type that no column of a table takes: {name} is {series.dtype}; "
        "cast it to numbers, text or times"
    )


def pandas_schema(frame: Any) -> Any:  # noqa: ANN401 - a DataFrame
    """Returns the Arrow schema of a frame's columns; its rows tell what objects are.

    Raises:
        SchemaError: a column's objects have no type that a table takes.
    """
    pa = pyarrow_for("reading pandas frames")
    fields = []
    for name in frame.columns:
        try:
            values = pa.array(frame[name], from_pandas=True)
        except (pa.ArrowException, TypeError, ValueError, OverflowError):
            raise SchemaError(
                f"type of column {name} can't be told from its objects; name it in a mapping of "
                'column to type, such as {"id": "long"}'
            ) from None
        fields.append(pa.field(str(name), values.type))
    return pa.schema(fields)
