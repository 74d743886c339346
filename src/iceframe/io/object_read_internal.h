// SPDX-License-Identifier: Apache-2.0
// Reading parts of objects: near ones as one request, large ones as several at once.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include <arrow/buffer.h>
#include <arrow/util/future.h>

#include "iceframe/io/file_io.h"
#include "iceframe/io/object_request_internal.h"

namespace iceframe::internal {

using ObjectBuffers = std::vector<std::shared_ptr<arrow::Buffer>>;

/// Reads ranges on the executor's io threads; see FileIO::ReadRanges. No request is spent on the
/// object's size.
arrow::Future<ObjectBuffers> ReadObjectAsync(const OperationContext& context, ObjectPlace place,
                                             std::vector<ByteRange> ranges);

/// As ReadObjectAsync, and waits; safe on an io thread, too.
Result<ObjectBuffers> ReadObject(const OperationContext& context, ObjectPlace place,
                                 std::vector<ByteRange> ranges);

/// Reads an object whose size isn't known: a text of less than 1 MiB is one request, for others
/// the size is asked for, too. Blocks; for an io thread.
Result<std::shared_ptr<arrow::Buffer>> ReadObjectToEnd(const OperationContext& context,
                                                       const ObjectPlace& place);

/// Asks for an object's size, on this thread.
Result<int64_t> ObjectSize(const OperationContext& context, const ObjectPlace& place);

/// Whether the object is there, by reading its first byte on this thread: one request, where
/// asking for its size is more if it is not there.
Result<bool> ObjectExists(const OperationContext& context, const ObjectPlace& place);

}  // namespace iceframe::internal
