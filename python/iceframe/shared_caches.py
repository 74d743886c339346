"""What the process keeps in memory to be faster the next time, all of it within one budget."""

from __future__ import annotations

from typing import Any

from iceframe import _native
from iceframe.arguments import required_whole_number
from iceframe.errors import ValidationError

__all__ = ["clear_caches", "report_caches", "set_cache_budget"]


def report_caches() -> dict[str, Any]:
    """Returns what all caches of the process hold: metadata, manifests, footers, results.

    bytes and max_bytes are those of all together; caches has for each one its name, entries, bytes,
    hits, misses, coalesced (callers that waited for another one's load), evictions and refused.

    Example:
        >>> from iceframe.shared_caches import report_caches
        >>> report = report_caches()
        >>> report["bytes"] == sum(cache["bytes"] for cache in report["caches"])
        True
    """
    return _native.shared_caches()


def set_cache_budget(max_bytes: int) -> None:
    """Sets what all caches of the process may hold together; 1 GiB unless it is set.

    Where they hold more, what was used longest ago goes at once. A single cache that was made for
    more may have it. Under a memory limit caches give way before anything fails.
    """
    number = required_whole_number("max_bytes", max_bytes)
    if number < 0:
        raise ValidationError(f"max_bytes must not be negative: {number}")
    _native.set_shared_cache_bytes(min(number, 2**62))


def clear_caches() -> None:
    """Empties all caches of the process; what was handed out stays valid."""
    _native.clear_shared_caches()
