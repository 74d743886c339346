// SPDX-License-Identifier: Apache-2.0
// What must not be seen: a string that can't be printed, and properties and URIs made safe to
// show in messages, logs and reprs.
#pragma once

#include <ostream>
#include <string>
#include <string_view>
#include <utility>

#include "iceframe/base/properties.h"

namespace iceframe {

/// What stands in place of a secret.
inline constexpr std::string_view kRedacted = "***";

/// A string that prints as "***". Whoever needs the text says so with `Reveal`.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}

  bool empty() const { return text_.empty(); }
  const std::string& Reveal() const { return text_; }

  bool operator==(const Secret&) const = default;

 private:
  std::string text_;
};

std::ostream& operator<<(std::ostream& stream, const Secret& secret);

/// Returns whether a property of that key holds a credential: it contains token, credential,
/// secret, password, passphrase, passwd, signature, connection-string, service-account or
/// authorization, has "key", "keys", "pwd" or "sas" as a word, or begins with "header." (either
/// case; '-', '_' and '.' alike).
bool IsSecretKey(std::string_view key);

/// Returns the properties with the values of secret keys replaced by "***" and the others passed
/// through RedactUri.
Properties RedactProperties(const Properties& properties);

/// Returns `text` without credentials: in every "scheme://user:password@host" the user info
/// becomes "***", and so do the values of secret keys in "?key=value&…" of a URI or in a
/// "key=value;…" or "key=value …" connection string.
std::string RedactUri(std::string_view text);

}  // namespace iceframe
