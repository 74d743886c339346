"""What `iceframe` can be told to do: list, describe, head, query, explain, stream, top."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import Any

from iceframe.cli.output import FORMATS, write_rows, write_table
from iceframe.cli.query_options import add_query_options, make_query
from iceframe.cli.stream import add_stream_commands
from iceframe.cli.top import add_top_command
from iceframe.errors import ValidationError
from iceframe.frame import IceFrame

__all__ = ["add_commands"]

_TABLE = '"namespace.table", or "table" in "default"'

_QUERY_EPILOG = """\
The steps go in the order of SQL: joins, --where, groups, --having, what comes out, --distinct,
--order-by, --offset, --limit. Expressions are SQL (docs/expressions.md). An option that takes a
list takes commas, and may be given again; --where given twice means both.

A table on a terminal ends after 100 rows unless --limit says otherwise. csv, json (one object per
line; numbers JSON lacks, bytes and decimals as text) and arrow (an IPC stream) have all rows, as
they are read.

examples:
  iceframe query nyc.flights --where "dep_delay >= 900" --select carrier,flight,dep_delay
  iceframe query nyc.flights --join "nyc.airlines on carrier" --group-by name \\
      --agg "count(*) AS flights, avg(arr_delay) AS delay" --order-by "flights DESC" --limit 5
  iceframe query nyc.flights --join "left nyc.airports on dest = faa" --where "faa IS NULL"
  iceframe query events --as-of 2024-03-01T00:00:00Z --format arrow > events.arrows
"""

_EXPLAIN_EPILOG = """\
Without --analyze no data file is opened: figures come from manifests. With it the query is run,
its rows are dropped, and rows, time and memory of each operation are shown, with the files and
row groups that were skipped.

example: iceframe explain nyc.flights --where "dep_delay >= 900" --analyze
"""


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Adds the commands; each sets `run`, a callable of the `IceFrame` and the options.

    Where `needs_catalog` is false, it is one of the options alone.
    """
    parser.set_defaults(needs_catalog=True)
    commands = parser.add_subparsers(metavar="command", required=True)

    command = commands.add_parser("list", help="list tables")
    command.add_argument("--namespace", help="only those of this one; by default all")
    command.set_defaults(run=_list)

    command = commands.add_parser("describe", help="show a table's columns and state")
    command.add_argument("table", help=_TABLE)
    command.set_defaults(run=_describe)

    command = commands.add_parser("head", help="print a table's first rows")
    command.add_argument("table", help=_TABLE)
    command.add_argument("-n", "--n", type=int, default=5, help="rows; default: %(default)s")
    command.set_defaults(run=_head)

    command = _query_parser(commands, "query", "print the rows of a query", _QUERY_EPILOG)
    command.add_argument("--format", choices=FORMATS, default="table", help="default: %(default)s")
    command.set_defaults(run=_query)

    command = _query_parser(commands, "explain", "show what a query does", _EXPLAIN_EPILOG)
    command.add_argument("--analyze", action="store_true", help="run it, and tell what happened")
    command.add_argument("--json", action="store_true", help="as JSON, not as a tree")
    command.set_defaults(run=_explain)

    add_stream_commands(commands)
    add_top_command(commands)


def _query_parser(
    commands: Any,  # noqa: ANN401 - argparse has no public name for it
    name: str,
    text: str,
    epilog: str,
) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(
        name,
        help=text,
        description=text.capitalize() + ".",
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("table", help=_TABLE)
    add_query_options(command)
    return command


def _list(ice: IceFrame, options: argparse.Namespace) -> None:
    namespaces = [options.namespace] if options.namespace else _namespaces(ice, None)
    for namespace in namespaces:
        for name in ice.list_tables(namespace):
            print(name)


def _namespaces(ice: IceFrame, parent: str | None) -> Iterator[str]:
    for levels in ice.list_namespaces(parent):
        name = ".".join(levels)
        yield name
        yield from _namespaces(ice, name)


def _describe(ice: IceFrame, options: argparse.Namespace) -> None:
    table = ice.get_table(options.table)
    print(f"table           {'.'.join(table.name())}")
    print(f"location        {table.location()}")
    print(f"format version  {table.format_version}")
    print(f"snapshot        {table.current_snapshot_id}")
    if (snapshot := table.current_snapshot()) is not None:
        records, files = (snapshot.summary.get(f"total-{of}") for of in ("records", "data-files"))
        print(f"rows            {records or '?'} in {files or '?'} files")
    print(f"partitioned by  {', '.join(table.partition_texts()) or 'nothing'}")
    print(f"sorted by       {', '.join(table.sort_texts()) or 'nothing'}")
    print("columns")
    fields = table.schema().fields
    width = max((len(field.name) for field in fields), default=0)
    for field in fields:
        print(f"  {field.name:{width}}  {field.field_type}{', required' if field.required else ''}")
    for name, value in sorted(table.properties.items()):
        print(f"property        {name} = {value}")


def _head(ice: IceFrame, options: argparse.Namespace) -> None:
    write_table(ice.scan(options.table, limit=options.n), sys.stdout)


def _query(ice: IceFrame, options: argparse.Namespace) -> None:
    if options.format == "arrow" and sys.stdout.isatty():
        raise ValidationError("arrow is not for terminals: redirect it to a file or a program")
    write_rows(make_query(ice, options), options.format, options.limit is not None)


def _explain(ice: IceFrame, options: argparse.Namespace) -> None:
    explanation = make_query(ice, options).explain(analyze=options.analyze)
    print(explanation.to_json() if options.json else str(explanation).rstrip())
