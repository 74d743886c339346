# SPDX-License-Identifier: Apache-2.0
"""Engines take turns at a case: one run each, round by round, so that what else the machine does
hits all of them."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
from pathlib import Path
from typing import Any

from bench.peers.answer import Answer, agree
from bench.peers.cases import Case

__all__ = ["CaseResult", "Machinery", "Worker", "run_case"]


@dataclasses.dataclass(frozen=True)
class Machinery:
    """Where things are, and how much is run."""

    root: Path
    lake: Path
    #: The Python of each engine.
    pythons: dict[str, str]
    runs: int
    cores: int
    logs: Path


@dataclasses.dataclass
class CaseResult:
    """What a case showed: runs by engine; of an engine without runs, why."""

    case: Case
    runs: dict[str, list[dict[str, float]]]
    remarks: dict[str, str]
    rows: int = 0


class Worker:
    """An engine's process."""

    def __init__(self, machinery: Machinery, engine: str, case: str) -> None:
        machinery.logs.mkdir(parents=True, exist_ok=True)
        self._log = (machinery.logs / f"{case}-{engine}.log").open("w")
        command = [machinery.pythons[engine], "-m", "bench.peers.worker", engine]
        self._process = subprocess.Popen(
            [*command, str(machinery.lake), str(machinery.cores)],
            cwd=machinery.root,
            env={**os.environ, "PYTHONSAFEPATH": "", "DAFT_PROGRESS_BAR": "0"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )

    def ask(self, **request: object) -> dict[str, Any]:
        """Send a request and return the reply; a process that ended is an error too."""
        try:
            print(json.dumps(request), file=self._process.stdin, flush=True)
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            return {"error": f"the process ended (see {self._log.name})"}
        reply: dict[str, Any] = json.loads(line)
        return reply

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()
        self._log.close()


def run_case(machinery: Machinery, case: Case, engines: list[str]) -> CaseResult:
    """Check that the engines agree, then time those that do."""
    workers = {engine: Worker(machinery, engine, case.name) for engine in engines}
    try:
        result = CaseResult(case, {}, {})
        answers = _answers(workers, result)
        right = _majority(list(answers.values()))
        for engine, answer in answers.items():
            if agree(answer, right):
                result.runs[engine] = []
                result.rows = answer["rows"]
            else:
                result.remarks[engine] = f"another answer: {answer} instead of {right}"
        if case.figure == "peak_mb":
            _renew(machinery, workers, result)
        for turn in range(1, machinery.runs + 1):
            _run_round(workers, result, turn)
        return result
    finally:
        for worker in workers.values():
            worker.close()


def _answers(workers: dict[str, Worker], result: CaseResult) -> dict[str, Answer]:
    """Run the case once everywhere, which also warms it up."""
    answers = {}
    for engine, worker in workers.items():
        reply = worker.ask(do="run", case=result.case.name, turn=0, check=True)
        if "answer" in reply:
            answers[engine] = reply["answer"]
        else:
            result.remarks[engine] = reply.get("error", "")
    return answers


def _renew(machinery: Machinery, workers: dict[str, Worker], result: CaseResult) -> None:
    """Begin again with processes that hold no memory of the check; warm them up."""
    for engine in result.runs:
        workers[engine].close()
        workers[engine] = Worker(machinery, engine, result.case.name)
        workers[engine].ask(do="run", case=result.case.name, turn=0)


def _majority(answers: list[Answer]) -> Answer:
    """Return the answer that most give; the first of them where there is none."""
    empty: Answer = {"rows": 0, "columns": []}
    return max(answers, key=lambda one: sum(agree(one, a) for a in answers), default=empty)


def _run_round(workers: dict[str, Worker], result: CaseResult, turn: int) -> None:
    """Let each engine run once, another one first each time."""
    engines = list(result.runs)
    for place in range(len(engines)):
        engine = engines[(place + turn) % len(engines)]
        reply = workers[engine].ask(do="run", case=result.case.name, turn=turn)
        if "error" in reply:
            result.remarks[engine] = reply["error"]
            del result.runs[engine]
        else:
            result.runs[engine].append(reply)
