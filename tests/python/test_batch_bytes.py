# SPDX-License-Identifier: Apache-2.0
"""Rows are a batch's target: it is cut before its text gets longer than execution.batch_bytes."""

import pathlib
import struct
import uuid
from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from conftest import Lake
from pyiceberg.transforms import IdentityTransform

from iceframe import IceFrame
from iceframe import functions as f
from iceframe.errors import ValidationError
from iceframe.query import QueryBuilder

ROWS = 150
LIMITS = [1, 9, 100]

SCHEMA = pa.schema(
    [
        pa.field("id", pa.int64()),
        pa.field("word", pa.string()),
        pa.field("text", pa.string()),
        pa.field("bin", pa.binary()),
        pa.field("li", pa.list_(pa.string())),
        pa.field("st", pa.struct([("x", pa.int64()), ("y", pa.string())])),
        pa.field("ma", pa.map_(pa.string(), pa.string())),
        pa.field("u", pa.uuid()),
    ]
)


def rows(begin: int = 0, step: int = 1) -> pa.Table:
    """Few words that make a dictionary, all texts different, every eleventh row null."""
    ids = range(begin, begin + ROWS * step, step)

    def some(value: object, i: int) -> object:
        return None if i % 11 == 5 else value

    columns = {
        "id": list(ids),
        "word": [some("word" * (i % 7), i) for i in ids],
        "text": [some(f"{i * 7919 % 1000} " + "t" * (i % 30), i) for i in ids],
        "bin": [some(bytes([i % 256]) * (i % 5), i) for i in ids],
        "li": [some([f"e{i}", None, "x" * (i % 9)][: i % 4], i) for i in ids],
        "st": [some({"x": i, "y": some(f"y{i}", i + 1)}, i) for i in ids],
        "ma": [some([(f"k{i}", "v" * (i % 12))] * (i % 2), i) for i in ids],
        "u": [some(uuid.UUID(int=i * 2**100 + i).bytes, i) for i in ids],
    }
    return pa.table(
        {name: pa.array(columns[name], SCHEMA.field(name).type) for name in SCHEMA.names}, SCHEMA
    )


def longest_leaf(column: pa.Array) -> int:
    """The most that one offset of the array counts: bytes of text or elements, at any depth."""
    kind = column.type
    if isinstance(column, pa.ExtensionArray):
        return longest_leaf(column.storage)
    if pa.types.is_string(kind) or pa.types.is_binary(kind):
        return pc.sum(pc.binary_length(column)).as_py() or 0
    if pa.types.is_struct(kind):
        return max(longest_leaf(child) for child in column.flatten())
    if pa.types.is_map(kind):
        entries = len(column.keys)
        return max([entries, longest_leaf(column.keys), longest_leaf(column.items)])
    if pa.types.is_list(kind):
        return max([len(column.flatten()), longest_leaf(column.flatten())])
    return 0


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    lake = Lake(tmp_path_factory.mktemp("lake"))
    ice = lake.open()
    for name in ("t", "other"):
        ice.create_table(name, SCHEMA)
    ice.append_to_table("t", rows())
    ice.append_to_table("t", rows(ROWS))
    ice.append_to_table("other", rows(3, 2))
    return lake


QUERIES: dict[str, Callable[[IceFrame], QueryBuilder]] = {
    "scan": lambda ice: ice.query("t"),
    "limit": lambda ice: ice.query("t").limit(201),
    "filter_by_text": lambda ice: ice.query("t").filter("text > '5' AND word <> 'word'"),
    "filter_by_computed_text": lambda ice: ice.query("t").filter("concat(word, text) LIKE 'w%1%'"),
    "filter_then_all": lambda ice: ice.query("t").filter("id % 3 = 0"),
    "sort_by_text": lambda ice: ice.query("t").order_by("text"),
    "sort_by_words": lambda ice: ice.query("t").order_by("word", "id", descending=[True, False]),
    "sort_by_uuid": lambda ice: ice.query("t").order_by("u"),
    "first_rows": lambda ice: ice.query("t").order_by("text", descending=True).limit(40),
    "first_rows_by_number": lambda ice: ice.query("t").order_by("id").limit(222).offset(100),
    "windows": lambda ice: ice.query("t").select(
        "id",
        "text",
        "li",
        f.rank().over(partition_by="word", order_by="text").alias("place"),
        f.lag("text", 2, "the default, longer than the others").over(order_by="id").alias("before"),
        f.min("text").over(partition_by="word").alias("least"),
        f.max("text").over(partition_by="word", order_by="id").alias("so_far"),
    ),
    "inner_join": lambda ice: ice.query("t").limit(30).join("other", "word"),
    "left_join": lambda ice: ice.query("t").join("other", "text", how="left"),
    "right_join": lambda ice: ice.query("other").join("t", "text", how="right"),
    "full_join": lambda ice: ice.query("other").join("t", "id", how="full"),
    "semi_join": lambda ice: ice.query("t").join("other", "text", how="semi"),
    "anti_join": lambda ice: ice.query("t").join("other", "text", how="anti"),
    "cross_join": lambda ice: (
        ice.query("t").limit(7).join(ice.query("other").limit(8), how="cross")
    ),
    "group_by_text": lambda ice: (
        ice.query("t")
        .group_by("text", "word")
        .select(
            "text", "word", f.count().alias("n"), f.min("bin").alias("b"), f.max("text").alias("m")
        )
    ),
    "group_by_word": lambda ice: (
        ice.query("t")
        .group_by("word")
        .select("word", f.min("text").alias("least"), "count(DISTINCT text) AS texts")
    ),
    "whole": lambda ice: ice.query("t").select(
        f.max("text").alias("m"), "count(DISTINCT word) AS n"
    ),
    "distinct": lambda ice: ice.query("t").select("text", "bin").distinct(),
    "expressions": lambda ice: ice.query("t").select(
        "id",
        "concat(text, '-', text) AS twice",
        "CASE WHEN id % 2 = 0 THEN text ELSE 'a long text for the others' END AS one_of",
        "'as long as it is the same' AS same",
        "coalesce(word, 'nothing there') AS word",
        "cast(id AS string) AS digits",
    ),
}


@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("name", QUERIES)
def test_batches_are_cut_before_their_text_gets_too_long(
    shared: Lake, name: str, limit: int
) -> None:
    whole = QUERIES[name](shared.open()).to_arrow()
    query = QUERIES[name](shared.open(execution__batch_bytes=limit))
    batches = list(query.to_batches())
    for batch in batches:
        batch.validate(full=True)
        longest = max(longest_leaf(column) for column in batch.columns)
        assert batch.num_rows == 1 or longest <= max(limit, 16 * batch.num_rows)
        texts = [c for c in batch.columns if pa.types.is_string(c.type) or pa.types.is_list(c.type)]
        assert batch.num_rows == 1 or all(longest_leaf(c) <= limit for c in texts)
    cut = pa.Table.from_batches(batches, whole.schema).to_pylist()
    assert cut == whole.to_pylist()


@pytest.mark.parametrize("limit", LIMITS)
def test_other_ways_to_read_cut_batches_too(shared: Lake, limit: int) -> None:
    ice, whole = shared.open(execution__batch_bytes=limit), shared.open()
    assert ice.to_arrow("t").equals(whole.to_arrow("t"))
    assert ice.read_table("t").equals(whole.read_table("t"))
    assert ice.head("t", 20).equals(whole.head("t", 20))
    batches = list(ice.scan_batches("t", batch_size=10, filter_expr="id % 2 = 0"))
    assert pa.Table.from_batches(batches).equals(whole.to_arrow("t", filter_expr="id % 2 = 0"))


def encoded(table: pa.Table, kind: str) -> pa.Table:
    large = {
        "large": (pa.large_string(), pa.large_binary(), pa.large_list(pa.large_string())),
        "view": (pa.string_view(), pa.binary_view(), pa.list_view(pa.string_view())),
        "dictionary": (
            pa.dictionary(pa.int16(), pa.string()),
            pa.dictionary(pa.int8(), pa.large_binary()),
            pa.list_(pa.dictionary(pa.int32(), pa.string())),
        ),
    }
    types = dict(zip(("text", "bin", "li"), large[kind], strict=True))
    columns = {}
    for name in table.column_names:
        values = table[name].combine_chunks()
        if name in types:
            values = pa.array(values.to_pylist(), types[name])
        columns[name] = values
    return pa.table(columns)


@pytest.mark.parametrize("sorted_table", [False, True])
@pytest.mark.parametrize("kind", ["large", "view", "dictionary"])
def test_long_text_of_every_form_is_cut_and_written(
    lake: Lake, kind: str, sorted_table: bool
) -> None:
    ice = lake.open(execution__batch_bytes=50)
    ice.create_table("w", SCHEMA)
    if sorted_table:
        with lake.pyiceberg().load_table("default.w").update_sort_order() as update:
            update.asc("text", IdentityTransform())
        ice = lake.open(execution__batch_bytes=50)
    ice.append_to_table("w", encoded(rows(), kind))
    assert sorted(ice.to_arrow("w").to_pylist(), key=lambda row: row["id"]) == rows().to_pylist()


def test_run_ends_are_cut_and_written(lake: Lake) -> None:
    ice = lake.open(execution__batch_bytes=50)
    ice.create_table("w", pa.schema([("text", pa.string())]))
    runs = pa.RunEndEncodedArray.from_arrays(
        pa.array([40, 41, 100], pa.int32()), pa.array(["long enough", None, "short"])
    )
    ice.append_to_table("w", pa.table({"text": runs}))
    assert ice.to_arrow("w")["text"].to_pylist() == ["long enough"] * 40 + [None] + ["short"] * 59


def test_rows_beyond_two_gibibytes_of_a_large_column_are_written(
    lake: Lake, tmp_path: pathlib.Path
) -> None:
    # The first row is a hole of 3 GiB in a file that nobody reads there.
    first = 3 << 30
    with (tmp_path / "sparse").open("wb") as file:
        file.seek(first)
        file.write(b"abcdefgh")
    offsets = struct.pack("<4q", 0, first, first + 3, first + 8)
    with pa.memory_map(str(tmp_path / "sparse")) as mapped:
        buffers = [None, pa.py_buffer(offsets), mapped.read_buffer()]
    ice = lake.open()
    for name, kind, plain in (
        ("text", pa.large_string(), pa.string()),
        ("bytes", pa.large_binary(), pa.binary()),
    ):
        ice.create_table(name, pa.schema([("x", plain)]))
        values = pa.Array.from_buffers(kind, 3, buffers)
        ice.append_to_table(name, pa.table({"x": values.slice(1)}))
        assert ice.to_arrow(name)["x"].cast(pa.binary()).to_pylist() == [b"abc", b"defgh"]
        with pytest.raises(ValidationError, match="too long for their column: x, 3221225472"):
            ice.append_to_table(name, pa.table({"x": values}))
        assert ice.count_rows(name) == 2
