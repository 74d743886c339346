"""`CatalogPool`: connections to a catalog, to be taken and given back."""

from __future__ import annotations

import warnings
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from types import TracebackType
from typing import Any, Self

from iceframe import _native
from iceframe.arguments import required_whole_number, string_properties
from iceframe.catalog import Catalog
from iceframe.catalog_config import CatalogConfig
from iceframe.errors import PoolClosedError, ValidationError, shown
from iceframe.plain_values import python_number
from iceframe.sessions import MAX_CONNECTIONS, SessionHolder, session_within

__all__ = ["CatalogConnection", "CatalogPool", "PoolClosedError"]

#: Longer than any program runs.
_FOR_EVER_MS = 1000 * 3600 * 24 * 365


class CatalogConnection(Catalog):
    """A connection that a `CatalogPool` has lent: a `Catalog` whose calls go through it alone.

    Give it back by `CatalogPool.return_connection` or at the end of ``with``. One that is dropped
    without that goes back by itself, with a `ResourceWarning`.

    Tables that were loaded from it stay usable after it was given back: they take a connection for
    each call then.
    """

    def __init__(self, pool: CatalogPool, lease: _native.CatalogLease) -> None:
        self._pool = pool
        self._lease = lease
        self._through: _native.Session | None = None

    def __repr__(self) -> str:
        return f"CatalogConnection({self._pool._session!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self.is_returned:
            self._pool.return_connection(self)

    def __del__(self) -> None:
        lease = getattr(self, "_lease", None)
        if lease is not None and not lease.is_returned():
            warnings.warn(
                f"{self!r} was dropped without being given back", ResourceWarning, stacklevel=2
            )

    @property
    def is_returned(self) -> bool:
        """Whether it was given back."""
        return self._lease.is_returned()

    @property
    def _session(self) -> _native.Session:  # type: ignore[override]
        if self._lease.is_returned():
            raise ValidationError(f"connection was given back already: {self._pool._session!r}")
        if self._through is None:
            self._through = self._lease.session()
        return self._through


class CatalogPool:
    """Lends connections to a catalog: at most ``pool_size`` at once, opened when they are needed.

    Who asks while all are lent waits in line; what is given back goes to the first. All of the
    process that have the same configuration share these connections: every `IceFrame`, which takes
    one for each call to its catalog, and every other pool. The sizes and times of the pool that was
    made last hold.

    Args:
        catalog_config: as `IceFrame` takes it, None being the configured catalog; or an `IceFrame`,
            whose catalog is meant.
        pool_size: the most connections.
        timeout: how many seconds `get_connection` waits; None: for ever.
        max_overflow: how many more there may be while they are needed.
        min_idle: how many idle ones stay open.
        max_lifetime: after how many seconds one is replaced when it is given back.
        idle_timeout: after how many seconds an idle one is closed.
        leak_threshold: after how many seconds a lent one counts as leaked.

    Example:
        >>> from iceframe.pool import CatalogPool
        >>> pool = CatalogPool(demo(), pool_size=2)
        >>> with pool.connection() as conn:
        ...     conn.list_tables("default")
        [('default', 'users')]
        >>> pool.stats()["used"]
        0
    """

    def __init__(
        self,
        catalog_config: Mapping[str, Any] | SessionHolder | None,
        pool_size: int = 5,
        timeout: float | None = 30,
        **options: float,
    ) -> None:
        self._session = _session(catalog_config)
        config = catalog_config if isinstance(catalog_config, Mapping) else {}
        #: The configuration that was given; secrets don't show when it is printed.
        self.catalog_config = CatalogConfig(config)
        #: The most connections.
        self.pool_size = _at_least("pool_size", pool_size, 1)
        #: How many seconds `get_connection` waits; None: for ever.
        self.timeout = timeout
        request = {"pool_size": self.pool_size, "timeout_ms": _milliseconds("timeout", timeout)}
        for name, value in options.items():
            if name in ("max_overflow", "min_idle"):
                request[name] = _at_least(name, value, 0)
            elif name in ("max_lifetime", "idle_timeout", "leak_threshold"):
                request[f"{name}_ms"] = _milliseconds(name, value)
            else:
                raise ValidationError(f"unknown option of a pool: {name}")
        self._native = _native.CatalogPool.make(self._session, request)

    def __repr__(self) -> str:
        numbers = self._native.stats()
        return (
            f"CatalogPool({self._session!r}, pool_size={self.pool_size}, used={numbers['used']}, "
            f"idle={numbers['idle']})"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close_all()

    def get_connection(self, timeout: float | None = None) -> CatalogConnection:
        """Returns a connection, which is this caller's until it is given back.

        Args:
            timeout: how many seconds to wait for one; None: the pool's ``timeout``.

        Raises:
            OperationTimeoutError: none came free; it says how many are in use and who waits.
            PoolClosedError: the pool is closed, or was while this call waited.
            CancelledError: the scope it runs in was cancelled.
        """
        wait = None if timeout is None else _milliseconds("timeout", timeout)
        return CatalogConnection(self, self._native.acquire(wait))

    async def get_connection_async(self, timeout: float | None = None) -> CatalogConnection:
        """As `get_connection`, for an event loop, which goes on meanwhile.

        When the task that waits is cancelled, it leaves the line.
        """
        from iceframe.async_calls import in_own_thread, run_in_loop

        return await run_in_loop(lambda _: self.get_connection(timeout), in_own_thread)

    def return_connection(self, conn: CatalogConnection) -> None:
        """Gives a connection back.

        Raises:
            ValidationError: it was not taken from this pool, or was given back before.
        """
        if not isinstance(conn, CatalogConnection):
            raise ValidationError(f"conn must be a connection of a pool, got {shown(conn)}")
        self._native.return_lease(conn._lease)

    @contextmanager
    def connection(self, timeout: float | None = None) -> Iterator[CatalogConnection]:
        """Takes a connection for the time of a ``with``."""
        with self.get_connection(timeout) as conn:
            yield conn

    @asynccontextmanager
    async def connection_async(
        self, timeout: float | None = None
    ) -> AsyncIterator[CatalogConnection]:
        """Takes a connection for the time of an ``async with``."""
        with await self.get_connection_async(timeout) as conn:
            yield conn

    def drain(self, timeout: float | None = 30) -> None:
        """Lends no more, waits until all connections are back, and closes them.

        Raises:
            OperationTimeoutError: some are missing; they are closed as they come back.
        """
        self._native.drain(_milliseconds("timeout", timeout))

    def close_all(self) -> None:
        """Lends no more, and closes the connections; lent ones are closed as they come back.

        Who waits gets a `PoolClosedError`. An `IceFrame` of the same configuration opens new
        connections when it needs them.
        """
        self._native.close()

    def close(self) -> None:
        """As `close_all`."""
        self.close_all()

    @property
    def closed(self) -> bool:
        """Whether the pool was closed or drained."""
        return self._native.is_closed()

    def stats(self) -> dict[str, int]:
        """Returns what there is now, and what happened so far to the connections of this catalog.

        ``pool_size``, ``open`` (``used`` and ``idle`` together), ``waiting``, ``leaked``: now;
        ``lent_total``, ``opened_total``, ``closed_total``, ``broken_total``, ``timeouts_total``,
        ``cancelled_total``, ``connect_failures_total``: since the first.
        """
        return self._native.stats()


def _session(catalog_config: object) -> _native.Session:
    if (session := session_within(catalog_config)) is not None:
        return session
    if catalog_config is not None and not isinstance(catalog_config, Mapping):
        raise ValidationError(
            f"catalog_config must be a mapping or an IceFrame, got {shown(catalog_config)}"
        )
    config = string_properties("catalog_config", catalog_config)
    # A pool connects when it is first asked for a connection.
    return _native.Session.open(config, {}, None, None, None, connect=False)


def _at_least(name: str, value: Any, least: int) -> int:  # noqa: ANN401 - what the user wrote
    number = required_whole_number(name, value)
    if not least <= number <= MAX_CONNECTIONS:
        raise ValidationError(f"{name} must be from {least} to {MAX_CONNECTIONS}, got {number}")
    return number


def _milliseconds(name: str, seconds: Any) -> int:  # noqa: ANN401 - what the user wrote
    if seconds is None:
        return _FOR_EVER_MS
    number = python_number(seconds)
    if isinstance(number, bool) or not isinstance(number, int | float) or not number >= 0:
        raise ValidationError(f"{name} must be a number of seconds, got {shown(seconds)}")
    return int(min(number * 1000, _FOR_EVER_MS))
