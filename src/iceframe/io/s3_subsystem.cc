// SPDX-License-Identifier: Apache-2.0
#include <arrow/util/config.h>

#include "iceframe/io/s3_subsystem_internal.h"

#ifdef ARROW_S3

#include <cstdlib>

#include <arrow/filesystem/s3fs.h>

#include "iceframe/runtime/executor.h"
#include "iceframe/runtime/fork.h"

namespace iceframe::internal {

namespace {

uint64_t generation_of_start = 0;

/// Ends S3 before its static objects are destroyed, which would crash on what still lives.
void EndS3() {
  // The threads that S3 began are the parent's: a child would wait for them for ever.
  if (ForkGeneration() != generation_of_start) return;
  BeginProcessExit();
  // A request that still runs would have to be waited for.
  if (Executor::Process().num_tasks() == 0) (void)arrow::fs::EnsureS3Finalized();
}

}  // namespace

Status StartS3() {
  static auto& mutex = *new ForkSafeMutex();
  // Its handler of the exit comes first, so that ours runs before it.
  Executor::Process();
  std::lock_guard lock(mutex);
  if (arrow::fs::IsS3Initialized()) return Status::OK();
  auto options = arrow::fs::S3GlobalOptions::Defaults();
  options.log_level = arrow::fs::S3LogLevel::Off;
  const Status started = arrow::fs::InitializeS3(options);
  if (!started.ok()) {
    return Error(ErrorKind::kUnavailable, "S3 can't be used: the process is ending");
  }
  generation_of_start = ForkGeneration();
  return Status::OK();
}

void EndS3WithProcess() {
  static const int registered = std::atexit(&EndS3);
  (void)registered;
}

}  // namespace iceframe::internal

#endif
