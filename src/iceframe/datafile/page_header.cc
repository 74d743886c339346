// SPDX-License-Identifier: Apache-2.0
#include <limits>
#include <utility>

#include "iceframe/datafile/page_header_internal.h"

namespace iceframe::internal {
namespace {

/// Structs within structs: statistics within a page's own header are the third level.
constexpr int kMaxDepth = 16;

/// The fields of headers, bits by field id: of every page, and of pages of one type.
constexpr uint32_t kFieldsOfEveryPage = 0b1110U;
constexpr uint32_t kDataPageField = 1U << 5U;
constexpr uint32_t kDictionaryPageField = 1U << 7U;
constexpr uint32_t kDataPageV2Field = 1U << 8U;
constexpr uint32_t kKnownFields =
    kFieldsOfEveryPage | kDataPageField | kDictionaryPageField | kDataPageV2Field;

/// Types of Thrift's compact protocol.
enum class Wire : uint8_t {
  kStop = 0,
  kTrue = 1,
  kFalse = 2,
  kByte = 3,
  kInt16 = 4,
  kInt32 = 5,
  kInt64 = 6,
  kDouble = 7,
  kBinary = 8,
  kList = 9,
  kSet = 10,
  kMap = 11,
  kStruct = 12,
  kUuid = 13,
};

/// Reads forward. Once something is wrong all further reads give zeros and ends of structs, so
/// that callers ask once, at the end.
class Reader {
 public:
  explicit Reader(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  bool is_cut_off() const { return cut_off_; }
  bool is_damaged() const { return damaged_; }
  int64_t position() const { return static_cast<int64_t>(position_); }

  /// Calls `on_field(id, type)` for each field of a struct; it must consume the value.
  template <typename OnField>
  void ReadStruct(const OnField& on_field) {
    if (++depth_ > kMaxDepth) damaged_ = true;
    int64_t id = 0;
    while (!has_failed()) {
      const uint8_t head = ReadByte();
      const auto type = static_cast<Wire>(head & 0x0FU);
      if (type == Wire::kStop) break;
      const uint8_t delta = head >> 4U;
      id = delta != 0 ? id + delta : ReadInteger();
      if (!has_failed()) on_field(id, type);
    }
    --depth_;
  }

  int32_t ReadInt32(Wire type) {
    const int64_t value = ReadInt64(type);
    if (value < std::numeric_limits<int32_t>::min() ||
        value > std::numeric_limits<int32_t>::max()) {
      damaged_ = true;
      return 0;
    }
    return static_cast<int32_t>(value);
  }

  /// A count or a size.
  int32_t ReadCount(Wire type) {
    const int32_t value = ReadInt32(type);
    if (value < 0) damaged_ = true;
    return value;
  }

  int64_t ReadInt64(Wire type) {
    if (type != Wire::kInt16 && type != Wire::kInt32 && type != Wire::kInt64) {
      damaged_ = true;
      return 0;
    }
    return ReadInteger();
  }

  bool ReadBool(Wire type) {
    if (type != Wire::kTrue && type != Wire::kFalse) damaged_ = true;
    return type == Wire::kTrue;
  }

  std::string ReadBinary(Wire type) {
    if (type != Wire::kBinary) damaged_ = true;
    const std::span<const uint8_t> bytes = Take(ReadUnsigned());
    return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }

  void Skip(Wire type) {
    switch (type) {
      case Wire::kTrue:
      case Wire::kFalse:
        return;
      case Wire::kByte:
        ReadByte();
        return;
      case Wire::kInt16:
      case Wire::kInt32:
      case Wire::kInt64:
        ReadUnsigned();
        return;
      case Wire::kDouble:
        Take(8);
        return;
      case Wire::kUuid:
        Take(16);
        return;
      case Wire::kBinary:
        Take(ReadUnsigned());
        return;
      case Wire::kStruct:
        ReadStruct([this](int64_t, Wire field) { Skip(field); });
        return;
      case Wire::kList:
      case Wire::kSet:
        SkipList();
        return;
      default:
        // No version of the format has a map in a page header.
        damaged_ = true;
    }
  }

 private:
  bool has_failed() const { return cut_off_ || damaged_; }

  void SkipList() {
    const uint8_t head = ReadByte();
    const auto type = static_cast<Wire>(head & 0x0FU);
    const bool is_bool = type == Wire::kTrue || type == Wire::kFalse;
    uint64_t count = head >> 4U;
    if (count == 15) count = ReadUnsigned();
    if (++depth_ > kMaxDepth) damaged_ = true;
    for (; count > 0 && !has_failed(); --count) Skip(is_bool ? Wire::kByte : type);
    --depth_;
  }

  std::span<const uint8_t> Take(uint64_t count) {
    if (has_failed()) return {};
    if (count > bytes_.size() - position_) {
      cut_off_ = true;
      return {};
    }
    const auto taken = bytes_.subspan(position_, static_cast<size_t>(count));
    position_ += static_cast<size_t>(count);
    return taken;
  }

  uint8_t ReadByte() {
    const auto byte = Take(1);
    return byte.empty() ? 0 : byte[0];
  }

  uint64_t ReadUnsigned() {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const uint8_t byte = ReadByte();
      value |= static_cast<uint64_t>(byte & 0x7FU) << shift;
      if ((byte & 0x80U) == 0) return value;
    }
    damaged_ = true;
    return 0;
  }

  int64_t ReadInteger() {
    const uint64_t value = ReadUnsigned();
    return static_cast<int64_t>(value >> 1U) ^ -static_cast<int64_t>(value & 1U);
  }

  std::span<const uint8_t> bytes_;
  size_t position_ = 0;
  int depth_ = 0;
  bool cut_off_ = false;
  bool damaged_ = false;
};

/// Minimum and maximum in the column's own order; the older fields 1 and 2 do not say which.
void ReadStatistics(Reader* reader, PageHeader* header) {
  reader->ReadStruct([&](int64_t id, Wire type) {
    if (id == 3) {
      header->null_count = reader->ReadInt64(type);
    } else if (id == 5) {
      header->max = reader->ReadBinary(type);
    } else if (id == 6) {
      header->min = reader->ReadBinary(type);
    } else {
      reader->Skip(type);
    }
  });
}

void ReadDataPage(Reader* reader, PageHeader* header) {
  reader->ReadStruct([&](int64_t id, Wire type) {
    if (id == 1) {
      header->num_values = header->num_rows = reader->ReadCount(type);
    } else if (id == 2) {
      header->encoding = reader->ReadInt32(type);
    } else if (id == 3) {
      header->definition_encoding = reader->ReadInt32(type);
    } else if (id == 4) {
      header->repetition_encoding = reader->ReadInt32(type);
    } else if (id == 5 && type == Wire::kStruct) {
      ReadStatistics(reader, header);
    } else {
      reader->Skip(type);
    }
  });
}

void ReadDictionaryPage(Reader* reader, PageHeader* header) {
  reader->ReadStruct([&](int64_t id, Wire type) {
    if (id == 1) {
      header->num_values = reader->ReadCount(type);
    } else if (id == 2) {
      header->encoding = reader->ReadInt32(type);
    } else if (id == 3) {
      header->is_sorted = reader->ReadBool(type);
    } else {
      reader->Skip(type);
    }
  });
}

void ReadDataPageV2(Reader* reader, PageHeader* header) {
  reader->ReadStruct([&](int64_t id, Wire type) {
    if (id == 1) {
      header->num_values = reader->ReadCount(type);
    } else if (id == 2) {
      header->num_nulls = reader->ReadCount(type);
    } else if (id == 3) {
      header->num_rows = reader->ReadCount(type);
    } else if (id == 4) {
      header->encoding = reader->ReadInt32(type);
    } else if (id == 5) {
      header->definition_bytes = reader->ReadCount(type);
    } else if (id == 6) {
      header->repetition_bytes = reader->ReadCount(type);
    } else if (id == 7) {
      header->is_compressed = reader->ReadBool(type);
    } else if (id == 8 && type == Wire::kStruct) {
      ReadStatistics(reader, header);
    } else {
      reader->Skip(type);
    }
  });
}

/// Which of the known fields a page of that type has: all others are of other types.
uint32_t FieldsOf(PageHeader::Type type) {
  switch (type) {
    case PageHeader::Type::kData:
      return kFieldsOfEveryPage | kDataPageField;
    case PageHeader::Type::kDictionary:
      return kFieldsOfEveryPage | kDictionaryPageField;
    case PageHeader::Type::kDataV2:
      return kFieldsOfEveryPage | kDataPageV2Field;
    default:
      return kFieldsOfEveryPage;
  }
}

PageHeader::Type TypeOf(int32_t number) {
  switch (number) {
    case 0:
      return PageHeader::Type::kData;
    case 1:
      return PageHeader::Type::kIndex;
    case 2:
      return PageHeader::Type::kDictionary;
    case 3:
      return PageHeader::Type::kDataV2;
    default:
      return PageHeader::Type::kOther;
  }
}

}  // namespace

Result<std::optional<ParsedPageHeader>> ParsePageHeader(std::span<const uint8_t> bytes) {
  Reader reader(bytes);
  ParsedPageHeader parsed;
  PageHeader& header = parsed.header;
  // Bits by field id.
  uint32_t seen = 0;
  reader.ReadStruct([&](int64_t id, Wire type) {
    if (id > 0 && id < 32) seen |= 1U << static_cast<uint32_t>(id);
    if (id == 1) {
      header.type = TypeOf(reader.ReadInt32(type));
    } else if (id == 2) {
      header.uncompressed_size = reader.ReadCount(type);
    } else if (id == 3) {
      header.compressed_size = reader.ReadCount(type);
    } else if (id == 4) {
      header.checksum = static_cast<uint32_t>(reader.ReadInt32(type));
    } else if (id == 5 && type == Wire::kStruct) {
      ReadDataPage(&reader, &header);
    } else if (id == 7 && type == Wire::kStruct) {
      ReadDictionaryPage(&reader, &header);
    } else if (id == 8 && type == Wire::kStruct) {
      ReadDataPageV2(&reader, &header);
    } else {
      reader.Skip(type);
    }
  });
  if (reader.is_cut_off() && !reader.is_damaged()) return std::optional<ParsedPageHeader>();
  const int64_t level_bytes = int64_t{header.definition_bytes} + header.repetition_bytes;
  if (reader.is_damaged() || (seen & kKnownFields) != FieldsOf(header.type) ||
      level_bytes > header.uncompressed_size) {
    return Error(ErrorKind::kInvalidData, "a page header is damaged");
  }
  parsed.length = reader.position();
  return std::optional<ParsedPageHeader>(std::move(parsed));
}

}  // namespace iceframe::internal
