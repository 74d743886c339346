// SPDX-License-Identifier: Apache-2.0
// Tables as a REST server gave them last, so that what did not change is not sent and read again.
#pragma once

#include <memory>
#include <string>

#include "iceframe/catalog/catalog.h"
#include "iceframe/net/http_connection.h"

namespace iceframe {

/// A table, and the tag (ETag) by which the server knows that state again.
struct TaggedTable {
  std::string tag;
  LoadedTable table;
};

/// Those of one server. They count as table metadata does among the process's caches. Thread-safe.
class TaggedTables {
 public:
  TaggedTables();

  /// What a request of that path and query got last; nullptr: it is not held.
  std::shared_ptr<const TaggedTable> Find(const std::string& request) const;
  /// Holds a table where the answer has a tag. One that comes with secrets is never held: the
  /// server would leave out new ones, and the old ones end.
  void Keep(const std::string& request, const HttpAnswer& answer, const LoadedTable& table,
            size_t text_size);

 private:
  /// Of this server's keys among those of others.
  const std::string prefix_;
};

}  // namespace iceframe
