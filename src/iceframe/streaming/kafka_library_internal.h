// SPDX-License-Identifier: Apache-2.0
// librdkafka, loaded when it is first used and never linked: docs/decisions/0015 says why.
#pragma once

#include <librdkafka/rdkafka.h>

#include <string>

#include "iceframe/base/result.h"

namespace iceframe::internal {

/// The functions of librdkafka that we call, by their names without "rd_kafka_"; its `new`
/// is `new_client`.
struct KafkaLibrary {
#define ICEFRAME_KAFKA_FUNCTIONS(F) \
  F(assign)                         \
  F(assignment)                     \
  F(assignment_lost)                \
  F(commit)                         \
  F(conf_destroy)                   \
  F(conf_new)                       \
  F(conf_set)                       \
  F(conf_set_error_cb)              \
  F(conf_set_log_cb)                \
  F(conf_set_opaque)                \
  F(conf_set_rebalance_cb)          \
  F(consumer_close_queue)           \
  F(consumer_closed)                \
  F(consumer_poll)                  \
  F(destroy_flags)                  \
  F(err2str)                        \
  F(error_destroy)                  \
  F(error_string)                   \
  F(fatal_error)                    \
  F(get_watermark_offsets)          \
  F(header_get_all)                 \
  F(incremental_assign)             \
  F(incremental_unassign)           \
  F(message_destroy)                \
  F(message_errstr)                 \
  F(message_headers)                \
  F(message_timestamp)              \
  F(metadata)                       \
  F(metadata_destroy)               \
  F(opaque)                         \
  F(pause_partitions)               \
  F(poll_set_consumer)              \
  F(query_watermark_offsets)        \
  F(queue_destroy)                  \
  F(queue_get_consumer)             \
  F(queue_length)                   \
  F(rebalance_protocol)             \
  F(resume_partitions)              \
  F(seek_partitions)                \
  F(subscribe)                      \
  F(topic_name)                     \
  F(topic_new)                      \
  F(topic_destroy)                  \
  F(topic_partition_list_add)       \
  F(topic_partition_list_destroy)   \
  F(topic_partition_list_new)       \
  F(unsubscribe)                    \
  F(version_str)
#define ICEFRAME_KAFKA_MEMBER(name) decltype(&::rd_kafka_##name) name = nullptr;
  ICEFRAME_KAFKA_FUNCTIONS(ICEFRAME_KAFKA_MEMBER)
#undef ICEFRAME_KAFKA_MEMBER
  decltype(&::rd_kafka_new) new_client = nullptr;

  /// The file that it was loaded from.
  std::string path;

  /// Loads the library on the first call: the file that the variable ICEFRAME_KAFKA_LIBRARY names,
  /// else the copy that a wheel carries in _carried/ beside our code, else the system's. It
  /// stays loaded. Its symbols, and those of the libraries it needs, are seen by nobody else.
  /// Errors: Unsupported saying what was looked for, and what to install. Thread-safe.
  static Result<const KafkaLibrary*> Load();
};

}  // namespace iceframe::internal
