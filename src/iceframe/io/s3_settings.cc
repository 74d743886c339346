// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdlib>
#include <initializer_list>
#include <string_view>

#include "iceframe/io/aws_profile_internal.h"
#include "iceframe/io/s3_settings_internal.h"

namespace iceframe::internal {

namespace {

/// The value of the first key that is there and not empty.
std::string Get(const Properties& properties, std::initializer_list<std::string_view> keys) {
  for (std::string_view key : keys) {
    const auto found = properties.find(key);
    if (found != properties.end() && !found->second.empty()) return found->second;
  }
  return {};
}

std::string FromEnvironment(std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return {};
}

Result<std::optional<bool>> GetBool(const Properties& properties, std::string_view key) {
  std::string value = Get(properties, {key});
  if (value.empty()) return std::nullopt;
  std::transform(value.begin(), value.end(), value.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (value == "true" || value == "1") return true;
  if (value == "false" || value == "0") return false;
  return Error(ErrorKind::kInvalidArgument, key, " must be true or false, got '", value, "'");
}

Status ReadSeconds(const Properties& properties, std::string_view key, double* seconds) {
  const std::string value = Get(properties, {key});
  if (value.empty()) return Status::OK();
  double read = 0;
  const char* end = value.data() + value.size();
  const auto [at, code] = std::from_chars(value.data(), end, read);
  if (code != std::errc() || at != end || !(read > 0) || read > 86400) {
    return Error(ErrorKind::kInvalidArgument, key, " must be a number of seconds in 0 to 86400",
                 ", got '", value, "'");
  }
  *seconds = read;
  return Status::OK();
}

Status ReadEndpoint(const Properties& properties, S3Settings* settings) {
  std::string endpoint = Get(properties, {"s3.endpoint"});
  if (endpoint.empty()) endpoint = FromEnvironment({"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"});
  if (endpoint.empty()) return Status::OK();
  const std::string given = RedactUri(endpoint);
  if (const size_t colon = endpoint.find("://"); colon != std::string::npos) {
    settings->scheme = endpoint.substr(0, colon);
    endpoint.erase(0, colon + 3);
  }
  while (endpoint.ends_with('/')) endpoint.pop_back();
  const bool is_known = settings->scheme == "http" || settings->scheme == "https";
  if (!is_known || endpoint.empty() || endpoint.find_first_of("@?# \t\r\n") != std::string::npos) {
    return Error(ErrorKind::kInvalidArgument,
                 "s3.endpoint must be 'http://HOST:PORT' or 'https://HOST:PORT', got '", given,
                 "'");
  }
  settings->endpoint = std::move(endpoint);
  return Status::OK();
}

Status ReadCredentials(const Properties& properties, S3Settings* settings) {
  settings->access_key_id = Secret(Get(properties, {"s3.access-key-id", "client.access-key-id"}));
  settings->secret_access_key =
      Secret(Get(properties, {"s3.secret-access-key", "client.secret-access-key"}));
  settings->session_token = Secret(Get(properties, {"s3.session-token", "client.session-token"}));
  if (settings->access_key_id.empty() != settings->secret_access_key.empty()) {
    return Error(ErrorKind::kInvalidArgument,
                 "s3.access-key-id and s3.secret-access-key must be given together");
  }
  ICEFRAME_ASSIGN_OR_RETURN(const std::optional<bool> anonymous,
                            GetBool(properties, "s3.anonymous"));
  settings->is_anonymous = anonymous.value_or(false);
  settings->role_arn = Get(properties, {"s3.role-arn", "client.role-arn"});
  settings->role_session_name =
      Get(properties, {"s3.role-session-name", "client.role-session-name"});
  settings->role_external_id = Get(properties, {"s3.role-external-id"});
  if (!settings->role_arn.empty() && !settings->access_key_id.empty()) {
    return Error(ErrorKind::kInvalidArgument,
                 "s3.role-arn is assumed with the credentials of the environment: take "
                 "s3.access-key-id and s3.secret-access-key away, or the role");
  }
  const std::string profile = Get(properties, {"s3.profile-name", "client.profile-name"});
  if (profile.empty() || !settings->access_key_id.empty() || settings->is_anonymous) {
    return Status::OK();
  }
  ICEFRAME_ASSIGN_OR_RETURN(AwsProfile found, ReadAwsProfile(profile));
  settings->access_key_id = std::move(found.access_key_id);
  settings->secret_access_key = std::move(found.secret_access_key);
  settings->session_token = std::move(found.session_token);
  settings->region = std::move(found.region);
  return Status::OK();
}

Status ReadAddressing(const Properties& properties, S3Settings* settings) {
  ICEFRAME_ASSIGN_OR_RETURN(const std::optional<bool> path_style,
                            GetBool(properties, "s3.path-style-access"));
  ICEFRAME_ASSIGN_OR_RETURN(const std::optional<bool> is_virtual,
                            GetBool(properties, "s3.force-virtual-addressing"));
  if (path_style.has_value() && is_virtual.has_value() && *path_style == *is_virtual) {
    return Error(ErrorKind::kInvalidArgument,
                 "s3.path-style-access and s3.force-virtual-addressing contradict each other");
  }
  // Servers other than AWS's are rarely reached by a host name for each bucket.
  bool virtual_by_default = settings->endpoint.empty();
  if (path_style.has_value()) virtual_by_default = !*path_style;
  settings->has_virtual_addressing = is_virtual.value_or(virtual_by_default);
  return Status::OK();
}

Status RefuseSigning(const Properties& properties) {
  ICEFRAME_ASSIGN_OR_RETURN(const std::optional<bool> remote,
                            GetBool(properties, "s3.remote-signing-enabled"));
  if (!remote.value_or(false) && Get(properties, {"s3.signer"}).empty()) return Status::OK();
  return Error(ErrorKind::kUnsupported,
               "requests to S3 can't be signed by the catalog: have it hand out credentials, or "
               "set s3.access-key-id and s3.secret-access-key, and take s3.signer and "
               "s3.remote-signing-enabled away");
}

}  // namespace

Result<S3Settings> ReadS3Settings(const Properties& properties) {
  S3Settings settings;
  ICEFRAME_RETURN_NOT_OK(RefuseSigning(properties));
  ICEFRAME_RETURN_NOT_OK(ReadEndpoint(properties, &settings));
  ICEFRAME_RETURN_NOT_OK(ReadCredentials(properties, &settings));
  ICEFRAME_RETURN_NOT_OK(ReadAddressing(properties, &settings));
  ICEFRAME_RETURN_NOT_OK(
      ReadSeconds(properties, "s3.connect-timeout", &settings.connect_timeout_seconds));
  ICEFRAME_RETURN_NOT_OK(
      ReadSeconds(properties, "s3.request-timeout", &settings.request_timeout_seconds));
  const std::string region = Get(properties, {"s3.region", "client.region"});
  if (!region.empty()) settings.region = region;
  if (settings.region.empty()) {
    settings.region = FromEnvironment({"AWS_REGION", "AWS_DEFAULT_REGION"});
  }
  settings.proxy_uri = Secret(Get(properties, {"s3.proxy-uri"}));
  settings.ca_file = Get(properties, {"s3.ca-file"});
  if (settings.ca_file.empty()) settings.ca_file = FromEnvironment({"SSL_CERT_FILE"});
  return settings;
}

}  // namespace iceframe::internal
