"""Tables in HTML, for notebooks."""

from collections.abc import Iterable, Sequence
from html import escape

__all__ = ["html_table"]


def html_table(
    title: str,
    header: Sequence[str],
    rows: Iterable[Sequence[object]],
    facts: Iterable[str] = (),
) -> str:
    """Returns a titled table whose cells are escaped text; None shows as nothing.

    Args:
        title: stands above it.
        header: the columns' names.
        rows: a cell per column.
        facts: lines below it.
    """
    left = ' style="text-align: left"'
    head = "".join(f"<th{left}>{escape(name)}</th>" for name in header)
    body = "".join(
        "<tr>"
        + "".join(f"<td{left}>{escape('' if cell is None else str(cell))}</td>" for cell in row)
        + "</tr>"
        for row in rows
    )
    below = "".join(f"<div><small>{escape(fact)}</small></div>" for fact in facts)
    return (
        f"<div><b>{escape(title)}</b><table><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table>{below}</div>"
    )
