# SPDX-License-Identifier: Apache-2.0
"""The snippets of the page that promises these features run letter for letter, to their effect.

page/scalability.md has them as they are printed. Before each, the names that it takes for granted
are bound: `ice`, `Column`, `process`, and the tables it names are there.
"""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import threading

import polars as pl
import pytest
from conftest import Lake
from kafka_broker import PATIENCE, wait_until

from iceframe import IceFrame
from iceframe.expressions import Column
from iceframe.streaming import StreamingWriter

PAGE = (pathlib.Path(__file__).parent / "page" / "scalability.md").read_text()

APPEND = """
import json, sys
from iceframe import IceFrame
ice = IceFrame(json.loads(sys.argv[1]))
ice.append_to_table("users", {"id": [9], "name": ["Zoe"], "age": [90]})
"""


def snippet(title: str) -> str:
    """Returns the code of a chapter."""
    (chapter,) = [part for part in re.split(r"^## ", PAGE, flags=re.M) if part.startswith(title)]
    (code,) = re.findall(r"^```python\n(.*?)^```", chapter, flags=re.M | re.S)
    return code


def run(code: str, names: dict[str, object]) -> dict[str, object]:
    exec(compile(code, "the page", "exec"), names)
    return names


@pytest.fixture
def names(ice: IceFrame) -> dict[str, object]:
    people = {"id": [1, 2, 3], "name": ["Ada", "Bob", "Cid"], "age": [36, 28, 51]}
    for table in ("users", "orders", "products"):
        ice.create_table(table, {"id": "long", "name": "string", "age": "long"})
        ice.append_to_table(table, people)
    return {"ice": ice, "Column": Column}


def test_query_result_caching(names, lake):
    code = snippet("Query Result Caching")
    run(code, names)
    query = code.splitlines()[-1]
    assert query.startswith("result = ice.query(")
    first, cache = names["result"], names["cache"]
    assert first["name"].to_list() == ["Ada", "Cid"]
    assert (cache.stats()["hits"], cache.stats()["size"], cache.stats()["max_size"]) == (0, 1, 100)

    run(query, names)
    assert cache.stats()["hits"] == 1
    assert cache.stats()["size"] == len(cache.stats()["entries"]) == 1
    assert names["result"].equals(first)
    again = query.removeprefix("result = ").replace(".execute()", ".explain(analyze=True)")
    assert "from cache" in str(eval(again, names))

    # A commit of another process is seen by the next execute.
    misses = cache.stats()["misses"]
    subprocess.run([sys.executable, "-c", APPEND, json.dumps(lake.config)], check=True)
    run(query, names)
    assert names["result"]["name"].to_list() == ["Ada", "Cid", "Zoe"]
    assert cache.stats()["misses"] > misses


def test_parallel_table_operations(names):
    num_threads = threading.active_count()
    run(snippet("Parallel Table Operations"), names)
    results = names["results"]
    assert list(results) == ["users", "orders", "products"]
    assert all(isinstance(frame, pl.DataFrame) for frame in results.values())
    assert all(frame.equals(names["ice"].read_table("users")) for frame in results.values())
    assert names["executor"].max_workers == 4
    assert threading.active_count() == num_threads


def test_connection_pooling(names, lake):
    code = snippet("Connection Pooling")
    names["catalog_config"] = lake.config
    run(code, names)
    pool = names["pool"]
    assert pool.stats()["used"] == 0

    run(code.replace("# Use connection", "tables = conn.list_tables('default')\n"
                     "conn.load_table('users').append({'id': [4]})\n"
                     "num_used = pool.stats()['used']"), names)  # fmt: skip
    assert [name for _, name in names["tables"]] == ["orders", "products", "users"]
    assert names["num_used"] == 1
    assert names["ice"].count_rows("users") == 4
    pool = names["pool"]
    assert (pool.pool_size, pool.stats()["used"]) == (5, 0)

    # A sixth waits, and gets what is given back.
    held = [pool.get_connection() for _ in range(5)]
    got = []
    sixth = threading.Thread(target=lambda: got.append(pool.get_connection()))
    sixth.start()
    wait_until("the sixth waits", lambda: pool.stats()["waiting"] == 1)
    assert pool.stats()["open"] == 5
    pool.return_connection(held[2])
    sixth.join(PATIENCE)
    assert got[0].table_exists("users")
    for conn in (*held[:2], *held[3:], *got):
        pool.return_connection(conn)


def test_memory_management(names):
    ice = names["ice"]
    rows = pl.DataFrame({"n": range(25_000)})
    ice.create_table("huge_table", rows)
    for part in (rows[:3_000], rows[3_000:]):
        ice.append_to_table("huge_table", part)
    chunks = []
    run(snippet("Memory Management"), {**names, "process": chunks.append})
    assert [chunk.height for chunk in chunks] == [10_000, 10_000, 5_000]
    assert pl.concat(chunks)["n"].to_list() == list(range(25_000))


def test_what_the_memory_snippet_made_tells_of_memory(names):
    names["ice"].create_table("huge_table", {"n": "long"})
    manager = run(snippet("Memory Management"), {**names, "process": print})["manager"]
    assert manager.get_memory_usage_mb() > 1
    manager.check_memory_limit()


def test_data_skipping(names, capsys):
    code = snippet("Data Skipping")
    # A process that has scanned nothing yet.
    fresh = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert fresh.stdout == "Skip rate: 0.00%\n"

    before = run(code, names)["stats"]
    ice = names["ice"]
    for first in range(0, 40, 10):
        ice.append_to_table("orders", {"id": [first + 100], "name": ["x"], "age": [1]})
    assert ice.query("orders").filter(Column("id") >= 130).execute()["id"].to_list() == [130]
    after = run(code, names)["stats"]
    assert after["files_skipped"] - before["files_skipped"] == 4
    assert after["files_scanned"] - before["files_scanned"] == 1
    skip_rate = after["files_skipped"] / (after["files_skipped"] + after["files_scanned"])
    assert capsys.readouterr().out.splitlines()[-1] == f"Skip rate: {skip_rate:.2%}"


STREAM = """
import json, sys
from iceframe import IceFrame
catalog, kafka_config, code = map(json.loads, sys.argv[1:])
exec(compile(code, "the page", "exec"), {"ice": IceFrame(catalog), "kafka_config": kafka_config})
print("returned")
"""


def test_streaming_support(ice, lake, broker, tmp_path):
    ice.create_table("events", {"id": "long", "event": "string"})
    ice.create_table("events_table", {"id": "long", "event": "string"})
    broker.create_topic("kafka-topic", 2)
    broker.produce("kafka-topic", [{"id": i, "event": "click"} for i in range(100)])
    config = {"bootstrap_servers": broker.address, "group_id": "g", "auto_offset_reset": "earliest"}
    arguments = map(json.dumps, (lake.config, config, snippet("Streaming Support")))
    process = subprocess.Popen(
        [sys.executable, "-c", STREAM, *arguments],
        stdout=subprocess.PIPE,
        env={**os.environ, "XDG_STATE_HOME": str(tmp_path / "state")},
    )
    # The page's batches hold a thousand rows, or what came within ten seconds.
    wait_until("the topic is in the table", lambda: ice.count_rows("events_table") == 100)
    assert ice.read_table("events").rows() == [(1, "click")]
    assert sorted(ice.read_table("events_table")["id"].to_list()) == list(range(100))
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=PATIENCE)[0] == b"returned\n"
    assert process.returncode == 0


def test_streaming_writer(names):
    ice = names["ice"]
    ice.create_table("events", {"id": "long", "event": "string"})
    code = snippet("Streaming Support")
    begin, end = code.index("# Micro-batch streaming"), code.index("# Kafka integration")
    names["StreamingWriter"] = StreamingWriter
    run(code[begin:end], names)
    # In the table for any reader.
    assert ice.read_table("events").to_dicts() == [{"id": 1, "event": "click"}]


def test_catalog_federation(tmp_path):
    configs = {}
    for name in ("prod", "dev"):
        (tmp_path / name).mkdir()
        configs[name] = Lake(tmp_path / name).config
    prod, dev = IceFrame(configs["prod"]), IceFrame(configs["dev"])
    prod.create_table("users", {"id": "int", "name": "string"})
    prod.append_to_table("users", {"id": [1, 2], "name": ["Ada", "Bob"]})
    # The columns in another order, a wider type, a column more.
    dev.create_table("users", {"name": "string", "id": "long", "age": "int"})
    dev.append_to_table("users", {"name": ["Cid"], "id": [2**40], "age": [51]})

    config = {"prod_config": configs["prod"], "dev_config": configs["dev"]}
    names = run(snippet("Catalog Federation"), config)
    assert names["df"].rows() == [(1, "Ada"), (2, "Bob")]
    combined = names["combined"]
    assert combined.schema == {"id": pl.Int64, "name": pl.String, "age": pl.Int32}
    assert combined.rows() == [(1, "Ada", None), (2, "Bob", None), (2**40, "Cid", 51)]


def test_query_optimization(names, capsys):
    asked = {
        "select_exprs": [Column("name")],
        "filter_exprs": [Column("age") + 1 > 30],
        "group_by_exprs": [],
    }
    run(snippet("Query Optimization"), {**names, **asked})
    printed = capsys.readouterr().out
    analysis = run(snippet("Query Optimization"), {**names, **asked})["analysis"]
    assert printed == f"{analysis['suggestions']}\n"
    assert (analysis["table"], analysis["has_filters"]) == ("users", True)
    assert not analysis["has_aggregations"]
    assert analysis["columns"] == ["name", "age"]
    assert any("age > 29" in suggestion for suggestion in analysis["suggestions"])


def test_monitoring_and_observability(names, capsys):
    code = snippet("Monitoring & Observability")
    run(code, names)
    collector = names["collector"]
    assert capsys.readouterr().out == f"Avg duration: {names['stats']['avg_duration_ms']}ms\n"
    assert names["stats"]["avg_duration_ms"] > 0
    assert (names["stats"]["total_queries"], names["stats"]["total_rows_returned"]) == (1, 1000)

    # With a query in its place: the engine tells what the page's numbers leave open.
    execute = 'rows = ice.read_table("users", filter="age > 30")'
    run(code.replace("# Execute query", execute), names)
    collector = names["collector"]
    assert names["rows"].height == 2
    (recent,) = collector.get_recent_queries()
    assert (recent["query_id"], recent["table_name"]) == (names["query_id"], "users")
    assert (recent["rows_scanned"], recent["rows_returned"]) == (3, 1000)
    assert recent["bytes_scanned"] > 0

    # One that nobody announced is collected as well.
    names["ice"].query("orders").select("id").limit(2).execute()
    assert names["collector"].get_stats()["total_queries"] == 2
    assert names["collector"].get_stats()["total_rows_returned"] == 1002
