# SPDX-License-Identifier: Apache-2.0
"""Makes a program of a page's C++ blocks: extract_cpp.py PAGE OUTPUT.

Blocks with a `main` are the program as they stand. Others become functions with a session on
`catalog.db` of the current folder, and its context; each ends with Status::OK().
"""

import pathlib
import re
import sys

OPENING = """\
#include <iostream>

#include <iceframe/session.h>

using namespace iceframe;
"""

FUNCTION = """
Status Example{number}([[maybe_unused]] const std::shared_ptr<Session>& session,
                 [[maybe_unused]] const OperationContext& context) {{
#line {line} "{page}"
{code}
  return Status::OK();
}}
"""

MAIN = """
Status Run() {{
  SessionOptions options;
  options.catalog = {{{{"uri", "sqlite:///catalog.db"}}, {{"warehouse", "file:///tmp/warehouse"}}}};
  ICEFRAME_ASSIGN_OR_RETURN(std::shared_ptr<Session> session, Session::Open(options));
  const OperationContext context = session->NewOperation();
{calls}
  return Status::OK();
}}

int main() {{
  const Status status = Run();
  if (!status.ok()) std::cerr << status.ToString() << "\\n";
  return status.ok() ? 0 : 1;
}}
"""


def program(page: pathlib.Path) -> str:
    text = page.read_text()
    blocks = [
        (text.count("\n", 0, match.start()) + 2, match[1])
        for match in re.finditer(r"^```cpp\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    ]
    if any("int main(" in code for _, code in blocks):
        return "\n".join(f'#line {line} "{page}"\n{code}' for line, code in blocks)
    includes, functions, calls = [], [], []
    for number, (line, code) in enumerate(blocks, start=1):
        includes += re.findall(r"^#include.*\n", code, re.MULTILINE)
        code = re.sub(r"^#include.*$", "", code, flags=re.MULTILINE)
        functions.append(FUNCTION.format(number=number, line=line, page=page, code=code))
        calls.append(f"  ICEFRAME_RETURN_NOT_OK(Example{number}(session, context));")
    return "".join([*includes, OPENING, *functions, MAIN.format(calls="\n".join(calls))])


if __name__ == "__main__":
    pathlib.Path(sys.argv[2]).write_text(program(pathlib.Path(sys.argv[1])))
