"""`iceframe stream`: what streaming writers left behind, and what Kafka has."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from iceframe import _native
from iceframe.cli.stream_kafka import add_kafka_command
from iceframe.errors import IceFrameError, TableNotFoundError
from iceframe.frame import IceFrame

__all__ = ["add_stream_commands"]

_RECOVER_EPILOG = """\
A writer that is killed leaves the rows that it has acknowledged in its log. The next writer that
is opened on the table on this machine brings them in; this command does so without one. Rows come
in once, however often it is run. With --list it only shows what there is: rows of a log's last
commit may be in the table already. Writers that live are left alone.
"""


def add_stream_commands(commands: Any) -> None:  # noqa: ANN401 - argparse has no public name for it
    """Adds `stream` and what belongs to it."""
    stream = commands.add_parser("stream", help="rows that come in all the time: kafka, recover")
    subcommands = stream.add_subparsers(metavar="command", required=True)
    text = "bring in rows that streaming writers left behind"
    command = subcommands.add_parser(
        "recover",
        help=text,
        description=text.capitalize() + ".",
        epilog=_RECOVER_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("table", nargs="*", help="only those of these tables; by default all")
    command.add_argument("--list", action="store_true", help="show them, and change nothing")
    command.add_argument("--state-folder", default="", help="where the logs are; default: settings")
    command.set_defaults(run=_recover)
    add_kafka_command(subcommands)


def _recover(ice: IceFrame, options: argparse.Namespace) -> None:
    logs = _native.list_writer_logs(ice._session, options.state_folder)
    wanted = {name if "." in name else f"default.{name}" for name in options.table}
    logs = [log for log in logs if not wanted or log[1] in wanted]
    for writer, table, catalog, _, folder, rows, size, is_open, wrong in logs:
        state = wrong or ("its writer is open" if is_open else "left behind")
        print(f"{table} in catalog {catalog}, writer {writer}: {rows} rows, {size} bytes, {state}")
        print(f"  {folder}")
    if not logs:
        print("nothing was left behind")
    if options.list:
        return
    failed: IceFrameError | None = None
    for table, uuid in sorted({(log[1], log[3]) for log in logs if not log[7] and not log[8]}):
        try:
            if str(ice.get_table(table).metadata.table_uuid) != uuid:
                raise TableNotFoundError(
                    f"table is another one now, or in another catalog: {table}"
                )
            rows, commits = _native.replay_writer_logs(ice._session, table, options.state_folder)
            print(f"{table}: {rows} rows brought in by {commits} commits")
        except IceFrameError as error:
            print(f"{table}: {error}", file=sys.stderr)
            failed = error
    damaged = next((log[8] for log in logs if log[8]), None)
    if failed is not None or damaged is not None:
        raise IceFrameError("some rows were not brought in: " + (damaged or str(failed)))
