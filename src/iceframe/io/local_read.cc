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

/// The caller copies at most this much by itself: more is faster on several threads.
constexpr int64_t kMaxCallerBytes = int64_t{1} << 20;

/// One call of ReadLocal: shared by the io threads that work on it.
class LocalRead : public std::enable_shared_from_this<LocalRead> {
 public:
  LocalRead(const OperationContext& context, std::shared_ptr<const LocalPaths> paths,
            LocalReadRequest request)
      : context_(context), paths_(std::move(paths)), request_(std::move(request)) {}

  arrow::Future<Buffers> future() const { return future_; }

  void Start(ReadMode mode) {
    auto* io = context_.executor->io();
    // An io thread that waited for the others could wait for ever: it reads by itself.
    all_here_ = io->OwnsThisThread();
    if (all_here_ || mode == ReadMode::kCallerHelps) {
      Run(!all_here_);
      return;
    }
    Status spawned = io->Spawn([self = shared_from_this()] { self->Run(false); });
    if (!spawned.ok()) future_.MarkFinished(spawned);
  }

 private:
  /// Opens the file and begins all reads. `on_caller`: this thread must not wait for the disk.
  void Run(bool on_caller) {
    Status prepared = Prepare();
    if (!prepared.ok() || plan_.reads.empty()) {
      Finish(prepared);
      return;
    }
    const size_t num_reads = plan_.reads.size();
    cached_.resize(num_reads);
    // One more than there are reads, so that none of them finishes all while others are begun.
    num_left_.store(num_reads + 1);
    if (on_caller) ReadWhatIsCached();
    auto* io = context_.executor->io();
    // An io thread does the last one itself.
    const size_t num_spawned = on_caller ? num_reads : num_reads - 1;
    for (size_t i = 0; i < num_reads; ++i) {
      const bool here = all_here_ || i >= num_spawned || cached_[i] == plan_.reads[i].length;
      if (here || !io->Spawn([self = shared_from_this(), i] { self->ReadOne(i); }).ok()) {
        ReadOne(i);
      }
    }
    EndOne();
  }

  Status Prepare() {
    ICEFRAME_RETURN_NOT_OK(context_.Check());
    if (!request_.whole_file) {
      ICEFRAME_ASSIGN_OR_RETURN(
          plan_, CoalesceRanges(request_.ranges, CoalesceOptions{}, request_.location));
    }
    ICEFRAME_ASSIGN_OR_RETURN(file_, paths_->OpenFile(request_.path, request_.location));
    ICEFRAME_ASSIGN_OR_RETURN(const int64_t file_size, SizeOf(file_.get(), request_.location));
    if (request_.whole_file) ICEFRAME_RETURN_NOT_OK(PlanWholeFile(file_size));
    for (const ByteRange& read : plan_.reads) {
      if (read.offset > file_size || read.length > file_size - read.offset) {
        return Error(ErrorKind::kIo, "file ends before the range to be read: offset ", read.offset,
                     ", length ", read.length, ", size ", file_size, " of ", request_.location);
      }
    }
    buffers_.reserve(plan_.reads.size());
    for (const ByteRange& read : plan_.reads) {
      ICEFRAME_ASSIGN_OR_RETURN(buffers_.emplace_back(),
                                Allocate(context_, read.length, request_.location));
    }
    return Status::OK();
  }

  Status PlanWholeFile(int64_t file_size) {
    const int64_t size = request_.size.value_or(file_size);
    if (size < 0) {
      return Error(ErrorKind::kInvalidArgument, "file size is negative: ", size, " of ",
                   request_.location);
    }
    if (size > file_size) {
      return Error(ErrorKind::kIo, "file is shorter than it should be: ", file_size,
                   " bytes instead of ", size, ", ", request_.location);
    }
    if (size > 0) plan_.reads = {{0, size}};
    plan_.parts = {{0, 0, size}};
    return Status::OK();
  }

  void ReadWhatIsCached() {
    int64_t left = kMaxCallerBytes;
    for (size_t i = 0; i < plan_.reads.size() && plan_.reads[i].length <= left; ++i) {
      const ByteRange& read = plan_.reads[i];
      cached_[i] = ReadCached(file_.get(), read.offset, read.length, buffers_[i]->mutable_data());
      left -= read.length;
    }
  }

  void ReadOne(size_t index) {
    if (!failed_.load()) {
      Status status = TryReadOne(index);
      if (!status.ok()) {
        std::lock_guard lock(mutex_);
        if (!failed_.exchange(true)) failure_ = std::move(status);
      }
    }
    EndOne();
  }

  Status TryReadOne(size_t index) {
    ICEFRAME_RETURN_NOT_OK(context_.Check());
    const ByteRange& read = plan_.reads[index];
    const int64_t cached = cached_[index];
    IoRequest request(context_, "file", IoOp::kRead);
    ICEFRAME_RETURN_NOT_OK(ReadFully(file_.get(), read.offset + cached, read.length - cached,
                                     buffers_[index]->mutable_data() + cached, request_.location));
    request.AddBytes(read.length);
    return Status::OK();
  }

  void EndOne() {
    if (num_left_.fetch_sub(1) != 1) return;
    std::unique_lock lock(mutex_);
    Status failure = failure_;
    lock.unlock();
    Finish(failure);
  }

  void Finish(const Status& status) {
    file_.Reset();
    if (!status.ok()) {
      buffers_.clear();
      future_.MarkFinished(status);
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
  const LocalReadRequest request_;
  arrow::Future<Buffers> future_ = arrow::Future<Buffers>::Make();
  CoalescedReads plan_;
  FileDescriptor file_;
  Buffers buffers_;
  /// How many bytes from its start each read has already.
  std::vector<int64_t> cached_;
  bool all_here_ = false;
  std::atomic<size_t> num_left_{0};
  std::atomic<bool> failed_{false};
  std::mutex mutex_;
  Status failure_;
};

}  // namespace

arrow::Future<Buffers> ReadLocal(const OperationContext& context,
                                 std::shared_ptr<const LocalPaths> paths, LocalReadRequest request,
                                 ReadMode mode) {
  auto read = std::make_shared<LocalRead>(context, std::move(paths), std::move(request));
  auto future = read->future();
  read->Start(mode);
  return future;
}

}  // namespace iceframe::internal
