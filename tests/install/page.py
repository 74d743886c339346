# SPDX-License-Identifier: Apache-2.0
"""Runs the page's snippets where the wheel is installed: python page.py PAGE.

They get what they take for granted; their effects are tests/python/test_page_snippets.py's.
"""

import os
import pathlib
import re
import sys
import tempfile

from iceframe import IceFrame
from iceframe.expressions import Column


def lake(name: str) -> tuple[dict[str, str], IceFrame]:
    """Returns the configuration of a catalog with the page's tables, and what is open on it."""
    folder = pathlib.Path.cwd() / name
    folder.mkdir()
    config = {"uri": f"sqlite:///{folder}/catalog.db", "warehouse": folder.as_uri()}
    ice = IceFrame(config)
    ice.create_table("events", {"id": "long", "event": "string"})
    for table in ("users", "orders", "products", "huge_table"):
        ice.create_table(table, {"id": "long", "age": "long"})
        ice.append_to_table(table, {"id": [1, 2], "age": [36, 28]})
    return config, ice


def main() -> None:
    snippets = re.findall(
        r"^```python\n(.*?)^```", pathlib.Path(sys.argv[1]).read_text(), re.MULTILINE | re.DOTALL
    )
    os.chdir(tempfile.mkdtemp())
    catalog_config, ice = lake("here")
    given = {
        "ice": ice,
        "Column": Column,
        "process": print,
        "catalog_config": catalog_config,
        "prod_config": lake("prod")[0],
        "dev_config": lake("dev")[0],
        "select_exprs": [Column("id")],
        "filter_exprs": [Column("age") > 30],
        "group_by_exprs": [],
    }
    for snippet in snippets:
        # There is no broker here.
        code = snippet.partition("# Kafka integration")[0]
        exec(compile(code, "the page", "exec"), dict(given))
    print("ran", len(snippets), "snippets of the page")


if __name__ == "__main__":
    main()
