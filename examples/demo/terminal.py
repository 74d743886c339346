# SPDX-License-Identifier: Apache-2.0
"""How it looks: headings, tables and sizes on a terminal or in a file."""

import os
import shutil
import sys
import textwrap
import time

import polars as pl
import polars.selectors as cs

_COLOURED = sys.stdout.isatty() and "NO_COLOR" not in os.environ


def heading(text: str) -> None:
    """Prints a heading."""
    print("\n" + _styled(_wrapped(text), "1;36"))


def line(text: str = "") -> None:
    """Prints a line, a little indented."""
    print(_wrapped(f"  {text}").rstrip())


def aside(text: str) -> None:
    """Prints a line that matters less."""
    print(_styled(_wrapped(f"  {text}"), "2"))


def table(frame: pl.DataFrame) -> None:
    """Prints all rows of a small table."""
    frame = frame.with_columns(cs.datetime().dt.strftime("%d %b %H:%M"))
    with pl.Config(
        tbl_formatting="UTF8_BORDERS_ONLY",
        tbl_hide_dataframe_shape=True,
        tbl_hide_column_data_types=True,
        tbl_cell_numeric_alignment="RIGHT",
        thousands_separator=",",
        float_precision=1,
        tbl_rows=-1,
        tbl_cols=-1,
        tbl_width_chars=120,
    ):
        for row in str(frame).splitlines():
            print(f"  {row}")


def size(num_bytes: int) -> str:
    """Returns a size for people to read."""
    value = float(num_bytes)
    for unit in ("B", "KiB", "MiB"):
        if value < 1024:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} GiB"


class Stopwatch:
    """Seconds since it was made."""

    def __init__(self) -> None:
        self._start = time.perf_counter()

    @property
    def seconds(self) -> float:
        """The time that has passed."""
        return time.perf_counter() - self._start


def _wrapped(text: str) -> str:
    """Returns the text as lines that fit a terminal; what was skipped goes on below itself."""
    if not sys.stdout.isatty():
        return text
    indent = text.find("skipped ") + len("skipped ") if "skipped " in text else 3
    width = shutil.get_terminal_size().columns
    return textwrap.fill(text, width, subsequent_indent=" " * min(indent, width - 20))


def _styled(text: str, style: str) -> str:
    return f"\x1b[{style}m{text}\x1b[0m" if _COLOURED else text
