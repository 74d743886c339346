// SPDX-License-Identifier: Apache-2.0
#include "iceframe/runtime/log_sink.h"

#include <utility>

namespace iceframe {

namespace {

class CallbackLogSink final : public LogSink {
 public:
  CallbackLogSink(LogCallback callback, LogLevel least)
      : callback_(std::move(callback)), least_(least) {}

  bool IsEnabled(LogLevel level) const override { return callback_ && level >= least_; }

  void Log(LogLevel level, std::string_view component, std::string_view message) override {
    if (!IsEnabled(level)) return;
    try {
      callback_(level, component, message);
    } catch (...) {
      // A listener's failure is not the operation's, and there is nowhere to tell it.
    }
  }

 private:
  LogCallback callback_;
  LogLevel least_;
};

}  // namespace

std::string_view ToString(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "info";
}

bool LogSink::IsEnabled(LogLevel) const { return true; }

std::shared_ptr<LogSink> MakeLogSink(LogCallback callback, LogLevel least) {
  return std::make_shared<CallbackLogSink>(std::move(callback), least);
}

}  // namespace iceframe
