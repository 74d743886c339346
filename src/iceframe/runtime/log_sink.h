// SPDX-License-Identifier: Apache-2.0
// Where the engine's log lines go; the library itself never prints.
#pragma once

#include <cstdint>
#include <string_view>

namespace iceframe {

enum class LogLevel : uint8_t { kDebug, kInfo, kWarning, kError };

/// Takes log lines from any thread; must not throw or block.
class LogSink {
 public:
  virtual ~LogSink() = default;
  virtual void Log(LogLevel level, std::string_view component, std::string_view message) = 0;
};

}  // namespace iceframe
