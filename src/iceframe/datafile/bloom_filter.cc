// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include <arrow/buffer.h>
#include <arrow/util/decimal.h>
#include <parquet/types.h>
#include <parquet/xxhasher.h>

#include "iceframe/datafile/bloom_filter_internal.h"
#include "iceframe/datafile/parquet_column_internal.h"
#include "iceframe/datafile/thrift_reader_internal.h"

namespace iceframe::internal {
namespace {

constexpr int64_t kBlockBytes = 32;
/// More than any header has.
constexpr int64_t kFilterHeaderBytes = 64;
/// What is read at once of a filter, or as a whole rather than block by block.
constexpr int64_t kMaxWholeBytes = int64_t{1} << 20;
constexpr int64_t kSmallBytes = 4096;
/// Where more than one block in so many is wanted, all are read.
constexpr int64_t kBlocksPerWanted = 8;
/// The most that the format allows.
constexpr int64_t kMaxFilterBytes = int64_t{128} << 20;

constexpr std::array<uint32_t, 8> kSalts = {0x47b6137bU, 0x44974d91U, 0x8824ad5bU, 0xa2b7289dU,
                                            0x705495c7U, 0x2df1424bU, 0x9efc4947U, 0x5c6bfb31U};

bool BlockHolds(const uint8_t* block, uint64_t hash) {
  const auto key = static_cast<uint32_t>(hash);
  for (size_t i = 0; i < kSalts.size(); ++i) {
    uint32_t word = 0;
    std::memcpy(&word, block + i * sizeof(word), sizeof(word));
    const uint32_t bit = (key * kSalts[i]) >> 27U;
    if ((word & (1U << bit)) == 0) return false;
  }
  return true;
}

int64_t BlockOf(uint64_t hash, int64_t num_blocks) {
  return static_cast<int64_t>(((hash >> 32U) * static_cast<uint64_t>(num_blocks)) >> 32U);
}

struct BloomHeader {
  int64_t num_bytes = 0;
  int64_t length = 0;  // of the header itself
};

/// Which member of a union of empty structs is set; 0: none.
int64_t ReadUnion(ThriftReader* reader) {
  int64_t member = 0;
  reader->ReadStruct([&](int64_t id, ThriftType type) {
    member = id;
    reader->Skip(type);
  });
  return member;
}

/// nullopt for a header that is damaged or of another kind.
std::optional<BloomHeader> ParseHeader(std::span<const uint8_t> bytes) {
  ThriftReader reader(bytes);
  BloomHeader header;
  int64_t algorithm = 0;
  int64_t hash = 0;
  int64_t compression = 0;
  reader.ReadStruct([&](int64_t id, ThriftType type) {
    if (id == 1) {
      header.num_bytes = reader.ReadCount(type);
    } else if (id >= 2 && id <= 4 && type == ThriftType::kStruct) {
      (id == 2 ? algorithm : id == 3 ? hash : compression) = ReadUnion(&reader);
    } else {
      reader.Skip(type);
    }
  });
  header.length = reader.position();
  // Split blocks, xxHash, not compressed: what there is so far.
  const bool is_known = algorithm == 1 && hash == 1 && compression == 1;
  const bool is_sized = header.num_bytes >= kBlockBytes && header.num_bytes <= kMaxFilterBytes &&
                        header.num_bytes % kBlockBytes == 0;
  if (reader.is_cut_off() || reader.is_damaged() || !is_known || !is_sized) return std::nullopt;
  return header;
}

bool AnyInBits(std::span<const uint8_t> bits, const std::vector<uint64_t>& hashes) {
  const int64_t num_blocks = std::ssize(bits) / kBlockBytes;
  return std::ranges::any_of(hashes, [&](uint64_t hash) {
    return BlockHolds(bits.data() + BlockOf(hash, num_blocks) * kBlockBytes, hash);
  });
}

/// Whether times of the column have the unit of the type.
bool HasUnitOf(const parquet::ColumnDescriptor& column, bool is_nanos) {
  const auto& logical = column.logical_type();
  if (logical == nullptr) return false;
  using Unit = parquet::LogicalType::TimeUnit;
  auto unit = Unit::UNKNOWN;
  if (logical->is_timestamp()) {
    unit = static_cast<const parquet::TimestampLogicalType&>(*logical).time_unit();
  } else if (logical->is_time()) {
    unit = static_cast<const parquet::TimeLogicalType&>(*logical).time_unit();
  }
  return unit == (is_nanos ? Unit::NANOS : Unit::MICROS);
}

class Hashes {
 public:
  Hashes(const parquet::ColumnDescriptor& column, const Type& type, std::vector<uint64_t>* out)
      : column_(column), type_(type), out_(out) {}

  bool Append(const Value& value) const {
    if (value.is_null()) return true;
    switch (type_.id()) {
      case TypeId::kInt:
        return !IsUnsigned(column_) && AppendInteger(value.get<int32_t>());
      case TypeId::kLong:
        return !IsUnsigned(column_) && AppendInteger(value.get<int64_t>());
      case TypeId::kDate: {
        const auto& logical = column_.logical_type();
        return logical != nullptr && logical->is_date() && AppendInteger(value.get<int32_t>());
      }
      case TypeId::kTime:
      case TypeId::kTimestamp:
      case TypeId::kTimestamptz:
        return HasUnitOf(column_, /*is_nanos=*/false) && AppendInteger(value.get<int64_t>());
      case TypeId::kTimestampNs:
      case TypeId::kTimestamptzNs:
        return HasUnitOf(column_, /*is_nanos=*/true) && AppendInteger(value.get<int64_t>());
      case TypeId::kFloat:
        return AppendFloating(static_cast<double>(value.get<float>()));
      case TypeId::kDouble:
        return AppendFloating(value.get<double>());
      case TypeId::kDecimal:
        return AppendDecimal(value.get<arrow::Decimal128>());
      case TypeId::kString:
      case TypeId::kBinary:
        if (physical() != parquet::Type::BYTE_ARRAY) return false;
        out_->push_back(hasher_.Hash(std::string_view(value.get<std::string>())));
        return true;
      case TypeId::kUuid:
      case TypeId::kFixed:
        return AppendFixed(value.get<std::string>());
      default:
        return false;
    }
  }

 private:
  parquet::Type::type physical() const { return column_.physical_type(); }

  bool AppendInteger(int64_t number) const {
    if (physical() == parquet::Type::INT64) {
      out_->push_back(hasher_.Hash(number));
      return true;
    }
    if (physical() != parquet::Type::INT32) return false;
    const bool is_narrow = number >= std::numeric_limits<int32_t>::min() &&
                           number <= std::numeric_limits<int32_t>::max();
    if (is_narrow) out_->push_back(hasher_.Hash(static_cast<int32_t>(number)));
    return true;
  }

  bool AppendFloating(double number) const {
    if (std::isnan(number)) return false;
    if (physical() == parquet::Type::DOUBLE) {
      out_->push_back(hasher_.Hash(number));
      if (number == 0) out_->push_back(hasher_.Hash(-number));
      return true;
    }
    if (physical() != parquet::Type::FLOAT) return false;
    const auto narrow = static_cast<float>(number);
    if (static_cast<double>(narrow) != number) return true;
    out_->push_back(hasher_.Hash(narrow));
    if (narrow == 0) out_->push_back(hasher_.Hash(-narrow));
    return true;
  }

  bool AppendDecimal(const arrow::Decimal128& number) const {
    const auto& logical = column_.logical_type();
    if (logical == nullptr || !logical->is_decimal() ||
        static_cast<const parquet::DecimalLogicalType&>(*logical).scale() != type_.scale()) {
      return false;
    }
    if (physical() == parquet::Type::INT32 || physical() == parquet::Type::INT64) {
      const auto narrow = number.ToInteger<int64_t>();
      return !narrow.ok() || AppendInteger(*narrow);
    }
    if (physical() != parquet::Type::FIXED_LEN_BYTE_ARRAY) return false;
    const auto width = static_cast<size_t>(column_.type_length());
    // Big-endian; what does not fit the width is in no row.
    std::array<uint8_t, 16> bytes = number.ToBytes();
    std::ranges::reverse(bytes);
    if (width == 0 || width > bytes.size()) return false;
    const uint8_t sign = number.Sign() < 0 ? 0xFF : 0;
    const size_t num_cut = bytes.size() - width;
    const bool is_cut =
        std::any_of(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(num_cut),
                    [&](uint8_t byte) { return byte != sign; }) ||
        (num_cut > 0 && ((bytes[num_cut] ^ sign) & 0x80U) != 0);
    if (!is_cut) HashFixed(bytes.data() + num_cut, width);
    return true;
  }

  bool AppendFixed(const std::string& bytes) const {
    if (physical() != parquet::Type::FIXED_LEN_BYTE_ARRAY) return false;
    if (std::ssize(bytes) != column_.type_length()) return true;
    HashFixed(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
    return true;
  }

  void HashFixed(const uint8_t* bytes, size_t length) const {
    const parquet::FLBA value(bytes);
    out_->push_back(hasher_.Hash(&value, static_cast<uint32_t>(length)));
  }

  const parquet::XxHasher hasher_;
  const parquet::ColumnDescriptor& column_;
  const Type& type_;
  std::vector<uint64_t>* out_;
};

}  // namespace

bool AppendBloomHashes(const parquet::ColumnDescriptor& column, const Type& type,
                       std::span<const Value> values, std::vector<uint64_t>* hashes) {
  const Hashes out(column, type, hashes);
  return std::ranges::all_of(values, [&](const Value& value) { return out.Append(value); });
}

Result<bool> MayHoldAny(const BloomFilterPlace& place, const std::vector<uint64_t>& hashes,
                        const ReadRange& read) {
  if (hashes.empty()) return false;
  const int64_t left = place.file_size - place.offset;
  if (place.offset < 0 || left <= 0) return true;
  const bool is_length_known = place.length && *place.length > 0 && *place.length <= left;
  const bool is_whole =
      is_length_known && *place.length <= (place.small_reads ? kSmallBytes : kMaxWholeBytes);
  const int64_t first_length = is_whole ? *place.length : std::min(kFilterHeaderBytes, left);
  ICEFRAME_ASSIGN_OR_RETURN(const auto first, read({place.offset, first_length}));
  const std::span<const uint8_t> begin(first->data(), static_cast<size_t>(first->size()));
  const auto header = ParseHeader(begin);
  if (!header || header->num_bytes > left - header->length) return true;
  const auto num_bytes = static_cast<size_t>(header->num_bytes);
  const int64_t bits_at = place.offset + header->length;
  if (std::ssize(begin) - header->length >= header->num_bytes) {
    return AnyInBits(begin.subspan(static_cast<size_t>(header->length), num_bytes), hashes);
  }
  const int64_t num_blocks = header->num_bytes / kBlockBytes;
  const bool are_few = std::ssize(hashes) * kBlocksPerWanted <= num_blocks;
  if (!place.small_reads || !are_few || header->num_bytes <= kSmallBytes) {
    if (header->num_bytes > kMaxWholeBytes) return true;
    ICEFRAME_ASSIGN_OR_RETURN(const auto bits, read({bits_at, header->num_bytes}));
    return AnyInBits({bits->data(), num_bytes}, hashes);
  }
  for (const uint64_t hash : hashes) {
    const int64_t block_at = bits_at + BlockOf(hash, num_blocks) * kBlockBytes;
    ICEFRAME_ASSIGN_OR_RETURN(const auto block, read({block_at, kBlockBytes}));
    if (BlockHolds(block->data(), hash)) return true;
  }
  return false;
}

}  // namespace iceframe::internal
