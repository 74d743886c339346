# SPDX-License-Identifier: Apache-2.0
"""`iceframe.cache.DiskCache`: what is found again, in other processes too, and what never is."""

import datetime as dt
import os
import random
import signal
import stat
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from iceframe import IceFrameError
from iceframe.disk_cache import DiskCache
from iceframe.errors import ValidationError

FRAME = pl.DataFrame(
    {
        "id": [1, 2, None],
        "text": ["a", None, "a text that is too long to lie in a view itself"],
        "price": [Decimal("1.50"), None, Decimal("-3.25")],
        "at": [dt.datetime(2026, 1, 1), None, dt.datetime(1969, 12, 31)],
        "tags": [["x", "y"], [], None],
        "kind": pl.Series(["u", "v", "u"], dtype=pl.Categorical),
        "ratio": [float("nan"), -0.0, 1e300],
    }
)


def entries(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.entry"))


def test_rows_are_found_again_as_they_were(tmp_path):
    cache = DiskCache(tmp_path / "kept")
    assert cache.get("users", {"a": 1}) is None
    cache.put("users", {"a": 1}, FRAME)
    assert_frame_equal(DiskCache(tmp_path / "kept").get("users", {"a": 1}), FRAME)
    assert_frame_equal(cache.get("default.users", {"a": 1}), FRAME)
    cache.put("users", {"a": 1}, FRAME.head(1))
    assert cache.get("users", {"a": 1}).height == 1
    cache.put("users", {}, FRAME.clear())
    assert cache.get("users", {}).schema == FRAME.schema


def test_parameters_tell_entries_apart(tmp_path):
    cache = DiskCache(tmp_path / "kept")
    variants = [
        {},
        {"a": 1},
        {"a": 1.0},
        {"a": "1"},
        {"a": True},
        {"a": [1]},
        {"a": None},
        {"b": 1},
    ]
    for number, params in enumerate(variants):
        cache.put("users", params, pl.DataFrame({"number": [number]}))
    for number, params in enumerate(variants):
        assert cache.get("users", params).item() == number
    cache.put("users", {"x": 1, "y": 2}, pl.DataFrame({"number": [99]}))
    assert cache.get("users", {"y": 2, "x": 1}).item() == 99
    assert cache.stats()["size"] == len(variants) + 1


def test_what_a_caller_does_to_rows_never_reaches_the_cache(tmp_path):
    cache = DiskCache(tmp_path / "kept")
    frame = pl.DataFrame({"x": [1, 2]})
    cache.put("t", {}, frame)
    frame[0, "x"] = 7
    found = cache.get("t", {})
    found[0, "x"] = 8
    assert cache.get("t", {})["x"].to_list() == [1, 2]


def test_stats_and_limits(tmp_path):
    cache = DiskCache(str(tmp_path / "kept"), max_bytes=50_000)
    for number in range(20):
        cache.put("t", {"n": number}, pl.DataFrame({"x": range(1000)}))
        assert cache.stats()["bytes"] <= 50_000
    stats = cache.stats()
    assert stats["cache_dir"] == str(tmp_path / "kept") == cache.cache_dir
    assert stats["size"] == len(entries(tmp_path / "kept")) == 5
    assert stats["evictions"] == 15
    assert stats["max_bytes"] == 50_000
    assert cache.get("t", {"n": 0}) is None
    assert cache.get("t", {"n": 19}) is not None
    stats = cache.stats()
    assert (stats["hits"], stats["misses"]) == (1, 1)
    cache.put("t", {"n": 20}, pl.DataFrame({"x": range(100_000)}))
    assert cache.stats()["refused"] == 1
    assert DiskCache(tmp_path / "other", max_size_gb=0.5).stats()["max_bytes"] == 1024**3 // 2
    assert DiskCache(tmp_path / "other").stats()["max_bytes"] == 1024**3


def test_entries_go_by_time_table_and_all_together(tmp_path):
    cache = DiskCache(tmp_path / "kept")
    cache.put("t", {"n": 1}, FRAME, ttl=0.01)
    cache.put("t", {"n": 2}, FRAME, 3600)
    cache.put("u", {}, FRAME)
    time.sleep(0.05)
    assert cache.get("t", {"n": 1}) is None
    assert cache.get("t", {"n": 2}) is not None
    cache.invalidate("default.t")
    assert cache.get("t", {"n": 2}) is None
    assert cache.get("u", {}) is not None
    cache.clear()
    assert cache.stats()["size"] == 0
    assert entries(tmp_path / "kept") == []


def test_the_folder_is_for_the_user_alone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cache = DiskCache()
    cache.put("t", {}, FRAME)
    folder = tmp_path / ".iceframe_cache"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in folder.iterdir())
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    with pytest.raises(ValidationError, match="holds something else"):
        DiskCache(tmp_path / "mine")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"cache_dir": 3}, "cache_dir must be a path"),
        ({"max_size_gb": "1"}, "max_size_gb must be a number"),
        ({"max_size_gb": -1}, "max_size_gb must not be negative"),
        ({"max_bytes": 1.5}, "max_bytes"),
        ({"max_bytes": -1}, "max_bytes must not be negative"),
    ],
)
def test_arguments_are_checked(tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValidationError, match=message):
        DiskCache(**arguments)
    cache = DiskCache()
    with pytest.raises(ValidationError, match="ttl"):
        cache.put("t", {}, FRAME, ttl=-1)
    with pytest.raises(ValidationError, match="data must be a DataFrame"):
        cache.put("t", {}, [1, 2])
    with pytest.raises(ValidationError, match="query_params"):
        cache.get("t", {"x": object()})


def test_no_bit_can_change_unseen(tmp_path):
    cache = DiskCache(tmp_path / "kept")
    cache.put("t", {}, FRAME)
    (path,) = entries(tmp_path / "kept")
    whole = path.read_bytes()
    rng = random.Random(11)
    for _ in range(300):
        damaged = bytearray(whole)
        for _ in range(rng.choice([1, 1, 2, 8])):
            damaged[rng.randrange(len(damaged))] ^= 1 << rng.randrange(8)
        if rng.random() < 0.2:
            damaged = damaged[: rng.randrange(len(damaged))]
        if bytes(damaged) == whole:
            continue
        path.write_bytes(damaged)
        assert cache.get("t", {}) is None
        assert not path.exists()
    path.write_bytes(whole)
    assert_frame_equal(cache.get("t", {}), FRAME)


def test_entries_are_no_pickles(tmp_path):
    cache = DiskCache(tmp_path / "kept")
    cache.put("t", {}, FRAME)
    used = "import sys; from iceframe.disk_cache import DiskCache; "
    used += f"DiskCache({str(tmp_path / 'kept')!r}).get('t', {{}}); "
    used += "sys.exit('diskcache' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", used], check=False).returncode == 0


# Each number has rows of its own, which tell whether they are whole.
WORKER = """
import random, sys, time
import polars as pl
from iceframe.disk_cache import DiskCache

def rows(number):
    height = 200 + number
    return pl.DataFrame({"n": [number] * height, "t": [f"text of {number}" * 3] * height})

cache = DiskCache(sys.argv[1], max_bytes=int(sys.argv[2]))
rng = random.Random(int(sys.argv[3]))
end = time.monotonic() + float(sys.argv[4])
print("started", flush=True)
while time.monotonic() < end:
    number = rng.randrange(40)
    found = cache.get("t", {"number": number})
    if found is None:
        cache.put("t", {"number": number}, rows(number))
    elif not found.equals(rows(number)):
        sys.exit(7)
"""


@pytest.mark.skipif(os.name != "posix", reason="needs signals")
def test_processes_that_are_killed_and_bits_that_flip_never_give_wrong_rows(tmp_path):
    folder, max_bytes, seconds = tmp_path / "kept", 250_000, 4
    rng = random.Random(5)

    def start(seed: int) -> subprocess.Popen:
        arguments = [str(folder), str(max_bytes), str(seed), str(seconds)]
        return subprocess.Popen(
            [sys.executable, "-c", WORKER, *arguments], stdout=subprocess.PIPE, text=True
        )

    workers = [start(seed) for seed in range(8)]
    for worker in workers:
        assert worker.stdout.readline() == "started\n"
    ended = []
    for round_ in range(60):
        time.sleep(0.05)
        if files := entries(folder):
            flip_a_bit(rng.choice(files), rng)
        if round_ % 5 == 0 and len(workers) > 2:
            victim = workers.pop(rng.randrange(len(workers)))
            victim.send_signal(signal.SIGKILL)
            ended.append(victim)
    assert {worker.wait() for worker in workers} == {0}
    assert {worker.wait() for worker in ended} <= {-signal.SIGKILL, 0}
    for worker in [*workers, *ended]:
        worker.stdout.close()
    cache = DiskCache(folder, max_bytes=max_bytes)
    cache.put("t", {"number": -1}, FRAME)
    assert not list(folder.glob("*.unfinished"))
    assert cache.stats()["bytes"] <= max_bytes
    for number in range(40):
        found = cache.get("t", {"number": number})
        assert found is None or found["n"].to_list() == [number] * (200 + number)


def flip_a_bit(path: Path, rng: random.Random) -> None:
    try:
        with path.open("r+b") as file:
            place = rng.randrange(max(path.stat().st_size, 1))
            file.seek(place)
            byte = file.read(1)
            file.seek(place)
            file.write(bytes([byte[0] ^ 1 << rng.randrange(8)]) if byte else b"")
    except FileNotFoundError:
        pass


def test_errors_are_typed(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(IceFrameError):
        DiskCache(tmp_path / "file" / "below")


def test_a_folder_is_named_whole(tmp_path):
    with pytest.raises(IceFrameError, match="NUL"):
        DiskCache(f"{tmp_path}/a\0b")
    assert list(tmp_path.iterdir()) == []
