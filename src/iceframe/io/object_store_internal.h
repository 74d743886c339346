// SPDX-License-Identifier: Apache-2.0
// A store of objects that Arrow reaches, and the requests it is sent.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <arrow/filesystem/filesystem.h>

#include "iceframe/base/result.h"
#include "iceframe/runtime/operation_context.h"

namespace iceframe::internal {

/// The file systems by which one store is reached.
struct ObjectStoreClient {
  /// Sends parts of files that are being written on the process's io threads.
  std::shared_ptr<arrow::fs::FileSystem> in_background;
  /// Sends them on the calling thread: for the io threads themselves, which must not wait for
  /// each other.
  std::shared_ptr<arrow::fs::FileSystem> on_caller;
};

/// A store of objects by "bucket/key". Thread-safe.
class ObjectStore {
 public:
  virtual ~ObjectStore() = default;
  /// What requests count as, e.g. "s3". Outlives all.
  virtual std::string_view scheme() const = 0;
  /// Returns what reaches the store, made when first asked for and anew after fork().
  virtual Result<ObjectStoreClient> Connect() = 0;
  /// What a status of a request for `location` is for our callers.
  virtual Status Translate(const Status& status, std::string_view location) const = 0;
  /// Whether a read of that status failed because its range begins at the file's end or later.
  virtual bool IsBeyondEnd(const Status& status) const = 0;
  /// Told of each request that succeeded: a store that answers may be asked again when it fails.
  virtual void NoteSuccess() = 0;
};

/// Says for whom the calling thread sends a request, while it lives: retries of the store's client
/// end when the operation is cancelled, and count for it.
class RequestScope {
 public:
  explicit RequestScope(const OperationContext& context);
  ~RequestScope();
  RequestScope(const RequestScope&) = delete;
  RequestScope& operator=(const RequestScope&) = delete;
  /// nullptr outside of any request.
  static const OperationContext* Current();

 private:
  const OperationContext* outer_;
};

}  // namespace iceframe::internal
