# SPDX-License-Identifier: Apache-2.0
"""Runs the cases and prints the tables: python -m bench.peers --help."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

from bench.peers.cases import chosen_cases
from bench.peers.engines import ENGINES
from bench.peers.report import as_json, case_lines, heading, summary_lines
from bench.peers.rounds import Machinery, Worker, run_case

ROOT = Path(__file__).resolve().parents[2]


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.peers", description=__doc__)
    parser.add_argument("--cases", default="", help="comma-separated; all by default")
    parser.add_argument("--engines", default="", help="comma-separated; all by default")
    parser.add_argument("--runs", type=int, default=7, help="measured runs per engine and case")
    parser.add_argument("--scale", default="1", help="TPC-H scale factor")
    parser.add_argument("--cores", type=int, default=2, help="cores that each engine may use")
    parser.add_argument("--folder", default=str(ROOT / "build" / "bench"))
    arguments = parser.parse_args()
    if arguments.runs < 1:
        parser.error("--runs must be at least 1")
    return arguments


def main() -> int:
    """Run; the exit status says whether all engines gave the same answers."""
    arguments = parse_arguments()
    cases = chosen_cases(arguments.cases)
    engines = [name for name in arguments.engines.split(",") if name] or list(ENGINES)
    folder = Path(arguments.folder).resolve()
    peer_python = str(folder / "venv" / "bin" / "python")
    machinery = Machinery(
        root=ROOT,
        lake=folder / f"tpch-{arguments.scale}",
        pythons={name: sys.executable if name == "iceframe" else peer_python for name in ENGINES},
        runs=arguments.runs,
        cores=arguments.cores,
        logs=folder / "logs",
    )
    make = [peer_python, "-m", "bench.peers.make_lake", str(machinery.lake), arguments.scale]
    subprocess.run([*make, str(max(16, arguments.runs + 1))], cwd=ROOT, check=True)

    versions: dict[str, str] = {}
    for engine in engines:
        worker = Worker(machinery, engine, "hello")
        versions.update(worker.ask(do="hello").get("versions", {}))
        worker.close()
    settings = (
        f"{arguments.cores} cores each, TPC-H scale {arguments.scale}, {arguments.runs} warm runs"
    )
    print(heading(versions, settings), "minimum / median", sep="\n\n", flush=True)
    results = []
    for case in cases:
        results.append(run_case(machinery, case, engines))
        print("\n".join(case_lines(results[-1], engines)), flush=True)
    print()
    print("\n".join(summary_lines(results)), flush=True)
    report = json.dumps(as_json(results, versions, settings), indent=1)
    (folder / "results.json").write_text(report)
    failures = [f"{r.case.name}: {e}: {text}" for r in results for e, text in r.remarks.items()]
    failures = [line for line in failures if not line.endswith(": ")]
    print("\n".join(failures), end="\n" if failures else "", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
