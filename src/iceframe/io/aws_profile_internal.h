// SPDX-License-Identifier: Apache-2.0
// A named profile of the files that AWS's tools keep credentials in.
#pragma once

#include <string>

#include "iceframe/base/result.h"
#include "iceframe/base/secret.h"

namespace iceframe::internal {

struct AwsProfile {
  Secret access_key_id;
  Secret secret_access_key;
  Secret session_token;
  /// Empty if the profile names none.
  std::string region;
};

/// Reads profile `name` from AWS_SHARED_CREDENTIALS_FILE (default ~/.aws/credentials) and
/// AWS_CONFIG_FILE (~/.aws/config); what the first says goes before the second.
/// Errors: InvalidArgument if there is no such profile; Unsupported if it holds no keys, as those
/// of a role or of single sign-on.
Result<AwsProfile> ReadAwsProfile(const std::string& name);

}  // namespace iceframe::internal
