"""The options that describe a query, and the query they make."""

from __future__ import annotations

import argparse
import datetime as dt
import re
from typing import cast

from iceframe.errors import ValidationError
from iceframe.frame import IceFrame
from iceframe.query import JoinHow, QueryBuilder

__all__ = ["add_query_options", "make_query", "split_list"]

_JOIN = re.compile(
    r"(?:(?P<how>inner|left|right|full|outer|semi|anti|cross)\s+)?"
    r"(?P<table>\S+)(?:\s+on\s+(?P<on>.+))?",
    re.IGNORECASE,
)


def add_query_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options that `make_query` reads."""

    def add(name: str, metavar: str, text: str, **more: object) -> None:
        parser.add_argument(name, metavar=metavar, help=text, **more)  # type: ignore[arg-type]

    add("--join", "JOIN", '"[left|right|full|semi|anti|cross] TABLE on COL [= COL], …"',
        action="append", default=[])  # fmt: skip
    add("--where", "SQL", "keep the rows for which it is true", action="append", default=[])
    add("--select", "COLS", 'what comes out: columns and SQL such as "a + b AS c"',
        action="append", default=[])  # fmt: skip
    add("--group-by", "COLS", "make groups; they come out unless --select says otherwise",
        action="append", default=[])  # fmt: skip
    add("--agg", "SQL", 'aggregates, such as "sum(price) AS total, count(*)"',
        action="append", default=[])  # fmt: skip
    add("--having", "SQL", "keep the groups for which it is true", action="append", default=[])
    parser.add_argument("--distinct", action="store_true", help="keep one of equal rows")
    add("--order-by", "KEYS", 'such as "total DESC, name"; nulls come last',
        action="append", default=[])  # fmt: skip
    add("--limit", "N", "stop after so many rows", type=int)
    add("--offset", "N", "leave out so many rows first", type=int)
    version = parser.add_argument_group("which state of the table (of joined ones: the newest)")
    choice = version.add_mutually_exclusive_group()
    choice.add_argument("--snapshot-id", metavar="ID", type=int, help="this snapshot")
    choice.add_argument("--ref", metavar="NAME", help="this branch or tag")
    choice.add_argument(
        "--as-of", metavar="TIME", help="what was current then: 2024-03-01T00:00:00Z"
    )


def make_query(ice: IceFrame, options: argparse.Namespace) -> QueryBuilder:
    """Returns the query that the options describe."""
    query = ice.query(
        options.table,
        snapshot_id=options.snapshot_id,
        as_of_timestamp=_time(options.as_of),
        ref=options.ref,
    )
    for text in options.join:
        query = _join(query, text)
    for predicate in options.where:
        query = query.filter(predicate)
    keys, aggregates = _entries(options.group_by), _entries(options.agg)
    items = (_entries(options.select) or keys) + aggregates
    if keys:
        query = query.group_by(keys)
    if options.having and not (keys or aggregates):
        raise ValidationError("--having needs --group-by or --agg; --where filters rows")
    if items:
        query = query.select(items)
    for predicate in options.having:
        query = query.filter(predicate)
    if options.distinct:
        query = query.distinct()
    if order := _entries(options.order_by):
        query = query.order_by(order)
    if options.offset is not None:
        query = query.offset(options.offset)
    if options.limit is not None:
        query = query.limit(options.limit)
    return query


def split_list(text: str) -> list[str]:
    """Splits at the commas outside of quotes and brackets.

    Example:
        >>> split_list("a, round(b, 1) AS c, 'x,y' AS d")
        ['a', 'round(b, 1) AS c', "'x,y' AS d"]
    """
    entries, depth, quote, begin = [], 0, "", 0
    for place, letter in enumerate(text):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"`":
            quote = letter
        elif letter in "([":
            depth += 1
        elif letter in ")]":
            depth -= 1
        elif letter == "," and depth == 0:
            entries.append(text[begin:place])
            begin = place + 1
    entries.append(text[begin:])
    return [entry.strip() for entry in entries]


def _entries(options: list[str]) -> list[str]:
    entries = [entry for option in options for entry in split_list(option)]
    if "" in entries:
        raise ValidationError(f"a list has an empty entry: {', '.join(options)!r}")
    return entries


def _join(query: QueryBuilder, text: str) -> QueryBuilder:
    match = _JOIN.fullmatch(text.strip())
    if match is None:
        raise ValidationError(f'--join is not of the form "left TABLE on COL = COL": {text!r}')
    how = cast("JoinHow", (match["how"] or "inner").lower())
    if match["on"] is None:
        return query.join(match["table"], how=how)
    pairs = [[side.strip() for side in pair.split("=")] for pair in match["on"].split(",")]
    if any(len(pair) > 2 or "" in pair for pair in pairs):
        raise ValidationError(f'--join needs columns after on, "a, b = c": {text!r}')
    if all(len(pair) == 1 for pair in pairs):
        return query.join(match["table"], [pair[0] for pair in pairs], how)
    left, right = [pair[0] for pair in pairs], [pair[-1] for pair in pairs]
    return query.join(match["table"], how=how, left_on=left, right_on=right)


def _time(text: str | None) -> dt.datetime | None:
    if text is None:
        return None
    try:
        time = dt.datetime.fromisoformat(text)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise ValidationError(f"--as-of needs a time with its zone, 2024-03-01T00:00:00Z: {text!r}")
    return time
