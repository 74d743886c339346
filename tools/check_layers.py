"""Refuses includes that go against cmake/layers.txt, and effects in the pure layers.

Prints `file:line: message` for every offence and exits 1 if there is one.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "iceframe"
FRONT_DOOR = "front door"
INCLUDE = re.compile(r'^\s*#\s*include\s+["<](?:iceframe/(?P<ours>[^">]+)|(?P<other>[^">]+))[">]')
# A mutex is no effect: what it guards (a value made at first use) is seen by nobody but its owner.
# Of Arrow's streams those in memory are values, too.
IMPURE = re.compile(
    r"^(thread|stop_token|condition_variable|future|fstream|filesystem|unistd\.h|fcntl\.h"
    r"|arrow/filesystem/.*|arrow/io/(?!memory\.h|interfaces\.h|type_fwd\.h).*)$"
)
IMPURE_CALL = re.compile(r"(system_clock|steady_clock|high_resolution_clock)::now")
DEFAULT_POOL = re.compile(r"\b(default_memory_pool|default_io_context|default_exec_context)\s*\(")
PRINTS = re.compile(
    r"\b(std::cout|std::cerr|printf|fprintf|std::abort|std::terminate|ValueOrDie)\b"
)


def read_layers() -> tuple[dict[str, set[str]], set[str]]:
    """Returns each layer's closure (itself included) and the set of pure layers."""
    closure: dict[str, set[str]] = {}
    pure = set()
    for line in (ROOT / "cmake" / "layers.txt").read_text().splitlines():
        match = re.match(r"^([a-z]+)( \(pure\))?:(.*)$", line)
        if not match:
            continue
        name = match[1]
        closure[name] = {name}.union(*(closure[below] for below in match[3].split()))
        if match[2]:
            pure.add(name)
    closure[FRONT_DOOR] = set(closure) | {FRONT_DOOR}
    return closure, pure


def layer_of(path: str) -> str:
    """Returns the layer of a path below src/iceframe."""
    return path.split("/")[0] if "/" in path else FRONT_DOOR


def offences(path: pathlib.Path, closure: dict[str, set[str]], pure: set[str]) -> list[str]:
    """Returns the messages for one file."""
    relative = path.relative_to(SOURCE).as_posix()
    layer = layer_of(relative)
    found = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        where = f"{path.relative_to(ROOT)}:{number}"
        match = INCLUDE.match(line)
        if match and match["ours"] and layer_of(match["ours"]) not in closure[layer]:
            found.append(f"{where}: layer {layer} may not include {match['ours']}")
        if match and layer in pure and match["other"] and IMPURE.match(match["other"]):
            found.append(f"{where}: layer {layer} is pure and may not include <{match['other']}>")
        code = line.split("//")[0]
        if layer in pure and IMPURE_CALL.search(code):
            found.append(f"{where}: layer {layer} is pure and reads no clock")
        if DEFAULT_POOL.search(code):
            found.append(f"{where}: Arrow's default pool is not ours; take one from the context")
        if PRINTS.search(code):
            found.append(f"{where}: the library never prints and never aborts")
    return found


def main() -> int:
    closure, pure = read_layers()
    found = []
    for path in sorted([*SOURCE.rglob("*.h"), *SOURCE.rglob("*.cc")]):
        found += offences(path, closure, pure)
    for message in found:
        sys.stderr.write(message + "\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
