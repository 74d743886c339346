// SPDX-License-Identifier: Apache-2.0
// The order of rows by key columns.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include <arrow/type_fwd.h>

#include "iceframe/base/result.h"

namespace iceframe {

/// One key of an order. Integers, decimals, dates and times are ordered by number, text and bytes
/// (wide ones too) by bytes, false before true; nulls are all equal.
struct OrderKey {
  /// Neither floats, which have more than one order, nor extension types, dictionaries or nested
  /// ones.
  std::shared_ptr<arrow::Array> values;
  bool descending = false;
  bool nulls_last = false;
};

/// Says whether to go on.
using CheckFunction = std::function<Status()>;

/// The positions (uint32) of rows in the order of their keys, first key first; rows of equal keys
/// stay in order. Takes 18 bytes a row of `pool`. At least one key, all of one length.
///
/// Asks `check` again at least once per 64 Ki rows of each step of its work, and ends with its
/// error.
/// Errors: Unsupported for other types of keys; ResourceExhausted, also for 2^32 rows.
Result<std::shared_ptr<arrow::Array>> OrderRows(const std::vector<OrderKey>& keys,
                                                arrow::MemoryPool* pool,
                                                const CheckFunction& check);

}  // namespace iceframe
