// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iceframe/base/shared_library_internal.h"

namespace iceframe::internal {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

constexpr const char* kVariable = "ICEFRAME_TEST_SOME_LIBRARY";

SharedLibraryPlaces LibM() {
  return {.what = "libm, which computes,",
          .variable = kVariable,
          .carried = "_none/libnone.so.1",
          .system = {"libthatnobodyhas.so.9", "libm.so.6"},
          .package = "Debian: libc6"};
}

class SharedLibraryTest : public testing::Test {
 protected:
  void TearDown() override { unsetenv(kVariable); }
};

TEST_F(SharedLibraryTest, TheFirstThatThereIs) {
  const auto library = SharedLibrary::LoadFirst(LibM());
  ASSERT_TRUE(library.ok()) << library.status();
  EXPECT_THAT(library->path(), EndsWith("/libm.so.6"));
  double (*cosine)(double) = nullptr;
  ASSERT_TRUE(library->Bind("cos", &cosine).ok());
  EXPECT_EQ(cosine(0), 1);
}

TEST_F(SharedLibraryTest, TheVariableAlone) {
  setenv(kVariable, "/nowhere/libm.so.6", 1);
  const Status status = SharedLibrary::LoadFirst(LibM()).status();
  EXPECT_EQ(KindOf(status), ErrorKind::kUnsupported);
  EXPECT_THAT(status.message(), HasSubstr("libm, which computes, can't be loaded: /nowhere/"));
  EXPECT_THAT(status.message(), HasSubstr("install it (Debian: libc6), or name its file in "
                                          "ICEFRAME_TEST_SOME_LIBRARY"));
  setenv(kVariable, "", 1);
  EXPECT_TRUE(SharedLibrary::LoadFirst(LibM()).ok());
}

TEST_F(SharedLibraryTest, AFunctionThatItLacks) {
  const auto library = SharedLibrary::LoadFirst(LibM());
  ASSERT_TRUE(library.ok()) << library.status();
  void (*function)() = nullptr;
  const Status status = library->Bind("rd_kafka_new", &function);
  EXPECT_EQ(KindOf(status), ErrorKind::kUnsupported);
  EXPECT_THAT(status.message(), HasSubstr("it lacks rd_kafka_new"));
  EXPECT_THAT(status.message(), HasSubstr("libm.so.6"));
  EXPECT_EQ(function, nullptr);
}

}  // namespace
}  // namespace iceframe::internal
