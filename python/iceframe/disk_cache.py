"""Rows kept in files: `iceframe.cache.DiskCache`."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from iceframe import _native
from iceframe.arguments import identifier, required_whole_number
from iceframe.cache_arguments import parameters_text, ttl_in_ns
from iceframe.errors import ValidationError, shown
from iceframe.polars_frames import to_polars

if TYPE_CHECKING:
    import polars as pl

_BYTES_PER_GB = 1024**3


class DiskCache:
    """Rows that callers keep, in a folder of files that other processes and later runs find.

    An entry is there until its time is over, until it is invalidated, or until the folder holds
    more than it may: then what was used longest ago goes. A process may be killed at any time, and
    a file be damaged: what is not whole is not found, and is deleted. The folder is for this user
    alone, and for nothing else. A commit to a table does not change what was kept for it.

    Args:
        cache_dir: the folder; made if it is not there.
        max_size_gb: what all entries may take, in units of 1024 ** 3 bytes.
        max_bytes: the same in bytes; it goes before max_size_gb.

    Example:
        >>> import tempfile
        >>> import polars as pl
        >>> from iceframe.disk_cache import DiskCache
        >>> folder = tempfile.TemporaryDirectory()
        >>> cache = DiskCache(cache_dir=folder.name, max_bytes=10_000_000)
        >>> cache.put("users", {"min_age": 30}, pl.DataFrame({"id": [1, 2]}), ttl=3600)
        >>> cache.get("users", {"min_age": 30}).height
        2
        >>> cache.get("users", {"min_age": 31}) is None
        True
    """

    def __init__(
        self,
        cache_dir: str | os.PathLike[str] = ".iceframe_cache",
        max_size_gb: float = 1.0,
        max_bytes: int | None = None,
    ) -> None:
        if not isinstance(cache_dir, str | os.PathLike):
            raise ValidationError(f"cache_dir must be a path, got {shown(cache_dir)}")
        self._native = _native.DiskCache.open(
            os.fsdecode(cache_dir), _limit_bytes(max_size_gb, max_bytes)
        )

    @property
    def cache_dir(self) -> str:
        """The folder, as an absolute path."""
        return self._native.folder

    def get(self, table_name: str, query_params: Mapping[str, Any]) -> pl.DataFrame | None:
        """Returns the rows that were put under these parameters, or None."""
        rows = self._native.get(identifier(table_name), parameters_text(query_params))
        return None if rows is None else to_polars(rows)

    def put(
        self,
        table_name: str,
        query_params: Mapping[str, Any],
        data: pl.DataFrame,
        ttl: float | None = None,
    ) -> None:
        """Keeps rows for a table, in place of those that were there.

        Args:
            table_name: "namespace.table", or "table" in the namespace "default".
            query_params: what `get` finds it by: texts, numbers, dates, lists, mappings …
            data: a Polars DataFrame, or anything with ``__arrow_c_stream__``.
            ttl: seconds until it goes; None: no limit.
        """
        if not hasattr(data, "__arrow_c_stream__"):
            raise ValidationError(f"data must be a DataFrame, got {shown(data)}")
        self._native.put(
            identifier(table_name), parameters_text(query_params), data, ttl_in_ns("ttl", ttl)
        )

    def invalidate(self, table_name: str) -> None:
        """Deletes all that was kept for a table."""
        self._native.invalidate(identifier(table_name))

    def clear(self) -> None:
        """Deletes all entries; the folder stays."""
        self._native.clear()

    def stats(self) -> dict[str, Any]:
        """Returns what the folder holds and what this object saw of it.

        size (entries), bytes, max_bytes and cache_dir; hits, misses, damaged, expired, evictions
        (for their size) and refused (larger than the cache).
        """
        return {
            "cache_dir": self._native.folder,
            "max_bytes": self._native.max_bytes,
            **self._native.stats(),
        }

    def __repr__(self) -> str:
        return f"DiskCache(cache_dir={self._native.folder!r}, max_bytes={self._native.max_bytes})"


def _limit_bytes(max_size_gb: Any, max_bytes: Any) -> int:  # noqa: ANN401 - what the user wrote
    if max_bytes is not None:
        number = required_whole_number("max_bytes", max_bytes)
        if number < 0:
            raise ValidationError(f"max_bytes must not be negative: {number}")
        return min(number, 2**62)
    is_number = isinstance(max_size_gb, int | float) and not isinstance(max_size_gb, bool)
    if not is_number or (isinstance(max_size_gb, float) and math.isnan(max_size_gb)):
        raise ValidationError(f"max_size_gb must be a number, got {shown(max_size_gb)}")
    if max_size_gb < 0:
        raise ValidationError(f"max_size_gb must not be negative: {max_size_gb}")
    return int(min(max_size_gb * _BYTES_PER_GB, 2**62))
