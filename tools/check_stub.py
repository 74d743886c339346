"""Compares python/iceframe/_native.pyi with the installed native module, or writes it anew.

tools/check_stub.py [--write]
"""

import difflib
import pathlib
import subprocess
import sys

from nanobind.stubgen import StubGen

STUB = pathlib.Path(__file__).parent.parent / "python/iceframe/_native.pyi"


def generated_stub() -> str:
    import iceframe._native

    generator = StubGen(iceframe._native)
    generator.put(iceframe._native)
    ruff = pathlib.Path(sys.executable).with_name("ruff")
    command = [ruff, "format", "--stdin-filename", str(STUB), "-"]
    formatted = subprocess.run(
        command, input=generator.get(), text=True, capture_output=True, check=True
    )
    return formatted.stdout


def main() -> int:
    stub = generated_stub()
    if "--write" in sys.argv[1:]:
        STUB.write_text(stub)
        return 0
    committed = STUB.read_text() if STUB.exists() else ""
    if stub == committed:
        return 0
    lines = difflib.unified_diff(
        committed.splitlines(True), stub.splitlines(True), "committed", "generated"
    )
    sys.stderr.writelines(lines)
    sys.stderr.write("the stub is out of date: .venv/bin/python tools/check_stub.py --write\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
