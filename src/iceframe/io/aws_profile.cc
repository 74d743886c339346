// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <fstream>
#include <string_view>

#include "iceframe/base/ascii.h"
#include "iceframe/base/properties.h"
#include "iceframe/io/aws_profile_internal.h"

namespace iceframe::internal {

namespace {

std::string PathOf(const char* variable, const char* file) {
  if (const char* path = std::getenv(variable); path != nullptr && *path != '\0') return path;
  const char* home = std::getenv("HOME");
  return home == nullptr ? std::string() : std::string(home) + "/.aws/" + file;
}

/// Adds the keys of a file's section to `profile`, where they are not yet; whether there is one.
bool AddSection(const std::string& path, std::string_view section, Properties* profile) {
  std::ifstream file(path);
  std::string line;
  bool is_found = false;
  bool is_inside = false;
  while (std::getline(file, line)) {
    const std::string_view text = Trim(line);
    if (text.empty() || text.front() == '#' || text.front() == ';') continue;
    if (text.front() == '[') {
      is_inside = Trim(text.substr(1, text.find(']') - 1)) == section;
      is_found = is_found || is_inside;
      continue;
    }
    const size_t equals = text.find('=');
    if (!is_inside || equals == std::string_view::npos) continue;
    profile->emplace(Trim(text.substr(0, equals)), Trim(text.substr(equals + 1)));
  }
  return is_found;
}

std::string Taken(Properties* profile, std::string_view key) {
  const auto found = profile->find(key);
  return found == profile->end() ? std::string() : std::move(found->second);
}

}  // namespace

Result<AwsProfile> ReadAwsProfile(const std::string& name) {
  Properties keys;
  const std::string credentials = PathOf("AWS_SHARED_CREDENTIALS_FILE", "credentials");
  const std::string config = PathOf("AWS_CONFIG_FILE", "config");
  const bool has_credentials = AddSection(credentials, name, &keys);
  const std::string section = name == "default" ? name : "profile " + name;
  const bool has_config = AddSection(config, section, &keys);
  if (!has_credentials && !has_config) {
    return Error(ErrorKind::kInvalidArgument, "s3.profile-name names no profile of ", credentials,
                 " or ", config, ": ", name);
  }
  AwsProfile profile{.access_key_id = Secret(Taken(&keys, "aws_access_key_id")),
                     .secret_access_key = Secret(Taken(&keys, "aws_secret_access_key")),
                     .session_token = Secret(Taken(&keys, "aws_session_token")),
                     .region = Taken(&keys, "region")};
  if (profile.access_key_id.empty() || profile.secret_access_key.empty()) {
    return Error(ErrorKind::kUnsupported, "profile '", name,
                 "' holds no keys of its own (roles and single sign-on are found by setting the "
                 "environment variable AWS_PROFILE in place of s3.profile-name)");
  }
  return profile;
}

}  // namespace iceframe::internal
