// SPDX-License-Identifier: Apache-2.0
#include "iceframe/services/parallel_reads.h"

#include <mutex>
#include <utility>

#include <arrow/record_batch.h>
#include <arrow/table.h>

#include "iceframe/runtime/parallel_loop.h"

namespace iceframe {

namespace {

// What one read runs under: the call's token, deadline and settings; memory and counters of its
// own.
OperationContext ContextOfRead(const OperationContext& context) {
  OperationContext own = context;
  own.memory = context.memory->MakeChild("read");
  own.counters = std::make_shared<OperationCounters>();
  own.progress = nullptr;
  return own;
}

ReadOutcome ReadOne(const OperationContext& context, const ParallelRead& read) {
  const OperationContext own = ContextOfRead(context);
  ICEFRAME_ASSIGN_OR_RETURN(auto reader, read.open(own));
  return reader->ToTable();
}

// Counts the reads that have ended.
class ReadProgress {
 public:
  ReadProgress(const OperationContext& context, int64_t total) : context_(context), total_(total) {}
  void CountOne() {
    const std::lock_guard lock(mutex_);
    context_.Report({"read", ++done_, total_, "reads"});
  }

 private:
  const OperationContext& context_;
  const int64_t total_;
  std::mutex mutex_;
  int64_t done_ = 0;
};

}  // namespace

Result<std::vector<ReadOutcome>> ReadInParallel(const OperationContext& context,
                                                const std::vector<ParallelRead>& reads,
                                                const ParallelReadOptions& options) {
  if (options.max_parallel < 1) {
    return Error(ErrorKind::kInvalidArgument, "max_parallel must be at least 1, got ",
                 options.max_parallel);
  }
  const auto count = static_cast<int64_t>(reads.size());
  std::vector<ReadOutcome> outcomes(reads.size(), ReadOutcome(Status::Cancelled("not read")));
  ReadProgress progress(context, count);
  const auto read_one = [&](int64_t index) {
    const auto i = static_cast<size_t>(index);
    outcomes[i] = ReadOne(context, reads[i]);
    if (!outcomes[i].ok()) {
      outcomes[i] = WithContext(outcomes[i].status(), reads[i].name.key, reads[i].name.value);
    }
    progress.CountOne();
    // Others go on; what ends the call is the context's to say.
    return Status::OK();
  };
  ICEFRAME_RETURN_NOT_OK(RunParallelLoop(context.executor->operations(), count, read_one,
                                         context.cancel, options.max_parallel));
  ICEFRAME_RETURN_NOT_OK(context.Check());
  return outcomes;
}

}  // namespace iceframe
