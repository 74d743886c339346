// SPDX-License-Identifier: Apache-2.0
// URLs: their parts, and text in them.
#include <algorithm>

#include "iceframe/net/http_connection.h"

namespace iceframe {

namespace {

constexpr char kDigits[] = "0123456789ABCDEF";

bool IsUnreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

int DigitOf(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

size_t SchemeLength(std::string_view url) {
  return url.starts_with("https://") ? 8 : url.starts_with("http://") ? 7 : 0;
}

std::string_view Authority(std::string_view url) {
  const std::string_view rest = url.substr(SchemeLength(url));
  return rest.substr(0, rest.find_first_of("/?#"));
}

}  // namespace

std::string PercentEncode(std::string_view text) {
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    if (IsUnreserved(c)) {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded += '%';
    encoded += kDigits[byte >> 4];
    encoded += kDigits[byte & 15];
  }
  return encoded;
}

std::string PercentDecode(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool has_digits = text[i] == '%' && i + 2 < text.size() && DigitOf(text[i + 1]) >= 0 &&
                            DigitOf(text[i + 2]) >= 0;
    if (!has_digits) {
      decoded += text[i];
      continue;
    }
    decoded += static_cast<char>(DigitOf(text[i + 1]) * 16 + DigitOf(text[i + 2]));
    i += 2;
  }
  return decoded;
}

std::string HostOfUrl(std::string_view url) {
  std::string_view authority = Authority(url);
  if (const size_t at = authority.rfind('@'); at != std::string_view::npos) {
    authority.remove_prefix(at + 1);
  }
  const bool is_bracketed = authority.starts_with('[');
  const size_t end = is_bracketed ? authority.find(']') : authority.find(':');
  std::string host(
      authority.substr(0, is_bracketed && end != std::string_view::npos ? end + 1 : end));
  std::transform(host.begin(), host.end(), host.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return host;
}

bool IsLoopbackHost(std::string_view host) {
  const bool is_address =
      host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos;
  return host == "localhost" || host == "[::1]" || is_address;
}

Status CheckHttpUrl(std::string_view what, const std::string& url) {
  if (Authority(url).find('@') != std::string_view::npos) {
    return Error(ErrorKind::kInvalidArgument, what,
                 " has a user in it; give user and password apart");
  }
  const bool is_odd =
      std::any_of(url.begin(), url.end(), [](char c) { return c >= 0 && c <= ' '; }) ||
      url.find_first_of("?#\x7f") != std::string::npos;
  if (SchemeLength(url) != 0 && !HostOfUrl(url).empty() && !is_odd) return Status::OK();
  return Error(ErrorKind::kInvalidArgument, what, " must be http://… or https://…, got '",
               RedactUri(url), "'");
}

}  // namespace iceframe
