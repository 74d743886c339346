# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL goes away: answers to commits are lost, and the server is restarted under load."""

from __future__ import annotations

import itertools
import signal
import threading

import pytest
from postgres_proxy import FAULTS, PostgresProxy
from postgres_server import ServerMissing, running_postgres

from iceframe import IceFrame


def config_over(proxy: PostgresProxy, tmp_path) -> dict[str, str]:
    return {"name": tmp_path.name, "uri": proxy.uri, "warehouse": f"file://{tmp_path}/warehouse"}


# What is done to a table with the rows 1, 2, 3 ("old" is another one), and what is then in it.
CHANGES = {
    "append": lambda ice: ice.append_to_table("t", {"id": [4]}),
    "overwrite": lambda ice: ice.overwrite_table("t", {"id": [9]}),
    "create": lambda ice: ice.create_table("made", {"id": "long"}),
    "alter": lambda ice: ice.alter_table("t").add_column("more", "string"),
    "drop": lambda ice: ice.drop_table("old"),
}
ROWS = {"append": [1, 2, 3, 4], "overwrite": [9]}


@pytest.mark.parametrize(
    ("change", "fault", "num_faults"), list(itertools.product(CHANGES, FAULTS, [1, 2]))
)
def test_a_lost_commit_is_neither_lost_nor_done_twice(
    postgres, tmp_path, change, fault, num_faults
):
    left = 0

    def next_fault() -> str | None:
        nonlocal left
        left -= 1
        return fault if left >= 0 else None

    proxy = PostgresProxy(postgres.port, next_fault)
    ice = IceFrame(config_over(proxy, tmp_path))
    ice.create_table("t", {"id": "long"})
    ice.append_to_table("t", {"id": [1, 2, 3]})
    ice.create_table("old", {"id": "long"})
    before = proxy.num_commits
    left = num_faults
    CHANGES[change](ice)
    sent = proxy.num_commits - before
    # What never arrived is sent anew; what landed is found out, and never sent again.
    assert sent == (num_faults + 1 if fault == "cut before" else 1)
    left = 0
    assert sorted(ice.read_table("t")["id"].to_list()) == ROWS.get(change, [1, 2, 3])
    tables = {"default.t", "default.old"}
    tables |= {"default.made"} if change == "create" else set()
    tables -= {"default.old"} if change == "drop" else set()
    assert set(ice.list_tables()) == tables
    columns = ["id", "more"] if change == "alter" else ["id"]
    assert ice.get_table("t").schema().column_names == columns
    proxy.close()


def test_no_error_is_seen_while_the_server_is_restarted_ten_times(tmp_path):
    """Fast and immediate shutdowns, while some read and some write."""
    try:
        with running_postgres() as server:
            config = {
                "name": "restarts",
                "uri": server.uri,
                "warehouse": f"file://{tmp_path}/warehouse",
            }
            restart_under_load(server, config)
    except ServerMissing as missing:
        pytest.skip(f"no PostgreSQL: {missing}")


def restart_under_load(server, config) -> None:
    num_writers, num_restarts = 3, 10
    ice = IceFrame(config, settings={"catalog.reconnect_timeout": "240s"})
    errors: list[BaseException] = []
    is_over = threading.Event()
    written: list[list[int]] = [[] for _ in range(num_writers)]

    def until_over(work) -> None:
        try:
            while not is_over.is_set():
                work()
        except BaseException as error:
            errors.append(error)
            is_over.set()

    def write(writer: int) -> None:
        row = len(written[writer])
        ice.append_to_table(f"t{writer}", {"id": [row]})
        written[writer].append(row)

    def read() -> None:
        assert len(ice.list_tables()) == num_writers
        ice.read_table("t0")

    for writer in range(num_writers):
        ice.create_table(f"t{writer}", {"id": "long"})
    works = [read, read] + [lambda n=n: write(n) for n in range(num_writers)]
    threads = [threading.Thread(target=until_over, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    try:
        for i in range(num_restarts):
            # Each writer gets something done between two restarts.
            goal = [len(rows) + 1 for rows in written]
            while not is_over.is_set() and any(
                len(rows) < least for rows, least in zip(written, goal, strict=True)
            ):
                is_over.wait(0.01)
            server.stop(signal.SIGQUIT if i % 2 else signal.SIGINT)
            server.start()
    finally:
        is_over.set()
        for thread in threads:
            thread.join()
    if errors:
        raise errors[0]
    for writer in range(num_writers):
        rows = sorted(ice.read_table(f"t{writer}")["id"].to_list())
        assert rows == written[writer]
