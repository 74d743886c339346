// SPDX-License-Identifier: Apache-2.0
// Names of namespaces and tables: their text form, and which ones may be given to something new.
#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <vector>

#include "iceframe/base/result.h"

namespace iceframe {

/// The levels of a namespace, e.g. {"a", "b"} for a.b.
using Namespace = std::vector<std::string>;

struct TableIdentifier {
  Namespace name_space;
  std::string name;

  /// "a.b.t"
  std::string ToString() const;
  /// Splits at dots; the last part is the table. Errors: InvalidArgument for empty parts.
  static Result<TableIdentifier> Parse(std::string_view text);
  auto operator<=>(const TableIdentifier&) const = default;
};

/// "a.b"
std::string ToString(const Namespace& name_space);

/// Splits at dots; "" is the empty namespace. Errors: InvalidArgument for empty parts.
Result<Namespace> ParseNamespace(std::string_view text);

/// Checks that a namespace can be looked up: it has levels and none is empty.
Status CheckNamespace(const Namespace& name_space);
Status CheckIdentifier(const TableIdentifier& identifier);

/// Checks a name that becomes part of a path: at most 255 bytes of UTF-8, not empty, "." or "..",
/// without dots, slashes, backslashes and control characters. Errors: InvalidArgument.
Status CheckNewNamespace(const Namespace& name_space);
Status CheckNewIdentifier(const TableIdentifier& identifier);

}  // namespace iceframe
