"""`Table`: one table as it was when it was loaded."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from iceframe import _native
from iceframe.html import html_table

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Table"]


class Table:
    """A table's metadata, as loaded; it does not change when the table does."""

    def __init__(self, native: _native.Table) -> None:
        self._native = native

    def name(self) -> tuple[str, ...]:
        """Returns the namespace's levels and the table's name."""
        return tuple(self._native.name().split("."))

    @property
    def location(self) -> str:
        """Where the table's files are."""
        return self._native.location()

    @property
    def metadata_location(self) -> str:
        """Where the metadata file is that this table was loaded from."""
        return self._native.metadata_location()

    @property
    def format_version(self) -> int:
        """The version of the Iceberg format, 1 to 3."""
        return self._native.format_version()

    @property
    def properties(self) -> dict[str, str]:
        """The table's properties."""
        return self._native.properties()

    @property
    def current_snapshot_id(self) -> int | None:
        """The current snapshot, None for a table that never had one."""
        return self._native.current_snapshot_id()

    @property
    def metadata(self) -> dict[str, Any]:
        """The metadata file's content."""
        content: dict[str, Any] = json.loads(self._native.metadata_json())
        return content

    @property
    def snapshots(self) -> list[dict[str, Any]]:
        """The snapshots as the metadata has them, oldest first."""
        return list(self.metadata.get("snapshots", ()))

    def arrow_schema(self) -> pa.Schema:
        """Returns the schema in which rows are read."""
        import pyarrow as pa

        return pa.schema(self._native)

    def __repr__(self) -> str:
        name = ".".join(self.name())
        columns = ", ".join(f"{field.name}: {field.type}" for field in self.arrow_schema())
        return (
            f"Table({name!r}, snapshot_id={self.current_snapshot_id}, "
            f"location={self.location!r}, columns=[{columns}])"
        )

    def _repr_html_(self) -> str:
        """The columns, for notebooks."""
        fields = self.arrow_schema()
        rows = [(f.name, f.type, "" if f.nullable else "required") for f in fields]
        title = f"{'.'.join(self.name())} (snapshot {self.current_snapshot_id})"
        return html_table(title, ("column", "type", ""), rows)
