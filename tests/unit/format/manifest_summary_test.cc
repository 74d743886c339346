// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "iceframe/format/manifest_summary_internal.h"
#include "iceframe/types/single_value.h"

namespace iceframe {
namespace {

PartitionFieldSummary SummaryOf(const Type& type, const std::vector<Value>& values) {
  const Type partition_type = Type::Struct({NestedField::Optional(1000, "p", type)});
  ManifestSummary summary(partition_type);
  for (const Value& value : values) {
    ManifestEntry entry;
    entry.data_file.partition = {value};
    summary.Add(entry);
  }
  ManifestFile file;
  EXPECT_TRUE(summary.WriteTo(&file).ok());
  return file.partitions.at(0);
}

Value Uuid(char first, char middle) {
  std::string bytes = "x1234567y1234567";
  bytes[0] = first;
  bytes[8] = middle;
  return Value(bytes);
}

TEST(ManifestSummary, UuidsHaveBoundsWhereEveryOrderAgrees) {
  const auto same = SummaryOf(Type::Uuid(), {Uuid('\x90', '\x80'), Uuid('\xF0', '\x80')});
  EXPECT_EQ(same.lower_bound, Uuid('\x90', '\x80').get<std::string>());
  EXPECT_EQ(same.upper_bound, Uuid('\xF0', '\x80').get<std::string>());
  // Iceberg Java takes the second for the least.
  const auto across = SummaryOf(Type::Uuid(), {Uuid('\x10', '\x80'), Uuid('\xF0', '\x80')});
  EXPECT_FALSE(across.lower_bound || across.upper_bound);
  const auto halves = SummaryOf(Type::Uuid(), {Uuid('\x10', '\x10'), Uuid('\x10', '\x80')});
  EXPECT_FALSE(halves.lower_bound || halves.upper_bound);
}

TEST(ManifestSummary, AZeroStandsForBoth) {
  const auto summary = SummaryOf(Type::Double(), {Value(0.0)});
  EXPECT_EQ(summary.lower_bound, ToSingleValueBytes(Type::Double(), Value(-0.0)).ValueOrDie());
  EXPECT_EQ(summary.upper_bound, ToSingleValueBytes(Type::Double(), Value(0.0)).ValueOrDie());
}

}  // namespace
}  // namespace iceframe
