"""`NamespaceManager` under the module that users of this name import it from."""

from iceframe.namespaces import NamespaceManager

__all__ = ["NamespaceManager"]
