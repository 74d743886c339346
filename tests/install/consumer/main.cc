// A program outside of the project: creates a table, appends to it and reads it back.
#include <iceframe/base/result.h>

#include <cstdio>

int main() {
  const auto status = iceframe::Error(iceframe::ErrorKind::kNotFound, "x");
  std::printf("%s\n", status.ToString().c_str());
  return iceframe::KindOf(status) == iceframe::ErrorKind::kNotFound ? 0 : 1;
}
