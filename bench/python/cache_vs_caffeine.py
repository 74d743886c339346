# SPDX-License-Identifier: Apache-2.0
"""Run the same traces through our caches and through Caffeine, and print the rates of hits.

    python bench/python/cache_vs_caffeine.py [PROGRAM]

PROGRAM is build/release/iceframe_cache_rates unless given. Caffeine comes from Maven (mvn and java
on the path; without them there is nothing to compare with, and the script says so). The traces are
made here, from a seed:

- zipf: requests by a power law, as dashboards ask;
- scan: the same, interrupted by long walks over things that are asked for once;
- loop: the same few thousand things in turn, more than fit;
- shift: what is popular changes all the time. Both find a large window step by step, by chance
  more or less soon: it is shown, not judged.

Each is run under a limit of entries and, things being 10 to 100 KB large, under one of bytes. The
exit status says whether ours is nowhere more than one point below.
"""

from __future__ import annotations

import array
import bisect
import itertools
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

DEFAULT_PROGRAM = "build/release/iceframe_cache_rates"
CAFFEINE = "com.github.ben-manes.caffeine:caffeine:3.2.3"
COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy"
NUM_REQUESTS = 600_000
NUM_KEYS = 50_000
MAX_ENTRIES = 2_000
MEAN_BYTES = 55_000
SEED = 20_261_130
NOT_JUDGED = {"shift"}


def zipf_keys(rng: random.Random, exponent: float) -> Iterator[int]:
    weights = itertools.accumulate(1 / rank**exponent for rank in range(1, NUM_KEYS + 1))
    cumulative = list(weights)
    while True:
        yield bisect.bisect_left(cumulative, rng.random() * cumulative[-1])


def scan_keys(rng: random.Random) -> Iterator[int]:
    popular = zipf_keys(rng, 0.9)
    fresh = itertools.count(NUM_KEYS)
    while True:
        yield from itertools.islice(popular, 20_000)
        yield from itertools.islice(fresh, 5_000)


def loop_keys(rng: random.Random) -> Iterator[int]:
    popular = zipf_keys(rng, 1.0)
    for number in itertools.count():
        yield NUM_KEYS + number % (2 * MAX_ENTRIES) if rng.random() < 0.9 else next(popular)


def shift_keys(rng: random.Random) -> Iterator[int]:
    for number in itertools.count():
        yield number // 20 + min(int(rng.expovariate(1 / 300)), 5_000)


def write_trace(path: Path, keys: Iterator[int]) -> None:
    pairs = array.array("I")
    for key in itertools.islice(keys, NUM_REQUESTS):
        # The weight is the key's, whenever it comes.
        pairs.append(key)
        pairs.append(10_000 + (key * 2_654_435_761 >> 7) % 90_000)
    if sys.byteorder != "little":
        pairs.byteswap()
    path.write_bytes(pairs.tobytes())


def make_traces(folder: Path) -> dict[str, Path]:
    makers = {
        "zipf 0.8": lambda rng: zipf_keys(rng, 0.8),
        "zipf 1.0": lambda rng: zipf_keys(rng, 1.0),
        "scan": scan_keys,
        "loop": loop_keys,
        "shift": shift_keys,
    }
    traces = {}
    for name, maker in makers.items():
        traces[name] = folder / f"{name}.trace"
        write_trace(traces[name], maker(random.Random(SEED)))
    return traces


def fetch_caffeine(folder: Path) -> Path:
    arguments = [f"-Dartifact={CAFFEINE}", f"-DoutputDirectory={folder}"]
    subprocess.run(["mvn", "-q", "-B", COPY, *arguments], check=True, cwd=folder)
    return next(folder.glob("caffeine-*.jar"))


def rates(command: list[str], limit: tuple[str, int], traces: dict[str, Path]) -> list[float]:
    arguments = [limit[0], str(limit[1]), *map(str, traces.values())]
    done = subprocess.run([*command, *arguments], check=True, capture_output=True, text=True)
    pairs = [line.split() for line in done.stdout.splitlines()]
    return [100 * int(hits) / int(requests) for hits, requests in pairs]


def compare(program: str, folder: Path) -> bool:
    traces = make_traces(folder)
    jar = fetch_caffeine(folder)
    java = ["java", "-cp", str(jar), str(Path("bench/caches/CaffeineRates.java").resolve())]
    close = True
    print(f"{'trace':<10} {'limit':<8} {'ours %':>8} {'Caffeine %':>11} {'points':>7}")
    for limit in (("entries", MAX_ENTRIES), ("bytes", MAX_ENTRIES * MEAN_BYTES)):
        ours = rates([program], limit, traces)
        theirs = rates(java, limit, traces)
        for name, our, their in zip(traces, ours, theirs, strict=True):
            print(f"{name:<10} {limit[0]:<8} {our:>8.2f} {their:>11.2f} {our - their:>+7.2f}")
            close = close and (name in NOT_JUDGED or our >= their - 1)
    return close


def main() -> int:
    program = sys.argv[1] if len(sys.argv) > 1 else DEFAULT_PROGRAM
    missing = [tool for tool in ("java", "mvn") if shutil.which(tool) is None]
    if missing:
        print(f"nothing to compare with: {' and '.join(missing)} not found")
        return 0
    with tempfile.TemporaryDirectory(prefix="iceframe_cache_rates_") as folder:
        return 0 if compare(program, Path(folder)) else 1


if __name__ == "__main__":
    sys.exit(main())
