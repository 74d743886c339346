# SPDX-License-Identifier: Apache-2.0
"""Pages carry checksums that other engines find right, and theirs are checked."""

import contextlib
import pathlib
import random

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from every_type import every_type_rows, every_type_schema
from pyiceberg.io.pyarrow import schema_to_pyarrow

from iceframe.errors import DataError

NUM_ROWS = 3000


def rows() -> pa.Table:
    ids = list(range(NUM_ROWS))
    return pa.table(
        {
            "id": pa.array(ids, pa.int64()),
            "name": [None if i % 7 == 3 else f"name {i}" for i in ids],
            "half": [i / 2 for i in ids],
            "list": [[i] * (i % 3) for i in ids],
        }
    )


def data_files(lake) -> list[pathlib.Path]:
    return sorted((lake.folder / "warehouse").rglob("*.parquet"))


def pages(file: pathlib.Path) -> list[tuple[str, int, int]]:
    """Column, begin and end of each column chunk."""
    group = pq.read_metadata(file).row_group(0)
    chunks = []
    for number in range(group.num_columns):
        chunk = group.column(number)
        begin = chunk.dictionary_page_offset or chunk.data_page_offset
        name = chunk.path_in_schema.split(".")[0]
        chunks.append((name, begin, begin + chunk.total_compressed_size))
    return chunks


def flip(file: pathlib.Path, at: int) -> None:
    content = bytearray(file.read_bytes())
    content[at] ^= 1
    file.write_bytes(content)


def test_others_find_our_checksums_right(ice, lake):
    ice.create_table("t", every_type_schema())
    ice.append_to_table("t", every_type_rows())
    (file,) = data_files(lake)
    read = pq.ParquetFile(file, page_checksum_verification=True).read()
    assert read.num_rows == every_type_rows().num_rows
    assert duckdb.sql(f"SELECT count(*) FROM '{file}'").fetchone() == (read.num_rows,)
    _, _, end = pages(file)[0]
    flip(file, end - 1)
    with pytest.raises(OSError, match="CRC"):
        pq.ParquetFile(file, page_checksum_verification=True).read()


@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("checksums", [True, False])
def test_checksums_of_others_are_checked(ice, lake, checksums, version):
    data = rows()
    ice.create_table("t", data.schema)
    theirs = lake.pyiceberg().load_table("default.t")
    file = lake.folder / "warehouse/theirs.parquet"
    pq.write_table(
        data.cast(schema_to_pyarrow(theirs.schema(), include_field_ids=False)),
        file,
        write_page_checksum=checksums,
        data_page_version=version,
        compression="zstd",
    )
    theirs.add_files([str(file)])
    assert ice.to_arrow("t").sort_by("id").to_pylist() == data.to_pylist()
    if not checksums:
        return
    for column, _, end in pages(file):
        flip(file, end - 1)
        with pytest.raises(DataError, match="checksum") as caught:
            ice.to_arrow("t")
        assert f"[column: {column}" in str(caught.value)
        assert str(file) in str(caught.value)
        flip(file, end - 1)
    assert ice.to_arrow("t").num_rows == NUM_ROWS


def test_no_flipped_bit_gives_other_rows(ice, lake):
    data = rows()
    ice.create_table("t", data.schema)
    ice.append_to_table("t", data)
    (file,) = data_files(lake)
    spots = random.Random(20261129)
    for _, begin, end in pages(file):
        for _ in range(20):
            at = spots.randrange(begin, end)
            flip(file, at)
            with contextlib.suppress(DataError):
                assert ice.to_arrow("t").to_pylist() == data.to_pylist()
            flip(file, at)
