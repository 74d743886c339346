# SPDX-License-Identifier: Apache-2.0
"""What `import iceframe` brings along."""

import subprocess
import sys


def test_neither_frames_nor_arrow_are_imported_before_they_are_needed():
    program = (
        "import sys, iceframe\n"
        "ice = iceframe.IceFrame({'type': 'in-memory'})\n"
        "ice.list_tables()\n"
        "print([m for m in ('polars', 'pandas', 'pyarrow', 'numpy', 'IPython') "
        "if m in sys.modules])\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert result.stdout == "[]\n"
