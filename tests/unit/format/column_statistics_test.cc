// SPDX-License-Identifier: Apache-2.0
// Statistics of single columns, decoded from a manifest when they are asked for.
#include <bit>
#include <cmath>
#include <limits>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iceframe/format/columnar_manifest.h"
#include "iceframe/types/single_value.h"

#include "unit/format/manifest_samples.h"

namespace iceframe {
namespace {

using testing::ElementsAre;

template <typename T>
std::string Bytes(T value) {
  return std::string(reinterpret_cast<const char*>(&value), sizeof(T));
}

struct Bounds {
  std::optional<std::string> lower, upper;
};

std::shared_ptr<const ColumnarManifest> ManifestOf(const std::vector<DataFile>& files) {
  ManifestHeader header{2, ManifestContent::kData, SampleSchema(), {}};
  header.spec.spec_id = PartitionSpecId(2);
  auto writer = *ManifestAvroWriter::Make(header);
  for (const DataFile& file : files) {
    ManifestEntry entry;
    entry.data_file = file;
    entry.data_file.spec_id = PartitionSpecId(2);
    EXPECT_TRUE(writer->Add(entry).ok());
  }
  ManifestFile file;
  auto bytes = writer->Finish(&file);
  EXPECT_TRUE(bytes.ok());
  auto manifest = ColumnarManifest::FromAvro(*bytes, SampleManifestFile(), Type::Struct({}));
  EXPECT_TRUE(manifest.ok()) << manifest.status();
  return *manifest;
}

// Column 7 with those bounds, one file each, between other columns.
std::shared_ptr<const ColumnarManifest> ManifestWith(const std::vector<Bounds>& bounds) {
  std::vector<DataFile> files;
  for (const Bounds& bound : bounds) {
    DataFile& file = files.emplace_back();
    for (FieldId other : {3, 9}) file.lower_bounds[other] = file.upper_bounds[other] = "other";
    if (bound.lower) file.lower_bounds[7] = *bound.lower;
    if (bound.upper) file.upper_bounds[7] = *bound.upper;
  }
  return ManifestOf(files);
}

TEST(ColumnStatistics, CountsAreKnownOrMinusOne) {
  std::vector<DataFile> files(3);
  files[0].value_counts = {{6, 1}, {7, 100}, {8, 2}};
  files[0].null_value_counts = {{7, 0}};
  files[1].value_counts = {{7, -5}};
  files[1].nan_value_counts = {{7, 3}};
  auto manifest = ManifestOf(files);
  auto statistics = manifest->Statistics(7, Type::Double());
  EXPECT_THAT(statistics->value_counts, ElementsAre(100, -1, -1));
  EXPECT_THAT(statistics->null_value_counts, ElementsAre(0, -1, -1));
  EXPECT_THAT(statistics->nan_value_counts, ElementsAre(-1, 3, -1));
}

TEST(ColumnStatistics, FalsyBoundsAreRealBounds) {
  auto manifest = ManifestWith({{Bytes(int32_t{0}), Bytes(int32_t{0})}, {std::nullopt, {}}});
  auto statistics = manifest->Statistics(7, Type::Int());
  EXPECT_THAT(statistics->has_lower, ElementsAre(1, 0));
  EXPECT_THAT(statistics->has_upper, ElementsAre(1, 0));
  auto texts = ManifestWith({{"", ""}})->Statistics(7, Type::String());
  EXPECT_THAT(texts->has_lower, ElementsAre(1));
  auto flags = ManifestWith({{std::string(1, '\0'), "\1"}})->Statistics(7, Type::Boolean());
  EXPECT_THAT(flags->lower_int64, ElementsAre(0));
  EXPECT_THAT(flags->upper_int64, ElementsAre(1));
}

TEST(ColumnStatistics, BoundsOfPromotedColumnsAreWidened) {
  auto manifest = ManifestWith({{Bytes(int32_t{-5}), Bytes(int64_t{1} << 40)}});
  auto longs = manifest->Statistics(7, Type::Long());
  EXPECT_THAT(longs->lower_int64, ElementsAre(-5));
  EXPECT_THAT(longs->upper_int64, ElementsAre(int64_t{1} << 40));
  auto doubles = ManifestWith({{Bytes(1.5f), Bytes(2.5)}})->Statistics(7, Type::Double());
  EXPECT_THAT(doubles->lower_double, ElementsAre(1.5));
  EXPECT_THAT(doubles->upper_double, ElementsAre(2.5));
}

TEST(ColumnStatistics, DaysBecomeTimestampsWithTheirUnit) {
  auto manifest = ManifestWith(
      {{Bytes(int32_t{-1}), Bytes(int32_t{2})},
       {Bytes(std::numeric_limits<int32_t>::min()), Bytes(std::numeric_limits<int32_t>::max())}});
  auto micros = manifest->Statistics(7, Type::Timestamp());
  EXPECT_EQ(micros->lower_int64[0], int64_t{-86400} * 1000000);
  EXPECT_EQ(micros->upper_int64[0], int64_t{2} * 86400 * 1000000);
  auto nanos = manifest->Statistics(7, Type::TimestampNs());
  EXPECT_EQ(nanos->upper_int64[0], int64_t{2} * 86400 * 1000000 * 1000);
  EXPECT_EQ(nanos->has_lower[1], 0) << "out of the type's range";
  EXPECT_EQ(nanos->has_upper[1], 0);
}

TEST(ColumnStatistics, BoundsOfTheWrongLengthMakeBothAbsent) {
  auto manifest = ManifestWith({{"abc", Bytes(int32_t{4})},
                                {Bytes(int64_t{4}), "abcde"},
                                {"", std::string(17, 'x')},
                                {std::string(16, 'a'), std::string(16, 'b')}});
  EXPECT_THAT(manifest->Statistics(7, Type::Int())->has_lower, ElementsAre(0, 0, 0, 0));
  EXPECT_THAT(manifest->Statistics(7, Type::Int())->has_upper, ElementsAre(0, 0, 0, 0));
  EXPECT_THAT(manifest->Statistics(7, Type::Long())->has_lower, ElementsAre(0, 0, 0, 0));
  EXPECT_THAT(manifest->Statistics(7, Type::Time())->has_upper, ElementsAre(0, 0, 0, 0));
  EXPECT_THAT(manifest->Statistics(7, Type::Uuid())->has_lower, ElementsAre(0, 0, 0, 1));
  EXPECT_THAT(manifest->Statistics(7, *Type::Fixed(5))->has_upper, ElementsAre(0, 0, 0, 0));
  EXPECT_THAT(manifest->Statistics(7, *Type::Decimal(9, 2))->has_upper, ElementsAre(1, 0, 0, 0));
  EXPECT_THAT(manifest->Statistics(7, Type::Float())->has_lower, ElementsAre(0, 0, 0, 0));
}

TEST(ColumnStatistics, NanBoundsMakeBothAbsent) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  auto manifest = ManifestWith({{Bytes(nan), Bytes(1.0)}, {Bytes(1.0), Bytes(-nan)}});
  auto statistics = manifest->Statistics(7, Type::Double());
  EXPECT_THAT(statistics->has_lower, ElementsAre(0, 0));
  EXPECT_THAT(statistics->has_upper, ElementsAre(0, 0));
}

TEST(ColumnStatistics, TextThatIsNoUtf8MakesBothAbsent) {
  auto manifest = ManifestWith({{"a", "\xc3"}, {"\xed\xa0\x80", "\xf4\x8f\xbf\xbf"}});
  auto text = manifest->Statistics(7, Type::String());
  EXPECT_THAT(text->has_lower, ElementsAre(0, 0));
  EXPECT_THAT(text->has_upper, ElementsAre(0, 0));
  EXPECT_THAT(manifest->Statistics(7, Type::Binary())->has_upper, ElementsAre(1, 1));
}

TEST(ColumnStatistics, ALowerBoundAboveTheUpperMakesBothAbsent) {
  auto numbers = ManifestWith({{Bytes(int32_t{2}), Bytes(int32_t{1})}});
  EXPECT_THAT(numbers->Statistics(7, Type::Int())->has_lower, ElementsAre(0));
  EXPECT_THAT(numbers->Statistics(7, Type::Int())->has_upper, ElementsAre(0));
  auto reals = ManifestWith({{Bytes(0.0), Bytes(-0.0)}, {Bytes(-0.0), Bytes(0.0)}});
  EXPECT_THAT(reals->Statistics(7, Type::Double())->has_lower, ElementsAre(0, 1));
  // Bytes compare unsigned; UTF-16 order would have it the other way round.
  auto texts = ManifestWith({{"\xf0\x9f\x98\x80", "\xef\xbf\xbd"}, {"z", "\xc3\xa9"}});
  EXPECT_THAT(texts->Statistics(7, Type::String())->has_lower, ElementsAre(0, 1));
}

TEST(ColumnStatistics, DecimalsCompareAsNumbersOfAnyWidth) {
  auto manifest =
      ManifestWith({{"\xff", std::string("\x00\x80", 2)}, {std::string("\x00\x80", 2), "\xff"}});
  auto statistics = manifest->Statistics(7, *Type::Decimal(9, 2));
  EXPECT_THAT(statistics->has_lower, ElementsAre(1, 0)) << "-1 is below 128";
  EXPECT_EQ(statistics->layout, ColumnStatistics::BoundsLayout::kBytes);
}

TEST(ColumnStatistics, TypesWithoutBoundsHaveNone) {
  auto manifest = ManifestWith({{Bytes(int32_t{1}), Bytes(int32_t{1})}});
  for (const Type& type : {Type::Unknown(), Type::Variant(), Type::Geometry()}) {
    EXPECT_THAT(manifest->Statistics(7, type)->has_lower, ElementsAre(0)) << type.ToString();
  }
}

TEST(ColumnStatistics, UnknownColumnsHaveNone) {
  auto statistics =
      ManifestWith({{Bytes(int32_t{1}), Bytes(int32_t{1})}})->Statistics(8, Type::Int());
  EXPECT_THAT(statistics->has_lower, ElementsAre(0));
  EXPECT_THAT(statistics->value_counts, ElementsAre(-1));
}

// Fixed-width bounds have a decoder of their own; it must agree with the general one.
TEST(ColumnStatistics, AgreesWithSingleValueBytes) {
  const std::vector<Type> types = {
      Type::Boolean(),     Type::Int(),         Type::Long(),          Type::Float(),
      Type::Double(),      Type::Date(),        Type::Time(),          Type::Timestamp(),
      Type::TimestampNs(), Type::Timestamptz(), Type::TimestamptzNs(), Type::String(),
      Type::Uuid(),        *Type::Fixed(4),     Type::Binary(),        *Type::Decimal(38, 3)};
  std::vector<std::string> samples = {"", "\1", "ab", std::string(16, '\x7f'),
                                      std::string(17, 'a')};
  for (int64_t value : {int64_t{0}, int64_t{1}, int64_t{-1}, int64_t{0x0123456789abcdef}}) {
    samples.push_back(Bytes(value));
    samples.push_back(Bytes(static_cast<int32_t>(value)));
  }
  for (const Type& type : types) {
    for (const std::string& sample : samples) {
      auto manifest = ManifestWith({{sample, std::nullopt}});
      auto statistics = manifest->Statistics(7, type);
      auto value = FromSingleValueBytes(type, sample);
      const std::string what = type.ToString() + " of " + std::to_string(sample.size()) + " bytes";
      const bool is_nan =
          value.ok() && ((value->holds<float>() && std::isnan(value->get<float>())) ||
                         (value->holds<double>() && std::isnan(value->get<double>())));
      ASSERT_EQ(statistics->has_lower[0] == 1, value.ok() && !is_nan) << what;
      if (is_nan) continue;
      if (!value.ok()) continue;
      if (value->holds<bool>()) {
        EXPECT_EQ(statistics->lower_int64[0], value->get<bool>() ? 1 : 0) << what;
      } else if (value->holds<int32_t>()) {
        EXPECT_EQ(statistics->lower_int64[0], value->get<int32_t>()) << what;
      } else if (value->holds<int64_t>()) {
        EXPECT_EQ(statistics->lower_int64[0], value->get<int64_t>()) << what;
      } else if (value->holds<float>()) {
        EXPECT_EQ(statistics->lower_double[0], static_cast<double>(value->get<float>())) << what;
      } else if (value->holds<double>()) {
        EXPECT_EQ(statistics->lower_double[0], value->get<double>()) << what;
      } else {
        EXPECT_EQ(statistics->lower_bytes[0], sample) << what;
      }
    }
  }
}

TEST(ColumnStatistics, DecodedOnceAndCounted) {
  auto manifest = ManifestWith(std::vector<Bounds>(1000, {Bytes(int32_t{1}), Bytes(int32_t{2})}));
  const int64_t before = manifest->num_bytes();
  auto first = manifest->Statistics(7, Type::Int());
  const int64_t after = manifest->num_bytes();
  EXPECT_GE(after - before, 1000 * (2 + 2 * 8 + 3 * 8));
  EXPECT_EQ(manifest->Statistics(7, Type::Int()), first);
  EXPECT_EQ(manifest->num_bytes(), after);
  EXPECT_NE(manifest->Statistics(7, Type::Long()), first);
}

TEST(ColumnStatistics, TheirMemoryIsAskedForBeforehand) {
  int64_t granted = 0;
  int64_t limit = 0;
  const auto reserve = [&](int64_t num_bytes) {
    if (granted + num_bytes > limit) return false;
    granted += num_bytes;
    return true;
  };
  ManifestHeader header{2, ManifestContent::kData, SampleSchema(), SampleSpec()};
  auto writer = *ManifestAvroWriter::Make(header);
  for (int32_t i = 0; i < 100; ++i) ASSERT_TRUE(writer->Add(SampleEntry(2, i)).ok());
  ManifestFile file;
  auto manifest =
      *ColumnarManifest::FromAvro(*writer->Finish(&file), SampleManifestFile(),
                                  *PartitionType(SampleSpec(), *SampleSchema()), reserve);
  const int64_t before = manifest->num_bytes();
  EXPECT_EQ(manifest->Statistics(1, Type::Long()), nullptr);
  EXPECT_EQ(manifest->PartitionStatistics(1), nullptr);
  EXPECT_EQ(manifest->num_bytes(), before);
  limit = 1 << 20;
  const auto bytes_of = [](const ColumnStatistics& held) {
    return static_cast<int64_t>(
        sizeof(held) + held.has_lower.capacity() + held.has_upper.capacity() +
        8 * (held.lower_int64.capacity() + held.upper_int64.capacity() +
             held.lower_double.capacity() + held.upper_double.capacity() +
             held.value_counts.capacity() + held.null_value_counts.capacity() +
             held.nan_value_counts.capacity()) +
        16 * (held.lower_bytes.capacity() + held.upper_bytes.capacity()));
  };
  int64_t held = 0;
  for (const Type& type : {Type::Long(), Type::Double(), Type::String(), Type::Struct({})}) {
    auto statistics = manifest->Statistics(1, type);
    ASSERT_NE(statistics, nullptr);
    held += bytes_of(*statistics);
    EXPECT_EQ(granted, held) << type.ToString();
  }
  for (int field : {1, 4, 9}) held += bytes_of(*manifest->PartitionStatistics(field));
  EXPECT_EQ(granted, held);
  EXPECT_EQ(manifest->num_bytes(), before + granted);
}

TEST(ColumnStatistics, ThreadsShareOneDecoding) {
  auto manifest = ManifestWith(std::vector<Bounds>(1000, {Bytes(int32_t{1}), Bytes(int32_t{2})}));
  std::vector<std::shared_ptr<const ColumnStatistics>> results(4);
  std::vector<std::thread> threads;
  for (auto& result : results) {
    threads.emplace_back([&] { result = manifest->Statistics(7, Type::Int()); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& result : results) EXPECT_EQ(result, results[0]);
}

TEST(ColumnStatistics, PartitionFieldsReadAsBounds) {
  ManifestHeader header{2, ManifestContent::kData, SampleSchema(), SampleSpec()};
  auto writer = *ManifestAvroWriter::Make(header);
  ManifestEntry entry = SampleEntry(2, 3);
  ASSERT_TRUE(writer->Add(entry).ok());
  entry.data_file.partition[1] = Value::Null();
  entry.data_file.partition[4] = Value(std::nan(""));
  ASSERT_TRUE(writer->Add(entry).ok());
  ManifestFile file;
  auto manifest = *ColumnarManifest::FromAvro(*writer->Finish(&file), SampleManifestFile(),
                                              *PartitionType(SampleSpec(), *SampleSchema()));
  auto counts = manifest->PartitionStatistics(1);
  EXPECT_THAT(counts->has_lower, ElementsAre(1, 0));
  EXPECT_EQ(counts->lower_int64[0], -3);
  EXPECT_EQ(counts->upper_int64[0], -3);
  EXPECT_THAT(counts->null_value_counts, ElementsAre(0, 1));
  auto scores = manifest->PartitionStatistics(4);
  EXPECT_THAT(scores->has_upper, ElementsAre(1, 0));
  EXPECT_THAT(scores->nan_value_counts, ElementsAre(0, 1));
  auto names = manifest->PartitionStatistics(9);
  EXPECT_THAT(names->lower_bytes, ElementsAre("n\xc3\xa9"
                                              "3",
                                              "n\xc3\xa9"
                                              "3"));
  EXPECT_EQ(manifest->PartitionStatistics(9), names);
}

}  // namespace
}  // namespace iceframe
