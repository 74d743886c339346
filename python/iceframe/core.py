"""`IceFrame` under the module that users of this name import it from."""

from iceframe.frame import IceFrame

__all__ = ["IceFrame"]
