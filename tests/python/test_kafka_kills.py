# SPDX-License-Identifier: Apache-2.0
"""Every message is in the table once, whoever is killed, stopped or cut off, and when.

A long run by hand, in a folder of its own (200 kills of 10 million messages):

    KAFKA_KILLS=200 KAFKA_MESSAGES=10000000 KAFKA_PARTITIONS=12 \\
        pytest -s --timeout 36000 tests/python/test_kafka_kills.py -k killed
"""

import os
import signal
import time

from kafka_broker import PATIENCE, running_broker, wait_until
from kafka_runs import Run, kill_while_it_runs

KILLS = int(os.environ.get("KAFKA_KILLS", "20"))
MESSAGES = int(os.environ.get("KAFKA_MESSAGES", "200000"))
STOPS = int(os.environ.get("KAFKA_STOPS", "10"))
PARTITIONS = int(os.environ.get("KAFKA_PARTITIONS", "4"))
SEED = int(os.environ.get("ICEFRAME_SEED", "7"))


def test_a_killed_ingester_loses_and_repeats_nothing(broker, lake):
    run = Run(broker, lake, SEED, PARTITIONS)
    # So small that a kill meets a commit, or the next.
    batch_size = max(100, MESSAGES // (KILLS * 20))
    started = time.monotonic()
    commits = kill_while_it_runs(run, MESSAGES, KILLS, batch_size=batch_size)
    seconds = time.monotonic() - started
    assert commits >= KILLS // 2
    print(f"{KILLS} kills, {MESSAGES} messages, {commits} snapshots, {seconds:.0f} s")


def test_an_ingester_that_was_stopped_writes_nothing_twice(broker, lake):
    run = Run(broker, lake, SEED, 6)
    processes = [run.start(batch_size=500) for _ in range(3)]
    produced = 0
    for number in range(STOPS):
        stopped = run.random.randrange(len(processes))
        # Messages flow before, while and after one member sleeps longer than its session lasts.
        run.produce(500, produced)
        processes[stopped].send_signal(signal.SIGSTOP)
        run.produce(500, produced + 500)
        produced += 1000
        if number % 5 == 4:
            # One leaves as well, another one joins.
            other = (stopped + 1) % len(processes)
            run.end(processes[other], signal.SIGKILL)
            processes[other] = run.start(batch_size=500)
        others = [p for i, p in enumerate(processes) if i != stopped]
        # The others have taken its partitions over.
        run.wait_for_all(others, produced)
        processes[stopped].send_signal(signal.SIGCONT)
    run.produce(1000, produced)
    produced += 1000
    run.wait_for_all(processes, produced)
    for process in processes:
        run.end(process)
    run.check_every_message_once(produced)


def test_a_broker_that_goes_away_is_waited_for_and_aborted_rows_do_not_come(lake, tmp_path, broker):
    # `broker` only says whether there can be one: this one is killed.
    with running_broker(tmp_path / "own") as own:
        run = Run(own, lake, SEED, 3)
        process = run.start(batch_size=200)
        expected: list[int] = []

        def is_there() -> bool:
            run.check_alive(process)
            return run.ice.count_rows("events") == len(expected)

        for number, trouble in enumerate(["none", "kill", "stall", "restart", "none"]):
            if trouble == "kill":
                own.kill()
                time.sleep(1)
                own.start()
            elif trouble == "restart":
                own.stop()
                own.start()
            elif trouble == "stall":
                own.signal(signal.SIGSTOP)
                time.sleep(3)
                own.signal(signal.SIGCONT)
            first = number * 1000
            transact(own, run.topic, range(first, first + 300), commit=True)
            transact(own, run.topic, range(first + 300, first + 400), commit=False)
            transact(own, run.topic, range(first + 400, first + 450), commit=True)
            expected += [*range(first, first + 300), *range(first + 400, first + 450)]
            wait_until(f"all rows are there after: {trouble}", is_there)
        run.end(process)
        rows = run.ice.read_table("events", ["id", "part", "off"])
        assert sorted(rows["id"].to_list()) == expected
        assert rows.select("part", "off").n_unique() == len(expected)


def transact(broker, topic: str, ids: range, commit: bool) -> None:
    """Sends rows in one transaction, and ends it so or so."""
    producer = broker.producer(
        **{"transactional.id": f"t-{ids.start}", "transaction.timeout.ms": PATIENCE * 1000}
    )
    producer.init_transactions(PATIENCE)
    producer.begin_transaction()
    for i in ids:
        producer.produce(topic, b'{"id": %d}' % i)
    if commit:
        producer.commit_transaction(PATIENCE)
    else:
        producer.flush(PATIENCE)
        producer.abort_transaction(PATIENCE)
