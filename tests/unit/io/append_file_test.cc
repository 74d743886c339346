// SPDX-License-Identifier: Apache-2.0
#include "iceframe/io/append_file.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <fstream>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "support/temp_folder.h"

namespace iceframe {
namespace {

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(AppendFile, GrowsAtItsEnd) {
  const TempFolder folder;
  const std::string path = folder.path() + "/log";
  auto file = CreateAppendFile(path).ValueOrDie();
  ASSERT_TRUE(file->Append("ab").ok());
  ASSERT_TRUE(file->Append("cd").ok());
  ASSERT_TRUE(file->Sync().ok());
  EXPECT_EQ(file->num_bytes(), 4);
  EXPECT_EQ(ReadFile(path), "abcd");
}

TEST(AppendFile, GoesOnWhereItWasCutOff) {
  const TempFolder folder;
  const std::string path = folder.path() + "/log";
  auto file = CreateAppendFile(path).ValueOrDie();
  ASSERT_TRUE(file->Append("abcd").ok());
  ASSERT_TRUE(file->Truncate(1).ok());
  ASSERT_TRUE(file->Append("x").ok());
  EXPECT_EQ(ReadFile(path), "ax");
}

TEST(AppendFile, IsForThisUserAloneAndNeverTakesAnothersPlace) {
  const TempFolder folder;
  const std::string path = folder.path() + "/log";
  auto file = CreateAppendFile(path).ValueOrDie();
  struct stat made;
  ASSERT_EQ(stat(path.c_str(), &made), 0);
  EXPECT_EQ(made.st_mode & 0777, 0600U);
  EXPECT_EQ(KindOf(CreateAppendFile(path).status()), ErrorKind::kAlreadyExists);
}

TEST(AppendFile, NamesTheFolderThatIsMissing) {
  const TempFolder folder;
  const Status status = CreateAppendFile(folder.path() + "/none/log").status();
  EXPECT_EQ(KindOf(status), ErrorKind::kNotFound);
  EXPECT_NE(status.message().find("/none/"), std::string::npos) << status.message();
}

// A limit on the size of files stands for a full disk: part of the data fits.
TEST(AppendFile, KeepsNothingOfWhatHasNoRoom) {
  const TempFolder folder;
  const std::string path = folder.path() + "/log";
  auto file = CreateAppendFile(path).ValueOrDie();
  ASSERT_TRUE(file->Append("abcd").ok());
  rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit tight = before;
  tight.rlim_cur = 6;
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &tight), 0);
  const Status refused = file->Append("efgh");
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(KindOf(refused), ErrorKind::kResourceExhausted) << refused.message();
  EXPECT_EQ(ReadFile(path), "abcd");
  ASSERT_TRUE(file->Append("xy").ok());
  EXPECT_EQ(ReadFile(path), "abcdxy");
}

}  // namespace
}  // namespace iceframe
