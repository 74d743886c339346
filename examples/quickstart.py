"""Creates a table, fills it, reads a day of it, and compares it with what PyIceberg reads."""

import datetime as dt
import tempfile
import time

import pyarrow as pa

from iceframe import IceFrame

ONE_DAY = (
    "ts >= TIMESTAMPTZ '2024-01-10 00:00:00+00:00' AND ts < TIMESTAMPTZ '2024-01-11 00:00:00+00:00'"
)


def readings(count: int) -> pa.Table:
    """Returns one reading every ten seconds, from 100 sensors in turn."""
    start = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    step = dt.timedelta(seconds=10)
    return pa.table(
        {
            "ts": pa.array([start + step * i for i in range(count)], pa.timestamp("us", "UTC")),
            "sensor": pa.array([i % 100 for i in range(count)], pa.int64()),
            "celsius": pa.array([(i % 350) / 10 for i in range(count)]),
        }
    )


def main() -> None:
    folder = tempfile.mkdtemp(prefix="iceframe-")
    config = {
        "type": "sql",
        "uri": f"sqlite:///{folder}/catalog.db",
        "warehouse": f"file://{folder}/warehouse",
    }
    ice = IceFrame(config)
    columns = {"ts": "timestamptz", "sensor": "long", "celsius": "double"}
    ice.create_table("demo.readings", columns, partition_spec=[("ts", "day")])
    rows = readings(500_000)
    begin = time.perf_counter()
    report = ice.append_to_table("demo.readings", rows)
    seconds = time.perf_counter() - begin
    print(f"appended {report.num_rows:,} rows as {report.num_files} files in {seconds:.2f} s")

    begin = time.perf_counter()
    stream = ice.scan("demo.readings", ["sensor", "celsius"], ONE_DAY)
    day = pa.RecordBatchReader.from_stream(stream).read_all()
    print(f"one day: {day.num_rows:,} rows in {1000 * (time.perf_counter() - begin):.1f} ms")
    for name, value in stream.counters().items():
        if value:
            print(f"  {name:<32} {value:>12,}")

    try:
        from pyiceberg.catalog.sql import SqlCatalog
    except ImportError:
        return
    catalog = SqlCatalog("iceframe", uri=config["uri"], warehouse=config["warehouse"])
    theirs = catalog.load_table("demo.readings").scan().to_arrow().sort_by("ts")
    ours = ice.to_arrow("demo.readings").sort_by("ts")
    same = theirs.cast(ours.schema).equals(ours)
    print(f"PyIceberg reads {theirs.num_rows:,} rows; every value is equal: {same}")
    if not same:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
