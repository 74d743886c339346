// SPDX-License-Identifier: Apache-2.0
#include "support/counting_file_io.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <utility>

#include "iceframe/io/coalesce_internal.h"
#include "iceframe/runtime/wait.h"

namespace iceframe {

namespace {

constexpr std::chrono::minutes kHold(1);

}  // namespace

struct CountingFileIO::State {
  State(std::shared_ptr<FileIO> base_io, std::chrono::milliseconds request_latency)
      : base(std::move(base_io)), latency(request_latency) {}

  /// Runs `work` as one request.
  template <typename Work>
  auto Run(const OperationContext& context, RequestKind kind, const std::string& location,
           ByteRange range, Work&& work) -> decltype(work()) {
    const int depth = Begin(kind, location, range);
    Status waited = latency.count() > 0 ? context.Sleep(latency) : Status::OK();
    if (waited.ok()) waited = WaitForOthers(context, location);
    if (!waited.ok()) {
      End(depth);
      return waited;
    }
    auto result = work();
    End(depth);
    return result;
  }

  Status WaitForOthers(const OperationContext& context, const std::string& location) {
    const auto end = std::chrono::steady_clock::now() + kHold;
    if (location.find(held) == std::string::npos || num_passed++ < num_passing) {
      return Status::OK();
    }
    while (LacksOthers() && std::chrono::steady_clock::now() < end) {
      ICEFRAME_RETURN_NOT_OK(context.Sleep(std::chrono::milliseconds(1)));
    }
    return Status::OK();
  }

  bool LacksOthers() {
    std::lock_guard lock(mutex);
    return most_in_flight < wanted_in_flight;
  }

  int Begin(RequestKind kind, const std::string& location, ByteRange range) {
    std::lock_guard lock(mutex);
    const int depth = deepest_ended + 1;
    requests.push_back({kind, location, range, depth});
    deepest_begun = std::max(deepest_begun, depth);
    most_in_flight = std::max(most_in_flight, ++in_flight);
    return depth;
  }

  void End(int depth) {
    std::lock_guard lock(mutex);
    --in_flight;
    deepest_ended = std::max(deepest_ended, depth);
  }

  const std::shared_ptr<FileIO> base;
  const std::chrono::milliseconds latency;
  mutable std::mutex mutex;
  std::vector<RecordedRequest> requests;
  int in_flight = 0;
  int wanted_in_flight = 0;
  /// Set while no request is running.
  std::string held;
  int num_passing = 0;
  std::atomic<int> num_passed = 0;
  int most_in_flight = 0;
  int deepest_begun = 0;
  int deepest_ended = 0;
};

/// A file is one request, when it is closed.
class CountingFileIO::OutputFileWrapper final : public OutputFile {
 public:
  OutputFileWrapper(OperationContext context, std::string location,
                    std::unique_ptr<OutputFile> base, std::shared_ptr<State> state)
      : context_(std::move(context)),
        location_(std::move(location)),
        base_(std::move(base)),
        state_(std::move(state)) {}

  Status Write(const std::shared_ptr<arrow::Buffer>& data) override { return base_->Write(data); }
  Status Write(std::string_view data) override { return base_->Write(data); }
  int64_t num_bytes() const override { return base_->num_bytes(); }
  Status Close() override {
    return state_->Run(context_, RequestKind::kPut, location_, {0, base_->num_bytes()},
                       [&] { return base_->Close(); });
  }
  void Abort() override { base_->Abort(); }

 private:
  const OperationContext context_;
  const std::string location_;
  const std::unique_ptr<OutputFile> base_;
  const std::shared_ptr<State> state_;
};

CountingFileIO::CountingFileIO(std::shared_ptr<FileIO> base, std::chrono::milliseconds latency)
    : state_(std::make_shared<State>(std::move(base), latency)) {}

std::vector<RecordedRequest> CountingFileIO::requests() const {
  std::lock_guard lock(state_->mutex);
  return state_->requests;
}

int64_t CountingFileIO::count() const { return static_cast<int64_t>(requests().size()); }

int64_t CountingFileIO::count(RequestKind kind) const { return count(kind, ""); }

int64_t CountingFileIO::count(RequestKind kind, std::string_view part) const {
  const auto all = requests();
  return std::count_if(all.begin(), all.end(), [&](const RecordedRequest& request) {
    return request.kind == kind && request.location.find(part) != std::string::npos;
  });
}

int CountingFileIO::max_in_flight() const {
  std::lock_guard lock(state_->mutex);
  return state_->most_in_flight;
}

int CountingFileIO::sequential_depth() const {
  std::lock_guard lock(state_->mutex);
  return state_->deepest_begun;
}

void CountingFileIO::Reset() {
  std::lock_guard lock(state_->mutex);
  state_->requests.clear();
  state_->wanted_in_flight = 0;
  state_->most_in_flight = 0;
  state_->deepest_begun = 0;
  state_->deepest_ended = 0;
}

void CountingFileIO::HoldUntil(int num_in_flight, std::string part, int num_passing) {
  std::lock_guard lock(state_->mutex);
  state_->num_passing = num_passing;
  state_->num_passed = 0;
  state_->wanted_in_flight = num_in_flight;
  state_->held = std::move(part);
}

Result<std::shared_ptr<arrow::Buffer>> CountingFileIO::ReadAll(const OperationContext& context,
                                                               const std::string& location,
                                                               std::optional<int64_t> size) {
  return state_->Run(context, RequestKind::kGet, location, {0, size.value_or(-1)},
                     [&] { return state_->base->ReadAll(context, location, size); });
}

Result<CountingFileIO::Buffers> CountingFileIO::ReadRanges(const OperationContext& context,
                                                           const std::string& location,
                                                           const std::vector<ByteRange>& ranges) {
  return Await(context, ReadRangesAsync(context, location, ranges));
}

arrow::Future<CountingFileIO::Buffers> CountingFileIO::ReadRangesAsync(
    const OperationContext& context, const std::string& location, std::vector<ByteRange> ranges) {
  Result<internal::CoalescedReads> plan =
      internal::CoalesceRanges(ranges, internal::CoalesceOptions{}, location);
  if (!plan.ok()) return plan.status();
  auto* io = context.executor->io();
  const bool all_here = io->OwnsThisThread();
  std::vector<arrow::Future<Buffers>> reads;
  for (const ByteRange& read : plan->reads) {
    auto request = [state = state_, context, location, read] {
      return state->Run(context, RequestKind::kGet, location, read,
                        [&] { return state->base->ReadRanges(context, location, {read}); });
    };
    if (all_here) {
      reads.push_back(arrow::Future<Buffers>::MakeFinished(request()));
      continue;
    }
    auto submitted = io->Submit(std::move(request));
    reads.push_back(submitted.ok() ? *submitted : arrow::Future<Buffers>(submitted.status()));
  }
  return arrow::All(std::move(reads))
      .Then([parts = plan->parts](const std::vector<Result<Buffers>>& results) -> Result<Buffers> {
        Buffers buffers;
        for (const auto& result : results) ICEFRAME_RETURN_NOT_OK(result.status());
        for (const internal::RangePart& part : parts) {
          if (part.length == 0) {
            buffers.push_back(std::make_shared<arrow::Buffer>(nullptr, 0));
            continue;
          }
          buffers.push_back(
              arrow::SliceBuffer(results[part.read]->front(), part.offset, part.length));
        }
        return buffers;
      });
}

Result<std::unique_ptr<OutputFile>> CountingFileIO::Create(const OperationContext& context,
                                                           const std::string& location,
                                                           OverwriteMode mode) {
  ICEFRAME_ASSIGN_OR_RETURN(auto file, state_->base->Create(context, location, mode));
  return std::make_unique<OutputFileWrapper>(context, location, std::move(file), state_);
}

Status CountingFileIO::Delete(const OperationContext& context, const std::string& location) {
  return state_->Run(context, RequestKind::kDelete, location, {},
                     [&] { return state_->base->Delete(context, location); });
}

Result<bool> CountingFileIO::Exists(const OperationContext& context, const std::string& location) {
  return state_->Run(context, RequestKind::kHead, location, {},
                     [&] { return state_->base->Exists(context, location); });
}

Result<int64_t> CountingFileIO::Size(const OperationContext& context, const std::string& location) {
  return state_->Run(context, RequestKind::kHead, location, {},
                     [&] { return state_->base->Size(context, location); });
}

Result<std::vector<FileEntry>> CountingFileIO::List(const OperationContext& context,
                                                    const std::string& location) {
  return state_->Run(context, RequestKind::kList, location, {},
                     [&] { return state_->base->List(context, location); });
}

}  // namespace iceframe
