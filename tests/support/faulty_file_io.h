// SPDX-License-Identifier: Apache-2.0
// A FileIO that fails, hangs, lies or kills the process at a chosen step.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "iceframe/io/file_io.h"

namespace iceframe {

enum class FaultAction : uint8_t {
  /// The step is not done and fails.
  kFail,
  /// The step is done, but reported as failed.
  kDoThenFail,
  /// Half of what a write was given is written, then it fails; other steps: as kFail.
  kFailHalfway,
  /// Nothing happens until the operation is cancelled or its deadline passes.
  kHang,
  /// The process is killed before the step.
  kKill,
};

struct Fault {
  /// Counted from 0; negative: never.
  int64_t at_step = -1;
  FaultAction action = FaultAction::kFail;
  ErrorKind error = ErrorKind::kIo;
  /// Whether every later step has the same fault.
  bool persists = false;
};

/// Counts the steps of everything that shares it (files, catalogs), and says which one has the
/// fault. Run once without a fault to learn how many steps there are, then with a fault at each.
/// Thread-safe.
class FaultPlan {
 public:
  explicit FaultPlan(Fault fault = {}) : fault_(fault) {}

  /// Runs `work` as one step named `name`, or what the fault makes of it. `halfway` is what a
  /// step that fails halfway does first.
  Status Step(const OperationContext& context, std::string_view name,
              const std::function<Status()>& work, const std::function<void()>& halfway = {});

  int64_t num_steps() const;
  /// The names of the steps so far, for messages of failed tests.
  std::vector<std::string> steps() const;
  /// Sets the fault of the steps to come and counts from 0 again.
  void Restart(Fault fault);

 private:
  Fault fault_;
  mutable std::mutex mutex_;
  std::vector<std::string> steps_;
};

/// Steps of a file: "create", each "write", "publish" (before the file is there), "published"
/// (when it is), "read", "delete", "head", "list"; each followed by the location.
std::shared_ptr<FileIO> MakeFaultyFileIO(std::shared_ptr<FileIO> base,
                                         std::shared_ptr<FaultPlan> plan);

}  // namespace iceframe
