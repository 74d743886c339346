// SPDX-License-Identifier: Apache-2.0
#include "iceframe/base/shared_library_internal.h"
#include "iceframe/streaming/kafka_library_internal.h"

namespace iceframe::internal {

namespace {

Result<const KafkaLibrary*> LoadOnce() {
  ICEFRAME_ASSIGN_OR_RETURN(
      const auto loaded,
      SharedLibrary::LoadFirst({.what = "librdkafka, which reads from Kafka,",
                                .variable = "ICEFRAME_KAFKA_LIBRARY",
                                // What cmake/carried_libraries.py names it.
                                .carried = "_carried/libiceframe_carried_rdkafka.so.1",
                                .system = {"librdkafka.so.1"},
                                .package = "Debian: librdkafka1, 1.9 or newer"}));
  static KafkaLibrary library;
#define ICEFRAME_KAFKA_BIND(name) \
  ICEFRAME_RETURN_NOT_OK(loaded.Bind("rd_kafka_" #name, &library.name));
  ICEFRAME_KAFKA_FUNCTIONS(ICEFRAME_KAFKA_BIND)
#undef ICEFRAME_KAFKA_BIND
  ICEFRAME_RETURN_NOT_OK(loaded.Bind("rd_kafka_new", &library.new_client));
  library.path = loaded.path();
  return &library;
}

}  // namespace

Result<const KafkaLibrary*> KafkaLibrary::Load() {
  static const Result<const KafkaLibrary*> kLoaded = LoadOnce();
  return kLoaded;
}

}  // namespace iceframe::internal
