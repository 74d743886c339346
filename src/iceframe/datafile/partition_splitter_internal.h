// SPDX-License-Identifier: Apache-2.0
// A batch divided by partition.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "iceframe/base/result.h"
#include "iceframe/format/partition_spec.h"
#include "iceframe/types/schema.h"

namespace iceframe::internal {

/// The rows of one partition in one batch, in the batch's order.
struct PartitionRows {
  /// Equal exactly for equal partition tuples; usable as a map key.
  std::string key;
  std::vector<Value> partition;
  std::shared_ptr<arrow::RecordBatch> rows;
};

/// Splits batches by a spec. Not thread-safe.
class PartitionSplitter {
 public:
  /// Errors: Unsupported naming the partition field (unknown transform, several sources, a source
  /// inside a list or map).
  static Result<PartitionSplitter> Make(const Schema& schema, const PartitionSpec& spec);

  /// One item per partition that occurs, in order of first occurrence. A pass over the rows per
  /// partition field and one hash look-up per row; the rows are copied only where a partition's
  /// rows are not adjacent.
  Result<std::vector<PartitionRows>> Split(const arrow::RecordBatch& batch,
                                           arrow::MemoryPool* pool) const;

 private:
  struct Field {
    std::string column;
    std::vector<int> path;
    Type source_type;
    Type result_type;
    Transform transform = Transform::Identity();
  };
  std::vector<Field> fields_;
};

}  // namespace iceframe::internal
