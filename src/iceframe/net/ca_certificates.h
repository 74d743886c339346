// SPDX-License-Identifier: Apache-2.0
// Whom TLS trusts.
#pragma once

#include <string>

namespace iceframe {

/// Returns the file of CA certificates that TLS trusts where nothing names one: SSL_CERT_FILE's,
/// else the system's in the places where Linux distributions keep it, else `fallback` (a
/// package's); empty if there is none.
std::string FindCaCertificates(const std::string& fallback);

}  // namespace iceframe
