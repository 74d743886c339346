"""IceFrame: a native engine for Apache Iceberg tables.

The engine is C++ (`iceframe._native`); these modules are its Python faces.
"""

from iceframe._version import __version__

__all__ = ["__version__"]
