"""The command `iceframe`: looks into the tables of the configured catalog."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from iceframe._version import __version__
from iceframe.errors import IceFrameError
from iceframe.frame import IceFrame

__all__ = ["main"]

_EPILOG = """\
The catalog is the configured one: PYICEBERG_CATALOG__… variables or .pyiceberg.yaml; without
either, an embedded SQLite catalog. Options given here go before both. Engine settings come from
ICEFRAME_… variables or ~/.iceframe.yaml.

exit codes: 0 done; 1 the operation failed (the reason is on stderr); 2 wrong usage; 130 Ctrl-C.

example: iceframe --uri sqlite:///catalog.db --warehouse file:///data head default.users -n 3
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        options.run(_open(options), options)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read our output has enough of it; nothing more may be flushed there at exit.
        sys.stdout = None
        return 0
    except (IceFrameError, ImportError) as error:
        print(f"iceframe: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="iceframe",
        description="Looks into Apache Iceberg tables.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"iceframe {__version__}")
    parser.add_argument("--catalog", help="the catalog's name; an SQL catalog keeps tables by it")
    parser.add_argument("--type", help="the catalog's type: sql or in-memory")
    parser.add_argument("--uri", help="the catalog's address, e.g. sqlite:///catalog.db")
    parser.add_argument("--warehouse", help="where tables go, e.g. file:///data")
    commands = parser.add_subparsers(metavar="command", required=True)

    command = commands.add_parser("list", help="list the tables of a namespace")
    command.add_argument("--namespace", default="default", help="default: %(default)s")
    command.set_defaults(run=_list)

    command = commands.add_parser("describe", help="show a table's columns and state")
    command.add_argument("table", help='"namespace.table", or "table" in "default"')
    command.set_defaults(run=_describe)

    command = commands.add_parser("head", help="print a table's first rows")
    command.add_argument("table", help='"namespace.table", or "table" in "default"')
    command.add_argument("-n", "--n", type=int, default=5, help="rows; default: %(default)s")
    command.set_defaults(run=_head)
    return parser


def _open(options: argparse.Namespace) -> IceFrame:
    given = {name: getattr(options, name) for name in ("type", "uri", "warehouse")}
    given["name"] = options.catalog
    config = {name: value for name, value in given.items() if value is not None}
    return IceFrame(config or None)


def _list(ice: IceFrame, options: argparse.Namespace) -> None:
    for name in ice.list_tables(options.namespace):
        print(name)


def _describe(ice: IceFrame, options: argparse.Namespace) -> None:
    table = ice.get_table(options.table)
    print(f"table           {'.'.join(table.name())}")
    print(f"location        {table.location}")
    print(f"format version  {table.format_version}")
    print(f"snapshot        {table.current_snapshot_id}")
    print("columns")
    fields = list(table.arrow_schema())
    width = max((len(field.name) for field in fields), default=0)
    for field in fields:
        print(f"  {field.name:{width}}  {field.type}{'' if field.nullable else ', required'}")
    for name, value in sorted(table.properties.items()):
        print(f"property        {name} = {value}")


def _head(ice: IceFrame, options: argparse.Namespace) -> None:
    print(ice.head(options.table, options.n))
