# SPDX-License-Identifier: Apache-2.0
"""The cases by iceframe."""

from __future__ import annotations

import pyarrow as pa

from bench.peers.engine import Engine, joined_frames, read_rows, stream_rows
from bench.peers.lake import CATALOG, COLUMNS, DAY, KEYS, MONTH, NAMESPACE, NEAR_KEYS, PARTS, Lake
from iceframe import IceFrame, __version__, col

LINEITEM = f"{NAMESPACE}.lineitem"
TARGET = f"{NAMESPACE}.written_by_iceframe"


class IceFrameEngine(Engine):
    """Tables by name: each call loads the table from the catalog."""

    name = "iceframe"

    def __init__(self, lake: Lake) -> None:
        super().__init__(lake)
        self._ice = IceFrame({"name": CATALOG, **lake.catalog_config})
        self._rows: pa.Table | None = None

    def versions(self) -> dict[str, str]:
        return {"iceframe": __version__, "its pyarrow": pa.__version__}

    def before(self, case: str, turn: int) -> None:
        if not case.startswith("append"):
            return
        if self._ice.table_exists(TARGET):
            self._ice.drop_table(TARGET, purge=True)
        self._ice.create_table(TARGET, stream_rows(self.lake).schema)
        if case == "append" and self._rows is None:
            self._rows = read_rows(self.lake)

    def after(self, case: str, turn: int, is_checked: bool) -> pa.Table | None:
        if not case.startswith("append"):
            return None
        written = self._ice.to_arrow(TARGET, COLUMNS) if is_checked else None
        self._ice.drop_table(TARGET, purge=True)
        return written

    def scan(self, turn: int) -> pa.Table:
        return self._ice.to_arrow(LINEITEM, COLUMNS)

    def point(self, turn: int) -> pa.Table:
        return self._ice.to_arrow(LINEITEM, filter_expr=f"l_orderkey = {self.lake.order_key}")

    def keys(self, turn: int) -> pa.Table:
        return self._ice.to_arrow(LINEITEM, COLUMNS, col("l_orderkey").is_in(KEYS))

    def near(self, turn: int) -> pa.Table:
        return self._ice.to_arrow(LINEITEM, COLUMNS, col("l_orderkey").is_in(NEAR_KEYS))

    def first(self, turn: int) -> pa.Table:
        columns = ("l_shipdate", "l_orderkey", "l_linenumber")
        query = self._ice.query(f"{NAMESPACE}.by_day").select(*columns).order_by(*columns)
        return query.limit(10).to_arrow()

    def day(self, turn: int) -> pa.Table:
        return self._ice.to_arrow(f"{NAMESPACE}.by_day", COLUMNS, f"l_shipdate = DATE '{DAY}'")

    def open(self, turn: int) -> pa.Table:
        return self._ice.to_arrow(f"{NAMESPACE}.{self.lake.copy_of(turn)}", limit=10)

    def append(self, turn: int) -> None:
        self._ice.append_to_table(TARGET, self._rows)

    def append_stream(self, turn: int) -> None:
        self._ice.append_to_table(TARGET, stream_rows(self.lake))

    def count(self, turn: int) -> pa.Table:
        return self._ice.query(LINEITEM).select("count(*) AS n").to_arrow()

    def tables(self, turn: int) -> pa.Table:
        names = [f"{NAMESPACE}.{part}" for part in PARTS]
        return joined_frames(self._ice.read_tables_parallel(names, 8, columns=COLUMNS).values())

    def month(self, turn: int) -> pa.Table:
        first, next_first = MONTH
        return self._ice.to_arrow(
            f"{NAMESPACE}.by_month",
            COLUMNS,
            f"l_shipdate >= DATE '{first}' AND l_shipdate < DATE '{next_first}'",
        )

    def q1(self, turn: int) -> pa.Table:
        return (
            self._ice.query(LINEITEM)
            .filter("l_shipdate <= DATE '1998-09-02'")
            .group_by("l_returnflag", "l_linestatus")
            .select(
                "l_returnflag",
                "l_linestatus",
                "sum(l_quantity) AS sum_qty",
                "sum(l_extendedprice) AS sum_base_price",
                "sum(l_extendedprice * (1 - l_discount)) AS sum_disc_price",
                "sum(l_extendedprice * (1 - l_discount) * (1 + l_tax)) AS sum_charge",
                "avg(l_quantity) AS avg_qty",
                "avg(l_extendedprice) AS avg_price",
                "avg(l_discount) AS avg_disc",
                "count(*) AS count_order",
            )
            .order_by("l_returnflag", "l_linestatus")
            .to_arrow()
        )

    def q6(self, turn: int) -> pa.Table:
        return (
            self._ice.query(LINEITEM)
            .filter(
                "l_shipdate >= DATE '1994-01-01' AND l_shipdate < DATE '1995-01-01' "
                "AND l_discount BETWEEN 0.05 AND 0.07 AND l_quantity < 24"
            )
            .select("sum(l_extendedprice * l_discount) AS revenue")
            .to_arrow()
        )

    def group(self, turn: int) -> pa.Table:
        query = self._ice.query(LINEITEM).group_by("l_orderkey")
        return query.select("l_orderkey", "sum(l_quantity) AS quantity").to_arrow()

    def join(self, turn: int) -> pa.Table:
        orders = (
            self._ice.query(f"{NAMESPACE}.orders")
            .filter("o_orderdate >= DATE '1995-01-01' AND o_orderdate < DATE '1996-01-01'")
            .select("o_orderkey", "o_orderpriority")
        )
        return (
            self._ice.query(LINEITEM)
            .join(orders, left_on="l_orderkey", right_on="o_orderkey")
            .group_by("o_orderpriority")
            .select("o_orderpriority", "sum(l_extendedprice * (1 - l_discount)) AS revenue")
            .to_arrow()
        )

    def top(self, turn: int) -> pa.Table:
        return (
            self._ice.query(LINEITEM)
            .order_by("l_extendedprice", "l_orderkey", descending=[True, False])
            .limit(10)
            .select("l_orderkey", "l_linenumber", "l_extendedprice")
            .to_arrow()
        )
