// SPDX-License-Identifier: Apache-2.0
// Chunked reads: the rows of one scan in frames of one size.
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/variant.h>

#include "iceframe/execution/row_chunks.h"
#include "iceframe/runtime/executor.h"
#include "iceframe/runtime/memory_budgets.h"

#include "bindings.h"
#include "casters/result.h"
#include "engine_call.h"
#include "rows.h"

namespace nb = nanobind;

namespace iceframe::python {

namespace {

class ChunkStream {
 public:
  ChunkStream(RowChunks chunks, Operation operation)
      : chunks_(std::make_shared<RowChunks>(std::move(chunks))), operation_(std::move(operation)) {}
  ~ChunkStream() { Close(); }
  ChunkStream(const ChunkStream&) = delete;
  ChunkStream& operator=(const ChunkStream&) = delete;

  // nullopt at the end, and once it was closed.
  Result<std::optional<Rows>> Next() {
    // Kept while another thread may close the stream.
    const std::shared_ptr<RowChunks> chunks = chunks_;
    if (chunks == nullptr) return std::nullopt;
    std::optional<Rows> rows;
    const Status status =
        RunCall(operation_, CallWork([&](CallerThread&) -> Status {
                  std::lock_guard lock(reading_);
                  ICEFRAME_ASSIGN_OR_RETURN(const auto table, chunks->Next());
                  if (table == nullptr) return Status::OK();
                  rows.emplace(Rows{table->schema(), {}});
                  return arrow::TableBatchReader(*table).ToRecordBatches().Value(&rows->batches);
                }));
    if (!status.ok() || !rows) Close();
    if (!status.ok()) return status;
    return rows;
  }

  void Close() {
    auto chunks = std::exchange(chunks_, nullptr);
    if (chunks == nullptr || IsProcessExiting()) return;
    // Waits for what the scan has under way.
    const nb::gil_scoped_release released;
    chunks.reset();
  }

 private:
  // Changed with the GIL only.
  std::shared_ptr<RowChunks> chunks_;
  // Readers have one consumer at a time.
  std::mutex reading_;
  Operation operation_;
};

// `memory`: a budget that is charged beside the session's, if any.
Result<std::shared_ptr<ChunkStream>> ReadChunks(Session& session, const TableArgument& table,
                                                const ReadRequest& request, int64_t chunk_rows,
                                                const std::shared_ptr<MemoryBudget>& memory) {
  ICEFRAME_ASSIGN_OR_RETURN(ScanOptions options, ToScanOptions(request));
  if (chunk_rows > 0) {
    options.delivery.batch_rows = BatchRowsForChunks(chunk_rows, options.delivery.batch_rows);
  }
  OperationContext context = session.NewOperation();
  if (memory != nullptr) {
    context.memory = MakeChildOfBoth("chunked read", context.memory, memory);
  }
  Operation operation = MakeOperation(std::move(context));
  ICEFRAME_ASSIGN_OR_RETURN(
      auto chunks, RunCall<RowChunks>(operation, [&](CallerThread&) -> Result<RowChunks> {
        ICEFRAME_ASSIGN_OR_RETURN(
            auto reader,
            std::visit(
                [&](const auto& which) { return session.Scan(operation.context, which, options); },
                table));
        return RowChunks::Make(std::move(reader), chunk_rows);
      }));
  return std::make_shared<ChunkStream>(std::move(chunks), std::move(operation));
}

}  // namespace

void BindChunks(nb::module_& module) {
  nb::class_<ChunkStream>(module, "ChunkStream", "The rows of one scan in chunks, read once.")
      .def("next_chunk", &ChunkStream::Next, "The next chunk, None at the end.")
      .def("close", &ChunkStream::Close, "Stops the scan; chunks handed out stay.");
  module.def("read_chunks", &ReadChunks, nb::arg("session"), nb::arg("table"), nb::arg("request"),
             nb::arg("chunk_rows"), nb::arg("memory").none(),
             "Plans a scan; its rows come in chunks of exactly chunk_rows.");
}

}  // namespace iceframe::python
