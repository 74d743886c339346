// SPDX-License-Identifier: Apache-2.0
// What an error of librdkafka's, or a broker's, means for a stream.
#pragma once

#include <string_view>

#include "iceframe/base/result.h"
#include "iceframe/streaming/kafka_library_internal.h"

namespace iceframe::internal {

/// Whether librdkafka gets over it by trying again: a broker that is away, a group that is being
/// rearranged.
bool IsPassing(rd_kafka_resp_err_t error);

/// OK for none; else of the kind that says what a caller can do. `what` says more: a topic, or the
/// library's own words.
Status KafkaError(const KafkaLibrary& library, rd_kafka_resp_err_t error, std::string_view what);

}  // namespace iceframe::internal
