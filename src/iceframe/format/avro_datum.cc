// SPDX-License-Identifier: Apache-2.0
#include "iceframe/format/avro_datum.h"

namespace iceframe {

namespace {

class DatumReader {
 public:
  DatumReader(AvroCursor* cursor, int64_t* node_budget)
      : cursor_(*cursor), nodes_left_(*node_budget) {}

  void Read(const AvroSchema& schema, int depth, AvroDatum* out) {
    if (depth > AvroCursor::kMaxDepth) return cursor_.Fail("data is nested too deeply");
    if (--nodes_left_ < 0) return cursor_.Fail("data has more values than its size allows");
    out->kind = schema.kind;
    switch (schema.kind) {
      case AvroKind::kNull:
        break;
      case AvroKind::kBoolean:
        out->number = cursor_.ReadBoolean() ? 1 : 0;
        break;
      case AvroKind::kInt:
        out->number = cursor_.ReadInt();
        break;
      case AvroKind::kLong:
        out->number = cursor_.ReadLong();
        break;
      case AvroKind::kEnum:
        out->number = cursor_.ReadLong();
        if (out->number < 0 || static_cast<size_t>(out->number) >= schema.symbols.size()) {
          cursor_.Fail("enum has no such symbol");
        }
        break;
      case AvroKind::kFloat:
        out->real = static_cast<double>(cursor_.ReadFloat());
        break;
      case AvroKind::kDouble:
        out->real = cursor_.ReadDouble();
        break;
      case AvroKind::kBytes:
      case AvroKind::kString:
        out->bytes = cursor_.ReadBytes();
        break;
      case AvroKind::kFixed:
        out->bytes = cursor_.ReadFixed(schema.size);
        break;
      case AvroKind::kRecord:
        for (const AvroField& field : schema.fields) {
          if (!cursor_.ok()) return;
          Read(*field.type, depth + 1, &out->items.emplace_back());
        }
        break;
      case AvroKind::kArray:
      case AvroKind::kMap:
        ReadItems(schema, depth, out);
        break;
      case AvroKind::kUnion: {
        const size_t branch = cursor_.ReadBranch(schema.branches.size());
        out->number = static_cast<int64_t>(branch);
        Read(*schema.branches[branch], depth + 1, &out->items.emplace_back());
        break;
      }
    }
  }

 private:
  void ReadItems(const AvroSchema& schema, int depth, AvroDatum* out) {
    const bool is_map = schema.kind == AvroKind::kMap;
    const int64_t min_size = schema.items->min_size + (is_map ? 1 : 0);
    while (int64_t count = cursor_.ReadBlockCount(min_size)) {
      for (; count > 0 && cursor_.ok(); --count) {
        if (is_map) out->keys.emplace_back(cursor_.ReadBytes());
        Read(*schema.items, depth + 1, &out->items.emplace_back());
      }
    }
  }

  AvroCursor& cursor_;
  int64_t& nodes_left_;
};

Status Misfit(const AvroSchema& schema, std::string_view what) {
  return Error(ErrorKind::kInvalidArgument, "value does not fit its Avro schema: ", what, " in ",
               ToString(schema.kind), schema.name.empty() ? "" : " ", schema.name);
}

Status WriteItems(const AvroSchema& schema, const AvroDatum& datum, AvroEncoder* encoder) {
  const bool is_map = schema.kind == AvroKind::kMap;
  if (is_map && datum.keys.size() != datum.items.size()) return Misfit(schema, "number of keys");
  if (!datum.items.empty()) encoder->WriteLong(static_cast<int64_t>(datum.items.size()));
  for (size_t i = 0; i < datum.items.size(); ++i) {
    if (is_map) encoder->WriteBytes(datum.keys[i]);
    ICEFRAME_RETURN_NOT_OK(WriteAvroDatum(*schema.items, datum.items[i], encoder));
  }
  encoder->WriteLong(0);
  return Status::OK();
}

}  // namespace

Result<AvroDatum> ReadAvroDatum(const AvroSchema& schema, AvroCursor* cursor,
                                int64_t* node_budget) {
  AvroDatum datum;
  DatumReader(cursor, node_budget).Read(schema, 0, &datum);
  if (*node_budget < 0) {
    return Error(ErrorKind::kResourceExhausted, "Avro file has more values than its size allows");
  }
  ICEFRAME_RETURN_NOT_OK(cursor->status());
  return datum;
}

Status WriteAvroDatum(const AvroSchema& schema, const AvroDatum& datum, AvroEncoder* encoder) {
  if (datum.kind != schema.kind) return Misfit(schema, ToString(datum.kind));
  switch (schema.kind) {
    case AvroKind::kNull:
      break;
    case AvroKind::kBoolean:
      encoder->WriteBoolean(datum.number != 0);
      break;
    case AvroKind::kInt:
    case AvroKind::kLong:
      encoder->WriteLong(datum.number);
      break;
    case AvroKind::kEnum:
      if (datum.number < 0 || static_cast<size_t>(datum.number) >= schema.symbols.size()) {
        return Misfit(schema, "symbol");
      }
      encoder->WriteLong(datum.number);
      break;
    case AvroKind::kFloat:
      encoder->WriteFloat(static_cast<float>(datum.real));
      break;
    case AvroKind::kDouble:
      encoder->WriteDouble(datum.real);
      break;
    case AvroKind::kBytes:
    case AvroKind::kString:
      encoder->WriteBytes(datum.bytes);
      break;
    case AvroKind::kFixed:
      if (static_cast<int64_t>(datum.bytes.size()) != schema.size) return Misfit(schema, "length");
      encoder->WriteFixed(datum.bytes);
      break;
    case AvroKind::kRecord:
      if (datum.items.size() != schema.fields.size()) return Misfit(schema, "number of fields");
      for (size_t i = 0; i < datum.items.size(); ++i) {
        ICEFRAME_RETURN_NOT_OK(WriteAvroDatum(*schema.fields[i].type, datum.items[i], encoder));
      }
      break;
    case AvroKind::kArray:
    case AvroKind::kMap:
      return WriteItems(schema, datum, encoder);
    case AvroKind::kUnion: {
      if (datum.number < 0 || static_cast<size_t>(datum.number) >= schema.branches.size() ||
          datum.items.size() != 1) {
        return Misfit(schema, "branch");
      }
      encoder->WriteLong(datum.number);
      return WriteAvroDatum(*schema.branches[static_cast<size_t>(datum.number)],
                            datum.items.front(), encoder);
    }
  }
  return Status::OK();
}

}  // namespace iceframe
