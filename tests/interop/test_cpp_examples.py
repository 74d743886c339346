# SPDX-License-Identifier: Apache-2.0
"""The pages' C++ examples, compiled from the pages, run on what the pages' Python leaves.

A page's Python blocks run first, in a new folder; its C++ program then finds their tables.
"""

import os
import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]
PAGES = {
    page.stem: page
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
    if re.search(r"^```cpp$", page.read_text(), re.MULTILINE)
}


def blocks(name: str, language: str) -> list[str]:
    found = re.finditer(
        rf"^```{language}\n(.*?)^```", PAGES[name].read_text(), re.DOTALL | re.MULTILINE
    )
    return [match[1] for match in found]


def outputs(name: str) -> list[str]:
    """Returns the lines that a page's C++ promises in comments: `// prints: …`."""
    return re.findall(r"// prints: (.*)", "\n".join(blocks(name, "cpp")))


def test_there_are_pages_with_examples():
    assert {"README", "queries"} <= set(PAGES)


@pytest.mark.parametrize("name", PAGES)
def test_the_pages_cpp_prints_what_it_says(name, tmp_path):
    python = "\n".join(blocks(name, "python")).replace("/tmp/warehouse", f"{tmp_path}/warehouse")
    subprocess.run([sys.executable, "-c", python], cwd=tmp_path, check=True, capture_output=True)
    program = pathlib.Path(os.environ["ICEFRAME_TOOLS"]) / f"docs_{name}"
    result = subprocess.run([program], cwd=tmp_path, capture_output=True, text=True)
    assert (result.returncode, result.stderr) == (0, "")
    assert outputs(name)
    assert result.stdout.splitlines() == outputs(name)
