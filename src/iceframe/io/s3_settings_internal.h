// SPDX-License-Identifier: Apache-2.0
// What the properties of a catalog or table say of an S3 store.
#pragma once

#include <optional>
#include <string>

#include "iceframe/base/properties.h"
#include "iceframe/base/result.h"
#include "iceframe/base/secret.h"

namespace iceframe::internal {

/// How to reach an S3 store and as whom. Without a key, role or `is_anonymous`, credentials come
/// from where AWS's own tools find them: environment, profile files, the machine's role.
struct S3Settings {
  /// "host:port" with an optional path; empty: AWS.
  std::string endpoint;
  /// "https" or "http".
  std::string scheme = "https";
  std::string region;
  Secret access_key_id;
  Secret secret_access_key;
  Secret session_token;
  bool is_anonymous = false;
  std::string role_arn;
  std::string role_session_name;
  std::string role_external_id;
  /// Buckets as part of the host name ("bucket.host") rather than of the path.
  bool has_virtual_addressing = true;
  Secret proxy_uri;
  /// PEM file with certificates of authorities; empty: SSL_CERT_FILE, then the system's.
  std::string ca_file;
  double connect_timeout_seconds = 10;
  double request_timeout_seconds = 60;

  bool operator==(const S3Settings&) const = default;
};

/// Reads PyIceberg's and Java's keys: s3.endpoint, s3.region, s3.access-key-id,
/// s3.secret-access-key, s3.session-token, s3.anonymous, s3.role-arn, s3.role-session-name,
/// s3.profile-name, s3.path-style-access, s3.force-virtual-addressing, s3.proxy-uri,
/// s3.connect-timeout, s3.request-timeout, s3.ca-file, and client.… for those that both have.
/// Errors: InvalidArgument, naming the key; Unsupported for signing by a catalog.
Result<S3Settings> ReadS3Settings(const Properties& properties);

}  // namespace iceframe::internal
