"""pyarrow, where it is installed, and what of the engine's it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from iceframe import _native
from iceframe.errors import MissingPackageError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["arrow_schema", "pyarrow_for"]


def pyarrow_for(what: str) -> Any:  # noqa: ANN401 - the module
    """Returns the module pyarrow, which ``what`` needs.

    Raises:
        MissingPackageError: it is not installed.
    """
    try:
        import pyarrow
    except ImportError as error:
        raise MissingPackageError(
            f"{what} needs pyarrow, which is not installed: pip install 'iceframe[arrow]'"
        ) from error
    return pyarrow


def arrow_schema(columns: _native.RowSchema) -> pa.Schema:
    """Returns the columns as a pyarrow Schema."""
    return pyarrow_for("an Arrow schema").schema(columns)
