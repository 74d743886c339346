// SPDX-License-Identifier: Apache-2.0
// Batches one after the other.
#pragma once

#include <memory>

#include <arrow/type_fwd.h>

#include "iceframe/base/result.h"

namespace iceframe {

/// Pulled by one consumer at a time. Destroying it stops what is under way.
class BatchStream {
 public:
  virtual ~BatchStream() = default;
  /// The next non-empty batch, or nullptr at the end. An error comes again at each further call.
  virtual Result<std::shared_ptr<arrow::RecordBatch>> Next() = 0;
};

}  // namespace iceframe
