# SPDX-License-Identifier: Apache-2.0
"""Rows of every Iceberg v2 type, with nulls and extremes."""

import datetime as dt
import decimal
import uuid

import pyarrow as pa

UTC = dt.UTC


def every_type_schema() -> pa.Schema:
    return pa.schema(
        [
            pa.field("b", pa.bool_()),
            pa.field("i", pa.int32()),
            pa.field("l", pa.int64()),
            pa.field("f", pa.float32()),
            pa.field("d", pa.float64()),
            pa.field("dec9", pa.decimal128(9, 2)),
            pa.field("dec18", pa.decimal128(18, 4)),
            pa.field("dec38", pa.decimal128(38, 10)),
            pa.field("day", pa.date32()),
            pa.field("tod", pa.time64("us")),
            pa.field("ts", pa.timestamp("us")),
            pa.field("tz", pa.timestamp("us", "UTC")),
            pa.field("s", pa.string()),
            pa.field("u", pa.uuid()),
            pa.field("fx", pa.binary(4)),
            pa.field("bin", pa.binary()),
            pa.field("st", pa.struct([("x", pa.int64()), ("y", pa.string())])),
            pa.field("li", pa.list_(pa.int32())),
            pa.field("ma", pa.map_(pa.string(), pa.float64())),
        ]
    )


def every_type_rows() -> pa.Table:
    null_row = dict.fromkeys(every_type_schema().names)
    rows = [
        {
            "b": True,
            "i": 2**31 - 1,
            "l": -(2**63),
            "f": 1.5,
            "d": -0.0,
            "dec9": decimal.Decimal("-1234567.89"),
            "dec18": decimal.Decimal("99999999999999.9999"),
            "dec38": decimal.Decimal("-1234567890123456789012345678.0123456789"),
            "day": dt.date(1969, 12, 31),
            "tod": dt.time(23, 59, 59, 999999),
            "ts": dt.datetime(1969, 12, 31, 23, 59, 59, 999999),
            "tz": dt.datetime(2024, 2, 29, 12, 0, tzinfo=UTC),
            "s": "Ærøskøbing 😀",
            "u": uuid.UUID("f79c3e09-677c-4bbd-a479-3f349cb785e7").bytes,
            "fx": b"\x00\xff\x01\x02",
            "bin": b"",
            "st": {"x": 1, "y": None},
            "li": [1, None, 3],
            "ma": [("a", 1.0), ("b", None)],
        },
        null_row,
        {
            **null_row,
            "b": False,
            "i": -(2**31),
            "l": 2**63 - 1,
            "f": float("nan"),
            "d": float("inf"),
            "day": dt.date(2024, 2, 29),
            "s": "",
            "bin": b"\xff" * 40,
            "li": [],
            "ma": [],
            "st": None,
        },
    ]
    arrays = []
    for field in every_type_schema():
        values = [row[field.name] for row in rows]
        if field.type == pa.uuid():
            arrays.append(pa.array(values, pa.binary(16)).cast(pa.uuid()))
        else:
            arrays.append(pa.array(values, field.type))
    return pa.Table.from_arrays(arrays, schema=every_type_schema())
