// SPDX-License-Identifier: Apache-2.0
// A snapshot of a metadata file, parsed when it is asked for.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "iceframe/base/json.h"
#include "iceframe/base/result.h"
#include "iceframe/base/strong_id.h"
#include "iceframe/format/snapshot.h"

namespace iceframe {

/// Tables keep thousands of snapshots, and most readers look at one of them. So opening metadata
/// reads of each what it checks (the head) and keeps the text of the rest. Threads may share it.
class LazySnapshot {
 public:
  explicit LazySnapshot(Snapshot snapshot);
  LazySnapshot(const LazySnapshot&) = delete;
  LazySnapshot& operator=(const LazySnapshot&) = delete;

  /// Errors: InvalidMetadata naming the field where the head is wrong.
  static Result<std::shared_ptr<const LazySnapshot>> FromJsonItem(const Json::Item& item);

  /// The head.
  SnapshotId snapshot_id() const { return head_.snapshot_id; }
  SequenceNumber sequence_number() const {
    return head_.sequence_number.value_or(SequenceNumber(0));
  }
  int64_t timestamp_ms() const { return head_.timestamp_ms; }

  /// The whole, which lives as long as this does. The first call parses it.
  /// Errors: InvalidMetadata naming the field and the snapshot.
  Result<const Snapshot*> Get() const;

  /// Appends its JSON: the text it was read from, where that fits the format version.
  void AppendJson(int32_t format_version, std::string* out) const;

  /// By content.
  bool operator==(const LazySnapshot& other) const;

 private:
  struct Head {
    SnapshotId snapshot_id;
    std::optional<SequenceNumber> sequence_number;
    int64_t timestamp_ms = 0;
  };

  LazySnapshot(const Head& head, std::string_view text);
  static Result<Head> ReadHead(const Json::Item& item);

  Head head_;
  /// Empty where the snapshot was never text.
  std::string text_;
  mutable std::once_flag parsed_;
  mutable std::unique_ptr<const Snapshot> snapshot_;
  mutable Status error_;
};

}  // namespace iceframe
