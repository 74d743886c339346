"""Draws the layers of cmake/layers.txt into ARCHITECTURE.md; with --check only compares."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BEGIN, END = "<!-- layers: begin -->", "<!-- layers: end -->"


def draw() -> str:
    lines = ["| layer | may include | |", "|---|---|---|"]
    for line in (ROOT / "cmake" / "layers.txt").read_text().splitlines():
        match = re.match(r"^([a-z]+)( \(pure\))?:(.*)$", line)
        if match:
            below = ", ".join(f"`{name}`" for name in match[3].split()) or "–"
            lines.append(f"| `{match[1]}` | {below} | {'pure' if match[2] else ''} |")
    return "\n".join(lines)


def main() -> int:
    path = ROOT / "ARCHITECTURE.md"
    text = path.read_text()
    head, rest = text.split(BEGIN)
    tail = rest.split(END)[1]
    drawn = f"{head}{BEGIN}\n{draw()}\n{END}{tail}"
    if drawn == text:
        return 0
    if "--check" in sys.argv:
        sys.stderr.write("ARCHITECTURE.md's layers are old: run tools/draw_layers.py\n")
        return 1
    path.write_text(drawn)
    return 0


if __name__ == "__main__":
    sys.exit(main())
