"""The exceptions under the module that users of this name import them from."""

from iceframe import errors
from iceframe.errors import *  # noqa: F403 - the same names

__all__ = [name for name in errors.__all__ if name.endswith("Error")]
