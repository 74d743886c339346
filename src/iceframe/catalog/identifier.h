// SPDX-License-Identifier: Apache-2.0
// Names of namespaces and tables: their text form, and which ones may be given to something new.
#pragma once

#include <string>
#include <string_view>

#include "iceframe/base/result.h"
#include "iceframe/catalog/catalog.h"

namespace iceframe {

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
