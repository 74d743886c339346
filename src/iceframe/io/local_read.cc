// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include <atomic>
#include <cerrno>
#include <mutex>
#include <utility>

#include "iceframe/io/coalesce_internal.h"
#include "iceframe/io/io_metrics_internal.h"
#include "iceframe/io/local_read_internal.h"

namespace iceframe::internal {

namespace {

Result<int64_t> SizeOf(int fd, std::string_view location) {
  struct stat info;
  if (fstat(fd, &info) != 0) return ErrnoError(errno, "look at file", location);
  return static_cast<int64_t>(info.st_size);
}

Result<std::shared_ptr<arrow::Buffer>> Allocate(const OperationContext& context, int64_t size,
                                                std::string_view location) {
  Result<std::unique_ptr<arrow::Buffer>> buffer = arrow::AllocateBuffer(size, context.pool());
  if (!buffer.ok()) return WithContext(buffer.status(), "file", location);
  return std::shared_ptr<arrow::Buffer>(std::move(*buffer));
}

/// One call of ReadLocalRanges: shared by the io threads that work on it.
class RangesRead : public std::enable_shared_from_this<RangesRead> {
 public:
  RangesRead(const OperationContext& context, std::shared_ptr<const LocalPaths> paths,
             std::string path, std::string location, CoalescedReads plan)
      : context_(context),
        paths_(std::move(paths)),
        path_(std::move(path)),
        location_(std::move(location)),
        plan_(std::move(plan)) {}

  arrow::Future<Buffers> future() const { return future_; }

  void Start() {
    auto* io = context_.executor->io();
    // An io thread that waited for the others could wait for ever: it reads by itself.
    all_here_ = io->OwnsThisThread();
    if (all_here_) return OpenAndRead();
    Status spawned = io->Spawn([self = shared_from_this()] { self->OpenAndRead(); });
    if (!spawned.ok()) future_.MarkFinished(spawned);
  }

 private:
  void OpenAndRead() {
    Status prepared = Prepare();
    if (!prepared.ok() || plan_.reads.empty()) {
      Finish(std::move(prepared));
      return;
    }
    num_left_.store(plan_.reads.size());
    auto* io = context_.executor->io();
    for (size_t i = 1; i < plan_.reads.size(); ++i) {
      if (all_here_ || !io->Spawn([self = shared_from_this(), i] { self->ReadOne(i); }).ok()) {
        ReadOne(i);
      }
    }
    ReadOne(0);
  }

  Status Prepare() {
    ICEFRAME_RETURN_NOT_OK(context_.Check());
    ICEFRAME_ASSIGN_OR_RETURN(file_, paths_->OpenFile(path_, location_));
    ICEFRAME_ASSIGN_OR_RETURN(const int64_t size, SizeOf(file_.get(), location_));
    for (const ByteRange& read : plan_.reads) {
      if (read.offset > size || read.length > size - read.offset) {
        return Error(ErrorKind::kIo, "file ends before the range to be read: offset ", read.offset,
                     ", length ", read.length, ", size ", size, " of ", location_);
      }
    }
    buffers_.reserve(plan_.reads.size());
    for (const ByteRange& read : plan_.reads) {
      ICEFRAME_ASSIGN_OR_RETURN(buffers_.emplace_back(),
                                Allocate(context_, read.length, location_));
    }
    return Status::OK();
  }

  void ReadOne(size_t index) {
    if (!failed_.load()) {
      Status status = TryReadOne(index);
      if (!status.ok()) {
        std::lock_guard lock(mutex_);
        if (!failed_.exchange(true)) failure_ = std::move(status);
      }
    }
    if (num_left_.fetch_sub(1) == 1) {
      std::unique_lock lock(mutex_);
      Status failure = failure_;
      lock.unlock();
      Finish(std::move(failure));
    }
  }

  Status TryReadOne(size_t index) {
    ICEFRAME_RETURN_NOT_OK(context_.Check());
    const ByteRange& read = plan_.reads[index];
    IoRequest request(context_, "file", IoOp::kRead);
    ICEFRAME_RETURN_NOT_OK(ReadFully(file_.get(), read.offset, read.length,
                                     buffers_[index]->mutable_data(), location_));
    request.AddBytes(read.length);
    return Status::OK();
  }

  void Finish(Status status) {
    file_.Reset();
    if (!status.ok()) {
      buffers_.clear();
      future_.MarkFinished(std::move(status));
      return;
    }
    Buffers parts;
    parts.reserve(plan_.parts.size());
    for (const RangePart& part : plan_.parts) {
      if (part.length == 0) {
        parts.push_back(std::make_shared<arrow::Buffer>(nullptr, 0));
      } else if (part.length == plan_.reads[part.read].length) {
        parts.push_back(buffers_[part.read]);
      } else {
        parts.push_back(arrow::SliceBuffer(buffers_[part.read], part.offset, part.length));
      }
    }
    buffers_.clear();
    future_.MarkFinished(std::move(parts));
  }

  const OperationContext context_;
  const std::shared_ptr<const LocalPaths> paths_;
  const std::string path_;
  const std::string location_;
  const CoalescedReads plan_;
  arrow::Future<Buffers> future_ = arrow::Future<Buffers>::Make();
  FileDescriptor file_;
  Buffers buffers_;
  bool all_here_ = false;
  std::atomic<size_t> num_left_{0};
  std::atomic<bool> failed_{false};
  std::mutex mutex_;
  Status failure_;
};

}  // namespace

arrow::Future<Buffers> ReadLocalRanges(const OperationContext& context,
                                       std::shared_ptr<const LocalPaths> paths, std::string path,
                                       std::string location, const std::vector<ByteRange>& ranges) {
  Result<CoalescedReads> plan = CoalesceRanges(ranges, CoalesceOptions{}, location);
  if (!plan.ok()) return plan.status();
  auto read = std::make_shared<RangesRead>(context, std::move(paths), std::move(path),
                                           std::move(location), std::move(*plan));
  auto future = read->future();
  read->Start();
  return future;
}

Result<std::shared_ptr<arrow::Buffer>> ReadLocalFile(const OperationContext& context,
                                                     const LocalPaths& paths,
                                                     const std::string& path,
                                                     const std::string& location,
                                                     std::optional<int64_t> size) {
  ICEFRAME_RETURN_NOT_OK(context.Check());
  IoRequest request(context, "file", IoOp::kRead);
  ICEFRAME_ASSIGN_OR_RETURN(const FileDescriptor file, paths.OpenFile(path, location));
  ICEFRAME_ASSIGN_OR_RETURN(const int64_t file_size, SizeOf(file.get(), location));
  const int64_t length = size.value_or(file_size);
  if (length < 0) {
    return Error(ErrorKind::kInvalidArgument, "file size is negative: ", length, " of ", location);
  }
  if (length > file_size) {
    return Error(ErrorKind::kIo, "file is shorter than it should be: ", file_size,
                 " bytes instead of ", length, ", ", location);
  }
  ICEFRAME_ASSIGN_OR_RETURN(auto buffer, Allocate(context, length, location));
  ICEFRAME_RETURN_NOT_OK(ReadFully(file.get(), 0, length, buffer->mutable_data(), location));
  request.AddBytes(length);
  return buffer;
}

}  // namespace iceframe::internal
