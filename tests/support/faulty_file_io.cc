// SPDX-License-Identifier: Apache-2.0
#include "support/faulty_file_io.h"

#include <unistd.h>

#include <chrono>
#include <csignal>
#include <utility>

namespace iceframe {

Status FaultPlan::Step(const OperationContext& context, std::string_view name,
                       const std::function<Status()>& work, const std::function<void()>& halfway) {
  Fault fault;
  {
    std::lock_guard lock(mutex_);
    const auto step = static_cast<int64_t>(steps_.size());
    steps_.emplace_back(name);
    fault = fault_;
    const bool hits = step == fault.at_step || (fault.persists && step > fault.at_step);
    if (fault.at_step < 0 || !hits) fault.at_step = -1;
  }
  if (fault.at_step < 0) return work();
  switch (fault.action) {
    case FaultAction::kFail:
      break;
    case FaultAction::kDoThenFail:
      ICEFRAME_RETURN_NOT_OK(work());
      break;
    case FaultAction::kFailHalfway:
      if (halfway) halfway();
      break;
    case FaultAction::kHang:
      while (true) ICEFRAME_RETURN_NOT_OK(context.Sleep(std::chrono::milliseconds(1000)));
    case FaultAction::kKill:
      kill(getpid(), SIGKILL);
      break;
  }
  return Error(fault.error, "injected fault at step: ", name);
}

int64_t FaultPlan::num_steps() const {
  std::lock_guard lock(mutex_);
  return static_cast<int64_t>(steps_.size());
}

std::vector<std::string> FaultPlan::steps() const {
  std::lock_guard lock(mutex_);
  return steps_;
}

void FaultPlan::Restart(Fault fault) {
  std::lock_guard lock(mutex_);
  fault_ = fault;
  steps_.clear();
}

namespace {

class FaultyOutputFile final : public OutputFile {
 public:
  FaultyOutputFile(OperationContext context, std::string location, std::unique_ptr<OutputFile> base,
                   std::shared_ptr<FaultPlan> plan)
      : context_(std::move(context)),
        location_(std::move(location)),
        base_(std::move(base)),
        plan_(std::move(plan)) {}

  Status Write(const std::shared_ptr<arrow::Buffer>& data) override {
    return Write(std::string_view(*data));
  }

  Status Write(std::string_view data) override {
    return plan_->Step(
        context_, "write " + location_, [&] { return base_->Write(data); },
        [&] { (void)base_->Write(data.substr(0, data.size() / 2)); });
  }

  int64_t num_bytes() const override { return base_->num_bytes(); }

  Status Close() override {
    ICEFRAME_RETURN_NOT_OK(
        plan_->Step(context_, "publish " + location_, [&] { return base_->Close(); }));
    return plan_->Step(context_, "published " + location_, [] { return Status::OK(); });
  }

  void Abort() override { base_->Abort(); }

 private:
  const OperationContext context_;
  const std::string location_;
  const std::unique_ptr<OutputFile> base_;
  const std::shared_ptr<FaultPlan> plan_;
};

class FaultyFileIO final : public FileIO {
 public:
  using Buffers = std::vector<std::shared_ptr<arrow::Buffer>>;

  FaultyFileIO(std::shared_ptr<FileIO> base, std::shared_ptr<FaultPlan> plan)
      : base_(std::move(base)), plan_(std::move(plan)) {}

  Result<std::shared_ptr<arrow::Buffer>> ReadAll(const OperationContext& context,
                                                 const std::string& location,
                                                 std::optional<int64_t> size) override {
    return Step<std::shared_ptr<arrow::Buffer>>(
        context, "read " + location, [&] { return base_->ReadAll(context, location, size); });
  }

  Result<Buffers> ReadRanges(const OperationContext& context, const std::string& location,
                             const std::vector<ByteRange>& ranges) override {
    return Step<Buffers>(context, "read " + location,
                         [&] { return base_->ReadRanges(context, location, ranges); });
  }

  arrow::Future<Buffers> ReadRangesAsync(const OperationContext& context,
                                         const std::string& location,
                                         std::vector<ByteRange> ranges) override {
    // On an io thread, so that a step that hangs does not hold up the caller.
    auto future = context.executor->io()->Submit(
        [base = base_, plan = plan_, context, location, ranges = std::move(ranges)] {
          return FaultyFileIO(base, plan).ReadRanges(context, location, ranges);
        });
    return future.ok() ? *future : arrow::Future<Buffers>(future.status());
  }

  Result<std::unique_ptr<OutputFile>> Create(const OperationContext& context,
                                             const std::string& location,
                                             OverwriteMode mode) override {
    ICEFRAME_ASSIGN_OR_RETURN(auto file,
                              Step<std::unique_ptr<OutputFile>>(context, "create " + location, [&] {
                                return base_->Create(context, location, mode);
                              }));
    return std::make_unique<FaultyOutputFile>(context, location, std::move(file), plan_);
  }

  Status Delete(const OperationContext& context, const std::string& location) override {
    return plan_->Step(context, "delete " + location,
                       [&] { return base_->Delete(context, location); });
  }

  Result<bool> Exists(const OperationContext& context, const std::string& location) override {
    return Step<bool>(context, "head " + location,
                      [&] { return base_->Exists(context, location); });
  }

  Result<int64_t> Size(const OperationContext& context, const std::string& location) override {
    return Step<int64_t>(context, "head " + location,
                         [&] { return base_->Size(context, location); });
  }

  Result<std::vector<FileEntry>> List(const OperationContext& context,
                                      const std::string& location) override {
    return Step<std::vector<FileEntry>>(context, "list " + location,
                                        [&] { return base_->List(context, location); });
  }

 private:
  template <typename T>
  Result<T> Step(const OperationContext& context, const std::string& name,
                 const std::function<Result<T>()>& work) {
    Result<T> result = Status::UnknownError("not run");
    ICEFRAME_RETURN_NOT_OK(plan_->Step(context, name, [&] {
      result = work();
      return result.status();
    }));
    return result;
  }

  const std::shared_ptr<FileIO> base_;
  const std::shared_ptr<FaultPlan> plan_;
};

}  // namespace

std::shared_ptr<FileIO> MakeFaultyFileIO(std::shared_ptr<FileIO> base,
                                         std::shared_ptr<FaultPlan> plan) {
  return std::make_shared<FaultyFileIO>(std::move(base), std::move(plan));
}

}  // namespace iceframe
