# SPDX-License-Identifier: Apache-2.0
"""Gives shared libraries names that no other software has, and binds our programs to them.

    private_libraries.py --copies FOLDER copy LIBRARY…
        Copies each library as `libiceframe_<name>`, with that SONAME, stripped, and with the suffix
        `.iceframe` on every symbol that one of them defines. FOLDER/names.json lists both.
    private_libraries.py --copies FOLDER bind FILE
        Makes a freshly linked program or module need the copies in place of the originals.

The dynamic linker finds symbols by name, in whatever was loaded first. Names that only the copies
and our files know can't be bound to another Arrow in the process, nor another's to them, however
either was loaded (docs/decisions/0011-private-libraries.md).
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

PREFIX = "libiceframe_"
SUFFIX = ".iceframe"
NAMES = "names.json"

# Weak names that the compiler puts into every file for the system to define, or not.
SYSTEM_HOOKS = {
    "__cxa_finalize",
    "__gcov_dump",
    "__gcov_flush",
    "__gmon_start__",
    "_ITM_deregisterTMCloneTable",
    "_ITM_registerTMCloneTable",
}


class Tools:
    """The programs that read and change ELF files."""

    def __init__(self, nm: str, strip: str, patchelf: str) -> None:
        self._nm, self._strip, self._patchelf = nm, strip, patchelf

    def patch(self, *arguments: str) -> str:
        """Runs patchelf and returns what it printed."""
        return self._run(self._patchelf, *arguments)

    def strip(self, file: pathlib.Path, output: pathlib.Path) -> None:
        """Copies a library without the symbols that only debuggers read."""
        self._run(self._strip, "--strip-unneeded", "-o", str(output), str(file))

    def symbols(self, file: pathlib.Path) -> list[tuple[str, str]]:
        """Returns the dynamic symbols as (nm's letter, name); `name@VERSION` are the system's."""
        lines = self._run(self._nm, "-D", str(file)).splitlines()
        symbols = [(line.split()[-2], line.split()[-1]) for line in lines]
        return [(kind, name) for kind, name in symbols if name not in SYSTEM_HOOKS]

    def _run(self, *command: str) -> str:
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        if ended.returncode != 0:
            sys.exit(f"{' '.join(command)}\n{ended.stderr}")
        return ended.stdout


def without_version(name: str) -> str:
    """Returns `memcpy` for `memcpy@GLIBC_2.14`."""
    return name.partition("@")[0]


def private_name(soname: str) -> str:
    """Returns `libiceframe_arrow.so.2600` for `libarrow.so.2600`."""
    return PREFIX + soname.removeprefix("lib")


class Names:
    """What the copies are called and the symbols in them: the rules of the renaming."""

    def __init__(self, sonames: list[str], symbols: dict[str, str]) -> None:
        self.sonames, self.symbols = sonames, symbols

    @classmethod
    def of(cls, tools: Tools, sonames: dict[str, pathlib.Path]) -> "Names":
        """Takes those that one of the files defines, or looks for and can do without."""
        symbols: dict[str, str] = {}
        for soname, file in sonames.items():
            for kind, name in tools.symbols(file):
                if kind != "U" and "@" not in name:
                    symbols.setdefault(name, soname if kind in "TW" else "")
        return cls(sorted(sonames), symbols)

    @classmethod
    def read(cls, file: pathlib.Path) -> "Names":
        """Reads what `write` wrote."""
        return cls(**json.loads(file.read_text()))

    def write(self, file: pathlib.Path) -> None:
        """Writes the names as JSON."""
        file.write_text(json.dumps({"sonames": self.sonames, "symbols": self.symbols}, indent=0))

    def apply(self, tools: Tools, file: pathlib.Path, *arguments: str) -> None:
        """Renames in `file` the libraries it needs, and the symbols it shares with them."""
        changes = list(arguments)
        for soname in self.sonames:
            changes += ["--replace-needed", soname, private_name(soname)]
        names = [name for _, name in tools.symbols(file)]
        private = [name for name in names if name in self.symbols]
        # Functions of the C++ library that Arrow carries, too. A need of a version is served
        # by any definition without one, as another Arrow's: so ours serves it.
        carried = [name for name in map(without_version, names) if self.symbols.get(name)]
        carried = [name for name in carried if name not in private]
        # A sanitizer's runtime must come first, and what is added comes before it.
        needed = tools.patch("--print-needed", str(file)).split()
        if any(library.startswith(("libasan.", "libtsan.")) for library in needed):
            carried = []
        if carried:
            libraries = {private_name(self.symbols[name]) for name in carried}
            for library in sorted(libraries - {file.name}):
                changes += ["--add-needed", library]
            unversion = [word for name in carried for word in ("--clear-symbol-version", name)]
            tools.patch(*unversion, str(file))
        with tempfile.TemporaryDirectory() as folder:
            renames = pathlib.Path(folder, "renames.txt")
            renames.write_text("".join(f"{name} {name}{SUFFIX}\n" for name in private + carried))
            if private or carried:
                changes += ["--rename-dynamic-symbols", str(renames)]
            tools.patch(*changes, str(file))


def copy(tools: Tools, copies: pathlib.Path, libraries: list[pathlib.Path]) -> None:
    """Fills the folder `copies` with the renamed libraries and the list of what was renamed."""
    copies.mkdir(parents=True, exist_ok=True)
    for old in copies.iterdir():
        old.unlink()
    files = [library.resolve() for library in libraries]
    sonames = {tools.patch("--print-soname", str(file)).strip(): file for file in files}
    names = Names.of(tools, sonames)
    for soname, file in sonames.items():
        made = copies / private_name(soname)
        tools.strip(file, made)
        names.apply(tools, made, "--set-soname", made.name, "--set-rpath", "$ORIGIN")
        made.chmod(0o755)
    names.write(copies / NAMES)


def bind(tools: Tools, copies: pathlib.Path, file: pathlib.Path) -> None:
    """Makes `file`, linked with the originals, need their copies, where they now lie beside it."""
    # Changed under another name: an interrupted build leaves no file that is half done.
    unfinished = file.with_name(file.name + ".unbound")
    file.replace(unfinished)
    rpath = "$ORIGIN/" + os.path.relpath(copies, file.parent)
    Names.read(copies / NAMES).apply(tools, unfinished, "--set-rpath", rpath)
    unfinished.replace(file)


def main() -> None:
    """Reads the command line and does what it says."""
    parser = argparse.ArgumentParser(description=__doc__)
    for tool in ("nm", "strip", "patchelf"):
        parser.add_argument(f"--{tool}", default=tool)
    parser.add_argument("--copies", type=pathlib.Path, required=True)
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("copy").add_argument("files", type=pathlib.Path, nargs="+")
    actions.add_parser("bind").add_argument("files", type=pathlib.Path, nargs=1)
    given = parser.parse_args()
    tools = Tools(given.nm, given.strip, given.patchelf)
    if given.action == "copy":
        copy(tools, given.copies, given.files)
    else:
        bind(tools, given.copies, given.files[0])


if __name__ == "__main__":
    main()
