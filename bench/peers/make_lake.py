# SPDX-License-Identifier: Apache-2.0
"""Makes the tables: rows by tpchgen-cli, tables by PyIceberg. Kept between runs.

python -m bench.peers.make_lake FOLDER SCALE COPIES
"""

from __future__ import annotations

import copy
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.io.pyarrow import _dataframe_to_data_files
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table
from pyiceberg.transforms import MonthTransform

from bench.peers.lake import CATALOG, NAMESPACE, PARTS, Lake


def generate_rows(folder: Path, scale: str) -> None:
    """Write lineitem and orders as one Parquet file each."""
    program = Path(sys.executable).with_name("tpchgen-cli")
    command = [program, "parquet", "-s", scale, "--tables", "lineitem,orders", "-o", folder]
    subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL)


def read_rows(file: Path) -> pa.Table:
    """Return the rows, with plain strings and without the generator's field ids."""
    rows = pq.read_table(file)
    fields = [
        pa.field(f.name, pa.string() if f.type == pa.string_view() else f.type, nullable=False)
        for f in rows.schema
    ]
    return rows.cast(pa.schema(fields))


def commit(table: Table, files: Iterable[DataFile]) -> None:
    """Append data files in one snapshot with one manifest."""
    with table.transaction() as transaction:
        with transaction.update_snapshot().fast_append() as append:
            for file in files:
                append.append_data_file(file)


def write_files(table: Table, rows: pa.Table, num_files: int) -> None:
    """Append rows in so many files of one row group each (per partition)."""
    step = -(-rows.num_rows // num_files)
    slices = (rows.slice(at, step) for at in range(0, rows.num_rows, step))
    commit(
        table,
        [
            file
            for part in slices
            for file in _dataframe_to_data_files(table.metadata, part, table.io)
        ],
    )


def linked(file: DataFile, folder: str) -> DataFile:
    """Return the same data file under another name, as a hard link."""
    old = file.file_path.removeprefix("file://")
    new = old.replace("/lineitem/", f"/copies/{folder}/")
    Path(new).parent.mkdir(parents=True, exist_ok=True)
    os.link(old, new)
    other = copy.copy(file)
    other._data = [f"file://{new}" if value == file.file_path else value for value in file._data]
    return other


def data_files(table: Table) -> Iterator[DataFile]:
    for task in table.scan().plan_files():
        yield task.file


def make_lake(folder: Path, scale: str, num_copies: int) -> Lake:
    """Make all of it anew."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "warehouse").mkdir(parents=True)
    generate_rows(folder / "tpch", scale)
    lake = Lake(folder, scale, 0, {})
    catalog = SqlCatalog(CATALOG, **lake.catalog_config)
    catalog.create_namespace(NAMESPACE)

    def create(name: str, schema: pa.Schema) -> Table:
        return catalog.create_table((NAMESPACE, name), schema)

    orders = read_rows(folder / "tpch" / "orders.parquet")
    write_files(create("orders", orders.schema), orders, 4)
    rows = read_rows(lake.lineitem_file)
    lineitem = create("lineitem", rows.schema)
    write_files(lineitem, rows, 16)
    by_month = create("by_month", rows.schema)
    with by_month.update_spec() as spec:
        spec.add_field("l_shipdate", MonthTransform(), "month")
    write_files(by_month, rows, 1)
    rows_by_day = rows.sort_by("l_shipdate")
    write_files(create("by_day", rows.schema), rows_by_day, 64)
    names = ["lineitem", "orders", "by_month", "by_day"]
    originals = list(data_files(lineitem.refresh()))
    for number in range(num_copies):
        names.append(lake.copy_of(number))
        copied = create(names[-1], rows.schema)
        commit(copied, [linked(file, f"{number:02d}") for file in originals])
    for number, name in enumerate(PARTS):
        names.append(name)
        share = originals[number :: len(PARTS)]
        commit(create(name, rows.schema), [linked(file, name) for file in share])
    tables = {name: catalog.load_table((NAMESPACE, name)).metadata_location for name in names}
    middle = rows["l_orderkey"][rows.num_rows // 2].as_py()
    lake = Lake(folder, scale, middle, tables)
    lake.save()
    return lake


def main() -> None:
    folder, scale, num_copies = Path(sys.argv[1]).resolve(), sys.argv[2], int(sys.argv[3])
    lake = Lake.load(folder)
    has_all = (
        lake is not None
        and lake.scale == scale
        and set(PARTS) <= set(lake.tables)
        and (num_copies == 0 or lake.copy_of(num_copies - 1) in lake.tables)
    )
    if not has_all:
        print(f"== TPC-H tables of scale {scale} in {folder}", flush=True)
        make_lake(folder, scale, num_copies)


if __name__ == "__main__":
    main()
