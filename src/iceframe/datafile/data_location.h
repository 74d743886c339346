// SPDX-License-Identifier: Apache-2.0
// Where data files go.
#pragma once

#include <string>
#include <string_view>

#include "iceframe/datafile/write_properties.h"

namespace iceframe {

/// Gives locations for new data files: `{data path}/{partition path}/{name}`, or with the object
/// storage layout `{data path}/{hash of the name}/{partition path}/{name}`, so that the load is
/// spread over key prefixes. Spec: none; the reference implementation's layout.
class DataLocation {
 public:
  DataLocation(std::string_view table_location, const WriteProperties& properties);

  /// A folder's name above 255 bytes is cut and ends in a hash of the whole: local file systems
  /// take no longer one.
  std::string Make(std::string_view partition_path, std::string_view name) const;

 private:
  std::string data_path_;
  bool object_storage_;
  bool partitioned_paths_;
};

/// A random name prefix as other writers make them: "00000-0-<uuid>".
std::string MakeFileNamePrefix();

}  // namespace iceframe
