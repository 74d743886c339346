// SPDX-License-Identifier: Apache-2.0
// Caches tables of a REST server by ETag, so that unchanged ones are not sent and parsed again.
#pragma once

#include <memory>
#include <string>

#include "iceframe/catalog/catalog.h"
#include "iceframe/net/http_connection.h"

namespace iceframe {

/// A table and the ETag of the answer that it came in.
struct TaggedTable {
  std::string tag;
  LoadedTable table;
};

/// The cached tables of one server, in the process's shared caches. Thread-safe.
class TaggedTables {
 public:
  TaggedTables();

  /// Returns what the request (path and query) got last, or nullptr.
  std::shared_ptr<const TaggedTable> Find(const std::string& request) const;
  /// Caches a table whose answer has an ETag, unless it came with credentials: those expire, and a
  /// 304 brings no new ones.
  void Keep(const std::string& request, const HttpAnswer& answer, const LoadedTable& table,
            size_t text_size);

 private:
  /// Keeps this server's keys apart from those of others.
  const std::string prefix_;
};

}  // namespace iceframe
