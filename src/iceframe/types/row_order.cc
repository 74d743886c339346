// SPDX-License-Identifier: Apache-2.0
// Each key in turn: rows that are equal up to there are sorted by a prefix of their key, 64 bits
// whose order is that of the values, and by the values where prefixes tie. Long runs are sorted in
// chunks and merged, so that it can be stopped at any time.
#include "iceframe/types/row_order.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>

#include "iceframe/types/offset_reach.h"

namespace iceframe {

namespace {

constexpr size_t kRowsPerCheck = size_t{64} * 1024;

// A row and the prefix of its key, in two halves so that no bytes are lost between entries.
struct Entry {
  uint32_t high;
  uint32_t low;
  uint32_t row;

  uint64_t prefix() const { return (uint64_t{high} << 32) | low; }
  void set_prefix(uint64_t prefix) {
    high = static_cast<uint32_t>(prefix >> 32);
    low = static_cast<uint32_t>(prefix);
  }
};
using Entries = std::span<Entry>;

class Key {
 public:
  virtual ~Key() = default;
  /// Fills in the prefixes of rows that are not null.
  virtual void LoadPrefixes(Entries rows) const = 0;
  /// Less than, equal to or greater than 0, as prefixes that tie may not say.
  virtual int Compare(uint32_t left, uint32_t right) const = 0;
  /// Whether rows of equal prefixes are equal.
  virtual bool is_exact() const = 0;
};

template <typename Value>
class NumberKey final : public Key {
 public:
  NumberKey(const arrow::Array& values, uint64_t flip)
      : values_(values.data()->GetValues<Value>(1)), flip_(flip) {}

  void LoadPrefixes(Entries rows) const override {
    constexpr uint64_t kSign = std::is_signed_v<Value> ? uint64_t{1} << 63 : 0;
    for (Entry& entry : rows) {
      const auto wide = static_cast<uint64_t>(static_cast<int64_t>(values_[entry.row]));
      entry.set_prefix((wide ^ kSign) ^ flip_);
    }
  }
  int Compare(uint32_t, uint32_t) const override { return 0; }
  bool is_exact() const override { return true; }

 private:
  const Value* values_;
  uint64_t flip_;
};

class BooleanKey final : public Key {
 public:
  BooleanKey(const arrow::Array& values, uint64_t flip)
      : values_(static_cast<const arrow::BooleanArray&>(values)), flip_(flip) {}

  void LoadPrefixes(Entries rows) const override {
    for (Entry& entry : rows) {
      entry.set_prefix((values_.Value(entry.row) ? uint64_t{1} : uint64_t{0}) ^ flip_);
    }
  }
  int Compare(uint32_t, uint32_t) const override { return 0; }
  bool is_exact() const override { return true; }

 private:
  const arrow::BooleanArray& values_;
  uint64_t flip_;
};

class DecimalKey final : public Key {
 public:
  DecimalKey(const arrow::Array& values, uint64_t flip)
      : values_(static_cast<const arrow::Decimal128Array&>(values)), flip_(flip) {
    for (int64_t i = 0; i < values_.length() && is_exact_; ++i) {
      is_exact_ = values_.IsNull(i) || FitsLong(At(static_cast<uint32_t>(i)));
    }
  }

  void LoadPrefixes(Entries rows) const override {
    for (Entry& entry : rows) {
      const arrow::Decimal128 value = At(entry.row);
      auto narrow = static_cast<int64_t>(value.low_bits());
      if (!FitsLong(value)) {
        using Limits = std::numeric_limits<int64_t>;
        narrow = value.high_bits() < 0 ? Limits::min() : Limits::max();
      }
      entry.set_prefix((static_cast<uint64_t>(narrow) ^ (uint64_t{1} << 63)) ^ flip_);
    }
  }
  int Compare(uint32_t left, uint32_t right) const override {
    const arrow::Decimal128 a = At(left);
    const arrow::Decimal128 b = At(right);
    const int order = a < b ? -1 : (b < a ? 1 : 0);
    return flip_ == 0 ? order : -order;
  }
  bool is_exact() const override { return is_exact_; }

 private:
  arrow::Decimal128 At(uint32_t row) const { return arrow::Decimal128(values_.GetValue(row)); }
  static bool FitsLong(const arrow::Decimal128& value) {
    return value.high_bits() == (static_cast<int64_t>(value.low_bits()) >> 63);
  }

  const arrow::Decimal128Array& values_;
  uint64_t flip_;
  bool is_exact_ = true;
};

// Text, binary and fixed.
template <typename ArrayType>
class BytesKey final : public Key {
 public:
  BytesKey(const arrow::Array& values, uint64_t flip)
      : values_(static_cast<const ArrayType&>(values)),
        flip_(flip),
        is_exact_(LongestRow(*values.data()) < kPrefixBytes) {}

  void LoadPrefixes(Entries rows) const override {
    for (Entry& entry : rows) {
      const std::string_view value = values_.GetView(entry.row);
      uint64_t prefix = 0;
      const size_t length = std::min<size_t>(value.size(), kPrefixBytes);
      if (length > 0) std::memcpy(&prefix, value.data(), length);
      if constexpr (std::endian::native == std::endian::little) prefix = __builtin_bswap64(prefix);
      // Short values leave a byte for their length, which tells "a" from "a\0".
      if (is_exact_) prefix |= value.size();
      entry.set_prefix(prefix ^ flip_);
    }
  }
  int Compare(uint32_t left, uint32_t right) const override {
    const int order = values_.GetView(left).compare(values_.GetView(right));
    return flip_ == 0 ? order : -order;
  }
  bool is_exact() const override { return is_exact_; }

 private:
  static constexpr int64_t kPrefixBytes = 8;

  const ArrayType& values_;
  uint64_t flip_;
  bool is_exact_;
};

// nullptr for a column of nulls alone.
Result<std::unique_ptr<Key>> MakeKey(const OrderKey& key) {
  const arrow::Array& values = *key.values;
  const uint64_t flip = key.descending ? ~uint64_t{0} : 0;
  const auto make = [&]<typename K>(std::type_identity<K>) -> std::unique_ptr<Key> {
    return std::make_unique<K>(values, flip);
  };
  switch (values.type_id()) {
    case arrow::Type::NA:
      return nullptr;
    case arrow::Type::BOOL:
      return make(std::type_identity<BooleanKey>{});
    case arrow::Type::INT8:
      return make(std::type_identity<NumberKey<int8_t>>{});
    case arrow::Type::INT16:
      return make(std::type_identity<NumberKey<int16_t>>{});
    case arrow::Type::INT32:
    case arrow::Type::DATE32:
    case arrow::Type::TIME32:
      return make(std::type_identity<NumberKey<int32_t>>{});
    case arrow::Type::INT64:
    case arrow::Type::DATE64:
    case arrow::Type::TIME64:
    case arrow::Type::TIMESTAMP:
      return make(std::type_identity<NumberKey<int64_t>>{});
    case arrow::Type::UINT32:
      return make(std::type_identity<NumberKey<uint32_t>>{});
    case arrow::Type::UINT64:
      return make(std::type_identity<NumberKey<uint64_t>>{});
    case arrow::Type::DECIMAL128:
      return make(std::type_identity<DecimalKey>{});
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return make(std::type_identity<BytesKey<arrow::BinaryArray>>{});
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      return make(std::type_identity<BytesKey<arrow::LargeBinaryArray>>{});
    case arrow::Type::FIXED_SIZE_BINARY:
      return make(std::type_identity<BytesKey<arrow::FixedSizeBinaryArray>>{});
    default:
      return Error(ErrorKind::kUnsupported,
                   "rows can't be ordered by values of this type: ", values.type()->ToString());
  }
}

// Before another in the order of one key; rows that tie by their number.
class Before {
 public:
  /// nullptr: by their number alone.
  explicit Before(const Key* key) : compared_(key == nullptr || key->is_exact() ? nullptr : key) {}

  bool operator()(const Entry& left, const Entry& right) const {
    const uint64_t left_prefix = left.prefix();
    const uint64_t right_prefix = right.prefix();
    if (left_prefix != right_prefix) return left_prefix < right_prefix;
    if (compared_ != nullptr) {
      const int order = compared_->Compare(left.row, right.row);
      if (order != 0) return order < 0;
    }
    return left.row < right.row;
  }
  bool AreEqual(const Entry& left, const Entry& right) const {
    return left.prefix() == right.prefix() &&
           (compared_ == nullptr || compared_->Compare(left.row, right.row) == 0);
  }

 private:
  const Key* compared_;
};

class RowOrder {
 public:
  RowOrder(const std::vector<OrderKey>& keys, const CheckFunction& check)
      : keys_(keys), check_(check) {}

  Status Prepare(arrow::MemoryPool* pool) {
    for (const OrderKey& key : keys_) {
      ICEFRAME_ASSIGN_OR_RETURN(auto made, MakeKey(key));
      made_.push_back(std::move(made));
    }
    const int64_t num_rows = keys_[0].values->length();
    if (num_rows >= std::numeric_limits<uint32_t>::max()) {
      return Error(ErrorKind::kResourceExhausted, "too many rows to sort in memory: ", num_rows,
                   "; filter them first, or ask for the first ones alone");
    }
    const auto size = static_cast<int64_t>(sizeof(Entry));
    ICEFRAME_ASSIGN_OR_RETURN(entries_, arrow::AllocateBuffer(num_rows * size, pool));
    // Merging holds the first half of what it merges aside.
    if (static_cast<size_t>(num_rows) > kRowsPerCheck) {
      ICEFRAME_ASSIGN_OR_RETURN(aside_, arrow::AllocateBuffer(num_rows / 2 * size, pool));
    }
    rows_ = {reinterpret_cast<Entry*>(entries_->mutable_data()), static_cast<size_t>(num_rows)};
    uint32_t row = 0;
    for (Entry& entry : rows_) entry = {0, 0, row++};
    return Status::OK();
  }

  Status Sort() { return SortByKey(rows_, 0); }

  Result<std::shared_ptr<arrow::Array>> Positions(arrow::MemoryPool* pool) {
    aside_.reset();
    const auto length = static_cast<int64_t>(rows_.size());
    ICEFRAME_ASSIGN_OR_RETURN(
        std::shared_ptr<arrow::Buffer> buffer,
        arrow::AllocateBuffer(length * static_cast<int64_t>(sizeof(uint32_t)), pool));
    auto* out = reinterpret_cast<uint32_t*>(buffer->mutable_data());
    for (const Entry& entry : rows_) *out++ = entry.row;
    return arrow::MakeArray(
        arrow::ArrayData::Make(arrow::uint32(), length, {nullptr, std::move(buffer)}, 0));
  }

 private:
  /// Sorts rows that are equal by all keys before that one; they come in order of their numbers.
  Status SortByKey(Entries rows, size_t index) {
    if (rows.size() < 2 || index == keys_.size()) return Status::OK();
    const Key* key = made_[index].get();
    if (key == nullptr) return SortByKey(rows, index + 1);
    const arrow::Array& values = *keys_[index].values;
    Entries nulls;
    if (values.null_count() > 0) {
      const bool nulls_last = keys_[index].nulls_last;
      const auto middle = std::partition(rows.begin(), rows.end(), [&](const Entry& entry) {
        return values.IsNull(entry.row) != nulls_last;
      });
      const auto first = static_cast<size_t>(middle - rows.begin());
      nulls = nulls_last ? rows.subspan(first) : rows.first(first);
      rows = nulls_last ? rows.first(first) : rows.subspan(first);
      for (Entry& entry : nulls) entry.set_prefix(0);
      ICEFRAME_RETURN_NOT_OK(SortEntries(nulls, Before(nullptr)));
    }
    for (size_t begin = 0; begin < rows.size(); begin += kRowsPerCheck) {
      const Entries part = rows.subspan(begin, std::min(kRowsPerCheck, rows.size() - begin));
      key->LoadPrefixes(part);
      ICEFRAME_RETURN_NOT_OK(Spend(part.size()));
    }
    const Before before(key);
    ICEFRAME_RETURN_NOT_OK(SortEntries(rows, before));
    if (index + 1 == keys_.size()) return Status::OK();
    ICEFRAME_RETURN_NOT_OK(SortByKey(nulls, index + 1));
    return SortTies(rows, before, index + 1);
  }

  Status SortTies(Entries rows, const Before& before, size_t index) {
    size_t begin = 0;
    for (size_t i = 1; i <= rows.size(); ++i) {
      if (i < rows.size() && before.AreEqual(rows[begin], rows[i])) continue;
      // The prefixes of rows that were passed are not needed any more.
      if (i - begin > 1) ICEFRAME_RETURN_NOT_OK(SortByKey(rows.subspan(begin, i - begin), index));
      begin = i;
    }
    return Status::OK();
  }

  Status SortEntries(Entries rows, const Before& before) {
    ICEFRAME_RETURN_NOT_OK(Spend(std::min(rows.size(), kRowsPerCheck)));
    if (rows.size() <= kRowsPerCheck) {
      std::sort(rows.begin(), rows.end(), before);
      return Status::OK();
    }
    const size_t half = rows.size() / 2;
    ICEFRAME_RETURN_NOT_OK(SortEntries(rows.first(half), before));
    ICEFRAME_RETURN_NOT_OK(SortEntries(rows.subspan(half), before));
    return Merge(rows, half, before);
  }

  Status Merge(Entries rows, size_t half, const Before& before) {
    if (before(rows[half - 1], rows[half])) return Status::OK();
    auto* left = reinterpret_cast<Entry*>(aside_->mutable_data());
    std::memcpy(left, rows.data(), half * sizeof(Entry));
    const Entry* const left_end = left + half;
    const Entry* right = rows.data() + half;
    const Entry* const right_end = rows.data() + rows.size();
    Entry* out = rows.data();
    while (left != left_end) {
      ICEFRAME_RETURN_NOT_OK(Spend(kRowsPerCheck));
      for (size_t i = 0; i < kRowsPerCheck && left != left_end; ++i) {
        const bool from_right = right != right_end && before(*right, *left);
        *out++ = from_right ? *right++ : *left++;
      }
    }
    return Status::OK();
  }

  /// Asks again whenever so much work was done.
  Status Spend(size_t num_rows) {
    spent_ += num_rows;
    if (spent_ < kRowsPerCheck) return Status::OK();
    spent_ = 0;
    return check_();
  }

  const std::vector<OrderKey>& keys_;
  const CheckFunction& check_;
  std::vector<std::unique_ptr<Key>> made_;
  std::unique_ptr<arrow::Buffer> entries_;
  std::unique_ptr<arrow::Buffer> aside_;
  Entries rows_;
  size_t spent_ = 0;
};

}  // namespace

Result<std::shared_ptr<arrow::Array>> OrderRows(const std::vector<OrderKey>& keys,
                                                arrow::MemoryPool* pool,
                                                const CheckFunction& check) {
  RowOrder order(keys, check);
  ICEFRAME_RETURN_NOT_OK(order.Prepare(pool));
  ICEFRAME_RETURN_NOT_OK(order.Sort());
  return order.Positions(pool);
}

}  // namespace iceframe
