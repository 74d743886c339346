"""The package's version, as the engine was built with: importlib.metadata is slow to import."""

from iceframe import _native

__version__: str = _native.version()
