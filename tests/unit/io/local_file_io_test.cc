// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iceframe/io/file_io.h"
#include "iceframe/io/local_output_file_internal.h"

#include "support/temp_folder.h"

namespace iceframe {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

std::string Content(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

void Put(const std::string& path, const std::string& content) { std::ofstream(path) << content; }

size_t CountEntries(const std::string& folder) {
  return static_cast<size_t>(
      std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

class LocalFileIO : public testing::Test {
 protected:
  std::shared_ptr<FileIO> MakeIO(std::vector<std::string> allowed = {}) {
    return MakeFileIO({.allowed_locations = std::move(allowed)}).ValueOrDie();
  }
  std::string At(const std::string& name) const { return folder_.path() + "/" + name; }

  TempFolder folder_;
  OperationContext context_;
};

TEST_F(LocalFileIO, EveryFormOfALocationNamesTheSameFile) {
  auto io = MakeIO();
  ASSERT_TRUE(io->WriteAll(context_, At("x"), "1").ok());
  for (const std::string& location : {At("x"), "file:" + At("x"), "file://" + At("x")}) {
    EXPECT_TRUE(io->Exists(context_, location).ValueOrDie()) << location;
  }
}

TEST_F(LocalFileIO, LargeWritesOfAnySizeArriveWhole) {
  auto io = MakeIO();
  std::string expected;
  auto file = io->Create(context_, At("large")).ValueOrDie();
  for (size_t size : {1U, 65535U, 1U, 65536U, 70000U, 9000000U, 0U, 5U, 9000000U}) {
    const std::string piece(size, static_cast<char>('a' + expected.size() % 26));
    ASSERT_TRUE(file->Write(piece).ok());
    expected += piece;
    EXPECT_EQ(file->num_bytes(), static_cast<int64_t>(expected.size()));
  }
  ASSERT_TRUE(file->Close().ok());
  EXPECT_EQ(Content(At("large")), expected);
}

TEST_F(LocalFileIO, LinksOutOfTheAllowedLocationsAreRefused) {
  fs::create_directories(At("warehouse/t"));
  fs::create_directories(At("outside"));
  Put(At("outside/secret"), "s");
  fs::create_symlink(At("outside/secret"), At("warehouse/t/file_link"));
  fs::create_symlink(At("outside"), At("warehouse/t/folder_link"));
  fs::create_symlink("../../outside", At("warehouse/t/relative_link"));
  auto io = MakeIO({At("warehouse")});
  for (const char* name : {"warehouse/t/file_link", "warehouse/t/folder_link/secret",
                           "warehouse/t/relative_link/secret", "outside/secret", "warehousex/y"}) {
    const Status status = io->ReadAll(context_, At(name)).status();
    EXPECT_EQ(KindOf(status), ErrorKind::kUnauthorized) << status;
    EXPECT_THAT(status.message(), HasSubstr(At(name)));
    EXPECT_EQ(KindOf(io->Size(context_, At(name)).status()), ErrorKind::kUnauthorized);
  }
  EXPECT_EQ(KindOf(io->WriteAll(context_, At("warehouse/t/folder_link/new"), "x")),
            ErrorKind::kUnauthorized);
  EXPECT_EQ(KindOf(io->WriteAll(context_, At("warehouse/t/folder_link/deep/new"), "x")),
            ErrorKind::kUnauthorized);
  EXPECT_EQ(KindOf(io->Delete(context_, At("warehouse/t/folder_link/secret"))),
            ErrorKind::kUnauthorized);
  EXPECT_EQ(KindOf(io->List(context_, At("warehouse/t/folder_link")).status()),
            ErrorKind::kUnauthorized);
  EXPECT_TRUE(io->List(context_, At("warehouse")).ValueOrDie().empty()) << "links are not followed";
  EXPECT_EQ(CountEntries(At("outside")), 1U);
}

TEST_F(LocalFileIO, DeletingALinkLeavesWhatItLeadsTo) {
  fs::create_directories(At("warehouse"));
  Put(At("secret"), "s");
  fs::create_symlink(At("secret"), At("warehouse/link"));
  ASSERT_TRUE(MakeIO({At("warehouse")})->Delete(context_, At("warehouse/link")).ok());
  EXPECT_FALSE(fs::exists(At("warehouse/link")));
  EXPECT_TRUE(fs::exists(At("secret")));
}

TEST_F(LocalFileIO, LinksWithinTheAllowedLocationsWork) {
  fs::create_directories(At("real"));
  fs::create_directory_symlink(At("real"), At("warehouse"));
  auto by_link = MakeIO({At("warehouse")});
  ASSERT_TRUE(by_link->WriteAll(context_, At("warehouse/a/x"), "1").ok());
  EXPECT_TRUE(by_link->Exists(context_, At("real/a/x")).ValueOrDie());
  EXPECT_TRUE(MakeIO({At("real")})->Exists(context_, At("warehouse/a/x")).ValueOrDie());
}

TEST_F(LocalFileIO, AWarehouseThatIsNotThereYetCanBeAllowed) {
  auto io = MakeIO({At("new/warehouse")});
  ASSERT_TRUE(io->WriteAll(context_, At("new/warehouse/t/x"), "1").ok());
  EXPECT_EQ(KindOf(io->WriteAll(context_, At("new/other"), "1")), ErrorKind::kUnauthorized);
  EXPECT_FALSE(fs::exists(At("new/other")));
}

TEST_F(LocalFileIO, OnlyRegularFilesAreRead) {
  ASSERT_EQ(mkfifo(At("pipe").c_str(), 0600), 0);
  auto io = MakeIO();
  EXPECT_EQ(KindOf(io->ReadAll(context_, At("pipe")).status()), ErrorKind::kIo);
  EXPECT_EQ(KindOf(io->ReadAll(context_, "/dev/zero").status()), ErrorKind::kIo);
  EXPECT_EQ(KindOf(io->ReadAll(context_, folder_.path()).status()), ErrorKind::kNotFound);
}

TEST_F(LocalFileIO, FullDisksAreErrorsThatNameThePath) {
  // Opened by hand: /dev/full is no regular file, but fails as a full disk does.
  internal::FileDescriptor full = internal::OpenAt(AT_FDCWD, "/dev/full", O_WRONLY);
  ASSERT_TRUE(full.is_open());
  const uint8_t byte = 1;
  const Status status = internal::WriteFully(full.get(), &byte, 1, "/w/x.parquet");
  EXPECT_EQ(KindOf(status), ErrorKind::kIo);
  EXPECT_THAT(status.message(), HasSubstr("/w/x.parquet (No space left on device)"));
}

TEST_F(LocalFileIO, MissingRightsAreUnauthorized) {
  if (geteuid() == 0) GTEST_SKIP() << "root may do everything";
  Put(At("closed"), "x");
  fs::permissions(At("closed"), fs::perms::none);
  EXPECT_EQ(KindOf(MakeIO()->ReadAll(context_, At("closed")).status()), ErrorKind::kUnauthorized);
}

TEST_F(LocalFileIO, NamesThatAreTooLongAreErrors) {
  const Status status = MakeIO()->WriteAll(context_, At(std::string(300, 'n')), "x");
  EXPECT_EQ(KindOf(status), ErrorKind::kInvalidArgument) << status;
  EXPECT_EQ(CountEntries(folder_.path()), 0U);
}

TEST_F(LocalFileIO, NewFilesHaveTheRightsOfTheUsersMask) {
  ASSERT_TRUE(MakeIO()->WriteAll(context_, At("x"), "1").ok());
  const mode_t mask = umask(0);
  umask(mask);
  struct stat info;
  ASSERT_EQ(stat(At("x").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0666 & ~mask);
}

TEST_F(LocalFileIO, BuffersAreChargedUntilTheyAreGone) {
  ASSERT_TRUE(MakeIO()->WriteAll(context_, At("x"), std::string(5000, 'x')).ok());
  auto memory = MemoryBudget::Process()->MakeChild("scan", 6000);
  context_.memory = memory;
  auto buffer = MakeIO()->ReadAll(context_, At("x")).ValueOrDie();
  EXPECT_GE(memory->used_bytes(), 5000);
  EXPECT_EQ(KindOf(MakeIO()->ReadAll(context_, At("x")).status()), ErrorKind::kResourceExhausted);
  EXPECT_EQ(KindOf(MakeIO()->ReadRanges(context_, At("x"), {{0, 4000}}).status()),
            ErrorKind::kResourceExhausted);
  buffer.reset();
  EXPECT_EQ(memory->used_bytes(), 0);
}

/// Both ways of writing: into a file without a name, and into a temporary one.
class LocalOutputFile : public testing::TestWithParam<bool> {
 protected:
  Result<std::unique_ptr<OutputFile>> Create(const std::string& name, OverwriteMode mode) {
    const std::string path = folder_.path() + "/" + name;
    ICEFRAME_ASSIGN_OR_RETURN(auto target, internal::LocalPaths({}).MakeParent(path, path));
    return internal::MakeLocalOutputFile(context_, path, std::move(target),
                                         {.mode = mode, .use_unnamed_file = GetParam()});
  }

  TempFolder folder_;
  OperationContext context_;
};

TEST_P(LocalOutputFile, LeavesTheFileAndNothingElse) {
  for (OverwriteMode mode : {OverwriteMode::kNeverOverwrite, OverwriteMode::kOverwrite}) {
    auto file = Create("a/x", mode).ValueOrDie();
    ASSERT_TRUE(file->Write(mode == OverwriteMode::kOverwrite ? "2" : "1").ok());
    ASSERT_TRUE(file->Close().ok());
    EXPECT_EQ(CountEntries(folder_.path() + "/a"), 1U);
  }
  EXPECT_EQ(Content(folder_.path() + "/a/x"), "2");
  auto taken = Create("a/x", OverwriteMode::kNeverOverwrite).ValueOrDie();
  EXPECT_EQ(KindOf(taken->Close()), ErrorKind::kAlreadyExists);
  EXPECT_EQ(CountEntries(folder_.path() + "/a"), 1U);
  {
    auto dropped = Create("a/y", OverwriteMode::kNeverOverwrite).ValueOrDie();
  }
  EXPECT_EQ(CountEntries(folder_.path() + "/a"), 1U);
}

TEST_P(LocalOutputFile, DoesNotWriteThroughALink) {
  fs::create_symlink(folder_.path() + "/elsewhere", folder_.path() + "/link");
  auto file = Create("link", OverwriteMode::kNeverOverwrite).ValueOrDie();
  EXPECT_EQ(KindOf(file->Close()), ErrorKind::kAlreadyExists);
  EXPECT_FALSE(fs::exists(folder_.path() + "/elsewhere"));
}

INSTANTIATE_TEST_SUITE_P(Ways, LocalOutputFile, testing::Bool(),
                         [](const auto& test) { return test.param ? "Unnamed" : "Temporary"; });

}  // namespace
}  // namespace iceframe
