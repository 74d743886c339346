# SPDX-License-Identifier: Apache-2.0
"""The demo: real flights go into Iceberg tables, three questions are asked, PyIceberg checks.

Run as ``python examples/demo [FOLDER]``; the tables go to FOLDER, which must not exist, else to
build/demo, which each run replaces. Exit code 1: PyIceberg reads another value.
"""

import pathlib
import shutil
import sys

import polars as pl
import pyarrow as pa
from comparison import first_difference, num_nulls
from flights import PARTITIONS, SORT_KEYS, read_tables
from questions import QUESTIONS
from skipped import skipped, total_bytes
from terminal import Stopwatch, aside, heading, line, size, table

from iceframe import IceFrame

DEFAULT_FOLDER = pathlib.Path(__file__).parents[2] / "build" / "demo"

COMMAND = (
    ".venv/bin/iceframe --catalog demo --uri sqlite:///{folder}/catalog.db "
    "--warehouse file://{folder}/warehouse query nyc.flights --limit 5"
)

# Small row groups, so that these small files have some to skip.
PROPERTIES = {"write.parquet.row-group-limit": "4096"}


def new_folder(arguments: list[str]) -> pathlib.Path:
    """Returns the folder for the tables, empty."""
    folder = pathlib.Path(arguments[0]).absolute() if arguments else DEFAULT_FOLDER
    if not arguments:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def fill(ice: IceFrame, tables: dict[str, pa.Table]) -> None:
    """Creates the tables, and appends each one's rows in one snapshot."""
    done = []
    for name, rows in tables.items():
        watch = Stopwatch()
        partitions = PARTITIONS.get(name, [])
        ice.create_table(f"nyc.{name}", rows.schema, partitions, properties=PROPERTIES)
        report = ice.append_to_table(f"nyc.{name}", rows, progress=True)
        done.append(
            {
                "table": name,
                "partitioned by": ", ".join(f"{how}({column})" for column, how in partitions),
                "rows": report.num_rows,
                "cols": rows.num_columns,
                "files": report.num_files,
                "size": size(total_bytes(ice, f"nyc.{name}")),
                "time": f"{1000 * watch.seconds:.0f} ms",
            }
        )
    table(pl.DataFrame(done))


def ask(ice: IceFrame) -> None:
    """Runs the queries; prints their rows, what they skipped and their time."""
    for number, question in enumerate(QUESTIONS, start=1):
        heading(f"{number}. {(question.__doc__ or '').strip()}")
        query = question(ice)
        watch = Stopwatch()
        rows = query.execute(progress=True)
        seconds = watch.seconds
        table(rows)
        line(f"answered in {1000 * seconds:.1f} ms")
        for text in skipped(ice, query):
            aside(text)


def compare(ice: IceFrame, config: dict[str, str], tables: dict[str, pa.Table]) -> bool:
    """Reads every table by PyIceberg too; returns whether all values are those of the source."""
    from pyiceberg.catalog.sql import SqlCatalog

    catalog = SqlCatalog(config["name"], uri=config["uri"], warehouse=config["warehouse"])
    num_values = nulls = 0
    for name, source in tables.items():
        ours = ice.to_arrow(f"nyc.{name}", progress=True)
        theirs = catalog.load_table(f"nyc.{name}").scan().to_arrow()
        for who, rows in (("IceFrame", ours), ("PyIceberg", theirs)):
            difference = first_difference(source, rows, SORT_KEYS[name])
            if difference is not None:
                line(f"nyc.{name}: the source and {who} differ: {difference}")
                return False
        num_values += source.num_rows * source.num_columns
        nulls += num_nulls(source)
    line(
        f"{len(tables)} tables, {num_values:,} values ({nulls:,} of them null): "
        "every value is equal"
    )
    return True


def main(arguments: list[str]) -> int:
    """Tells the whole story; returns the exit code."""
    folder = new_folder(arguments)
    watch = Stopwatch()
    config = {
        "name": "demo",
        "type": "sql",
        "uri": f"sqlite:///{folder}/catalog.db",
        "warehouse": f"file://{folder}/warehouse",
    }
    ice = IceFrame(config)
    heading("Every flight that left New York City in 2013, in Iceberg tables")
    tables = read_tables()
    fill(ice, tables)
    ask(ice)
    heading("The same tables by PyIceberg, against the files they were made from")
    if not compare(ice, config, tables):
        return 1
    heading(f"Done in {watch.seconds:.1f} s")
    aside("look on with: " + COMMAND.format(folder=folder))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
