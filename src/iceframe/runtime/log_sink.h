// SPDX-License-Identifier: Apache-2.0
// Where the engine's log lines go; the library itself never prints.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

namespace iceframe {

enum class LogLevel : uint8_t { kDebug, kInfo, kWarning, kError };
std::string_view ToString(LogLevel level);

/// Takes log lines from any thread; must not throw or block.
class LogSink {
 public:
  virtual ~LogSink() = default;
  /// Whether lines of `level` are wanted; others need not be put together.
  virtual bool IsEnabled(LogLevel level) const;
  virtual void Log(LogLevel level, std::string_view component, std::string_view message) = 0;
};

using LogCallback =
    std::function<void(LogLevel level, std::string_view component, std::string_view message)>;

/// Returns a sink that hands lines of `least` and above to `callback`; what that throws is dropped.
std::shared_ptr<LogSink> MakeLogSink(LogCallback callback, LogLevel least = LogLevel::kInfo);

}  // namespace iceframe
