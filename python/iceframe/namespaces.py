"""`NamespaceManager`: the namespaces of a catalog."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from iceframe import _native
from iceframe.arguments import levels, string_properties, texts

__all__ = ["NamespaceManager"]


class NamespaceManager:
    """What `IceFrame` does with namespaces, under short names.

    Example:
        >>> ice = demo()
        >>> ice.namespaces.create_namespace("sales", {"owner": "ada"})
        >>> ice.namespaces.list_namespaces()
        [('default',), ('sales',)]
    """

    def __init__(self, session: _native.Session) -> None:
        self._session = session

    def create_namespace(self, namespace: str, properties: Mapping[str, Any] | None = None) -> None:
        """As `IceFrame.create_namespace`."""
        self._session.create_namespace(
            levels("namespace", namespace), string_properties("properties", properties)
        )

    def drop_namespace(self, namespace: str) -> None:
        """As `IceFrame.drop_namespace`."""
        self._session.drop_namespace(levels("namespace", namespace))

    def list_namespaces(self, parent: str | None = None) -> list[tuple[str, ...]]:
        """As `IceFrame.list_namespaces`."""
        is_top = parent is None or (isinstance(parent, str | tuple) and not parent)
        above = [] if is_top else levels("parent", parent)
        return [tuple(name) for name in self._session.list_namespaces(above)]

    def load_namespace_properties(self, namespace: str) -> dict[str, str]:
        """As `IceFrame.load_namespace_properties`."""
        return self._session.load_namespace_properties(levels("namespace", namespace))

    def update_namespace_properties(
        self,
        namespace: str,
        removals: Iterable[str] | None = None,
        updates: Mapping[str, Any] | None = None,
    ) -> None:
        """As `IceFrame.update_namespace_properties`."""
        self._session.update_namespace_properties(
            levels("namespace", namespace),
            texts("removals", removals),
            string_properties("updates", updates),
        )
