# SPDX-License-Identifier: Apache-2.0
"""What a query did not have to read, and why: sentences from `explain`."""

from collections.abc import Iterator
from typing import Any

from terminal import size

from iceframe import IceFrame, QueryBuilder


def scans(explained: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yields the scans of an explanation, in the order of the plan."""
    if "table" in explained:
        yield explained
    for below in explained["inputs"]:
        yield from scans(below)


def total_bytes(ice: IceFrame, table_name: str) -> int:
    """Returns the size of a table's files, as its newest snapshot has it."""
    return int(ice.get_table(table_name).snapshots()[-1].summary["total-files-size"])


def skipped(ice: IceFrame, query: QueryBuilder) -> Iterator[str]:
    """Runs the query once more; yields lines on what each of its scans read and skipped."""
    planned = scans(query.explain().to_dict())
    done = scans(query.explain(analyze=True).to_dict())
    for plan, run in zip(planned, done, strict=True):
        whole = total_bytes(ice, run["table"])
        name = run["table"]
        for amount, reasons in (
            _files(run["planning"]),
            _row_groups(run["reading"]),
            _bytes(run["reading"]["data_bytes_read"], plan["file_bytes"], whole),
        ):
            skips = "; ".join(f"{what} {why}" for what, why in reasons if what)
            if skips:
                yield f"{name:14} read {amount:23} skipped {skips}"
                name = ""


_Reasons = list[tuple[object, str]]


def _files(planning: dict[str, int]) -> tuple[str, _Reasons]:
    amount = f"{planning['files_scanned']} of {planning['files_total']} files"
    return amount, [
        (planning["files_skipped_by_partition"], "of other months, by their partition"),
        (planning["files_skipped_by_bounds"], "by the bounds of their columns"),
    ]


def _row_groups(reading: dict[str, int]) -> tuple[str, _Reasons]:
    amount = f"{reading['row_groups_scanned']} of {reading['row_groups_total']} row groups"
    return amount, [(reading["row_groups_skipped_by_bounds"], "by the bounds of their columns")]


def _bytes(read: int, planned: int, whole: int) -> tuple[str, _Reasons]:
    return f"{size(read)} of {size(whole)}", [
        (whole > planned and size(whole - planned), "with those files"),
        (planned > read and size(planned - read), "of row groups and columns not needed"),
    ]
