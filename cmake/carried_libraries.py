# SPDX-License-Identifier: Apache-2.0
"""Copies libraries that are loaded when they are first used, with all they need, under own names.

    carried_libraries.py --folder FOLDER LIBRARY…

Each copy is called `libiceframe_carried_<name>`, has that SONAME, is stripped, and finds the others
beside itself. Their symbols keep their names: who loads them does so apart from everything else
(docs/decisions/0015-librdkafka-is-loaded.md).
"""

import argparse
import pathlib
import subprocess
import sys

PREFIX = "libiceframe_carried_"

#: What every Linux system brings that our wheels say they run on (manylinux_2_34).
SYSTEM = ("ld-linux", "libc.so", "libdl.so", "libm.so", "libpthread.so", "libresolv.so", "libz.so")


def run(*command: str) -> str:
    """Returns what the command printed."""
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{ended.stderr}")
    return ended.stdout


def needed(library: pathlib.Path) -> dict[str, pathlib.Path]:
    """Returns the files of the libraries that one needs, by name, but for the system's."""
    files = {}
    for line in run("ldd", str(library)).splitlines():
        name, _, place = line.strip().partition(" => ")
        if place and not name.startswith(SYSTEM):
            files[name] = pathlib.Path(place.split(" (")[0]).resolve()
    return files


def carry(libraries: list[pathlib.Path], folder: pathlib.Path, strip: str, patchelf: str) -> None:
    """Fills the folder with the copies."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    files: dict[str, pathlib.Path] = {}
    for library in libraries:
        files[run(patchelf, "--print-soname", str(library)).strip()] = library
        files |= needed(library)
    names = {name: PREFIX + name.removeprefix("lib") for name in files}
    for name, file in files.items():
        made = folder / names[name]
        run(strip, "--strip-unneeded", "-o", str(made), str(file))
        changes = ["--set-soname", made.name, "--set-rpath", "$ORIGIN"]
        for wanted in run(patchelf, "--print-needed", str(made)).split():
            if wanted in names:
                changes += ["--replace-needed", wanted, names[wanted]]
        run(patchelf, *changes, str(made))
        made.chmod(0o755)


def main() -> None:
    """Reads the command line and does what it says."""
    parser = argparse.ArgumentParser(description=__doc__)
    for tool in ("strip", "patchelf"):
        parser.add_argument(f"--{tool}", default=tool)
    parser.add_argument("--folder", type=pathlib.Path, required=True)
    parser.add_argument("library", type=pathlib.Path, nargs="+")
    given = parser.parse_args()
    libraries = [library.resolve() for library in given.library]
    carry(libraries, given.folder, given.strip, given.patchelf)


if __name__ == "__main__":
    main()
