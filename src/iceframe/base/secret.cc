// SPDX-License-Identifier: Apache-2.0
#include "iceframe/base/secret.h"

#include <algorithm>
#include <array>

namespace iceframe {

namespace {

// Found anywhere in a key, its dashes taken out.
constexpr std::array<std::string_view, 10> kSecretParts = {
    "token",     "credential", "secret",           "password",      "passphrase",
    "signature", "passwd",     "connectionstring", "authorization", "serviceaccount"};
// Only as whole words: "access-key-id" and "sas" hide, "monkey" and "sasha" do not.
constexpr std::array<std::string_view, 8> kSecretWords = {
    "key", "keys", "pwd", "accountkey", "privatekey", "sas", "apikey", "accesskey"};

// Lower case, with '-', '_', '.' and '/' all as '-'.
std::string Normalized(std::string_view key) {
  std::string normalized(key);
  for (char& c : normalized) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c == '_' || c == '.' || c == '/' || c == ' ') c = '-';
  }
  return normalized;
}

bool HasWord(std::string_view text, std::string_view word) {
  for (size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const bool starts = at == 0 || text[at - 1] == '-';
    const size_t end = at + word.size();
    if (starts && (end == text.size() || text[end] == '-')) return true;
  }
  return false;
}

bool IsSchemeChar(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' ||
         c == '-' || c == '.';
}

// Where the user info that begins at `start` ends: at its '@', or npos if there is none.
size_t EndOfUserInfo(std::string_view text, size_t start) {
  const size_t end = std::min(text.find_first_of(" \t\n\"'", start), text.size());
  const std::string_view rest = text.substr(start, end - start);
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  size_t mark = authority.rfind('@');
  // A password may hold an unescaped '/': what follows ':' is then no port.
  const size_t colon = authority.find(':');
  const bool no_port =
      colon != std::string_view::npos &&
      authority.find_first_not_of("0123456789", colon + 1) != std::string_view::npos;
  if (mark == std::string_view::npos && no_port) mark = rest.rfind('@');
  return mark == std::string_view::npos ? mark : start + mark;
}

// Replaces "user:password" between every "scheme://" and its '@'.
std::string RedactUserInfo(std::string_view text) {
  std::string result;
  size_t from = 0;
  for (size_t at = text.find("://"); at != std::string_view::npos; at = text.find("://", from)) {
    const size_t start = at + 3;
    result += text.substr(from, start - from);
    from = start;
    if (at == 0 || !IsSchemeChar(text[at - 1])) continue;
    const size_t mark = EndOfUserInfo(text, start);
    if (mark == std::string_view::npos) continue;
    result += kRedacted;
    from = mark;
  }
  result += text.substr(from);
  return result;
}

bool IsKeyChar(char c) { return IsSchemeChar(c) || c == '_'; }

// Replaces the values of "key=value" pairs whose key is secret.
std::string RedactPairs(std::string_view text) {
  std::string result;
  size_t from = 0;
  for (size_t at = text.find('='); at != std::string_view::npos; at = text.find('=', from)) {
    size_t key = at;
    while (key > from && IsKeyChar(text[key - 1])) --key;
    result += text.substr(from, at + 1 - from);
    from = at + 1;
    // "/key=3/" is a partition's folder.
    const bool in_path = key > 0 && text[key - 1] == '/';
    if (in_path || !IsSecretKey(text.substr(key, at - key))) continue;
    const char quote =
        from < text.size() && (text[from] == '\'' || text[from] == '"') ? text[from] : 0;
    const size_t end =
        quote != 0 ? text.find(quote, from + 1) : text.find_first_of("&;# \t\n,", from);
    result += kRedacted;
    from = end == std::string_view::npos ? text.size() : end + (quote != 0 ? 1 : 0);
  }
  result += text.substr(from);
  return result;
}

}  // namespace

std::ostream& operator<<(std::ostream& stream, const Secret& secret) {
  return stream << (secret.empty() ? std::string_view() : kRedacted);
}

bool IsSecretKey(std::string_view key) {
  const std::string normalized = Normalized(key);
  if (normalized.starts_with("header-")) return true;
  std::string joined = normalized;
  std::erase(joined, '-');
  const bool has_part =
      std::any_of(kSecretParts.begin(), kSecretParts.end(),
                  [&](std::string_view part) { return joined.find(part) != std::string::npos; });
  if (has_part) return true;
  return std::any_of(kSecretWords.begin(), kSecretWords.end(),
                     [&](std::string_view word) { return HasWord(normalized, word); });
}

Properties RedactProperties(const Properties& properties) {
  Properties redacted;
  for (const auto& [key, value] : properties) {
    redacted.emplace(key, IsSecretKey(key) ? std::string(kRedacted) : RedactUri(value));
  }
  return redacted;
}

std::string RedactUri(std::string_view text) { return RedactPairs(RedactUserInfo(text)); }

}  // namespace iceframe
