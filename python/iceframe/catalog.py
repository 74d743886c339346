"""`Catalog`: names of namespaces and tables, with PyIceberg's names for what is done with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Unpack

from iceframe import _native
from iceframe.arguments import identifier, levels, required_text, truth
from iceframe.errors import AlreadyExistsError, NotFoundError
from iceframe.namespaces import NamespaceManager
from iceframe.options import CreateOptions
from iceframe.sessions import SessionHolder

if TYPE_CHECKING:
    from iceframe.table import Table

__all__ = ["Catalog"]

#: A name: "namespace.table", or its parts.
Name = str | tuple[str, ...]


class Catalog(SessionHolder):
    """A catalog by itself: what `IceFrame.catalog` gives, and each connection of a `CatalogPool`.

    A table's name is ``"namespace.table"`` or a tuple of its parts; a bare ``"table"`` stands for
    ``"default.table"``. Tables that come from here have all that `IceFrame.get_table` gives: they
    are read, appended to and changed by themselves.

    Example:
        >>> catalog = demo().catalog
        >>> catalog.list_namespaces()
        [('default',)]
        >>> table = catalog.load_table("users")
        >>> table.append({"id": [3]}).num_rows
        1
    """

    def __init__(self, session: _native.Session) -> None:
        self._session = session

    def __repr__(self) -> str:
        return f"Catalog({self._session!r})"

    @property
    def name(self) -> str:
        """The catalog's name."""
        return self._session.catalog_name()

    # -- tables --------------------------------------------------------------------------------

    def list_tables(self, namespace: Name = "default") -> list[tuple[str, ...]]:
        """Returns the names of a namespace's tables as tuples of their parts, sorted.

        Raises:
            NotFoundError: the namespace does not exist; "default" counts as empty then.
        """
        names = self._session.list_tables(".".join(levels("namespace", namespace)))
        return [tuple(name.split(".")) for name in names]

    def load_table(self, identifier: Name) -> Table:
        """Returns a table as it is now.

        Raises:
            TableNotFoundError: there is none of that name.
        """
        return self._table(self._session.load_table(_name(identifier)))

    def table_exists(self, identifier: Name) -> bool:
        """Returns whether there is a table of that name."""
        return self._session.table_exists(_name(identifier))

    def create_table(
        self,
        identifier: Name,
        schema: Any,  # noqa: ANN401 - as for `IceFrame.create_table`
        partition_spec: Sequence[tuple[str, str]] | None = None,
        sort_order: Sequence[Any] | None = None,
        properties: Mapping[str, Any] | None = None,
        **options: Unpack[CreateOptions],
    ) -> Table:
        """Creates an empty table; as `IceFrame.create_table`.

        Raises:
            AlreadyExistsError: the table is there and exist_ok is False.
        """
        from iceframe.table_creation import create_table

        parts = (partition_spec, sort_order, properties)
        return create_table(self._session, identifier, schema, *parts, **options)

    def drop_table(self, identifier: Name, *, purge: bool = False) -> None:
        """Removes a table from the catalog; with ``purge`` its files are deleted too."""
        self._session.drop_table(_name(identifier), purge=truth("purge", purge))

    def purge_table(self, identifier: Name) -> None:
        """Removes a table from the catalog and deletes its files."""
        self.drop_table(identifier, purge=True)

    def rename_table(self, from_identifier: Name, to_identifier: Name) -> Table:
        """Gives a table another name and returns it; its files stay where they are.

        Raises:
            TableNotFoundError: there is no such table.
            AlreadyExistsError: the new name is taken.
        """
        self._session.rename_table(_name(from_identifier), _name(to_identifier))
        return self.load_table(to_identifier)

    def register_table(self, identifier: Name, metadata_location: str) -> Table:
        """Adds a table that lies somewhere already, by its metadata file; nothing is copied.

        Raises:
            AlreadyExistsError: the name is taken.
        """
        location = required_text("metadata_location", metadata_location)
        return self._table(self._session.register_table(_name(identifier), location))

    # -- namespaces ----------------------------------------------------------------------------

    def list_namespaces(self, namespace: Name | None = None) -> list[tuple[str, ...]]:
        """Returns the namespaces directly below one (None: the top level), sorted."""
        return self._namespaces().list_namespaces(namespace)  # type: ignore[arg-type]

    def namespace_exists(self, namespace: Name) -> bool:
        """Returns whether there is such a namespace."""
        try:
            self.load_namespace_properties(namespace)
        except NotFoundError:
            return False
        return True

    def create_namespace(
        self, namespace: Name, properties: Mapping[str, Any] | None = None
    ) -> None:
        """Creates a namespace.

        Raises:
            AlreadyExistsError: it is there.
        """
        self._namespaces().create_namespace(namespace, properties)  # type: ignore[arg-type]

    def create_namespace_if_not_exists(
        self, namespace: Name, properties: Mapping[str, Any] | None = None
    ) -> None:
        """Creates a namespace; one that is there stays as it is."""
        try:
            self.create_namespace(namespace, properties)
        except AlreadyExistsError:
            return

    def drop_namespace(self, namespace: Name) -> None:
        """Removes an empty namespace."""
        self._namespaces().drop_namespace(namespace)  # type: ignore[arg-type]

    def load_namespace_properties(self, namespace: Name) -> dict[str, str]:
        """Returns a namespace's properties."""
        return self._namespaces().load_namespace_properties(namespace)  # type: ignore[arg-type]

    def update_namespace_properties(
        self,
        namespace: Name,
        removals: Iterable[str] | None = None,
        updates: Mapping[str, Any] | None = None,
    ) -> None:
        """Removes and sets properties of a namespace."""
        manager = self._namespaces()
        manager.update_namespace_properties(namespace, removals, updates)  # type: ignore[arg-type]

    def _namespaces(self) -> NamespaceManager:
        return NamespaceManager(self._session)

    def _table(self, native: _native.Table) -> Table:
        from iceframe.table import Table

        return Table(self._session, native)


def _name(given: Name) -> str:
    return identifier(given)
