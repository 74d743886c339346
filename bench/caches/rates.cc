// SPDX-License-Identifier: Apache-2.0
// Runs traces through a SharedCache and prints a line for each: hits and requests.
//
//     iceframe_cache_rates entries|bytes LIMIT TRACE...
//
// A trace is pairs of little-endian 32-bit numbers: key and weight in bytes.
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "iceframe/runtime/shared_cache.h"

namespace {

struct Request {
  uint32_t key;
  uint32_t weight;
};

std::vector<Request> ReadTrace(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  std::vector<Request> requests(static_cast<size_t>(file.tellg()) / sizeof(Request));
  file.seekg(0);
  file.read(reinterpret_cast<char*>(requests.data()),
            static_cast<std::streamsize>(requests.size() * sizeof(Request)));
  return requests;
}

iceframe::SharedCacheOptions OptionsFor(std::string_view measure, int64_t limit) {
  iceframe::SharedCacheOptions options{.name = "rates", .capacity_bytes = int64_t{1} << 50};
  if (measure == "entries") {
    options.max_entries = limit;
  } else {
    options.capacity_bytes = limit;
  }
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::cerr << "usage: iceframe_cache_rates entries|bytes LIMIT TRACE...\n";
    return 2;
  }
  for (int i = 3; i < argc; ++i) {
    iceframe::SharedCache<uint32_t> cache(OptionsFor(argv[1], std::atoll(argv[2])));
    const std::vector<Request> requests = ReadTrace(argv[i]);
    for (const Request& request : requests) {
      const std::string key = std::to_string(request.key);
      if (cache.Get(key) != nullptr) continue;
      cache.Put(key, {std::make_shared<uint32_t>(request.key), request.weight});
    }
    std::cout << cache.stats().hits << ' ' << requests.size() << '\n';
  }
  return 0;
}
