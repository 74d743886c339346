// SPDX-License-Identifier: Apache-2.0
// How far a stream is in its topics, as a table's snapshots say it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "iceframe/base/result.h"

namespace iceframe {

/// The offset that comes next in each of some partitions.
using PartitionOffsets = std::map<int32_t, int64_t>;
/// The same of several topics.
using TopicOffsets = std::map<std::string, PartitionOffsets, std::less<>>;

/// Reads {"topic": {"0": 12, …}, …}. Errors: InvalidMetadata.
Result<TopicOffsets> ParseTopicOffsets(std::string_view text);
/// Writes it, in the order of topics and partitions.
std::string ToJsonText(const TopicOffsets& offsets);

}  // namespace iceframe
