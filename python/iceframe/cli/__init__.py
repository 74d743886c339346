"""The command `iceframe`: looks into the tables of the configured catalog and queries them."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from iceframe import _command_start
from iceframe._version import __version__
from iceframe.arguments import as_list
from iceframe.cli.commands import add_commands
from iceframe.errors import IceFrameError, TableNotFoundError, ValidationError, shown
from iceframe.frame import IceFrame

__all__ = ["main"]

_EPILOG = """\
The catalog is the configured one: the variables ICEBERG_CATALOG_URI, _TYPE and _WAREHOUSE, or
PyIceberg's (PYICEBERG_CATALOG__…, .pyiceberg.yaml); without any, an embedded SQLite catalog.
Options given here go before all of them. Engine settings come from ICEFRAME_… variables or
~/.iceframe.yaml.

exit codes: 0 done; 1 the operation failed (the reason is on stderr); 2 wrong usage; 130 Ctrl-C.

examples:
  iceframe list
  iceframe --uri sqlite:///catalog.db --warehouse file:///data head default.users -n 3
  iceframe query users --where "age > 30" --group-by city --agg "count(*) AS n" --order-by "n DESC"
  iceframe explain users --where "age > 30" --analyze
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line; returns the exit code.

    Raises:
        ValidationError: an argument is not a string.
    """
    if arguments is not None:
        arguments = as_list("arguments", arguments)
        if not all(isinstance(argument, str) for argument in arguments):
            raise ValidationError(f"arguments holds what is no text: {shown(arguments)}")
    try:
        _command_start.leave_to_caller()
        _take_any_text()
        options = _parser().parse_args(arguments)
        if options.needs_catalog:
            options.run(_open(options), options)
        else:
            options.run(options)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read our output has enough of it; nothing more may be flushed there at exit.
        sys.stdout = None
        return 0
    except (IceFrameError, ImportError, OSError) as error:
        print(f"iceframe: {_one_line(error)}", file=sys.stderr)
        return 1
    return 0


def _take_any_text() -> None:
    """Lets output take what its encoding lacks, as escapes, and be closed."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _one_line(error: Exception) -> str:
    """Returns the message; of a text that can't be read, the text too, but not the caret's line."""
    lines = str(error).splitlines() or [type(error).__name__]
    message = lines[0] if len(lines) == 1 else f"{lines[0]}: {lines[1].strip()}"
    if isinstance(error, TableNotFoundError):
        message += "; 'iceframe list' shows those that do"
    return message


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="iceframe",
        description="Looks into Apache Iceberg tables and queries them.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"iceframe {__version__}")
    parser.add_argument("--catalog", help="the catalog's name; an SQL catalog keeps tables by it")
    parser.add_argument("--type", help="the catalog's type: sql or in-memory")
    parser.add_argument("--uri", help="the catalog's address, e.g. sqlite:///catalog.db")
    parser.add_argument("--warehouse", help="where tables go, e.g. file:///data")
    add_commands(parser)
    return parser


def _open(options: argparse.Namespace) -> IceFrame:
    given = {name: getattr(options, name) for name in ("type", "uri", "warehouse")}
    given["name"] = options.catalog
    config = {name: value for name, value in given.items() if value is not None}
    return IceFrame(config or None)
