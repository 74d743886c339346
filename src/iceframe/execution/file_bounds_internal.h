// SPDX-License-Identifier: Apache-2.0
// What a data file's metadata says of a column's least and greatest value.
#pragma once

#include "iceframe/format/data_file.h"
#include "iceframe/types/type.h"

namespace iceframe {

/// A limit that no value of the column in the file goes beyond.
struct FileBound {
  /// False: anything may be in the file.
  bool is_known = false;
  /// The limit is the file's extreme itself (null: the column has no values there).
  bool is_value = false;
  Value value;
};

/// The upper limit for `is_max`, else the lower one.
///
/// Known to be a value only where both bounds are equal, or all rows are null: bounds may be looser
/// than the values. Of floats unknown unless the file counts no NaN.
FileBound BoundOf(const DataFile& file, FieldId field_id, const Type& type, bool is_max);

/// Forgets column sizes, counts and bounds, which readers don't need.
void DropStatistics(DataFile* file);

}  // namespace iceframe
