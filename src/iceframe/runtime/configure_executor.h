// SPDX-License-Identifier: Apache-2.0
// How many threads the process has: one answer for all sessions.
#pragma once

#include <optional>

#include "iceframe/base/result.h"
#include "iceframe/runtime/settings.h"

namespace iceframe {

struct ExecutorChoice {
  /// Threads for computing; 0: as many as this process may use cores.
  std::optional<int> num_threads = {};
  /// Threads that wait for files and services.
  std::optional<int> num_io_threads = {};
};

/// Sets how many threads Executor::Process() has, at once and for all sessions, open ones too;
/// running tasks are not disturbed. A number that is not given goes back to its default, and may
/// be chosen by settings again. Errors: InvalidArgument for a number out of bounds. Thread-safe.
Status ConfigureExecutor(const ExecutorChoice& choice);

/// Sets what the settings executor.num_threads and executor.num_io_threads say, if anything: the
/// first that choose a number choose it for the process.
/// Errors: InvalidArgument if a call of ConfigureExecutor or other settings chose another number;
/// nothing is changed then. Thread-safe.
Status ApplyExecutorSettings(const SettingsReader& settings);

}  // namespace iceframe
