# SPDX-License-Identifier: Apache-2.0
"""Advice on queries: made where it is due, worth what it says when it is followed, else not made.

Each table of `test_advice_…` has one defect. The call that the advice comes with is run, and what
is read then is compared with the estimate.
"""

import array
import datetime as dt
import random

import polars as pl
import pytest

from iceframe import IceFrame, col
from iceframe.cache import QueryCache
from iceframe.errors import TableNotFoundError, UnsupportedOperationError, ValidationError
from iceframe.functions import count
from iceframe.optimizer import Estimate, QueryOptimizer, Suggestion
from iceframe.skipping import DataSkipper

#: Files of a MiB are of a good size.
MIB = 1 << 20
SMALL_FILES = {"write.target-file-size-bytes": str(MIB)}
NUM_FILES = 16
#: Rows of two random longs that take a MiB about.
ROWS = 60_000


def longs(generator: random.Random, count: int = ROWS) -> pl.Series:
    """Returns values that no codec makes smaller."""
    return pl.Series(list(array.array("q", generator.randbytes(8 * count))), dtype=pl.Int64)


def filled(ice: IceFrame, frames: list[pl.DataFrame], **options: object) -> IceFrame:
    ice.create_table("t", frames[0], **options)
    for frame in frames:
        ice.append_to_table("t", frame)
    return ice


def advice(analysis: dict, kind: str) -> Suggestion:
    (found,) = [made for made in analysis["suggestions"] if made.kind == kind]
    assert isinstance(found, str)
    assert found.estimate is None or isinstance(found.estimate, Estimate)
    return found


def planned(query) -> tuple[int, int]:
    """Returns how many files a query would read, and their bytes."""

    def scans(node):
        return [node] if "planning" in node else [s for i in node["inputs"] for s in scans(i)]

    (scan,) = scans(query.explain().to_dict())
    return scan["planning"]["files_scanned"], scan["file_bytes"]


def bytes_read(query) -> int:
    def scans(node):
        return [node] if "reading" in node else [s for i in node["inputs"] for s in scans(i)]

    return sum(scan["reading"]["data_bytes_read"] for scan in scans(query.explain(True).to_dict()))


def near(measured: float, estimated: float) -> bool:
    return abs(measured - estimated) <= 0.2 * max(measured, estimated)


def follow(ice: IceFrame, query, found: Suggestion) -> None:
    """Runs the call of an advice; asserts that it saves the files and bytes that it says."""
    files, size = planned(query)
    assert near(found.estimate.files, files)
    assert near(found.estimate.bytes, size)
    rows = query.execute()
    exec(found.call, {"ice": ice, "query": query})
    files_after, size_after = planned(query)
    assert near(files - files_after, found.estimate.files_skipped), (files_after, found.estimate)
    assert near(size - size_after, found.estimate.bytes_skipped), (size_after, found.estimate)
    assert query.execute().sort(rows.columns).equals(rows.sort(rows.columns))


# -- ten defects -----------------------------------------------------------------------------------


def test_advice_to_sort_by_a_column_that_filters_name(ice):
    generator = random.Random(1)
    frames = [
        pl.DataFrame({"k": longs(generator), "v": longs(generator)}) for _ in range(NUM_FILES)
    ]
    filled(ice, frames, properties=SMALL_FILES)
    query = ice.query("t").filter(col("k").between(0, 2**60))
    analysis = query.analyze()
    found = advice(analysis, "sort")
    assert [made.kind for made in analysis["suggestions"]] == ["sort"]
    assert found.columns == ["k"]
    assert found.evidence["files_kept"] == NUM_FILES
    follow(ice, query, found)
    assert query.analyze()["suggestions"] == []


def test_advice_to_partition_by_a_column_of_few_values(ice):
    generator = random.Random(2)
    countries = ["AT", "BE", "CH", "DE", "ES", "FR", "GB", "HU"]
    frames = [
        pl.DataFrame(
            {
                "country": generator.choices(countries, k=2 * ROWS),
                "v": longs(generator, 2 * ROWS),
            }
        )
        for _ in range(NUM_FILES)
    ]
    filled(ice, frames, properties=SMALL_FILES)
    query = ice.query("t").filter("country = 'CH'")
    found = advice(query.analyze(), "partition")
    assert found.columns == ["country"]
    follow(ice, query, found)
    assert query.analyze()["suggestions"] == []


def test_advice_to_partition_by_a_part_of_time(ice):
    generator = random.Random(3)
    days = [dt.date(2024, 1, 1) + dt.timedelta(day) for day in range(10)]
    frames = [
        pl.DataFrame({"day": generator.choices(days, k=2 * ROWS), "v": longs(generator, 2 * ROWS)})
        for _ in range(NUM_FILES)
    ]
    filled(ice, frames, properties=SMALL_FILES)
    query = ice.query("t").filter(col("day") == dt.date(2024, 1, 4))
    found = advice(query.analyze(), "partition")
    assert (found.columns, found.evidence["transform"]) == (["day"], "day")
    follow(ice, query, found)
    assert query.analyze()["suggestions"] == []


def test_advice_to_write_a_filter_so_that_it_skips(ice):
    generator = random.Random(4)
    start = dt.datetime(2020, 1, 1)
    frames = [
        pl.DataFrame(
            {
                "at": [start + dt.timedelta(days=60 * part + i / 100) for i in range(5000)],
                "v": longs(generator, 5000),
            }
        )
        for part in range(12)
    ]
    properties = {"write.target-file-size-bytes": "65536"}
    filled(ice, frames, properties=properties)
    query = ice.query("t").filter("year(at) = 2021")
    found = advice(query.analyze(), "rewrite_filter")
    assert found.evidence["rewrite"] == "at >= DATE '2021-01-01' AND at < DATE '2022-01-01'"
    rewritten = ice.query("t").filter(found.evidence["rewrite"])
    (files, size), (files_after, size_after) = planned(query), planned(rewritten)
    assert near(files - files_after, found.estimate.files_skipped)
    assert near(size - size_after, found.estimate.bytes_skipped)
    assert eval(found.call, {"ice": ice}).equals(query.execute())
    assert rewritten.analyze()["suggestions"] == []


def test_advice_to_compact_small_files(ice):
    generator = random.Random(5)
    frames = [pl.DataFrame({"v": longs(generator, 6000)}) for _ in range(60)]
    filled(ice, frames, properties=SMALL_FILES)
    query = ice.query("t")
    found = advice(query.analyze(), "compact_files")
    assert found.evidence["small_files"] == 60
    files, size = planned(query)
    assert (files, size) == (found.estimate.files, found.estimate.bytes)
    exec(found.call, {"ice": ice})
    files_after, size_after = planned(query)
    assert near(files - files_after, found.estimate.files_skipped)
    assert near(size, size_after)
    assert found.estimate.bytes_skipped == 0
    assert query.analyze()["suggestions"] == []


def test_advice_to_select_columns_of_a_wide_table(ice):
    generator = random.Random(6)
    columns = {f"c{i}": longs(generator, 2000) for i in range(12)}
    columns["payload"] = pl.Series([generator.randbytes(300) for _ in range(2000)])
    filled(ice, [pl.DataFrame(columns)])
    query = ice.query("t")
    found = advice(query.analyze(), "select_all")
    assert found.evidence["widest_column"] == "payload"
    assert "payload" not in found.columns
    narrow = query.select(*found.columns)
    assert near(bytes_read(query) - bytes_read(narrow), found.estimate.bytes_skipped)
    assert eval(found.call, {"ice": ice}).columns == found.columns
    assert narrow.analyze()["suggestions"] == []


def test_advice_on_columns_that_are_read_and_not_used(ice):
    generator = random.Random(7)
    frame = pl.DataFrame(
        {"g": [i % 7 for i in range(ROWS)], "v": longs(generator), "w": longs(generator)}
    )
    filled(ice, [frame])
    counted = ice.query("t").group_by("g").select("g", count("v").alias("n"))
    found = advice(counted.analyze(), "unused_columns")
    assert found.columns == ["v"]
    without = ice.query("t").group_by("g").select("g", count().alias("n"))
    assert near(bytes_read(counted) - bytes_read(without), found.estimate.bytes_skipped)
    assert without.execute().equals(counted.execute())
    assert without.analyze()["suggestions"] == []


def test_advice_to_write_bloom_filters(ice):
    generator = random.Random(8)
    # A day is a file of a MiB, of a good size.
    count = 10_000
    frames = [
        pl.DataFrame(
            {
                "day": [f"{day:02}"] * count,
                "key": longs(generator, count),
                "v": [generator.randbytes(100) for _ in range(count)],
            }
        )
        for day in range(NUM_FILES)
    ]
    filled(ice, frames, properties=SMALL_FILES, partition_spec=["day"])
    all_columns = ice.query("t").filter(col("key") == frames[3]["key"][17])
    # Of other columns a lookup reads single pages, whatever skips: only this one is read whole.
    query = all_columns.select("key")
    whole = advice(all_columns.analyze(), "bloom_filter").estimate
    found = advice(query.analyze(), "bloom_filter")
    assert found.columns == ["key"]
    files, _ = planned(query)
    assert (found.estimate.files, found.estimate.files_after) == (files, files)
    rows = query.execute()
    size = bytes_read(query)
    assert near(size, found.estimate.bytes), (size, found.estimate)
    exec(found.call, {"ice": ice})
    assert planned(query)[0] == found.estimate.files_after
    assert query.execute().equals(rows)
    size_after = bytes_read(query)
    assert near(size - size_after, found.estimate.bytes_skipped), (size_after, found.estimate)
    before = DataSkipper(ice).get_stats()["levels"]["row_groups"]["bytes_skipped"]
    assert all_columns.execute().height == 1
    skipped = DataSkipper(ice).get_stats()["levels"]["row_groups"]["bytes_skipped"] - before
    assert near(skipped, whole.bytes_skipped), (skipped, whole)
    properties = ice.get_table("t").properties
    assert properties["write.parquet.bloom-filter-enabled.column.key"] == "true"
    assert "bloom_filter" not in [made.kind for made in query.analyze()["suggestions"]]


def opened(table) -> tuple[int, int]:
    """Returns the data and delete files of a scan, and their bytes, by PyIceberg's plan."""
    tasks = list(table.scan().plan_files())
    files = {f.file_path: f for task in tasks for f in (task.file, *task.delete_files)}
    return len(files), sum(file.file_size_in_bytes for file in files.values())


@pytest.mark.needs_pyarrow
def test_advice_to_work_deletes_in(ice, lake):
    from foreign_deletes import add_position_deletes

    generator = random.Random(13)
    frames = [
        pl.DataFrame({"day": [f"{day:02}"] * ROWS, "key": longs(generator), "v": longs(generator)})
        for day in range(4)
    ]
    filled(ice, frames, properties=SMALL_FILES, partition_spec=["day"])
    add_position_deletes(lake.pyiceberg().load_table("default.t"), 3, 5)
    table = lake.pyiceberg().load_table("default.t")
    query = ice.query("t")
    found = advice(query.analyze(), "compact_deletes")
    assert found.evidence["delete_files"] == 12
    assert found.evidence["deleted_rows"] == 60
    files, size = opened(table)
    assert (found.estimate.files, files) == (16, 16)
    assert near(size, found.estimate.bytes), (size, found.estimate)
    with pytest.raises(UnsupportedOperationError, match="delete"):
        query.execute()
    # No call is suggested, since the engine cannot apply deletes: PyIceberg does here.
    assert found.call is None
    rows = table.scan().to_arrow()
    assert rows.num_rows == 4 * (ROWS - 15)
    ice.overwrite_table("t", rows)
    files_after, size_after = opened(table.refresh())
    assert near(files - files_after, found.estimate.files_skipped), (files_after, found.estimate)
    assert near(size - size_after, found.estimate.bytes_skipped), (size_after, found.estimate)
    assert (planned(query)[0], query.execute().height) == (4, rows.num_rows)


def test_advice_to_divide_a_partition_that_holds_most_rows(ice):
    generator = random.Random(9)
    frames = [
        pl.DataFrame({"tenant": ["big"] * ROWS, "user": longs(generator), "v": longs(generator)})
        for _ in range(NUM_FILES)
    ]
    for tenant in ("a", "b", "c"):
        frames.append(
            pl.DataFrame(
                {"tenant": [tenant] * 9, "user": longs(generator, 9), "v": longs(generator, 9)}
            )
        )
    filled(ice, frames, properties=SMALL_FILES, partition_spec=["tenant"])
    user = frames[2]["user"][5]
    query = ice.query("t").filter((col("tenant") == "big") & (col("user") == user))
    found = advice(query.analyze(), "skewed_partitions")
    assert found.columns == ["user"]
    assert found.evidence["partition"] == "tenant=big"
    follow(ice, query, found)
    assert "skewed_partitions" not in [made.kind for made in query.analyze()["suggestions"]]


def test_a_partition_that_holds_most_rows_is_named_where_nothing_divides_it(ice):
    ice.create_table("t", {"tenant": "string", "v": "long"}, partition_spec=["tenant"])
    tenants = ["big"] * 20_000 + ["a"] * 50 + ["b"] * 50
    ice.append_to_table("t", {"tenant": tenants, "v": range(len(tenants))})
    found = advice(ice.query("t").analyze(), "skewed_partitions")
    assert found.evidence["partition"] == "tenant=big"
    assert found.evidence["partition_rows"] == 20_000
    assert (found.estimate, found.call) == (None, None)
    assert "99 % of the rows" in found
    # Who asks for other partitions is not concerned.
    assert ice.query("t").filter("tenant = 'a'").analyze()["suggestions"] == []


def test_a_table_of_small_files_is_advised_on_its_order_too(ice):
    generator = random.Random(12)
    days = [dt.date(2024, 1, 1) + dt.timedelta(day) for day in range(8)]
    frames = [
        pl.DataFrame({"day": generator.choices(days, k=500), "v": longs(generator, 500)})
        for _ in range(24)
    ]
    filled(ice, frames)
    query = ice.query("t").filter(col("day") == dt.date(2024, 1, 4))
    kinds = {made.kind for made in query.analyze()["suggestions"]}
    assert kinds == {"partition", "compact_files"}
    follow(ice, query, advice(query.analyze(), "partition"))
    assert query.analyze()["suggestions"] == []


def test_advice_to_keep_answers_of_a_query_that_comes_again(ice):
    generator = random.Random(10)
    filled(ice, [pl.DataFrame({"g": [i % 7 for i in range(ROWS)], "v": longs(generator)})])
    cache = QueryCache()
    query = ice.query("t").group_by("g").select("g", "sum(v % 100) AS s")
    assert query.analyze()["suggestions"] == []
    for _ in range(3):
        rows = query.execute()
    found = advice(query.analyze(), "cache_query")
    assert found.evidence["executions"] == 3
    assert (found.estimate.files, found.estimate.files_after) == (1, 0)
    assert near(bytes_read(query), found.estimate.bytes_skipped)
    for _ in range(2):
        assert eval(found.call, {"query": query}).sort("g").equals(rows.sort("g"))
    assert cache.stats()["hits"] == 1
    # Other rows are another answer.
    ice.append_to_table("t", {"g": [1], "v": [1]})
    assert query.analyze()["suggestions"] == []


# -- nothing to improve ----------------------------------------------------------------------------


@pytest.fixture
def users(ice: IceFrame) -> IceFrame:
    ice.create_table("users", {"id": "long", "name": "string", "age": "long"})
    ice.append_to_table("users", {"id": [1, 2], "name": ["Ada", "Bob"], "age": [36, 28]})
    return ice


@pytest.mark.parametrize(
    "query",
    [
        lambda ice: ice.query("users"),
        lambda ice: ice.query("users").filter("age > 30").select("name"),
        lambda ice: ice.query("users").group_by("name").select("name", "max(age)"),
        lambda ice: ice.query("users").filter("id = 1"),
        lambda ice: ice.query("users").join("users", "id"),
        lambda ice: ice.query({"n": [1, 2]}).filter("n > 1"),
    ],
)
def test_a_query_with_nothing_to_improve_gets_no_advice(users, query):
    assert query(users).analyze()["suggestions"] == []


def test_a_table_without_rows_gets_no_advice(ice):
    ice.create_table("empty", {"id": "long", "name": "string"})
    analysis = ice.query("empty").filter("id = 1").analyze()
    assert (analysis["table"], analysis["suggestions"]) == ("empty", [])


# -- QueryOptimizer --------------------------------------------------------------------------------


def test_a_bound_optimizer_looks_at_the_table(users):
    optimizer = QueryOptimizer(users)
    analysis = optimizer.analyze_query("users", ["name"], ["age > 30"], [])
    assert analysis["suggestions"] == []
    assert analysis["columns"] == ["name", "age"]
    assert analysis["predicates"] == [
        {"predicate": "age > 30", "pushed": True, "reason": "", "rewrite": None}
    ]
    assert optimizer.optimizations_applied == ["prune_columns", "push_filters"]
    found = advice(
        optimizer.analyze_query("users", [], [col("age") + 1 > 30], []), "rewrite_filter"
    )
    assert found.evidence["rewrite"] == "age > 29"
    assert found.estimate == Estimate(1, 1, found.estimate.bytes, found.estimate.bytes)
    assert eval(found.call, {"ice": users})["name"].to_list() == ["Ada"]


def test_a_bound_optimizer_names_what_there_is_not(users):
    optimizer = QueryOptimizer(users)
    with pytest.raises(TableNotFoundError, match=r"default\.nope"):
        optimizer.analyze_query("nope", [], [], [])
    with pytest.raises(ValidationError, match="nme"):
        optimizer.analyze_query("users", ["nme"], [], [])


def test_an_optimizer_without_a_table_goes_by_the_expressions():
    optimizer = QueryOptimizer()
    analysis = optimizer.analyze_query(
        "nobody.knows", [col("name"), "count(*)"], ["lower(city) = 'oslo'", col("age") > 30], "name"
    )
    assert (analysis["has_filters"], analysis["has_aggregations"]) == (True, True)
    assert analysis["columns"] == ["name", "city", "age"]
    assert [made.kind for made in analysis["suggestions"]] == [
        "read_columns",
        "rewrite_filter",
        "sort",
    ]
    assert "lower()" in analysis["suggestions"][1]
    assert analysis["suggestions"][2].columns == ["age"]
    assert all(made.estimate is None for made in analysis["suggestions"])


def test_an_unbound_optimizer_finds_a_table_that_a_session_knows(users):
    found = QueryOptimizer().analyze_query("users", ["name"], ["age + 1 > 30"], [])
    assert [made.kind for made in found["suggestions"]] == ["read_columns", "rewrite_filter"]
    assert advice(found, "rewrite_filter").estimate.files == 1
    # Where the expressions do not fit it, they are all there is.
    found = QueryOptimizer().analyze_query("users", ["nme"], [], [])
    assert found["columns"] == ["nme"]


def test_text_that_is_no_sql_is_refused():
    with pytest.raises(ValidationError, match="sum"):
        QueryOptimizer().analyze_query("t", ["sum(price"], [], [])
    with pytest.raises(ValidationError, match="filter"):
        QueryOptimizer().analyze_query("t", [], [object()], [])


# -- rewrites --------------------------------------------------------------------------------------

REWRITTEN = [
    "year(at) = 2021",
    "year(at) <> 2021",
    "2021 <= year(at)",
    "year(at) < 2021",
    "date_trunc('month', at) = DATE '2021-02-01'",
    "date_trunc('month', at) > DATE '2020-12-01'",
    "date_trunc('year', at) <= DATE '2020-01-01'",
    "date_trunc('day', at) = DATE '2021-02-03'",
    "CAST(at AS DATE) > DATE '2021-02-03'",
    "CAST(at AS DATE) = '2021-02-03'",
    "CAST(n AS STRING) = '-7'",
    "n + 3 > 5",
    "n - 3 <= -5",
    "3 - n < 1",
    "3 + n = -4",
    "abs(n) <= 4",
    "abs(n) > 4",
    "abs(n) = 3",
    "substring(name, 1, 2) = 'né'",
    "n = 3 OR year(at) = 2022",
    "NOT (n + 1 > 0)",
]


def test_rewrites_keep_the_same_rows(ice):
    generator = random.Random(11)
    start = dt.datetime(2019, 12, 30)
    count = 3000
    rows = {
        "at": [
            None if i % 50 == 0 else start + dt.timedelta(seconds=generator.randrange(10**8))
            for i in range(count)
        ],
        "n": [None if i % 40 == 0 else generator.randrange(-9, 9) for i in range(count)],
        "name": [
            None if i % 30 == 0 else generator.choice("néa nea né n e ".split(" "))
            for i in range(count)
        ],
        "row": range(count),
    }
    # The ends of what a rewrite cuts.
    for place, at in enumerate(
        [dt.datetime(2021, 1, 1), dt.datetime(2020, 12, 31, 23, 59, 59, 999999)], start=1
    ):
        rows["at"][place] = at
    ice.create_table("t", {"at": "timestamp", "n": "long", "name": "string", "row": "long"})
    ice.append_to_table("t", pl.DataFrame(rows))
    optimizer = QueryOptimizer(ice)
    for predicate in REWRITTEN:
        (described,) = optimizer.analyze_query("t", ["row"], [predicate], [])["predicates"]
        assert described["rewrite"] is not None, predicate
        kept = ice.query("t").filter(predicate).select("row").execute()
        assert ice.query("t").filter(described["rewrite"]).select("row").execute().equals(kept), (
            predicate,
            described["rewrite"],
        )
        assert 0 < kept.height < count, predicate


# -- explain ---------------------------------------------------------------------------------------


def test_explain_names_the_rules_that_fired_and_what_they_changed(users):
    plan = users.query("users").filter("age > 30").select("name").explain()
    rules = plan.to_dict()["rules"]
    assert [rule["rule"] for rule in rules] == ["push_filters", "prune_columns"]
    assert rules[0]["before"] == ["Filter: age > LONG '30'", "Scan: users [id, name, age]"]
    assert rules[0]["after"] == ["Scan: users [id, name, age], filter: age > LONG '30'"]
    assert "rule prune_columns:" in plan
    assert "  + Scan: users [name], filter: age > LONG '30'" in plan
    assert users.query("users").explain().to_dict()["rules"] == []
    without = users.query("users").filter("age > 30").explain(disabled_rules=["push_filters"])
    assert without.to_dict()["rules"] == []
    cached = users.query("users").filter("age > 30").cache().explain(analyze=True)
    assert cached.to_dict()["inputs"][0]["rules"][0]["rule"] == "push_filters"
