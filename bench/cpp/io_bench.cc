// SPDX-License-Identifier: Apache-2.0
// What local files cost beside the file system itself.
#include <cstdlib>
#include <filesystem>

#include <benchmark/benchmark.h>

#include "iceframe/io/file_io.h"

namespace iceframe {
namespace {

/// A folder below the current one, removed at the end; on the disk that is measured.
class BenchFolder {
 public:
  BenchFolder() : path_(std::filesystem::current_path() / "bench-io") {
    std::filesystem::create_directories(path_);
  }
  ~BenchFolder() { std::filesystem::remove_all(path_); }
  std::string At(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

void BM_LocalReadAll(benchmark::State& state) {
  const BenchFolder folder;
  const OperationContext context;
  auto io = *MakeFileIO();
  if (state.range(1) != 0) io = *MakeFileIO({.allowed_locations = {folder.At("")}});
  const std::string content(static_cast<size_t>(state.range(0)), 'x');
  if (!io->WriteAll(context, folder.At("x"), content).ok()) state.SkipWithError("can't write");
  for (auto _ : state) {
    auto buffer = io->ReadAll(context, folder.At("x"));
    benchmark::DoNotOptimize(buffer.ok());
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_LocalReadAll)
    ->ArgNames({"bytes", "allow_list"})
    ->ArgsProduct({{4096, 8 << 20}, {0, 1}})
    ->UseRealTime();

void BM_LocalReadRanges(benchmark::State& state) {
  const BenchFolder folder;
  const OperationContext context;
  auto io = *MakeFileIO();
  if (!io->WriteAll(context, folder.At("x"), std::string(32 << 20, 'x')).ok()) {
    state.SkipWithError("can't write");
  }
  std::vector<ByteRange> ranges;
  for (int i = 0; i < 32; ++i) ranges.push_back({int64_t{i} << 20, state.range(0)});
  for (auto _ : state) {
    auto buffers = io->ReadRanges(context, folder.At("x"), ranges);
    benchmark::DoNotOptimize(buffers.ok());
  }
  state.SetBytesProcessed(state.iterations() * state.range(0) * 32);
}
BENCHMARK(BM_LocalReadRanges)->Arg(4096)->Arg(256 << 10)->UseRealTime();

void BM_LocalDurableWrite(benchmark::State& state) {
  const BenchFolder folder;
  const OperationContext context;
  auto io = *MakeFileIO();
  const std::string content(static_cast<size_t>(state.range(0)), 'x');
  int64_t number = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        io->WriteAll(context, folder.At(std::to_string(number++)), content).ok());
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_LocalDurableWrite)->Arg(4096)->Arg(8 << 20)->UseRealTime();

}  // namespace
}  // namespace iceframe
