# SPDX-License-Identifier: Apache-2.0
"""The cases by DuckDB with its Iceberg extension."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import duckdb
import pyarrow as pa

from bench.peers.engine import Engine
from bench.peers.lake import COLUMNS, DAY, KEYS, MONTH, NEAR_KEYS, Lake


def load_extensions(connection: duckdb.DuckDBPyConnection) -> None:
    """Load the extensions from the installed packages."""
    for name in ("httpfs", "avro", "iceberg"):
        spec = importlib.util.find_spec(f"duckdb_extension_{name}")
        (folder,) = spec.submodule_search_locations
        (file,) = Path(folder).rglob("*.duckdb_extension")
        connection.execute(f"LOAD '{file}'")


class DuckDBEngine(Engine):
    """Tables by their metadata file, as views over iceberg_scan."""

    name = "duckdb"

    def __init__(self, lake: Lake) -> None:
        super().__init__(lake)
        self._connection = duckdb.connect(config={"allow_unsigned_extensions": "true"})
        load_extensions(self._connection)
        for name in ("lineitem", "orders", "by_day", "by_month"):
            self._connection.execute(f"CREATE VIEW {name} AS FROM {self._source(name)}")

    def versions(self) -> dict[str, str]:
        return {"duckdb": duckdb.__version__}

    def _source(self, name: str) -> str:
        return f"iceberg_scan('{self.lake.tables[name].removeprefix('file://')}')"

    def _sql(self, sql: str) -> pa.Table:
        return self._connection.execute(sql).to_arrow_table()

    def scan(self, turn: int) -> pa.Table:
        return self._sql(f"SELECT {', '.join(COLUMNS)} FROM lineitem")

    def point(self, turn: int) -> pa.Table:
        return self._sql(f"FROM lineitem WHERE l_orderkey = {self.lake.order_key}")

    def _orders(self, keys: tuple[int, ...]) -> pa.Table:
        wanted = ", ".join(map(str, keys))
        columns = ", ".join(COLUMNS)
        return self._sql(f"SELECT {columns} FROM lineitem WHERE l_orderkey IN ({wanted})")

    def keys(self, turn: int) -> pa.Table:
        return self._orders(KEYS)

    def near(self, turn: int) -> pa.Table:
        return self._orders(NEAR_KEYS)

    def first(self, turn: int) -> pa.Table:
        return self._sql(
            """
            SELECT l_shipdate, l_orderkey, l_linenumber FROM by_day
            ORDER BY l_shipdate, l_orderkey, l_linenumber LIMIT 10
            """
        )

    def day(self, turn: int) -> pa.Table:
        return self._sql(f"SELECT {', '.join(COLUMNS)} FROM by_day WHERE l_shipdate = DATE '{DAY}'")

    def open(self, turn: int) -> pa.Table:
        return self._sql(f"FROM {self._source(self.lake.copy_of(turn))} LIMIT 10")

    def count(self, turn: int) -> pa.Table:
        return self._sql("SELECT count(*) FROM lineitem")

    def month(self, turn: int) -> pa.Table:
        return self._sql(
            f"SELECT {', '.join(COLUMNS)} FROM by_month "
            f"WHERE l_shipdate >= DATE '{MONTH[0]}' AND l_shipdate < DATE '{MONTH[1]}'"
        )

    def q1(self, turn: int) -> pa.Table:
        return self._sql(
            """
            SELECT l_returnflag, l_linestatus, sum(l_quantity), sum(l_extendedprice),
              sum(l_extendedprice * (1 - l_discount)),
              sum(l_extendedprice * (1 - l_discount) * (1 + l_tax)),
              avg(l_quantity), avg(l_extendedprice), avg(l_discount), count(*)
            FROM lineitem WHERE l_shipdate <= DATE '1998-09-02'
            GROUP BY l_returnflag, l_linestatus ORDER BY l_returnflag, l_linestatus
            """
        )

    def q6(self, turn: int) -> pa.Table:
        return self._sql(
            """
            SELECT sum(l_extendedprice * l_discount) FROM lineitem
            WHERE l_shipdate >= DATE '1994-01-01' AND l_shipdate < DATE '1995-01-01'
              AND l_discount BETWEEN 0.05 AND 0.07 AND l_quantity < 24
            """
        )

    def group(self, turn: int) -> pa.Table:
        return self._sql("SELECT l_orderkey, sum(l_quantity) FROM lineitem GROUP BY l_orderkey")

    def join(self, turn: int) -> pa.Table:
        return self._sql(
            """
            SELECT o_orderpriority, sum(l_extendedprice * (1 - l_discount))
            FROM lineitem JOIN orders ON l_orderkey = o_orderkey
            WHERE o_orderdate >= DATE '1995-01-01' AND o_orderdate < DATE '1996-01-01'
            GROUP BY o_orderpriority
            """
        )

    def top(self, turn: int) -> pa.Table:
        return self._sql(
            """
            SELECT l_orderkey, l_linenumber, l_extendedprice FROM lineitem
            ORDER BY l_extendedprice DESC, l_orderkey LIMIT 10
            """
        )
