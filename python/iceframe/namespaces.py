"""`NamespaceManager`: the namespaces of a catalog."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from iceframe.frame import IceFrame

__all__ = ["NamespaceManager"]


class NamespaceManager:
    """What `IceFrame` does with namespaces, under short names.

    Example:
        >>> ice = demo()
        >>> ice.namespaces.create_namespace("sales", {"owner": "ada"})
        >>> ice.namespaces.list_namespaces()
        [('default',), ('sales',)]
    """

    def __init__(self, ice: IceFrame) -> None:
        self._ice = ice

    def create_namespace(self, namespace: str, properties: Mapping[str, Any] | None = None) -> None:
        """As `IceFrame.create_namespace`."""
        self._ice.create_namespace(namespace, properties)

    def drop_namespace(self, namespace: str) -> None:
        """As `IceFrame.drop_namespace`."""
        self._ice.drop_namespace(namespace)

    def list_namespaces(self, parent: str | None = None) -> list[tuple[str, ...]]:
        """As `IceFrame.list_namespaces`."""
        return self._ice.list_namespaces(parent)

    def load_namespace_properties(self, namespace: str) -> dict[str, str]:
        """As `IceFrame.load_namespace_properties`."""
        return self._ice.load_namespace_properties(namespace)

    def update_namespace_properties(
        self,
        namespace: str,
        removals: Iterable[str] | None = None,
        updates: Mapping[str, Any] | None = None,
    ) -> None:
        """As `IceFrame.update_namespace_properties`."""
        self._ice.update_namespace_properties(namespace, removals, updates)
