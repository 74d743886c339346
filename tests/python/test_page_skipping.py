# SPDX-License-Identifier: Apache-2.0
"""Rows far apart in a file of many pages: pages between them are passed undecoded."""

from decimal import Decimal

import pyarrow as pa
import pytest

NUM_ROWS = 200_000
SMALL_PAGES = {
    "write.parquet.page-row-limit": "777",
    "write.parquet.page-size-bytes": "4096",
    "write.parquet.dict-size-bytes": "30000",
}


def rows() -> pa.Table:
    ids = list(range(NUM_ROWS))
    return pa.table(
        {
            "id": pa.array(ids, pa.int64()),
            "maybe": pa.array([None if i % 7 == 3 else i * 3 for i in ids], pa.int64()),
            "name": [f"name {i}" for i in ids],
            "kind": [None if i % 11 == 5 else f"kind {i % 13}" for i in ids],
            "half": [i / 2 for i in ids],
            "flag": [i % 3 == 0 for i in ids],
            "price": pa.array([Decimal(i) / 100 for i in ids], pa.decimal128(15, 2)),
            "list": [[i] * (i % 3) for i in ids],
        }
    )


@pytest.fixture
def table(ice) -> pa.Table:
    data = rows()
    ice.create_table("t", data.schema, properties=SMALL_PAGES)
    ice.append_to_table("t", data)
    return data


@pytest.mark.parametrize(
    "wanted",
    [
        [0],
        [776, 777, 778],
        [1553, 1554],
        [65_535, 65_536],
        [131_071],
        [199_999],
        [5, 70_000, 70_001, 140_000, 199_999],
        list(range(777, 1554)),
        list(range(3, 200_000, 9_973)),
    ],
)
def test_rows_between_passed_pages(ice, table, wanted) -> None:
    condition = f"id IN ({', '.join(map(str, wanted))})"
    assert ice.to_arrow("t", filter_expr=condition).to_pylist() == table.take(wanted).to_pylist()


def test_other_batch_sizes_give_the_same_rows(ice, table) -> None:
    condition = "id = 150 OR id BETWEEN 100100 AND 100105 OR id = 199998"
    wanted = table.take([150, *range(100_100, 100_106), 199_998]).to_pylist()
    for size in (100, 1_000, 100_000):
        got = ice.to_arrow("t", filter_expr=condition, batch_size=size)
        assert got.to_pylist() == wanted
