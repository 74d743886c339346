# SPDX-License-Identifier: Apache-2.0
"""The cases by Polars."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import polars as pl
import pyarrow as pa
from polars import col
from pyiceberg.table import StaticTable

from bench.peers.engine import Engine, joined_frames
from bench.peers.lake import COLUMNS, DAY, KEYS, MONTH, NEAR_KEYS, PARTS, Lake


def arrow_of(query: pl.LazyFrame) -> pa.Table:
    """Run a query; return its rows as Arrow without a copy."""
    return query.collect().to_arrow(compat_level=pl.CompatLevel.newest())


class PolarsEngine(Engine):
    """Tables by their metadata file, read before the clock starts."""

    name = "polars"

    def __init__(self, lake: Lake) -> None:
        super().__init__(lake)
        names = ("lineitem", "orders", "by_day", "by_month", *PARTS)
        self._tables = {name: StaticTable.from_metadata(lake.tables[name]) for name in names}

    def versions(self) -> dict[str, str]:
        return {"polars": pl.__version__}

    def _scan(self, name: str) -> pl.LazyFrame:
        return pl.scan_iceberg(self._tables[name])

    def scan(self, turn: int) -> pa.Table:
        return arrow_of(self._scan("lineitem").select(COLUMNS))

    def point(self, turn: int) -> pa.Table:
        return arrow_of(self._scan("lineitem").filter(col("l_orderkey") == self.lake.order_key))

    def _orders(self, keys: tuple[int, ...]) -> pa.Table:
        condition = col("l_orderkey").is_in(keys)
        return arrow_of(self._scan("lineitem").filter(condition).select(COLUMNS))

    def keys(self, turn: int) -> pa.Table:
        return self._orders(KEYS)

    def near(self, turn: int) -> pa.Table:
        return self._orders(NEAR_KEYS)

    def first(self, turn: int) -> pa.Table:
        columns = ("l_shipdate", "l_orderkey", "l_linenumber")
        return arrow_of(self._scan("by_day").select(columns).sort(columns).head(10))

    def day(self, turn: int) -> pa.Table:
        return arrow_of(self._scan("by_day").filter(col("l_shipdate") == DAY).select(COLUMNS))

    def open(self, turn: int) -> pa.Table:
        return arrow_of(pl.scan_iceberg(self.lake.tables[self.lake.copy_of(turn)]).head(10))

    def count(self, turn: int) -> pa.Table:
        return arrow_of(self._scan("lineitem").select(pl.len()))

    def tables(self, turn: int) -> pa.Table:
        return joined_frames(pl.collect_all([self._scan(part).select(COLUMNS) for part in PARTS]))

    def month(self, turn: int) -> pa.Table:
        condition = (col("l_shipdate") >= MONTH[0]) & (col("l_shipdate") < MONTH[1])
        return arrow_of(self._scan("by_month").filter(condition).select(COLUMNS))

    def q1(self, turn: int) -> pa.Table:
        discounted = col("l_extendedprice") * (1 - col("l_discount"))

        def mean(name: str) -> pl.Expr:
            return col(name).cast(pl.Float64).mean()

        return arrow_of(
            self._scan("lineitem")
            .filter(col("l_shipdate") <= dt.date(1998, 9, 2))
            .group_by("l_returnflag", "l_linestatus")
            .agg(
                col("l_quantity").sum().alias("sum_qty"),
                col("l_extendedprice").sum().alias("sum_base_price"),
                discounted.sum().alias("sum_disc_price"),
                (discounted * (1 + col("l_tax"))).sum().alias("sum_charge"),
                mean("l_quantity").alias("avg_qty"),
                mean("l_extendedprice").alias("avg_price"),
                mean("l_discount").alias("avg_disc"),
                pl.len().alias("count_order"),
            )
            .sort("l_returnflag", "l_linestatus")
        )

    def q6(self, turn: int) -> pa.Table:
        return arrow_of(
            self._scan("lineitem")
            .filter(
                col("l_shipdate") >= dt.date(1994, 1, 1),
                col("l_shipdate") < dt.date(1995, 1, 1),
                col("l_discount").is_between(Decimal("0.05"), Decimal("0.07")),
                col("l_quantity") < 24,
            )
            .select((col("l_extendedprice") * col("l_discount")).sum())
        )

    def group(self, turn: int) -> pa.Table:
        return arrow_of(self._scan("lineitem").group_by("l_orderkey").agg(col("l_quantity").sum()))

    def join(self, turn: int) -> pa.Table:
        in_year = col("o_orderdate").is_between(
            dt.date(1995, 1, 1), dt.date(1996, 1, 1), closed="left"
        )
        orders = self._scan("orders").filter(in_year).select("o_orderkey", "o_orderpriority")
        revenue = col("l_extendedprice") * (1 - col("l_discount"))
        return arrow_of(
            self._scan("lineitem")
            .join(orders, left_on="l_orderkey", right_on="o_orderkey")
            .group_by("o_orderpriority")
            .agg(revenue.sum())
        )

    def top(self, turn: int) -> pa.Table:
        return arrow_of(
            self._scan("lineitem")
            .sort("l_extendedprice", "l_orderkey", descending=[True, False])
            .head(10)
            .select("l_orderkey", "l_linenumber", "l_extendedprice")
        )
