"""IceFrame: a native engine for Apache Iceberg tables.

The engine is C++ (`iceframe._native`); these modules are its Python faces.
"""

from typing import TYPE_CHECKING, Any

from iceframe import _command_start  # noqa: F401 - first, for what it does
from iceframe._version import __version__
from iceframe.catalog_config import load_catalog_config_from_env
from iceframe.errors import (
    CatalogError,
    CompactionError,
    IceFrameError,
    MaintenanceError,
    SchemaError,
    TableNotFoundError,
    UnsupportedOperationError,
    ValidationError,
)
from iceframe.executor import configure_executor
from iceframe.expressions import Expression, col, lit
from iceframe.frame import IceFrame, ScanOptions, WriteReport
from iceframe.progress import Progress
from iceframe.query import Explanation, QueryBuilder

if TYPE_CHECKING:
    from iceframe.table import Table

__all__ = [
    "CatalogError",
    "CompactionError",
    "Explanation",
    "Expression",
    "IceFrame",
    "IceFrameError",
    "MaintenanceError",
    "Progress",
    "QueryBuilder",
    "ScanOptions",
    "SchemaError",
    "Table",
    "TableNotFoundError",
    "UnsupportedOperationError",
    "ValidationError",
    "WriteReport",
    "__version__",
    "col",
    "configure_executor",
    "lit",
    "load_catalog_config_from_env",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever has that name
    """Imports what most programs do without when it is asked for."""
    if name == "Table":
        from iceframe.table import Table

        return Table
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
