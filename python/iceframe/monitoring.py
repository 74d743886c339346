"""What queries took and gave: `MetricsCollector`; metrics for Prometheus: `start_http_server`.

Import this module by name.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import time
from typing import Any

from iceframe import _native
from iceframe.arguments import identifier, required_text, required_whole_number, text, truth
from iceframe.errors import ValidationError
from iceframe.metrics_server import MetricsServer, register_metrics, start_http_server
from iceframe.query_log import QueryLog
from iceframe.sessions import SessionHolder, session_of
from iceframe.tracing import Tracing, start_tracing

__all__ = [
    "MetricsCollector",
    "MetricsServer",
    "QueryLog",
    "QueryMetrics",
    "Tracing",
    "register_metrics",
    "start_http_server",
    "start_tracing",
]

_ALL = 2**63 - 1


@dataclasses.dataclass
class QueryMetrics:
    """One query, as a `MetricsCollector` knows it.

    Attributes:
        query_id: what `MetricsCollector.start_query` returned, or a name of the engine's.
        table_name: the table as it was announced, else the full names of the query's tables.
        start_time: seconds since 1970.
        end_time: `start_time` and the duration, by a clock that never goes back; None: it runs.
        rows_scanned: rows that were read from data files.
        rows_returned: rows of the result.
        bytes_scanned: bytes that were read from data files.
        cache_hit: whether the whole answer was kept from before.
        error: the message, if it failed or was cancelled.
        files_scanned: data files that were read.
        files_skipped: data files that partitions or bounds ruled out.
        operation: what it is to the engine: "scan", "query", "count_rows", "read_changes".
    """

    query_id: str
    table_name: str
    start_time: float = dataclasses.field(default_factory=time.time)
    end_time: float | None = None
    rows_scanned: int = 0
    rows_returned: int = 0
    bytes_scanned: int = 0
    cache_hit: bool = False
    error: str | None = None
    files_scanned: int = 0
    files_skipped: int = 0
    operation: str = ""

    def duration_ms(self) -> float:
        """Returns how long it took in milliseconds; of one that runs, how long it has so far."""
        end_time = time.time() if self.end_time is None else self.end_time
        return max(0.0, (end_time - self.start_time) * 1000)

    def to_dict(self) -> dict[str, Any]:
        """Returns all figures by name; `timestamp` is the start in UTC as ISO 8601 has it."""
        figures = dataclasses.asdict(self)
        start_time = figures.pop("start_time")
        figures.pop("end_time")
        return {
            **figures,
            "duration_ms": self.duration_ms(),
            "timestamp": dt.datetime.fromtimestamp(start_time, dt.UTC).isoformat(),
        }


class MetricsCollector:
    """Collects what queries took and gave, from when it is made on.

    ``MetricsCollector()`` sees every query of the process, ``MetricsCollector(ice)`` those of one
    `IceFrame`. None has to be announced. What runs on a table between `start_query` and
    `end_query` of that table, asked for by that thread, is one query under that id: the engine
    fills in rows and bytes scanned, files skipped, rows returned, a cache's hit and an error.

    Args:
        ice: whose queries; None: the process's.
        max_queries: the most queries that are known one by one, the newest ones. Totals are of
            all; percentiles of those known.

    Example:
        >>> from iceframe.monitoring import MetricsCollector
        >>> ice = demo()
        >>> collector = MetricsCollector(ice)
        >>> query_id = collector.start_query("users")
        >>> ice.read_table("users").height
        2
        >>> collector.end_query(query_id)
        >>> collector.metrics[query_id].rows_returned
        2
        >>> ice.query("users").select("count(*) AS n").execute().item()
        2
        >>> collector.get_stats()["total_queries"]
        2
    """

    def __init__(self, ice: SessionHolder | None = None, max_queries: int = 10_000) -> None:
        number = required_whole_number("max_queries", max_queries)
        if number < 1:
            raise ValidationError(f"max_queries must be at least 1, got {number}")
        #: The most queries that are known one by one.
        self.max_queries = number
        session = None if ice is None else session_of(ice)
        self._native = _native.QueryCollector(session, number)

    def __repr__(self) -> str:
        return f"MetricsCollector(max_queries={self.max_queries})"

    @property
    def metrics(self) -> dict[str, QueryMetrics]:
        """The queries that are known, by id, oldest first, as they are now."""
        recent = [QueryMetrics(**query) for query in self._native.recent(_ALL)]
        return {query.query_id: query for query in reversed(recent)}

    def start_query(self, table_name: str) -> str:
        """Announces a query of this thread; returns the id that `end_query` takes.

        Args:
            table_name: "namespace.table", or "table" in the namespace "default".
        """
        return self._native.start(identifier(table_name))

    def end_query(
        self,
        query_id: str,
        rows_returned: int = 0,
        cache_hit: bool = False,
        error: str | BaseException | None = None,
    ) -> None:
        """Ends a query that `start_query` announced.

        Args:
            query_id: what `start_query` returned.
            rows_returned: goes before what the engine counted; 0: it counts.
            cache_hit: whether a cache had the answer; the engine's own hits are known.
            error: what went wrong, as text or the exception itself; the engine's own errors are
                known.

        Raises:
            NotFoundError: no such query is running: its id is unknown, or it has ended.
        """
        rows = required_whole_number("rows_returned", rows_returned)
        if rows < 0:
            raise ValidationError(f"rows_returned must not be negative: {rows}")
        if isinstance(error, BaseException):
            error = str(error) or type(error).__name__
        self._native.end(
            required_text("query_id", query_id),
            rows,
            truth("cache_hit", cache_hit),
            text("error", error),
        )

    def get_stats(self) -> dict[str, Any]:
        """Returns figures of all queries that have ended since this collector was made.

        Each key is there from the start: total_queries, avg_duration_ms, cache_hit_rate and
        error_rate (0 to 1), total_rows_returned, total_rows_scanned, total_bytes_scanned,
        total_files_scanned, total_files_skipped, running_queries (announced, not ended), and
        p50_, p90_, p95_, p99_ and max_duration_ms.

        Example:
            >>> MetricsCollector(demo()).get_stats()["avg_duration_ms"]
            0.0
        """
        return self._native.stats()

    def get_recent_queries(self, limit: int = 10) -> list[dict[str, Any]]:
        """Returns the newest queries first, as `QueryMetrics.to_dict` has them.

        Args:
            limit: the most of them.
        """
        number = required_whole_number("limit", limit)
        if number < 0:
            raise ValidationError(f"limit must not be negative: {number}")
        return [QueryMetrics(**query).to_dict() for query in self._native.recent(number)]
