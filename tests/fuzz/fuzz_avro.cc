// SPDX-License-Identifier: Apache-2.0
// Avro container files of any schema: whatever reads must also write, and read again alike.
#include <cstdlib>

#include "iceframe/format/avro_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace iceframe;  // NOLINT(google-build-using-namespace)
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  int64_t node_budget = 1 << 20;
  (void)ForEachAvroDatum(bytes, [&](const AvroSchema& schema, const AvroDatum& datum) {
    std::string first;
    AvroEncoder first_encoder(&first);
    if (!WriteAvroDatum(schema, datum, &first_encoder).ok()) std::abort();
    AvroCursor cursor(first);
    auto again = ReadAvroDatum(schema, &cursor, &node_budget);
    if (node_budget < 0) return Error(ErrorKind::kResourceExhausted, "enough");
    if (!again.ok() || cursor.remaining() != 0) std::abort();
    std::string second;
    AvroEncoder second_encoder(&second);
    if (!WriteAvroDatum(schema, *again, &second_encoder).ok() || first != second) std::abort();
    AvroCursor skipping(first);
    skipping.Skip(schema);
    if (!skipping.ok() || skipping.remaining() != 0) std::abort();
    return Status::OK();
  });
  return 0;
}
