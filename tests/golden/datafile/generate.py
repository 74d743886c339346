# SPDX-License-Identifier: Apache-2.0
"""Writes the Parquet files of this folder with engines that share no code with ours.

Run by hand: python tests/golden/datafile/generate.py
"""

from pathlib import Path

import duckdb
import polars as pl

assert duckdb.__version__ == "1.5.5", duckdb.__version__
assert pl.__version__ == "2.1.0", pl.__version__

FOLDER = Path(__file__).parent

QUERY = """
SELECT i::BIGINT AS id,
       CASE WHEN i % 3 = 0 THEN NULL ELSE 'text-' || (i % 4) END AS text,
       (i * 1.25)::DECIMAL(9, 2) AS price,
       TIMESTAMP '2024-01-01 00:00:00' + INTERVAL (i) HOUR AS "at",
       DATE '2024-01-01' + i::INTEGER AS day,
       i / 2.0::DOUBLE AS half,
       [i, NULL, i + 1]::BIGINT[] AS numbers,
       {'a': i::INTEGER, 'b': 'b' || i} AS pair,
       MAP {'k' || i: i::INTEGER} AS entries
FROM range(10) rows(i)
"""

IDS = """{id: 1, text: 2, price: 3, "at": 4, day: 5, half: 6,
    numbers: {__duckdb_field_id: 7, element: 8},
    pair: {__duckdb_field_id: 9, a: 10, b: 11},
    entries: {__duckdb_field_id: 12, key: 13, value: 14}}"""

duckdb.sql(
    f"COPY ({QUERY}) TO '{FOLDER}/duckdb.parquet' "
    f"(FORMAT parquet, COMPRESSION zstd, FIELD_IDS {IDS})"
)
frame = duckdb.sql(QUERY).pl().drop("entries")
frame.write_parquet(FOLDER / "polars.parquet", compression="snappy")
