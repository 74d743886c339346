# SPDX-License-Identifier: Apache-2.0
"""A random table of nulls and extremes, for comparing expressions with other engines."""

import datetime
import decimal
import math
import random

import pyarrow as pa

NUM_ROWS = 400

EPOCH = datetime.datetime(1970, 1, 1)
INT_EDGES = [0, 1, -1, 2**31 - 1, -(2**31), 7, 100]
LONG_EDGES = [0, 1, -1, 2**63 - 1, -(2**63), 2**53 + 1, 2**40, 7]
FLOAT_EDGES = [0.0, -0.0, 0.5, -1.5, 7.0, math.inf, -math.inf, math.nan, 3.0e38, 0.1]
DOUBLE_EDGES = [0.0, -0.0, 0.1, 2.5, -2.5, 7.0, math.inf, -math.inf, math.nan, 1e300, 5e-324]
STRINGS = [
    "",
    "a",
    "ab",
    "abc",
    "Oslo",
    "oslo",
    "Öl",
    "é",
    "日本語",
    "😀x",
    "100%",
    "a_b",
    "a\\b",
    "it's",
    " z ",
    "ß",
]
DATES = [
    datetime.date(1970, 1, 1),
    datetime.date(1969, 12, 31),
    datetime.date(2024, 2, 29),
    datetime.date(1, 1, 1),
    datetime.date(9999, 12, 31),
]
STAMPS = [
    EPOCH,
    EPOCH - datetime.timedelta(microseconds=1),
    datetime.datetime(2024, 2, 29, 12, 30, 15, 250000),
    datetime.datetime(9999, 12, 31, 23, 59, 59, 999999),
    datetime.datetime(1600, 1, 1),
]
DECIMALS = [
    decimal.Decimal(text)
    for text in ("0.00", "0.01", "-0.01", "1.50", "-99999.99", "9999999.99", "7.00", "2.50")
]
TIMES = [datetime.time(0, 0), datetime.time(23, 59, 59, 999999), datetime.time(12, 30)]


def make_table(rng: random.Random) -> pa.Table:
    """Returns rows full of nulls and extremes; field ids are set, two columns are dictionaries."""

    def column(values, arrow_type, *, null_share=0.15):
        return pa.array(
            [None if rng.random() < null_share else values() for _ in range(NUM_ROWS)], arrow_type
        )

    def pick(edges, other):
        return lambda: rng.choice(edges) if rng.random() < 0.5 else other()

    columns = {
        "i": column(pick(INT_EDGES, lambda: rng.randint(-20, 20)), pa.int32()),
        "j": column(lambda: rng.randint(-5, 5), pa.int32()),
        "l": column(pick(LONG_EDGES, lambda: rng.randint(-1000, 1000)), pa.int64()),
        "f": column(pick(FLOAT_EDGES, lambda: rng.randint(-40, 40) / 8), pa.float32()),
        "d": column(pick(DOUBLE_EDGES, lambda: rng.uniform(-10, 10)), pa.float64()),
        "e": column(pick(DOUBLE_EDGES, lambda: float(rng.randint(-3, 3))), pa.float64()),
        "dec": column(
            pick(DECIMALS, lambda: decimal.Decimal(rng.randint(-1000, 1000)).scaleb(-2)),
            pa.decimal128(9, 2),
        ),
        "big": column(
            pick(
                [decimal.Decimal("0E-10")],
                lambda: decimal.Decimal(rng.randint(-(10**20), 10**20)).scaleb(-10),
            ),
            pa.decimal128(38, 10),
        ),
        "s": column(
            pick(STRINGS, lambda: "".join(rng.choices("abé%_", k=rng.randint(0, 4)))), pa.string()
        ),
        "city": column(lambda: rng.choice(STRINGS), pa.string()),
        "dt": column(
            pick(DATES, lambda: datetime.date(2024, rng.randint(1, 12), rng.randint(1, 28))),
            pa.date32(),
        ),
        "ts": column(
            pick(
                STAMPS,
                lambda: datetime.datetime(
                    2024, rng.randint(1, 12), rng.randint(1, 28), rng.randint(0, 23)
                ),
            ),
            pa.timestamp("us"),
        ),
        "tz": column(
            pick(
                STAMPS[:3],
                lambda: datetime.datetime(
                    2024, rng.randint(1, 12), rng.randint(1, 28), rng.randint(0, 23)
                ),
            ),
            pa.timestamp("us", "UTC"),
        ),
        "t": column(lambda: rng.choice(TIMES), pa.time64("us")),
        "b": column(lambda: rng.random() < 0.5, pa.bool_()),
        "k": column(lambda: rng.choice([1, 2, 3, 2**31 - 1]), pa.int32()),
        "bin": column(lambda: rng.choice([b"", b"a", b"ab", b"\x00\xff", b"\xff"]), pa.binary()),
    }
    for name in ("city", "k"):
        columns[name] = columns[name].dictionary_encode()
    fields = [
        pa.field(name, array.type, metadata={"PARQUET:field_id": str(at + 1)})
        for at, (name, array) in enumerate(columns.items())
    ]
    return pa.Table.from_arrays(list(columns.values()), schema=pa.schema(fields))
