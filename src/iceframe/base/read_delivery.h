// SPDX-License-Identifier: Apache-2.0
// How the rows of a read come to who asked for them; which rows these are is told elsewhere.
#pragma once

#include <cstdint>

#include "iceframe/base/result.h"

namespace iceframe {

/// Goes whole from the user's call through plans to the readers; what it holds never changes which
/// rows come. A new member is declared and named here, and used where it matters.
struct ReadDelivery {
  /// Rows in the order of a table's files and, within a file, of its rows; false: as they get
  /// ready.
  bool ordered = true;
  /// The most rows in one batch.
  int64_t batch_rows = 64 * 1024;
  /// How many files may be open at once, most of them waiting for bytes.
  int64_t max_open_files = 32;
  /// How many decoded bytes may wait for the consumer before reading ahead pauses.
  int64_t max_queued_bytes = int64_t{128} << 20;
  /// How many bytes the open files may hold that were fetched before their turn to be decoded.
  int64_t max_prefetched_bytes = int64_t{256} << 20;
};

/// Calls `visit(name, member)` for each member that users may set, under the name they know.
template <typename Delivery, typename Visit>
void VisitOptions(Delivery& delivery, const Visit& visit) {
  visit("ordered", delivery.ordered);
  visit("batch_size", delivery.batch_rows);
  visit("max_open_files", delivery.max_open_files);
}

/// Errors: InvalidArgument naming the option whose value is out of bounds.
inline Status Check(const ReadDelivery& delivery) {
  if (delivery.batch_rows < 1) {
    return Error(ErrorKind::kInvalidArgument,
                 "batch size must be at least 1: ", delivery.batch_rows);
  }
  if (delivery.max_open_files < 1) {
    return Error(ErrorKind::kInvalidArgument,
                 "max_open_files must be at least 1: ", delivery.max_open_files);
  }
  return Status::OK();
}

}  // namespace iceframe
