// SPDX-License-Identifier: Apache-2.0
#include "iceframe/services/disk_cache.h"

#include <sys/stat.h>

#include <barrier>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/table.h>
#include <gtest/gtest.h>

#include "support/temp_folder.h"

namespace iceframe {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

/// Where a cache's folder comes to lie.
class Folder {
 public:
  std::string cache() const { return temporary_.path() + "/cache"; }

  std::vector<fs::path> Entries() const {
    std::vector<fs::path> entries;
    for (const auto& file : fs::directory_iterator(cache())) {
      if (file.path().extension() == ".entry") entries.push_back(file.path());
    }
    return entries;
  }

 private:
  TempFolder temporary_;
};

class HandClock final : public Clock {
 public:
  SteadyTime SteadyNow() const override { return SteadyTime(milliseconds(now_ms)); }
  int64_t SystemNowMs() const override { return now_ms; }
  int64_t now_ms = 1'000'000;
};

std::shared_ptr<arrow::Table> Rows(int64_t num_rows, int64_t first = 0) {
  arrow::Int64Builder numbers;
  arrow::StringViewBuilder texts;
  for (int64_t i = first; i < first + num_rows; ++i) {
    EXPECT_TRUE(numbers.Append(i).ok());
    const std::string text = "a text that is too long to be in a view, number " + std::to_string(i);
    EXPECT_TRUE((i % 7 == 0 ? texts.AppendNull() : texts.Append(text)).ok());
  }
  const auto schema =
      arrow::schema({arrow::field("n", arrow::int64()), arrow::field("t", arrow::utf8_view())});
  return arrow::Table::Make(schema, {numbers.Finish().ValueOrDie(), texts.Finish().ValueOrDie()},
                            num_rows);
}

std::shared_ptr<DiskCache> Open(const Folder& folder, int64_t max_bytes = 1 << 20) {
  auto cache = DiskCache::Open({.folder = folder.cache(), .max_bytes = max_bytes});
  EXPECT_TRUE(cache.ok()) << cache.status();
  return *cache;
}

std::shared_ptr<arrow::Table> Get(DiskCache& cache, const DiskCacheKey& key) {
  auto rows = cache.Get(OperationContext(), key);
  EXPECT_TRUE(rows.ok()) << rows.status();
  return *rows;
}

std::string ReadFile(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void WriteFile(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

TEST(DiskCache, KeepsRowsForOtherCachesOfTheFolder) {
  const Folder folder;
  const auto rows = Rows(1000);
  {
    auto cache = Open(folder);
    EXPECT_EQ(Get(*cache, {"users", "q"}), nullptr);
    ASSERT_TRUE(cache->Put(OperationContext(), {"users", "q"}, *rows).ok());
    EXPECT_EQ(cache->stats().misses, 1);
  }
  auto cache = Open(folder);
  const auto found = Get(*cache, {"users", "q"});
  ASSERT_NE(found, nullptr);
  EXPECT_TRUE(found->Equals(*rows, /*check_metadata=*/true));
  EXPECT_EQ(Get(*cache, {"users", "other"}), nullptr);
  EXPECT_EQ(Get(*cache, {"usersq", ""}), nullptr);
  EXPECT_EQ(cache->stats().hits, 1);
  EXPECT_EQ(cache->stats().num_entries, 1);
  EXPECT_GT(cache->stats().num_bytes, 50000);
}

TEST(DiskCache, TheFolderIsTheUsersAlone) {
  const Folder folder;
  auto cache = Open(folder);
  ASSERT_TRUE(cache->Put(OperationContext(), {"g", "k"}, *Rows(10)).ok());
  struct stat found;
  ASSERT_EQ(stat(folder.cache().c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0700U);
  ASSERT_EQ(stat(folder.Entries().at(0).c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600U);
  chmod(folder.cache().c_str(), 0755);
  cache = Open(folder);
  ASSERT_EQ(stat(folder.cache().c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0700U) << "one of ours is closed again";
}

TEST(DiskCache, RefusesAFolderWithSomethingElseInIt) {
  const Folder folder;
  fs::create_directory(folder.cache());
  WriteFile(folder.cache() + "/letter.txt", "dear");
  auto cache = DiskCache::Open({.folder = folder.cache()});
  EXPECT_EQ(KindOf(cache.status()), ErrorKind::kInvalidArgument);
  EXPECT_NE(cache.status().message().find("holds something else"), std::string::npos);
  struct stat found;
  ASSERT_EQ(stat(folder.cache().c_str(), &found), 0);
  EXPECT_NE(found.st_mode & 0777, 0700U) << "and leaves it as it was";
  EXPECT_EQ(KindOf(DiskCache::Open({.folder = folder.cache() + "/letter.txt"}).status()),
            ErrorKind::kInvalidArgument);
  EXPECT_EQ(KindOf(DiskCache::Open({.folder = ""}).status()), ErrorKind::kInvalidArgument);
  EXPECT_EQ(KindOf(DiskCache::Open({.folder = folder.cache() + "2", .max_bytes = -1}).status()),
            ErrorKind::kInvalidArgument);
}

TEST(DiskCache, EveryFlippedBitIsAMissAndTheEntryGoes) {
  const Folder folder;
  auto cache = Open(folder);
  const auto rows = Rows(3, 1);
  ASSERT_TRUE(cache->Put(OperationContext(), {"g", "key"}, *rows).ok());
  const fs::path path = folder.Entries().at(0);
  const std::string whole = ReadFile(path);
  for (size_t i = 0; i < whole.size(); ++i) {
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ (1 << i % 8));
    WriteFile(path, damaged);
    ASSERT_EQ(Get(*cache, {"g", "key"}), nullptr) << "byte " << i;
    ASSERT_FALSE(fs::exists(path)) << "byte " << i;
  }
  for (const size_t size : {size_t{0}, size_t{10}, size_t{63}, size_t{64}, whole.size() - 1}) {
    WriteFile(path, whole.substr(0, size));
    ASSERT_EQ(Get(*cache, {"g", "key"}), nullptr) << size << " bytes";
  }
  WriteFile(path, whole + "x");
  EXPECT_EQ(Get(*cache, {"g", "key"}), nullptr);
  WriteFile(path, whole);
  EXPECT_TRUE(Get(*cache, {"g", "key"})->Equals(*rows));
  EXPECT_EQ(cache->stats().damaged, static_cast<int64_t>(whole.size()) + 6);
}

TEST(DiskCache, AnEntryUnderAnotherKeysNameIsNotFound) {
  const Folder folder;
  auto cache = Open(folder);
  ASSERT_TRUE(cache->Put(OperationContext(), {"g", "a"}, *Rows(3)).ok());
  const fs::path a = folder.Entries().at(0);
  const std::string bytes = ReadFile(a);
  fs::remove(a);
  ASSERT_TRUE(cache->Put(OperationContext(), {"g", "b"}, *Rows(4)).ok());
  WriteFile(folder.Entries().at(0), bytes);
  EXPECT_EQ(Get(*cache, {"g", "b"}), nullptr) << "the key itself is compared";
}

TEST(DiskCache, EntriesExpire) {
  const Folder folder;
  HandClock clock;
  auto cache = *DiskCache::Open({.folder = folder.cache(), .clock = &clock});
  const OperationContext context;
  ASSERT_TRUE(cache->Put(context, {"g", "short"}, *Rows(3), milliseconds(500)).ok());
  ASSERT_TRUE(cache->Put(context, {"g", "long"}, *Rows(3), std::chrono::nanoseconds::max()).ok());
  clock.now_ms += 499;
  EXPECT_NE(Get(*cache, {"g", "short"}), nullptr);
  clock.now_ms += 1;
  EXPECT_EQ(Get(*cache, {"g", "short"}), nullptr);
  EXPECT_NE(Get(*cache, {"g", "long"}), nullptr);
  EXPECT_EQ(cache->stats().expired, 1);
  EXPECT_EQ(cache->stats().num_entries, 1);
  EXPECT_EQ(KindOf(cache->Put(context, {"g", "k"}, *Rows(3), milliseconds(-1))),
            ErrorKind::kInvalidArgument);
}

TEST(DiskCache, WhatWasUsedLongestAgoGoesFirst) {
  const Folder folder;
  const OperationContext context;
  auto cache = Open(folder, 100000);
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(cache->Put(context, {"g", std::to_string(i)}, *Rows(100, i)).ok());
    if (i > 0) {
      ASSERT_NE(Get(*cache, {"g", "0"}), nullptr) << "it is used all the time";
    }
    ASSERT_LE(cache->stats().num_bytes, 100000);
    std::this_thread::sleep_for(milliseconds(5));
  }
  EXPECT_EQ(Get(*cache, {"g", "1"}), nullptr);
  EXPECT_NE(Get(*cache, {"g", "19"}), nullptr);
  EXPECT_GT(cache->stats().evictions, 0);
  EXPECT_GT(cache->stats().num_bytes, 80000);
  ASSERT_TRUE(cache->Put(context, {"g", "19"}, *Rows(5000)).ok());
  EXPECT_EQ(Get(*cache, {"g", "19"}), nullptr) << "too large, and the former rows are gone";
  EXPECT_EQ(cache->stats().refused, 1);
  Open(folder, 20000);
  EXPECT_LE(cache->stats().num_bytes, 20000) << "a smaller limit holds when it is set";
}

TEST(DiskCache, GroupsAreDroppedAtOnce) {
  const Folder folder;
  const OperationContext context;
  auto cache = Open(folder);
  for (const char* key : {"1", "2"}) {
    ASSERT_TRUE(cache->Put(context, {"users", key}, *Rows(3)).ok());
    ASSERT_TRUE(cache->Put(context, {"orders", key}, *Rows(3)).ok());
  }
  EXPECT_EQ(cache->EraseGroup("users"), 2);
  EXPECT_EQ(Get(*cache, {"users", "1"}), nullptr);
  EXPECT_NE(Get(*cache, {"orders", "1"}), nullptr);
  cache->Clear();
  EXPECT_EQ(cache->stats().num_entries, 0);
}

TEST(DiskCache, WhatWasLeftHalfWrittenIsDeleted) {
  const Folder folder;
  auto cache = Open(folder);
  WriteFile(folder.cache() + "/left.unfinished", "half");
  ASSERT_TRUE(cache->Put(OperationContext(), {"g", "k"}, *Rows(3)).ok());
  EXPECT_FALSE(fs::exists(folder.cache() + "/left.unfinished"));
}

TEST(DiskCache, AFolderThatWasRemovedIsMadeAgain) {
  const Folder folder;
  auto cache = Open(folder);
  fs::remove_all(folder.cache());
  EXPECT_EQ(Get(*cache, {"g", "k"}), nullptr);
  EXPECT_EQ(cache->stats().num_entries, 0);
  ASSERT_TRUE(cache->Put(OperationContext(), {"g", "k"}, *Rows(3)).ok());
  EXPECT_NE(Get(*cache, {"g", "k"}), nullptr);
}

TEST(DiskCache, WhatMemoryHasNoRoomForIsAMiss) {
  const Folder folder;
  auto cache = Open(folder);
  ASSERT_TRUE(cache->Put(OperationContext(), {"g", "k"}, *Rows(1000)).ok());
  OperationContext small;
  small.memory = MemoryBudget::Process()->MakeChild("small", 1000);
  EXPECT_EQ(*cache->Get(small, {"g", "k"}), nullptr);
  EXPECT_EQ(small.memory->used_bytes(), 0);
  OperationContext roomy;
  roomy.memory = MemoryBudget::Process()->MakeChild("roomy");
  auto rows = *cache->Get(roomy, {"g", "k"});
  EXPECT_GT(roomy.memory->used_bytes(), 50000) << "the rows are charged as long as they live";
  rows.reset();
  EXPECT_EQ(roomy.memory->used_bytes(), 0);
}

TEST(DiskCache, ManyMayOpenANewFolderAtOnce) {
  constexpr int kThreads = 8;
  for (int round = 0; round < 50; ++round) {
    const Folder folder;
    std::barrier together(kThreads);
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&] {
        together.arrive_and_wait();
        auto cache = DiskCache::Open({.folder = folder.cache()});
        EXPECT_TRUE(cache.ok()) << cache.status();
      });
    }
    for (auto& thread : threads) thread.join();
  }
}

TEST(DiskCache, ThreadsNeverSeeAnothersOrHalfAnEntry) {
  const Folder folder;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      auto cache = Open(folder, 60000);
      for (int i = 0; i < 100; ++i) {
        const int number = (i * 7 + t) % 10;
        const DiskCacheKey key{"g", std::to_string(number)};
        const auto rows = Rows(50 + number, number);
        if (const auto found = Get(*cache, key); found != nullptr) {
          ASSERT_TRUE(found->Equals(*rows));
        }
        if (i % 3 == 0) {
          ASSERT_TRUE(cache->Put(OperationContext(), key, *rows).ok());
        }
        if (i % 20 == 0) cache->EraseGroup("g");
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(Open(folder, 60000)->stats().damaged, 0);
}

}  // namespace
}  // namespace iceframe
