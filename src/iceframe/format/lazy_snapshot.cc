// SPDX-License-Identifier: Apache-2.0
#include "iceframe/format/lazy_snapshot.h"

#include <array>
#include <string>
#include <utility>

#include "iceframe/format/json_fields_internal.h"
#include "iceframe/format/table_metadata_json.h"

namespace iceframe {

namespace {

using internal::JsonFields;

constexpr std::array<std::string_view, 3> kHeadFields = {"snapshot-id", "sequence-number",
                                                         "timestamp-ms"};

Result<Snapshot> ParseSnapshot(std::string_view text) {
  ICEFRAME_ASSIGN_OR_RETURN(const Json json, Json::Parse(text));
  return SnapshotFromJson(json);
}

}  // namespace

LazySnapshot::LazySnapshot(Snapshot snapshot)
    : head_{snapshot.snapshot_id, snapshot.sequence_number, snapshot.timestamp_ms},
      snapshot_(std::make_unique<const Snapshot>(std::move(snapshot))) {
  std::call_once(parsed_, [] {});
}

LazySnapshot::LazySnapshot(const Head& head, std::string_view text) : head_(head), text_(text) {}

Result<LazySnapshot::Head> LazySnapshot::ReadHead(const Json::Item& item) {
  const auto snapshot_id = item.Integer("snapshot-id");
  const auto sequence_number = item.Integer("sequence-number");
  const auto timestamp_ms = item.Integer("timestamp-ms");
  if (snapshot_id && sequence_number && *sequence_number >= 0 && timestamp_ms) {
    return Head{SnapshotId(*snapshot_id), SequenceNumber(*sequence_number), *timestamp_ms};
  }
  // Something is missing or wrong: this way takes longer and says what.
  ICEFRAME_ASSIGN_OR_RETURN(const Json json, item.Pick(kHeadFields));
  ICEFRAME_ASSIGN_OR_RETURN(auto fields, JsonFields::Make(json, "snapshot"));
  Head head;
  ICEFRAME_ASSIGN_OR_RETURN(head.snapshot_id, fields.Required<SnapshotId>("snapshot-id"));
  ICEFRAME_ASSIGN_OR_RETURN(head.sequence_number,
                            fields.Optional<SequenceNumber>("sequence-number"));
  ICEFRAME_ASSIGN_OR_RETURN(head.timestamp_ms, fields.Required<int64_t>("timestamp-ms"));
  if (head.sequence_number && *head.sequence_number < SequenceNumber(0)) {
    return Error(ErrorKind::kInvalidMetadata,
                 "snapshot has a negative sequence number: ", head.snapshot_id);
  }
  return head;
}

Result<std::shared_ptr<const LazySnapshot>> LazySnapshot::FromJsonItem(const Json::Item& item) {
  ICEFRAME_ASSIGN_OR_RETURN(const Head head, ReadHead(item));
  return std::shared_ptr<const LazySnapshot>(new LazySnapshot(head, item.text));
}

Result<const Snapshot*> LazySnapshot::Get() const {
  std::call_once(parsed_, [this] {
    Result<Snapshot> snapshot = ParseSnapshot(text_);
    if (snapshot.ok()) {
      snapshot_ = std::make_unique<const Snapshot>(std::move(snapshot).ValueUnsafe());
    } else {
      error_ = WithContext(snapshot.status(), "snapshot", std::to_string(snapshot_id().value()));
    }
  });
  if (snapshot_ == nullptr) return error_;
  return snapshot_.get();
}

// A v1 snapshot without a sequence number gets one when the table is v2. What can't be parsed stays
// as it was, for who can.
void LazySnapshot::AppendJson(int32_t format_version, std::string* out) const {
  if (!text_.empty() && (format_version < 2 || head_.sequence_number)) {
    *out += text_;
    return;
  }
  const auto snapshot = Get();
  if (snapshot.ok()) {
    SnapshotToJson(**snapshot, format_version).DumpTo(out);
  } else {
    *out += text_;
  }
}

bool LazySnapshot::operator==(const LazySnapshot& other) const {
  if (this == &other || (!text_.empty() && text_ == other.text_)) return true;
  if (snapshot_id() != other.snapshot_id()) return false;
  const auto left = Get();
  const auto right = other.Get();
  return left.ok() && right.ok() && **left == **right;
}

}  // namespace iceframe
