// SPDX-License-Identifier: Apache-2.0
#include "iceframe/net/ca_certificates.h"

#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <system_error>

namespace iceframe {

std::string FindCaCertificates(const std::string& fallback) {
  constexpr std::string_view kPlaces[] = {
      "/etc/ssl/certs/ca-certificates.crt",
      "/etc/pki/tls/certs/ca-bundle.crt",
      "/etc/ssl/ca-bundle.pem",
      "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
      "/etc/ssl/cert.pem",
  };
  const char* named = std::getenv("SSL_CERT_FILE");
  if (named != nullptr && *named != '\0') return named;
  std::error_code error;
  for (const std::string_view place : kPlaces) {
    if (std::filesystem::exists(place, error)) return std::string(place);
  }
  return fallback;
}

}  // namespace iceframe
