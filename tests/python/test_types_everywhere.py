# SPDX-License-Identifier: Apache-2.0
"""Every type, plain and nested, in every place that rows go through."""

import datetime as dt
import decimal
import uuid
from random import Random

import pyarrow as pa
import pytest

from iceframe import col
from iceframe.functions import count, count_distinct, lag, lead, max, min, when

PRIMITIVES = {
    "boolean": (pa.bool_(), [True, False]),
    "int": (pa.int32(), [2**31 - 1, -(2**31)]),
    "long": (pa.int64(), [-(2**63), 2**63 - 1]),
    "float": (pa.float32(), [-1.5, float("inf")]),
    "double": (pa.float64(), [1e300, -0.5]),
    "decimal(9,2)": (
        pa.decimal128(9, 2),
        [decimal.Decimal("-1234567.89"), decimal.Decimal("1.00")],
    ),
    "decimal(38,10)": (
        pa.decimal128(38, 10),
        [decimal.Decimal("1234567890123456789012345678.0123456789"), decimal.Decimal("0E-10")],
    ),
    "date": (pa.date32(), [dt.date(1969, 12, 31), dt.date(2024, 2, 29)]),
    "time": (pa.time64("us"), [dt.time(23, 59, 59, 999999), dt.time(0)]),
    "timestamp": (
        pa.timestamp("us"),
        [dt.datetime(1969, 12, 31, 23, 59, 59, 1), dt.datetime(2024, 2, 29)],
    ),
    "timestamptz": (
        pa.timestamp("us", "UTC"),
        [dt.datetime(1969, 12, 31, tzinfo=dt.UTC), dt.datetime(2024, 2, 29, tzinfo=dt.UTC)],
    ),
    "timestamp_ns": (pa.timestamp("ns"), [1, 1709164800000000001]),
    "timestamptz_ns": (pa.timestamp("ns", "UTC"), [-1, 1709164800000000001]),
    "string": (pa.string(), ["Ærø 😀", ""]),
    "binary": (pa.binary(), [b"\xff\x00", b""]),
    "fixed(4)": (pa.binary(4), [b"\x00\xff\x01\x02", b"abcd"]),
    "uuid": (pa.uuid(), [uuid.UUID(int=1), uuid.UUID(int=2**128 - 1)]),
    "unknown": (pa.null(), [None, None]),
}
# What a type stands in, and how a value of it is put there; None stands for a null at the top.
SHAPES = {
    "plain": (lambda t: t, lambda v: v),
    "struct": (
        lambda t: pa.struct([pa.field("x", t), pa.field("n", pa.int32())]),
        lambda v: {"x": v, "n": 1},
    ),
    "list": (lambda t: pa.list_(pa.field("element", t)), lambda v: [v, None, v]),
    "map": (lambda t: pa.map_(pa.string(), t), lambda v: [("k", v), ("none", None)]),
    "keys": (lambda t: pa.map_(t, pa.int32()), lambda v: [(v, 7)]),
    "deep": (
        lambda t: pa.list_(pa.struct([pa.field("m", pa.map_(pa.string(), pa.struct([("x", t)])))])),
        lambda v: [None, {"m": [("k", {"x": v}), ("n", None)]}, {"m": None}],
    ),
}


def storage_type(type_):
    """The type with every extension type replaced by what it stores, at any depth."""
    if isinstance(type_, pa.BaseExtensionType):
        return type_.storage_type
    if pa.types.is_map(type_):
        return pa.map_(storage_type(type_.key_type), storage_type(type_.item_type))
    if pa.types.is_list(type_):
        return pa.list_(type_.value_field.with_type(storage_type(type_.value_type)))
    if pa.types.is_struct(type_):
        return pa.struct([field.with_type(storage_type(field.type)) for field in type_])
    return type_


def with_type(array, type_):
    """The array of a storage type as one of the type itself."""
    if array.type == type_:
        return array
    if isinstance(type_, pa.BaseExtensionType):
        return pa.ExtensionArray.from_storage(type_, array)
    if pa.types.is_struct(type_):
        children = [with_type(array.field(i), type_.field(i).type) for i in range(len(type_))]
    elif pa.types.is_map(type_):
        parts = [with_type(array.keys, type_.key_type), with_type(array.items, type_.item_type)]
        children = [pa.StructArray.from_arrays(parts, fields=[type_.key_field, type_.item_field])]
    else:
        children = [with_type(array.values, type_.value_type)]
    buffers = array.buffers()[: 1 if pa.types.is_struct(type_) else 2]
    return pa.Array.from_buffers(type_, len(array), buffers, children=children)


def plain(value):
    """The value with UUIDs replaced by their bytes, at any depth."""
    if isinstance(value, uuid.UUID):
        return value.bytes
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(plain(item) for item in value)
    return value


def array_of(values, type_):
    return with_type(pa.array(plain(values), storage_type(type_)), type_)


def make_rows(type_name):
    """Rows with an id and a column per shape: two values, a null, the first value again."""
    primitive, (first, second) = PRIMITIVES[type_name]
    fields = [pa.field("id", pa.int64(), nullable=False)]
    columns = [pa.array([1, 2, 3, 4], pa.int64())]
    for name, (shape, place) in SHAPES.items():
        if type_name == "unknown" and name not in ("plain", "struct"):
            continue  # A file has nothing that tells how long such lists are.
        values = [place(first), place(second), None, place(first)]
        fields.append(pa.field(name, shape(primitive)))
        columns.append(array_of(values, shape(primitive)))
    return pa.table(columns, schema=pa.schema(fields))


@pytest.fixture(params=list(PRIMITIVES))
def typed(request, lake):
    """An IceFrame with the tables t (four rows) and none (empty), and the rows of t."""
    rows = make_rows(request.param)
    ice = lake.open()
    for name in ("t", "none"):
        ice.create_table(name, rows.schema, format_version=3)
    ice.append_to_table("t", rows)
    return ice, rows


def values_of(table, name):
    return table[name].to_pylist()


def random_type(random, depth):
    """A type, and a function that makes a value of it, nulls among them."""
    kind = random.choice(["primitive", "struct", "list", "map"]) if depth > 0 else "primitive"
    if kind == "primitive":
        type_, values = PRIMITIVES[random.choice([*PRIMITIVES][:-1])]
        return type_, lambda: random.choice([*values, None])
    if kind == "struct":
        fields = {f"f{i}": random_type(random, depth - 1) for i in range(random.randint(1, 3))}
        made = pa.struct([pa.field(name, type_) for name, (type_, _) in fields.items()])
        return made, lambda: random.choice(
            [None, *[{name: make() for name, (_, make) in fields.items()} for _ in range(3)]]
        )
    type_, make = random_type(random, depth - 1)
    if kind == "list":
        made = pa.list_(pa.field("element", type_))
        return made, lambda: random.choice(
            [None, [], [make() for _ in range(random.randint(1, 3))]]
        )
    keys = random.choice(["string", "uuid", "int"])
    key_type, key_values = PRIMITIVES[keys]
    return pa.map_(key_type, type_), lambda: random.choice(
        [None, *[[(key, make()) for key in key_values[:n]] for n in range(3)]]
    )


@pytest.mark.parametrize("seed", range(8))
def test_random_nested_types_go_everywhere(lake, seed):
    random = Random(seed)
    columns = {"id": pa.array([1, 2, 3, 4], pa.int64())}
    for i in range(4):
        type_, make = random_type(random, 4)
        columns[f"c{i}"] = array_of([make() for _ in range(4)], type_)
    rows = pa.table(columns)
    ice = lake.open()
    for name in ("t", "none"):
        ice.create_table(name, rows.schema, format_version=3)
    ice.append_to_table("t", rows)
    check_everywhere(ice, rows)


def test_types_go_everywhere(typed):
    check_everywhere(*typed)


def test_json_inside_of_others_is_text(ice):
    shape = pa.struct([("j", pa.json_()), ("l", pa.list_(pa.json_()))])
    rows = pa.table({"st": array_of([{"j": "{}", "l": ["1", None]}, None], shape)})
    ice.create_table("t", rows.schema)
    ice.append_to_table("t", rows)
    ice.append_to_table("t", rows.slice(0, 0))
    expected = [{"st": {"j": "{}", "l": ["1", None]}}, {"st": None}]
    assert ice.to_arrow("t").to_pylist() == expected
    assert ice.to_arrow("t").schema.field("st").type.field("j").type == pa.string()


def check_everywhere(ice, rows):
    assert ice.to_arrow("t").to_pylist() == rows.to_pylist()
    assert ice.to_arrow("none").to_pylist() == []
    failures = []
    for name in rows.column_names[1:]:
        for place, check in PLACES.items():
            try:
                check(ice, name, values_of(rows, name))
            except Exception as error:
                failures.append(f"{place} of {name}: {type(error).__name__}: {str(error)[:300]}")
    assert not failures, "\n".join(failures)


def null_tests(ice, name, values):
    nulls = [i for i, value in enumerate(values, 1) if value is None]
    for table, expected in (("t", nulls), ("none", [])):
        assert values_of(ice.to_arrow(table, filter_expr=f"{name} IS NULL"), "id") == expected
        found = ice.query(table).filter(col(name).is_null()).select("id", name).to_arrow()
        assert values_of(found, name) == [None] * len(expected)
    others = ice.to_arrow("t", [name], f"{name} IS NOT NULL")
    assert values_of(others, name) == [value for value in values if value is not None]


def sort(ice, name, values):
    assert values_of(ice.query("t").order_by("id DESC").to_arrow(), name) == values[::-1]
    assert values_of(ice.query("none").order_by("id DESC").to_arrow(), name) == []
    top = ice.query("t").order_by("id DESC").limit(2).select("id", name)
    assert values_of(top.to_arrow(), name) == values[:1:-1]
    assert values_of(ice.query("none").order_by("id").limit(2).to_arrow(), name) == []


def window(ice, name, values):
    before = lag(col(name)).over(order_by="id").alias("before")
    after = lead(col(name), 2).over(order_by="id").alias("after")
    found = ice.query("t").select("id", name, before, after).to_arrow()
    assert values_of(found, name) == values
    assert values_of(found, "before") == [None, *values[:-1]]
    assert values_of(found, "after") == [*values[2:], None, None]
    running = ice.query("t").select(count(name).over(order_by="id").alias("n")).to_arrow()
    seen = [sum(value is not None for value in values[: i + 1]) for i in range(len(values))]
    assert values_of(running, "n") == seen
    assert ice.query("none").select(name, before, after).to_arrow().num_rows == 0


def distinct(ice, name, values):
    once = [value for i, value in enumerate(values) if value not in values[:i]]
    assert values_of(ice.query("t").select(name).distinct().to_arrow(), name) == once
    assert ice.query("none").select(name).distinct().to_arrow().num_rows == 0
    groups = ice.query("t").group_by(name).select(name, count().alias("n")).to_arrow()
    assert values_of(groups, name) == once
    assert values_of(groups, "n") == [values.count(value) for value in once]
    assert ice.query("none").group_by(name).select(name, count()).to_arrow().num_rows == 0


def case(ice, name, values):
    chosen = when(col("id") == 2, col(name)).otherwise(None).alias("c")
    found = ice.query("t").select(chosen, name, col(name).alias("again")).to_arrow()
    assert values_of(found, "c") == [None, values[1], None, None]
    assert values_of(found, "again") == values_of(found, name) == values
    both = f"CASE WHEN id > 2 THEN {name} ELSE {name} END AS c"
    assert values_of(ice.query("t").select(both).to_arrow(), "c") == values
    first = f"coalesce(NULL, {name}) AS c"
    assert values_of(ice.query("t").select(first).to_arrow(), "c") == values
    assert ice.query("none").select(chosen, name).to_arrow().num_rows == 0


def join(ice, name, values):
    mine = ice.query("t").select("id", name)
    for how in ("inner", "left", "right", "full"):
        found = mine.filter("id > 1").join(ice.query("t").select("id", name), "id", how=how)
        found = found.order_by("id").to_arrow()
        mate = f"{name}_right"
        mates = values[1:] if how in ("inner", "left") else values
        assert values_of(found, mate) == mates, how
        alone = [None] * (len(mates) - 3)
        assert values_of(found, name) == [*alone, *values[1:]], how
    lone = mine.join(ice.query("none").select("id", name), "id", how="left").to_arrow()
    assert values_of(lone, name) == values
    assert values_of(lone, f"{name}_right") == [None] * 4
    lone = ice.query("none").join(mine, "id", how="full").to_arrow()
    assert values_of(lone, f"{name}_right") == values
    assert values_of(ice.query("t").join("none", "id", how="anti").to_arrow(), name) == values


def aggregate(ice, name, values):
    there = [value for value in values if value is not None]
    apart = len([value for i, value in enumerate(there) if value not in there[:i]])
    found = ice.query("t").select(count(name).alias("n"), count_distinct(name).alias("d"))
    assert found.to_arrow().to_pylist() == [{"n": len(there), "d": apart}]
    none = ice.query("none").select(count(name).alias("n"), count_distinct(name).alias("d"))
    assert none.to_arrow().to_pylist() == [{"n": 0, "d": 0}]
    groups = ice.query("t").group_by(col("id") % 2).select(count(name).alias("n")).to_arrow()
    odd = [sum(value is not None for value in values[i::2]) for i in (0, 1)]
    assert values_of(groups, "n") == odd
    if name == "plain" and there:
        order = (lambda v: v.bytes) if isinstance(there[0], uuid.UUID) else (lambda v: v)
        ends = sorted(there, key=order)
        found = ice.query("t").select(min(name).alias("low"), max(name).alias("high")).to_arrow()
        assert found.to_pylist() == [{"low": ends[0], "high": ends[-1]}]
        found = ice.query("none").select(min(name).alias("low")).to_arrow()
        assert found.to_pylist() == [{"low": None}]


def write_back(ice, name, values):
    result = ice.to_arrow("t")
    empty = result.slice(0, 0)
    target = f"copy_{name}"
    ice.create_table(target, result.schema, format_version=3)
    ice.append_to_table(target, result)
    assert ice.to_arrow(target).to_pylist() == result.to_pylist()
    ice.append_to_table(target, empty)
    ice.overwrite_table(target, ice.query("t").order_by("id DESC").to_arrow())
    assert values_of(ice.to_arrow(target), name) == values[::-1]
    part = ice.to_arrow("t", ["id"])
    ice.overwrite_table(target, part)
    assert values_of(ice.to_arrow(target), name) == [None] * len(values)
    ice.overwrite_table(target, empty)
    assert ice.to_arrow(target).num_rows == 0


PLACES = {
    "null tests": null_tests,
    "sort": sort,
    "window": window,
    "distinct": distinct,
    "case": case,
    "join": join,
    "aggregate": aggregate,
    "write back": write_back,
}
