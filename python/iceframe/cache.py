"""Caches: `QueryCache` in memory, `DiskCache` in files.

Import this module by name; `IceFrame` and queries find the process's cache by themselves.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from iceframe import _native
from iceframe.arguments import identifier, required_whole_number
from iceframe.cache_arguments import parameters_text, ttl_in_ns
from iceframe.disk_cache import DiskCache
from iceframe.errors import ValidationError, shown
from iceframe.polars_frames import to_polars

if TYPE_CHECKING:
    import polars as pl

__all__ = [
    "DiskCache",
    "QueryCache",
    "get_query_cache",
    "invalidate_query_cache",
    "set_query_cache",
]

_DEFAULT_BYTES = 256 << 20


class QueryCache:
    """Results of queries, and rows that callers put there, in memory.

    A query that says `.cache()` is answered from here if the same query was answered before and
    none of its tables has changed since: every execution asks the catalog first, so no answer is
    ever stale. A new cache is the process's from now on: every `IceFrame` that was not given one
    uses it. One that is handed over, ``IceFrame(…, cache=cache)``, is that one's alone.

    Args:
        max_size: the most entries.
        max_bytes: the most bytes of all entries together; a single one has at most an eighth of
            them. They count in the process's memory, and are given back where that is short.

    Example:
        >>> from iceframe.cache import QueryCache
        >>> cache = QueryCache(max_size=100)
        >>> query = demo().query("users").filter("id > 1").cache(ttl=3600)
        >>> query.execute().height, query.execute().height
        (1, 1)
        >>> cache.stats()["hits"], cache.stats()["misses"]
        (1, 1)
    """

    def __init__(self, max_size: int = 100, max_bytes: int = _DEFAULT_BYTES) -> None:
        native = _native.QueryCache.make(
            _not_negative("max_size", max_size), _not_negative("max_bytes", max_bytes)
        )
        self._native = native
        # What the process used before: it does again if this cache is given to an IceFrame.
        self._before = weakref.ref(_current) if _current is not None else None
        self._is_unbound = True
        _use(self)

    @classmethod
    def _of(cls, native: _native.QueryCache) -> QueryCache:
        cache = cls.__new__(cls)
        cache._native = native
        cache._before = None
        cache._is_unbound = False
        return cache

    def get(self, table_name: str, query_params: Mapping[str, Any]) -> pl.DataFrame | None:
        """Returns the rows that `put` kept under these parameters, or None.

        What was kept for a table goes with the next commit to it, where an `IceFrame` of this
        process knows the table. Answers of queries are not found here.
        """
        rows = self._native.get(identifier(table_name), parameters_text(query_params))
        return None if rows is None else to_polars(rows)

    def put(
        self,
        table_name: str,
        query_params: Mapping[str, Any],
        data: pl.DataFrame,
        ttl: float | None = None,
    ) -> None:
        """Keeps a copy of rows of your own for a table; queries never see it.

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
        """Drops all that was kept of a table: answers of queries, and what was put."""
        self._native.invalidate(identifier(table_name))

    def clear(self) -> None:
        """Drops all entries."""
        self._native.clear()

    def stats(self) -> dict[str, Any]:
        """Returns figures since the cache was made.

        size, max_size and entries (each with tables, rows, bytes, created_at, expires_at and
        whether a caller put it); bytes, max_bytes; hits, misses, and coalesced, which waited for
        another one's answer; evictions and refused, by reason; files: answers of single files.
        """
        native = self._native.stats()
        entries = [_entry(entry) for entry in native.pop("entries")]
        return {
            "size": len(entries),
            "max_size": self._native.max_entries,
            "max_bytes": self._native.max_bytes,
            "entries": entries,
            **native,
        }

    def __repr__(self) -> str:
        native = self._native
        return f"QueryCache(max_size={native.max_entries}, max_bytes={native.max_bytes})"

    def _bind(self) -> None:
        """Takes part in one `IceFrame` from now on, no more in the process."""
        if self._is_unbound and _current is self:
            before = self._before() if self._before is not None else None
            _use(before or QueryCache._of(_native.QueryCache.make(100, _DEFAULT_BYTES)))
        self._is_unbound = False


# The process's cache, once it was asked for or made here.
_current: QueryCache | None = None


def _use(cache: QueryCache) -> None:
    global _current
    _native.QueryCache.set_process(cache._native)
    _current = cache


def get_query_cache() -> QueryCache:
    """Returns the process's cache: the newest, or the one that `set_query_cache` was given."""
    if _current is None:
        _use(QueryCache._of(_native.QueryCache.process()))
    assert _current is not None
    return _current


def set_query_cache(cache: QueryCache) -> None:
    """Makes a cache the process's: every `IceFrame` without one of its own uses it."""
    if not isinstance(cache, QueryCache):
        raise ValidationError(f"set_query_cache needs a QueryCache, got {shown(cache)}")
    cache._is_unbound = False
    _use(cache)


def invalidate_query_cache(table_name: str) -> None:
    """Drops all that the process's cache kept of a table."""
    get_query_cache().invalidate(table_name)


def _not_negative(name: str, given: Any) -> int:  # noqa: ANN401 - what the user wrote
    number = required_whole_number(name, given)
    if number < 0:
        raise ValidationError(f"{name} must not be negative: {number}")
    return number


def _entry(native: dict[str, Any]) -> dict[str, Any]:
    expires_at_ms = native.pop("expires_at_ms")
    return {
        "created_at": native.pop("created_at_ms") / 1000,
        "expires_at": None if expires_at_ms is None else expires_at_ms / 1000,
        **native,
    }
