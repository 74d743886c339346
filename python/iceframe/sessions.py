"""What stands for an `IceFrame` where its own module can't be named: that one builds on others."""

from __future__ import annotations

from typing import Any, Protocol

from iceframe import _native
from iceframe.errors import ValidationError, shown

__all__ = ["MAX_CONNECTIONS", "HasBudget", "SessionHolder", "session_of", "session_within"]


#: More than any catalog has for one process.
MAX_CONNECTIONS = 10_000


class SessionHolder:
    """What an `IceFrame` is to the modules that it builds on."""

    _session: _native.Session


class HasBudget(Protocol):
    """A `MemoryManager`."""

    _budget: _native.MemoryBudget


def session_within(value: object) -> _native.Session | None:
    """Returns the session of an `IceFrame` or of an `AsyncIceFrame`; None for anything else."""
    held = getattr(value, "ice_frame", value)
    return held._session if isinstance(held, SessionHolder) else None


def session_of(ice: Any) -> _native.Session:  # noqa: ANN401 - what the user wrote
    """Returns the session of an `IceFrame`, or of what holds one, as an `AsyncIceFrame` does.

    Raises:
        ValidationError: it is none.
    """
    if (session := session_within(ice)) is None:
        raise ValidationError(f"an IceFrame is needed, got {shown(ice)}")
    return session
