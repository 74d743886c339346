// SPDX-License-Identifier: Apache-2.0
// iceframe_stream_events FIRST COUNT: prints that many events, one a line, for producers.
#include "stream_events.h"

#include <charconv>
#include <cstring>
#include <iostream>

namespace {

bool ReadNumber(const char* text, uint64_t* number) {
  const char* end = text + std::strlen(text);
  const auto read = std::from_chars(text, end, *number);
  return read.ec == std::errc() && read.ptr == end;
}

}  // namespace

int main(int argc, char** argv) {
  uint64_t first = 0;
  uint64_t count = 0;
  if (argc != 3 || !ReadNumber(argv[1], &first) || !ReadNumber(argv[2], &count)) {
    std::cerr << "usage: iceframe_stream_events FIRST COUNT\n";
    return 2;
  }
  constexpr size_t kWriteBytes = size_t{1} << 20;
  iceframe::StreamEventWriter writer;
  std::string lines;
  for (uint64_t number = first; number < first + count; ++number) {
    writer.Append(number, &lines);
    lines += '\n';
    if (lines.size() < kWriteBytes) continue;
    std::cout << lines;
    lines.clear();
  }
  std::cout << lines << std::flush;
  return std::cout ? 0 : 1;
}
