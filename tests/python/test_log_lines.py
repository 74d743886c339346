# SPDX-License-Identifier: Apache-2.0
"""Log lines of the engine reach `logging`; on its own the library prints nothing."""

import json
import logging
import signal
import subprocess
import sys
import textwrap
import threading

import pytest

from iceframe import IceFrame


def with_a_useless_key(lake) -> dict[str, str]:
    return {**lake.config, "glue.region": "nowhere-1"}


def test_lines_reach_the_logger_with_level_and_component(lake, caplog):
    with caplog.at_level(logging.WARNING, logger="iceframe"):
        IceFrame(with_a_useless_key(lake))
    (record,) = caplog.records
    assert (record.name, record.levelname, record.component) == ("iceframe", "WARNING", "catalog")
    assert "glue.region" in record.getMessage()


def test_levels_are_those_of_the_logger(lake, caplog):
    with caplog.at_level(logging.ERROR, logger="iceframe"):
        IceFrame(with_a_useless_key(lake))
    assert caplog.records == []


def test_lines_of_many_threads_all_arrive(lake, caplog):
    config = with_a_useless_key(lake)
    threads = [
        threading.Thread(target=lambda: [IceFrame(config) for _ in range(10)]) for _ in range(4)
    ]
    with caplog.at_level(logging.WARNING, logger="iceframe"):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(caplog.records) == 40


def test_a_handler_that_fails_does_not_stop_the_engine(lake, monkeypatch):
    class Failing(logging.Handler):
        def emit(self, record):
            raise RuntimeError("no")

    handler = Failing()
    logger = logging.getLogger("iceframe")
    logger.addHandler(handler)
    try:
        assert IceFrame(with_a_useless_key(lake)).list_tables() == []
    finally:
        logger.removeHandler(handler)


PROGRAM = textwrap.dedent(
    """
    import json, logging, os, sys
    from iceframe import IceFrame

    config = json.loads(sys.argv[1])
    if sys.argv[2] == "listening":
        logging.basicConfig(format="%(levelname)s %(name)s %(message)s")
    IceFrame(config)
    child = os.fork()
    if child == 0:
        IceFrame(config)
        sys.exit(0)
    assert os.waitpid(child, 0)[1] == 0
    import atexit
    atexit.register(lambda: IceFrame(config))
    """
)


def run(lake, mode: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-W", "ignore", "-c", PROGRAM]
    command += [json.dumps(with_a_useless_key(lake)), mode]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_nothing_is_printed_where_nobody_listens(lake):
    ended = run(lake, "silent")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def test_lines_arrive_after_fork_and_at_exit(lake):
    ended = run(lake, "listening")
    assert ended.returncode == 0, ended.stderr
    lines = ended.stderr.splitlines()
    # The parent, its child, and each of them once more at its end.
    assert len(lines) == 3, lines
    assert all(line.startswith("WARNING iceframe catalog: ") for line in lines)


def test_an_interrupt_while_the_level_is_asked_for_ends_the_call(ice, monkeypatch):
    ice.create_table("t", {"id": "long"})
    ask = logging.Logger.getEffectiveLevel

    def asked_and_interrupted(logger):
        monkeypatch.undo()
        signal.raise_signal(signal.SIGINT)
        return ask(logger)

    monkeypatch.setattr(logging.Logger, "getEffectiveLevel", asked_and_interrupted)
    with pytest.raises(KeyboardInterrupt):
        ice.to_arrow("t")
    assert ice.to_arrow("t").num_rows == 0


def test_an_interrupt_while_a_line_is_logged_is_raised(lake):
    class Interrupted(logging.Handler):
        def emit(self, record):
            logging.getLogger("iceframe").removeHandler(self)
            signal.raise_signal(signal.SIGINT)

    logging.getLogger("iceframe").addHandler(Interrupted())
    with pytest.raises(KeyboardInterrupt):
        IceFrame(with_a_useless_key(lake)).list_tables()
    assert lake.open().list_tables() == []
