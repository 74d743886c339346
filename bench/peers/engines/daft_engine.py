# SPDX-License-Identifier: Apache-2.0
"""The cases by Daft."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import daft
import pyarrow as pa
from daft import DataFrame, Expression, col, lit
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.table import StaticTable, Table

from bench.peers.engine import Engine, read_rows, stream_rows
from bench.peers.lake import CATALOG, COLUMNS, DAY, KEYS, MONTH, NAMESPACE, NEAR_KEYS, PARTS, Lake

TARGET = (NAMESPACE, "written_by_daft")


class DaftEngine(Engine):
    """Tables by their metadata file, read before the clock starts."""

    name = "daft"

    def __init__(self, lake: Lake) -> None:
        super().__init__(lake)
        daft.set_runner_native()
        names = ("lineitem", "orders", "by_day", "by_month", *PARTS)
        self._tables = {name: StaticTable.from_metadata(lake.tables[name]) for name in names}
        self._catalog = SqlCatalog(CATALOG, **lake.catalog_config)
        self._target: Table | None = None
        self._rows: pa.Table | None = None

    def versions(self) -> dict[str, str]:
        return {"daft": daft.__version__}

    def before(self, case: str, turn: int) -> None:
        if case != "append":
            return
        if self._catalog.table_exists(TARGET):
            self._catalog.purge_table(TARGET)
        self._target = self._catalog.create_table(TARGET, stream_rows(self.lake).schema)
        if self._rows is None:
            self._rows = read_rows(self.lake)

    def after(self, case: str, turn: int, is_checked: bool) -> pa.Table | None:
        if case != "append":
            return None
        self._target.refresh()
        written = self._target.scan(selected_fields=COLUMNS).to_arrow() if is_checked else None
        self._catalog.purge_table(TARGET)
        return written

    def _read(self, name: str) -> DataFrame:
        return daft.read_iceberg(self._tables[name])

    def scan(self, turn: int) -> pa.Table:
        return self._read("lineitem").select(*COLUMNS).to_arrow()

    def tables(self, turn: int) -> pa.Table:
        with ThreadPoolExecutor(len(PARTS)) as threads:
            read = lambda part: self._read(part).select(*COLUMNS).to_arrow()  # noqa: E731
            return pa.concat_tables(threads.map(read, PARTS))

    def point(self, turn: int) -> pa.Table:
        return self._read("lineitem").where(col("l_orderkey") == self.lake.order_key).to_arrow()

    def _orders(self, keys: tuple[int, ...]) -> pa.Table:
        wanted = col("l_orderkey").is_in(list(keys))
        return self._read("lineitem").where(wanted).select(*COLUMNS).to_arrow()

    def keys(self, turn: int) -> pa.Table:
        return self._orders(KEYS)

    def near(self, turn: int) -> pa.Table:
        return self._orders(NEAR_KEYS)

    def first(self, turn: int) -> pa.Table:
        columns = ["l_shipdate", "l_orderkey", "l_linenumber"]
        return self._read("by_day").select(*columns).sort(columns).limit(10).to_arrow()

    def day(self, turn: int) -> pa.Table:
        return self._read("by_day").where(col("l_shipdate") == DAY).select(*COLUMNS).to_arrow()

    def open(self, turn: int) -> pa.Table:
        return daft.read_iceberg(self.lake.tables[self.lake.copy_of(turn)]).limit(10).to_arrow()

    def append(self, turn: int) -> None:
        daft.from_arrow(self._rows).write_iceberg(self._target)

    def count(self, turn: int) -> pa.Table:
        return pa.table({"n": [self._read("lineitem").count_rows()]})

    def month(self, turn: int) -> pa.Table:
        condition = (col("l_shipdate") >= MONTH[0]) & (col("l_shipdate") < MONTH[1])
        return self._read("by_month").where(condition).select(*COLUMNS).to_arrow()

    def q1(self, turn: int) -> pa.Table:
        discounted = col("l_extendedprice") * (_one() - col("l_discount"))
        # Its decimals have no room for a third factor.
        taxed = (_one() + col("l_tax")).cast(daft.DataType.float64())
        charge = discounted.cast(daft.DataType.float64()) * taxed

        def mean(name: str) -> Expression:
            return col(name).cast(daft.DataType.float64()).mean()

        return (
            self._read("lineitem")
            .where(col("l_shipdate") <= dt.date(1998, 9, 2))
            .groupby("l_returnflag", "l_linestatus")
            .agg(
                col("l_quantity").sum().alias("sum_qty"),
                col("l_extendedprice").sum().alias("sum_base_price"),
                discounted.sum().alias("sum_disc_price"),
                charge.sum().alias("sum_charge"),
                mean("l_quantity").alias("avg_qty"),
                mean("l_extendedprice").alias("avg_price"),
                mean("l_discount").alias("avg_disc"),
                col("l_orderkey").count().alias("count_order"),
            )
            .sort(["l_returnflag", "l_linestatus"])
            .to_arrow()
        )

    def q6(self, turn: int) -> pa.Table:
        low, high = Decimal("0.05"), Decimal("0.07")
        return (
            self._read("lineitem")
            .where(
                (col("l_shipdate") >= dt.date(1994, 1, 1))
                & (col("l_shipdate") < dt.date(1995, 1, 1))
                & (col("l_discount") >= low)
                & (col("l_discount") <= high)
                & (col("l_quantity") < Decimal("24.00"))
            )
            .agg((col("l_extendedprice") * col("l_discount")).sum().alias("revenue"))
            .to_arrow()
        )

    def group(self, turn: int) -> pa.Table:
        groups = self._read("lineitem").groupby("l_orderkey")
        return groups.agg(col("l_quantity").sum().alias("quantity")).to_arrow()

    def join(self, turn: int) -> pa.Table:
        first, next_first = dt.date(1995, 1, 1), dt.date(1996, 1, 1)
        orders = (
            self._read("orders")
            .where((col("o_orderdate") >= first) & (col("o_orderdate") < next_first))
            .select("o_orderkey", "o_orderpriority")
        )
        revenue = col("l_extendedprice") * (_one() - col("l_discount"))
        return (
            self._read("lineitem")
            .join(orders, left_on="l_orderkey", right_on="o_orderkey")
            .groupby("o_orderpriority")
            .agg(revenue.sum().alias("revenue"))
            .to_arrow()
        )

    def top(self, turn: int) -> pa.Table:
        return (
            self._read("lineitem")
            .sort(["l_extendedprice", "l_orderkey"], desc=[True, False])
            .limit(10)
            .select("l_orderkey", "l_linenumber", "l_extendedprice")
            .to_arrow()
        )


def _one() -> Expression:
    """Return 1 as a decimal, lest sums of decimals turn into sums of floats."""
    return lit(Decimal("1.00")).cast(daft.DataType.decimal128(15, 2))
