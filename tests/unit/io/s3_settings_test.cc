// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iceframe/io/s3_settings_internal.h"

#include "support/temp_folder.h"

namespace iceframe::internal {
namespace {

using testing::HasSubstr;

/// Keeps the machine's own settings of AWS out, and puts back what it changed.
class S3SettingsTest : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_REGION",
                             "AWS_DEFAULT_REGION", "SSL_CERT_FILE"}) {
      unsetenv(name);
    }
    Write("credentials",
          "[work]\naws_access_key_id = id-of-work\naws_secret_access_key=secret=of-work\n"
          "# a comment\n[other]\nrole_arn = x\n");
    Write("config", "[profile work]\nregion = eu-north-1\naws_access_key_id = not-this\n");
    setenv("AWS_SHARED_CREDENTIALS_FILE", (folder_.path() + "/credentials").c_str(), 1);
    setenv("AWS_CONFIG_FILE", (folder_.path() + "/config").c_str(), 1);
  }

  void Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_.path() + "/" + name) << text;
  }

  TempFolder folder_;
};

TEST_F(S3SettingsTest, ReadsPyIcebergsKeys) {
  const S3Settings settings = ReadS3Settings({{"s3.endpoint", "http://host:9000/"},
                                              {"s3.access-key-id", "id"},
                                              {"s3.secret-access-key", "secret"},
                                              {"s3.session-token", "token"},
                                              {"s3.region", "eu-west-3"},
                                              {"s3.connect-timeout", "2.5"},
                                              {"uri", "sqlite:///x"}})
                                  .ValueOrDie();
  EXPECT_EQ(settings.endpoint, "host:9000");
  EXPECT_EQ(settings.scheme, "http");
  EXPECT_EQ(settings.access_key_id.Reveal(), "id");
  EXPECT_EQ(settings.secret_access_key.Reveal(), "secret");
  EXPECT_EQ(settings.session_token.Reveal(), "token");
  EXPECT_EQ(settings.region, "eu-west-3");
  EXPECT_EQ(settings.connect_timeout_seconds, 2.5);
  EXPECT_FALSE(settings.has_virtual_addressing) << "a server of one's own has paths";
}

TEST_F(S3SettingsTest, ClientKeysStandInForThoseOfS3) {
  const S3Settings settings = ReadS3Settings({{"client.access-key-id", "id"},
                                              {"client.secret-access-key", "secret"},
                                              {"client.region", "r"}})
                                  .ValueOrDie();
  EXPECT_EQ(settings.access_key_id.Reveal(), "id");
  EXPECT_EQ(settings.region, "r");
  EXPECT_TRUE(settings.has_virtual_addressing);
}

TEST_F(S3SettingsTest, TakesKeysAndRegionOfAProfile) {
  const S3Settings settings = ReadS3Settings({{"s3.profile-name", "work"}}).ValueOrDie();
  EXPECT_EQ(settings.access_key_id.Reveal(), "id-of-work");
  EXPECT_EQ(settings.secret_access_key.Reveal(), "secret=of-work");
  EXPECT_EQ(settings.region, "eu-north-1");
  EXPECT_EQ(KindOf(ReadS3Settings({{"s3.profile-name", "none"}}).status()),
            ErrorKind::kInvalidArgument);
  EXPECT_EQ(KindOf(ReadS3Settings({{"s3.profile-name", "other"}}).status()),
            ErrorKind::kUnsupported);
}

TEST_F(S3SettingsTest, SaysHowBucketsAreAddressed) {
  EXPECT_FALSE(
      ReadS3Settings({{"s3.path-style-access", "true"}}).ValueOrDie().has_virtual_addressing);
  EXPECT_TRUE(
      ReadS3Settings({{"s3.endpoint", "https://h"}, {"s3.force-virtual-addressing", "true"}})
          .ValueOrDie()
          .has_virtual_addressing);
  EXPECT_EQ(KindOf(ReadS3Settings(
                       {{"s3.path-style-access", "true"}, {"s3.force-virtual-addressing", "true"}})
                       .status()),
            ErrorKind::kInvalidArgument);
}

TEST_F(S3SettingsTest, RefusesWhatCannotBeMeantAndShowsNoSecret) {
  const std::vector<std::pair<Properties, std::string>> wrong = {
      {{{"s3.endpoint", "ftp://h"}}, "s3.endpoint"},
      {{{"s3.endpoint", "http://"}}, "s3.endpoint"},
      {{{"s3.endpoint", "http://user:canary@h"}}, "s3.endpoint"},
      {{{"s3.secret-access-key", "canary"}}, "given together"},
      {{{"s3.anonymous", "perhaps"}}, "s3.anonymous"},
      {{{"s3.request-timeout", "-1"}}, "s3.request-timeout"},
      {{{"s3.access-key-id", "i"}, {"s3.secret-access-key", "canary"}, {"s3.role-arn", "r"}},
       "s3.role-arn"},
  };
  for (const auto& [properties, name] : wrong) {
    const Status status = ReadS3Settings(properties).status();
    EXPECT_EQ(KindOf(status), ErrorKind::kInvalidArgument) << name;
    EXPECT_THAT(status.message(), HasSubstr(name));
    EXPECT_THAT(status.message(), testing::Not(HasSubstr("canary")));
  }
  EXPECT_EQ(KindOf(ReadS3Settings({{"s3.remote-signing-enabled", "true"}}).status()),
            ErrorKind::kUnsupported);
}

}  // namespace
}  // namespace iceframe::internal
