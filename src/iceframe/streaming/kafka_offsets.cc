// SPDX-License-Identifier: Apache-2.0
#include "iceframe/streaming/kafka_offsets.h"

#include <charconv>

#include "iceframe/base/json.h"

namespace iceframe {

namespace {

Status Damaged(std::string_view text) {
  return Error(ErrorKind::kInvalidMetadata, "offsets of a stream are damaged: ", text);
}

Result<int32_t> PartitionOf(std::string_view text) {
  int32_t partition = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), partition);
  const bool is_whole = error == std::errc() && end == text.data() + text.size();
  if (!is_whole || partition < 0) return Damaged(text);
  return partition;
}

Result<PartitionOffsets> ParsePartitions(const Json& json) {
  PartitionOffsets offsets;
  if (!json.is_object()) return Damaged(json.text());
  for (const auto& [number, value] : json.members()) {
    ICEFRAME_ASSIGN_OR_RETURN(const int32_t partition, PartitionOf(number));
    ICEFRAME_ASSIGN_OR_RETURN(const int64_t offset, value.AsInt64());
    if (offset < 0) return Damaged(value.text());
    offsets.emplace(partition, offset);
  }
  return offsets;
}

}  // namespace

Result<TopicOffsets> ParseTopicOffsets(std::string_view text) {
  ICEFRAME_ASSIGN_OR_RETURN(const Json json, Json::Parse(text));
  if (!json.is_object()) return Damaged(text);
  TopicOffsets offsets;
  for (const auto& [topic, partitions] : json.members()) {
    ICEFRAME_ASSIGN_OR_RETURN(PartitionOffsets parsed, ParsePartitions(partitions));
    offsets.emplace(topic, std::move(parsed));
  }
  return offsets;
}

std::string ToJsonText(const TopicOffsets& offsets) {
  Json json = Json::Object();
  for (const auto& [topic, partitions] : offsets) {
    Json numbers = Json::Object();
    for (const auto& [partition, offset] : partitions) {
      numbers.Add(std::to_string(partition), Json::Int(offset));
    }
    json.Add(topic, std::move(numbers));
  }
  return json.Dump();
}

}  // namespace iceframe
