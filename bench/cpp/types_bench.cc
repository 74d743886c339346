// SPDX-License-Identifier: Apache-2.0
// What transforms, single values and lossless casts cost per row.
#include <string>

#include <arrow/api.h>
#include <benchmark/benchmark.h>

#include "iceframe/types/arrow_schema.h"
#include "iceframe/types/lossless_cast.h"
#include "iceframe/types/schema.h"
#include "iceframe/types/single_value.h"
#include "iceframe/types/transform.h"

namespace iceframe {
namespace {

constexpr int64_t kRows = 1 << 16;

std::shared_ptr<arrow::Array> Longs(int64_t factor) {
  arrow::Int64Builder builder(arrow::system_memory_pool());
  for (int64_t i = 0; i < kRows; ++i) {
    if (!builder.Append(i * factor).ok()) return nullptr;
  }
  return builder.Finish().ValueOr(nullptr);
}

std::shared_ptr<arrow::Array> Texts() {
  arrow::StringBuilder builder(arrow::system_memory_pool());
  for (int64_t i = 0; i < kRows; ++i) {
    if (!builder.Append("customer-" + std::to_string(i)).ok()) return nullptr;
  }
  return builder.Finish().ValueOr(nullptr);
}

void Run(benchmark::State& state, const char* transform, const Type& type,
         const std::shared_ptr<arrow::Array>& values) {
  const auto parsed = Transform::Parse(transform);
  for (auto _ : state) {
    auto result = parsed->Apply(type, *values, arrow::system_memory_pool());
    if (!result.ok()) state.SkipWithError(result.status().ToString().c_str());
    benchmark::DoNotOptimize(result);
  }
  state.SetItemsProcessed(state.iterations() * kRows);
}

void BM_BucketLong(benchmark::State& state) { Run(state, "bucket[16]", Type::Long(), Longs(7919)); }
BENCHMARK(BM_BucketLong);

void BM_BucketString(benchmark::State& state) { Run(state, "bucket[16]", Type::String(), Texts()); }
BENCHMARK(BM_BucketString);

void BM_TruncateString(benchmark::State& state) {
  Run(state, "truncate[4]", Type::String(), Texts());
}
BENCHMARK(BM_TruncateString);

void BM_DayOfTimestamp(benchmark::State& state) {
  const auto times = Longs(26'000'000'007)->View(arrow::timestamp(arrow::TimeUnit::MICRO));
  Run(state, "day", Type::Timestamp(), *times);
}
BENCHMARK(BM_DayOfTimestamp);

void BM_MonthOfTimestamp(benchmark::State& state) {
  const auto times = Longs(26'000'000'007)->View(arrow::timestamp(arrow::TimeUnit::MICRO));
  Run(state, "month", Type::Timestamp(), *times);
}
BENCHMARK(BM_MonthOfTimestamp);

void BM_CastLongToInt(benchmark::State& state) {
  const auto table = Schema::Make(SchemaId(0), {NestedField::Optional(1, "a", Type::Int())});
  const auto schema = arrow::schema({arrow::field("a", arrow::int64())});
  const auto batch = arrow::RecordBatch::Make(schema, kRows, {Longs(3)});
  const auto cast = LosslessCast::Make(*schema, *table, arrow::system_memory_pool());
  for (auto _ : state) {
    auto result = cast->Apply(*batch, arrow::system_memory_pool());
    if (!result.ok()) state.SkipWithError(result.status().ToString().c_str());
    benchmark::DoNotOptimize(result);
  }
  state.SetItemsProcessed(state.iterations() * kRows);
}
BENCHMARK(BM_CastLongToInt);

void BM_CastTextInPlace(benchmark::State& state) {
  const auto table = Schema::Make(SchemaId(0), {NestedField::Optional(1, "a", Type::String())});
  const auto schema = arrow::schema({arrow::field("a", arrow::utf8())});
  const auto batch = arrow::RecordBatch::Make(schema, kRows, {Texts()});
  const auto cast = LosslessCast::Make(*schema, *table, arrow::system_memory_pool());
  for (auto _ : state) {
    auto result = cast->Apply(*batch, arrow::system_memory_pool());
    benchmark::DoNotOptimize(result);
  }
  state.SetItemsProcessed(state.iterations() * kRows);
}
BENCHMARK(BM_CastTextInPlace);

void BM_ReadLongBound(benchmark::State& state) {
  const std::string bytes = ToSingleValueBytes(Type::Long(), Value(int64_t{42})).ValueOr("");
  for (auto _ : state) benchmark::DoNotOptimize(FromSingleValueBytes(Type::Long(), bytes));
}
BENCHMARK(BM_ReadLongBound);

}  // namespace
}  // namespace iceframe
