"""Checks that the iceframe which Python imports is the one that was built from this checkout.

Another package of this name is on PyPI below version 1.0.0: it must never be picked up.
"""

import importlib.metadata
import pathlib
import sys


def main() -> int:
    import iceframe

    root = pathlib.Path(sys.prefix).resolve()
    problems = []
    if root not in pathlib.Path(iceframe.__file__).resolve().parents:
        problems.append(f"iceframe comes from {iceframe.__file__}, not from {root}")
    if int(iceframe.__version__.split(".")[0]) < 1:
        problems.append(f"iceframe is version {iceframe.__version__}, another package")
    if importlib.metadata.version("iceframe") != iceframe.__version__:
        problems.append("the package's metadata name another version")
    for problem in problems:
        sys.stderr.write(f"iceframe: {problem}\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
