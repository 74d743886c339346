"""Functions that users of this name import: catalog configurations, table names, summaries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from iceframe.arguments import identifier, levels, required_text
from iceframe.catalog_config import load_catalog_config_from_env
from iceframe.errors import ValidationError, shown

if TYPE_CHECKING:
    import polars as pl

__all__ = [
    "format_table_identifier",
    "from_arrow_dataframe",
    "load_catalog_config_from_env",
    "normalize_table_identifier",
    "safe_summary_dict",
    "validate_catalog_config",
]

_NEEDED = ("uri", "type")


def validate_catalog_config(config: Mapping[str, Any]) -> None:
    """Checks that a catalog's configuration says where and of what kind it is.

    `IceFrame` itself needs less: it opens what has a type alone, or nothing at all.

    Raises:
        ValidationError: ``uri`` or ``type`` is missing.

    Example:
        >>> validate_catalog_config({"uri": "sqlite:///catalog.db"})
        Traceback (most recent call last):
        ...
        iceframe.errors.ValidationError: Missing required catalog configuration: type
    """
    if not isinstance(config, Mapping):
        raise ValidationError(
            f"catalog configuration must be a mapping, got {type(config).__name__}"
        )
    for name in _NEEDED:
        if not config.get(name):
            raise ValidationError(f"Missing required catalog configuration: {name}")


def normalize_table_identifier(table_name: str | tuple[str, ...]) -> tuple[str, str]:
    """Returns the namespace and the name of a table.

    Example:
        >>> normalize_table_identifier("users"), normalize_table_identifier("a.b.users")
        (('default', 'users'), ('a.b', 'users'))
    """
    namespace, _, name = identifier(table_name).rpartition(".")
    return namespace or "default", name


def format_table_identifier(namespace: str | tuple[str, ...], table_name: str) -> str:
    """Returns the full name of a table.

    Example:
        >>> format_table_identifier("sales", "users")
        'sales.users'
    """
    return ".".join([*levels("namespace", namespace), required_text("table name", table_name)])


def safe_summary_dict(summary: Any) -> dict[str, Any]:  # noqa: ANN401 - ours or PyIceberg's
    """Returns a snapshot's summary, ours or PyIceberg's, as a plain dict; {} for None."""
    if summary is None:
        return {}
    if isinstance(summary, dict):
        return dict(summary)
    if hasattr(summary, "additional_properties"):
        operation = getattr(summary.operation, "value", summary.operation)
        return {"operation": operation, **summary.additional_properties}
    if isinstance(summary, Mapping):
        return dict(summary)
    raise ValidationError(f"summary can't be read: {shown(summary)}")


def from_arrow_dataframe(data: Any) -> pl.DataFrame:  # noqa: ANN401 - anything of Arrow's
    """Returns Arrow data as a Polars frame, never a series."""
    import polars as pl

    result = pl.from_arrow(data)
    return result.to_frame() if isinstance(result, pl.Series) else result
