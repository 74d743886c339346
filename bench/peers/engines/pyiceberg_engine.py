# SPDX-License-Identifier: Apache-2.0
"""The cases by PyIceberg, which has no queries."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pyiceberg
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.expressions import And, EqualTo, GreaterThanOrEqual, In, LessThan
from pyiceberg.table import Table

from bench.peers.engine import Engine, read_rows, stream_rows
from bench.peers.lake import CATALOG, COLUMNS, DAY, KEYS, MONTH, NAMESPACE, NEAR_KEYS, PARTS, Lake

TARGET = (NAMESPACE, "written_by_pyiceberg")


class PyIcebergEngine(Engine):
    """Tables are loaded before the clock starts, but for the case that is about it."""

    name = "pyiceberg"

    def __init__(self, lake: Lake) -> None:
        super().__init__(lake)
        self._catalog = SqlCatalog(CATALOG, **lake.catalog_config)
        names = ("lineitem", "by_day", "by_month", *PARTS)
        self._tables = {name: self._catalog.load_table((NAMESPACE, name)) for name in names}
        self._target: Table | None = None
        self._rows: pa.Table | None = None

    def versions(self) -> dict[str, str]:
        return {"pyiceberg": pyiceberg.__version__, "pyarrow": pa.__version__}

    def before(self, case: str, turn: int) -> None:
        if not case.startswith("append"):
            return
        if self._catalog.table_exists(TARGET):
            self._catalog.purge_table(TARGET)
        self._target = self._catalog.create_table(TARGET, stream_rows(self.lake).schema)
        if case == "append" and self._rows is None:
            self._rows = read_rows(self.lake)

    def after(self, case: str, turn: int, is_checked: bool) -> pa.Table | None:
        if not case.startswith("append"):
            return None
        written = self._target.scan(selected_fields=COLUMNS).to_arrow() if is_checked else None
        self._catalog.purge_table(TARGET)
        return written

    def scan(self, turn: int) -> pa.Table:
        return self._tables["lineitem"].scan(selected_fields=COLUMNS).to_arrow()

    def tables(self, turn: int) -> pa.Table:
        with ThreadPoolExecutor(len(PARTS)) as threads:
            read = lambda part: self._tables[part].scan(selected_fields=COLUMNS).to_arrow()  # noqa: E731
            return pa.concat_tables(threads.map(read, PARTS))

    def point(self, turn: int) -> pa.Table:
        return self._tables["lineitem"].scan(EqualTo("l_orderkey", self.lake.order_key)).to_arrow()

    def _orders(self, keys: tuple[int, ...]) -> pa.Table:
        condition = In("l_orderkey", keys)
        return self._tables["lineitem"].scan(condition, selected_fields=COLUMNS).to_arrow()

    def keys(self, turn: int) -> pa.Table:
        return self._orders(KEYS)

    def near(self, turn: int) -> pa.Table:
        return self._orders(NEAR_KEYS)

    def day(self, turn: int) -> pa.Table:
        condition = EqualTo("l_shipdate", DAY.isoformat())
        return self._tables["by_day"].scan(condition, selected_fields=COLUMNS).to_arrow()

    def open(self, turn: int) -> pa.Table:
        name = (NAMESPACE, self.lake.copy_of(turn))
        return self._catalog.load_table(name).scan(limit=10).to_arrow()

    def append(self, turn: int) -> None:
        self._target.append(self._rows)

    def append_stream(self, turn: int) -> None:
        self._target.append(stream_rows(self.lake))

    def count(self, turn: int) -> pa.Table:
        return pa.table({"n": [self._tables["lineitem"].scan().count()]})

    def month(self, turn: int) -> pa.Table:
        first, next_first = (day.isoformat() for day in MONTH)
        condition = And(GreaterThanOrEqual("l_shipdate", first), LessThan("l_shipdate", next_first))
        return self._tables["by_month"].scan(condition, selected_fields=COLUMNS).to_arrow()
