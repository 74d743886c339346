// SPDX-License-Identifier: Apache-2.0
#include "iceframe/format/avro_cursor.h"

namespace iceframe {

Status AvroCursor::status() const {
  if (ok()) return Status::OK();
  return Error(ErrorKind::kInvalidData, "Avro data is damaged: ", error_);
}

int64_t AvroCursor::ReadBlockCount(int64_t min_item_size) {
  int64_t count = ReadLong();
  if (count < 0) {
    const int64_t size = ReadLong();
    if (count == std::numeric_limits<int64_t>::min() || size < 0 ||
        static_cast<uint64_t>(size) > remaining()) {
      Fail("block goes beyond the end");
      return 0;
    }
    count = -count;
  }
  const int64_t limit = min_item_size > 0 ? static_cast<int64_t>(remaining()) / min_item_size
                                          : kMaxEmptyItems + static_cast<int64_t>(remaining());
  if (count > limit) {
    Fail("block has more items than bytes");
    return 0;
  }
  return count;
}

void AvroCursor::SkipItems(const AvroSchema& schema, int depth) {
  const bool is_map = schema.kind == AvroKind::kMap;
  const int64_t min_size = schema.items->min_size + (is_map ? 1 : 0);
  while (int64_t count = ReadBlockCount(min_size)) {
    if (!is_map && schema.items->is_empty) continue;
    for (; count > 0 && ok(); --count) {
      if (is_map) ReadBytes();
      SkipDatum(*schema.items, depth);
    }
  }
}

void AvroCursor::SkipDatum(const AvroSchema& schema, int depth) {
  if (schema.is_empty) return;
  if (depth > kMaxDepth) return Fail("data is nested too deeply");
  switch (schema.kind) {
    case AvroKind::kNull:
      break;
    case AvroKind::kBoolean:
      ReadBoolean();
      break;
    case AvroKind::kInt:
    case AvroKind::kLong:
    case AvroKind::kEnum:
      ReadLong();
      break;
    case AvroKind::kFloat:
      ReadFixed(4);
      break;
    case AvroKind::kDouble:
      ReadFixed(8);
      break;
    case AvroKind::kBytes:
    case AvroKind::kString:
      ReadBytes();
      break;
    case AvroKind::kFixed:
      ReadFixed(schema.size);
      break;
    case AvroKind::kRecord:
      for (const AvroField& field : schema.fields) {
        if (!ok()) return;
        SkipDatum(*field.type, depth + 1);
      }
      break;
    case AvroKind::kArray:
    case AvroKind::kMap:
      SkipItems(schema, depth + 1);
      break;
    case AvroKind::kUnion: {
      const size_t branch = ReadBranch(schema.branches.size());
      SkipDatum(*schema.branches[branch], depth + 1);
      break;
    }
  }
}

}  // namespace iceframe
