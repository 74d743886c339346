// SPDX-License-Identifier: Apache-2.0
// Manifests' surviving entries, merged in append order.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "iceframe/format/columnar_manifest.h"
#include "iceframe/planning/append_order.h"
#include "iceframe/skipping/evaluators.h"

namespace iceframe {

/// One manifest's surviving entries, oldest first, and what was decided of all.
struct Survivors {
  std::shared_ptr<const ColumnarManifest> manifest;
  std::vector<AppendPosition> entries;
  size_t next = 0;
  EntryDecisions decisions;

  const AppendPosition& oldest() const { return entries[next]; }
  /// Whether a kept entry's partition tuple proves nothing.
  bool is_any_doubtful() const;
};

class SurvivorQueue {
 public:
  explicit SurvivorQueue(const AppendOrder* order) : order_(order) {}

  void Push(Survivors survivors);
  void Clear() { heap_.clear(); }

  bool empty() const { return heap_.empty(); }
  /// The manifest with the oldest entry of all, and that entry. Not when empty.
  const Survivors& front() const { return heap_.front(); }
  const AppendPosition& oldest() const { return heap_.front().oldest(); }
  void DropOldest();
  /// Rows of all entries, deleted ones included.
  int64_t num_rows() const;

 private:
  const AppendOrder* order_;
  std::vector<Survivors> heap_;
};

}  // namespace iceframe
