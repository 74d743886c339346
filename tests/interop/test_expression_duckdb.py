# SPDX-License-Identifier: Apache-2.0
"""Random predicates over a random table: our matching rows are DuckDB's.

ICEFRAME_TOOLS names the folder of expression_tool; ICEFRAME_SEED sets the seed, which is printed.
"""

import json
import os
import pathlib
import random
import subprocess

import duckdb
import pyarrow as pa
import pytest
from expression_predicates import Predicates
from expression_table import NUM_ROWS, make_table

NUM_PREDICATES = 1500
ROOT = pathlib.Path(__file__).resolve().parents[2]


def tool() -> pathlib.Path:
    """Returns the built tool, or skips."""
    folders = (
        [os.environ["ICEFRAME_TOOLS"]]
        if "ICEFRAME_TOOLS" in os.environ
        else [ROOT / "build" / name for name in ("dev", "release", "asan")]
    )
    for folder in folders:
        path = pathlib.Path(folder) / "expression_tool"
        if path.exists():
            return path
    pytest.skip("expression_tool is not built")


def duckdb_rows(connection: duckdb.DuckDBPyConnection, predicate: str) -> list[int] | str:
    """Returns the rows that match, or the error's text."""
    try:
        return [
            row
            for (row,) in connection.execute(
                f"SELECT row FROM numbered WHERE {predicate} ORDER BY row"
            ).fetchall()
        ]
    except duckdb.Error as error:
        return str(error)


def test_same_rows_as_duckdb(tmp_path: pathlib.Path) -> None:
    """At least 500 predicates that DuckDB answers are answered alike, the others are errors."""
    seed = int(os.environ.get("ICEFRAME_SEED", "20260724"))
    print(f"seed {seed}")
    rng = random.Random(seed)
    table = make_table(rng)
    with (
        pa.OSFile(str(tmp_path / "table.arrow"), "wb") as sink,
        pa.ipc.new_file(sink, table.schema) as writer,
    ):
        # One batch and a slice of it: offsets matter.
        batch = table.combine_chunks().to_batches()[0]
        writer.write_batch(batch.slice(0, NUM_ROWS // 3))
        writer.write_batch(batch.slice(NUM_ROWS // 3))
    generator = Predicates(rng)
    predicates = [generator.boolean(rng.choice([0, 0, 1, 2, 3])) for _ in range(NUM_PREDICATES)]
    (tmp_path / "predicates.txt").write_text("\n".join(predicates) + "\n", encoding="utf-8")
    ran = subprocess.run(
        [tool(), tmp_path / "table.arrow", tmp_path / "predicates.txt"],
        capture_output=True,
        text=True,
        check=True,
    )
    ours = [json.loads(line) for line in ran.stdout.splitlines()]
    assert len(ours) == len(predicates)

    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    # DuckDB 1.5's rewriting takes date_trunc('day', x) <> noon for true where x is null.
    connection.execute("SET disabled_optimizers = 'expression_rewriter'")
    plain = table.append_column("row", pa.array(range(NUM_ROWS)))  # noqa: F841
    connection.execute("CREATE TABLE numbered AS SELECT * FROM plain")
    answered = 0
    different = []
    for predicate, rows in zip(predicates, ours, strict=True):
        expected = duckdb_rows(connection, predicate)
        if isinstance(expected, str):
            # What DuckDB refuses at run time (overflow, a cast) we may answer where we skip rows.
            continue
        answered += 1
        if rows != expected:
            different.append((predicate, rows, expected))
    for predicate, rows, expected in different[:20]:
        print("DIFFERENT", predicate)
        if isinstance(rows, dict):
            print("   error:", rows["error"])
        else:
            missing, extra = sorted(set(expected) - set(rows)), sorted(set(rows) - set(expected))
            print(
                "   missing:",
                [table.slice(row, 1).to_pylist() for row in missing[:2]],
                "extra:",
                [table.slice(row, 1).to_pylist() for row in extra[:2]],
            )
    print(f"{answered} of {len(predicates)} predicates answered by both")
    assert not different, f"{len(different)} of {answered} predicates differ (seed {seed})"
    assert answered >= 500, answered
