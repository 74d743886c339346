// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "iceframe/datafile/page_header_internal.h"
#include "iceframe/datafile/thrift_reader_internal.h"

namespace iceframe::internal {
namespace {

/// The fields of headers, bits by field id: of every page, and of pages of one type.
constexpr uint32_t kFieldsOfEveryPage = 0b1110U;
constexpr uint32_t kDataPageField = 1U << 5U;
constexpr uint32_t kDictionaryPageField = 1U << 7U;
constexpr uint32_t kDataPageV2Field = 1U << 8U;
constexpr uint32_t kKnownFields =
    kFieldsOfEveryPage | kDataPageField | kDictionaryPageField | kDataPageV2Field;

/// Minimum and maximum in the column's own order; the older fields 1 and 2 do not say which.
void ReadStatistics(ThriftReader* reader, PageHeader* header) {
  reader->ReadStruct([&](int64_t id, ThriftType type) {
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

void ReadDataPage(ThriftReader* reader, PageHeader* header) {
  reader->ReadStruct([&](int64_t id, ThriftType type) {
    if (id == 1) {
      header->num_values = header->num_rows = reader->ReadCount(type);
    } else if (id == 2) {
      header->encoding = reader->ReadInt32(type);
    } else if (id == 3) {
      header->definition_encoding = reader->ReadInt32(type);
    } else if (id == 4) {
      header->repetition_encoding = reader->ReadInt32(type);
    } else if (id == 5 && type == ThriftType::kStruct) {
      ReadStatistics(reader, header);
    } else {
      reader->Skip(type);
    }
  });
}

void ReadDictionaryPage(ThriftReader* reader, PageHeader* header) {
  reader->ReadStruct([&](int64_t id, ThriftType type) {
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

void ReadDataPageV2(ThriftReader* reader, PageHeader* header) {
  reader->ReadStruct([&](int64_t id, ThriftType type) {
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
    } else if (id == 8 && type == ThriftType::kStruct) {
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
  ThriftReader reader(bytes);
  ParsedPageHeader parsed;
  PageHeader& header = parsed.header;
  // Bits by field id.
  uint32_t seen = 0;
  reader.ReadStruct([&](int64_t id, ThriftType type) {
    if (id > 0 && id < 32) seen |= 1U << static_cast<uint32_t>(id);
    if (id == 1) {
      header.type = TypeOf(reader.ReadInt32(type));
    } else if (id == 2) {
      header.uncompressed_size = reader.ReadCount(type);
    } else if (id == 3) {
      header.compressed_size = reader.ReadCount(type);
    } else if (id == 4) {
      header.checksum = static_cast<uint32_t>(reader.ReadInt32(type));
    } else if (id == 5 && type == ThriftType::kStruct) {
      ReadDataPage(&reader, &header);
    } else if (id == 7 && type == ThriftType::kStruct) {
      ReadDictionaryPage(&reader, &header);
    } else if (id == 8 && type == ThriftType::kStruct) {
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
