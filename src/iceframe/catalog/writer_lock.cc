// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <mutex>
#include <thread>

#include "iceframe/catalog/catalog_settings.h"
#include "iceframe/catalog/writer_lock_internal.h"

namespace iceframe {

Status WriterLock::Lock(const OperationContext& context) {
  const SettingsReader settings(kCatalogSettings, context.settings.get());
  ICEFRAME_ASSIGN_OR_RETURN(const auto timeout, settings.Duration("catalog.lock_timeout"));
  const auto until = std::chrono::steady_clock::now() + timeout;
  while (true) {
    ICEFRAME_RETURN_NOT_OK(context.Check());
    if (TryLock()) return Status::OK();
    if (std::chrono::steady_clock::now() >= until) {
      return Error(ErrorKind::kTimeout, "catalog stayed locked by other writers for ",
                   timeout.count(), " ms");
    }
    std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
}

bool WriterLock::TryLock() {
  const uint64_t process = ForkGeneration();
  const std::lock_guard lock(mutex_);
  if (held_in_ == process) return false;
  held_in_ = process;
  return true;
}

void WriterLock::unlock() {
  const std::lock_guard lock(mutex_);
  held_in_.reset();
}

}  // namespace iceframe
