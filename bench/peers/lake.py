# SPDX-License-Identifier: Apache-2.0
"""The tables that are read: where they lie, and what the cases ask of them."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from pathlib import Path

__all__ = ["CATALOG", "COLUMNS", "DAY", "KEYS", "MONTH", "NAMESPACE", "NEAR_KEYS", "PARTS", "Lake"]

CATALOG = "lake"
NAMESPACE = "bench"
#: What the scans read.
COLUMNS = (
    "l_orderkey",
    "l_partkey",
    "l_quantity",
    "l_extendedprice",
    "l_discount",
    "l_shipdate",
    "l_shipmode",
)
#: Tables that share lineitem's files out among them.
PARTS = tuple(f"part_{number}" for number in range(8))
DAY = dt.date(1995, 6, 15)
#: Orders of lineitem at scale 1, as far apart as they can be (eight of 32 keys are in use).
KEYS = tuple(range(1, 6_000_000, 187 * 32))[:1000]
#: As many orders of ten places, a hundred that follow each other in each.
NEAR_KEYS = tuple(
    place + 32 * (number // 8) + number % 8
    for place in range(320_000, 5_600_000, 576_000)
    for number in range(100)
)
#: The first day of the month and of the next one.
MONTH = (dt.date(1995, 6, 1), dt.date(1995, 7, 1))


@dataclasses.dataclass(frozen=True)
class Lake:
    """A SQLite catalog with a local warehouse, and the rows its tables were made from."""

    folder: Path
    scale: str
    #: An order in the middle of lineitem.
    order_key: int
    #: The metadata file of each table, for engines that know no catalog.
    tables: dict[str, str]

    @property
    def catalog_config(self) -> dict[str, str]:
        return {
            "type": "sql",
            "uri": f"sqlite:///{self.folder}/catalog.db",
            "warehouse": f"file://{self.folder}/warehouse",
        }

    @property
    def lineitem_file(self) -> Path:
        """The generated rows of lineitem, as one Parquet file."""
        return self.folder / "tpch" / "lineitem.parquet"

    def copy_of(self, turn: int) -> str:
        """Return the name of a copy of lineitem that nobody has opened before this turn."""
        return f"copy_{turn:02d}"

    def save(self) -> None:
        values = {"scale": self.scale, "order_key": self.order_key, "tables": self.tables}
        text = json.dumps({"folder": str(self.folder), **values}, indent=1)
        (self.folder / "lake.json").write_text(text)

    @classmethod
    def load(cls, folder: Path) -> Lake | None:
        """Return what lies in a folder; None where nothing does, or it was moved there."""
        file = folder / "lake.json"
        if not file.exists():
            return None
        values = json.loads(file.read_text())
        if values.pop("folder") != str(folder):
            return None
        return cls(folder=folder, **values)
