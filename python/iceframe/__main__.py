"""`python -m iceframe`: the command."""

import sys

from iceframe.cli import main

if __name__ == "__main__":
    sys.exit(main())
