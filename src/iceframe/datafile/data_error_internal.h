// SPDX-License-Identifier: Apache-2.0
// What libparquet says went wrong, in our words.
#pragma once

#include <exception>
#include <new>
#include <string>

#include <parquet/exception.h>

#include "iceframe/base/result.h"

namespace iceframe::internal {

/// Returns `status` as an error about the file: what libparquet found wrong with the bytes is
/// InvalidData, a codec or encoding it lacks is Unsupported; our own errors, memory limits and
/// cancelling stay what they are.
Status DataError(const Status& status, const std::string& location);

/// Calls `body`, which may throw as libparquet does, and gives its outcome by DataError.
template <typename Body>
auto CatchDataErrors(const std::string& location, Body&& body) -> decltype(body()) {
  Status failed;
  try {
    auto outcome = body();
    if (outcome.ok()) return outcome;
    if constexpr (std::is_same_v<decltype(body()), Status>) {
      failed = outcome;
    } else {
      failed = outcome.status();
    }
  } catch (const parquet::ParquetStatusException& error) {
    failed = error.status();
  } catch (const std::bad_alloc&) {
    failed = Status::OutOfMemory("out of memory");
  } catch (const std::exception& error) {
    failed = Status::Invalid(error.what());
  }
  return DataError(failed, location);
}

}  // namespace iceframe::internal
