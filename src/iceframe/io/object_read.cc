// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>
#include <utility>

#include "iceframe/base/utf8.h"
#include "iceframe/io/coalesce_internal.h"
#include "iceframe/io/object_read_internal.h"

namespace iceframe::internal {

namespace {

/// Bytes that arrive while a request is on its way: skipping fewer costs more than reading them.
constexpr int64_t kHoleSizeLimit = int64_t{256} << 10;
constexpr int64_t kRangeSizeLimit = int64_t{16} << 20;
/// Larger reads are cut into several requests, which a store serves side by side.
constexpr int64_t kRequestSize = int64_t{8} << 20;
/// What is read of an object whose size isn't known before it is asked for.
constexpr int64_t kFirstRead = int64_t{1} << 20;
constexpr int64_t kUncheckedSizeLimit = int64_t{64} << 20;

/// Arrow reads what a store says of an error into the place for the data, and loses what it can't
/// hold: a read has room for that at least.
constexpr int64_t kSmallestRead = 4096;

/// Larger than any object: Arrow asks for no size that it is told.
constexpr int64_t kAssumedSize = int64_t{1} << 60;

/// What stands where nothing was read: no byte of UTF-8.
constexpr uint8_t kNothing = 0xff;

/// Reads the range's bytes into `out`. Where the object ends before the range does, the rest of
/// `out` stays as it was: Arrow doesn't tell.
Status Read(const OperationContext& context, const ObjectPlace& place, ByteRange range,
            uint8_t* out) {
  return SendRequest(context, place, IoOp::kRead,
                     [&](const ObjectStoreClient& client, IoRequest& counted) -> Status {
                       arrow::fs::FileInfo info(place.path, arrow::fs::FileType::File);
                       info.set_size(kAssumedSize);
                       ICEFRAME_ASSIGN_OR_RETURN(auto file, client.on_caller->OpenInputFile(info));
                       const Status read = file->ReadAt(range.offset, range.length, out).status();
                       if (place.store->IsBeyondEnd(read)) return Status::OK();
                       ICEFRAME_RETURN_NOT_OK(read);
                       counted.AddBytes(range.length);
                       return Status::OK();
                     });
}

Status EndsBefore(const ObjectPlace& place, ByteRange range, int64_t size) {
  return Error(ErrorKind::kIo, "file ends before the range to be read: offset ", range.offset,
               ", length ", range.length, ", size ", size, " of ", place.location);
}

/// Reads exactly the range. An object that ends before leaves the last byte as it was; for the one
/// in 256 that had that value anyway, its size is asked for.
Status ReadExactly(const OperationContext& context, const ObjectPlace& place, ByteRange range,
                   uint8_t* out) {
  if (range.length < kSmallestRead) {
    std::array<uint8_t, kSmallestRead> bytes;
    bytes.fill(kNothing);
    ICEFRAME_RETURN_NOT_OK(Read(context, place, {range.offset, kSmallestRead}, bytes.data()));
    std::copy_n(bytes.data(), range.length, out);
  } else {
    out[range.length - 1] = kNothing;
    ICEFRAME_RETURN_NOT_OK(Read(context, place, range, out));
  }
  if (out[range.length - 1] != kNothing) return Status::OK();
  ICEFRAME_ASSIGN_OR_RETURN(const int64_t size, ObjectSize(context, place));
  if (range.offset + range.length <= size) return Status::OK();
  return EndsBefore(place, range, size);
}

/// One call of ReadObject: shared by the io threads that work on it.
class ObjectRead : public std::enable_shared_from_this<ObjectRead> {
 public:
  ObjectRead(const OperationContext& context, ObjectPlace place)
      : context_(context), place_(std::move(place)) {}

  /// Decides on the requests.
  Status Plan(const std::vector<ByteRange>& ranges) {
    ICEFRAME_RETURN_NOT_OK(context_.Check());
    const CoalesceOptions options{.hole_size_limit = kHoleSizeLimit,
                                  .range_size_limit = kRangeSizeLimit};
    ICEFRAME_ASSIGN_OR_RETURN(plan_, CoalesceRanges(ranges, options, place_.location));
    return Status::OK();
  }

  /// Whether so much is asked for that the object is asked first whether it has it: a length that
  /// nobody checked must not take memory.
  bool is_large() const {
    return std::any_of(plan_.reads.begin(), plan_.reads.end(),
                       [](const ByteRange& read) { return read.length > kUncheckedSizeLimit; });
  }

  Status Prepare() {
    if (is_large()) {
      const ByteRange& last = plan_.reads.back();
      ICEFRAME_ASSIGN_OR_RETURN(const int64_t size, ObjectSize(context_, place_));
      if (last.offset > size || last.length > size - last.offset) {
        return EndsBefore(place_, last, size);
      }
    }
    for (size_t i = 0; i < plan_.reads.size(); ++i) {
      const ByteRange& read = plan_.reads[i];
      auto buffer = arrow::AllocateBuffer(read.length, context_.pool());
      if (!buffer.ok()) return WithContext(buffer.status(), "file", place_.location);
      buffers_.push_back(std::move(*buffer));
      for (int64_t at = 0; at < read.length; at += kRequestSize) {
        requests_.push_back({i, at, std::min(kRequestSize, read.length - at)});
      }
    }
    num_left_.store(requests_.size());
    return Status::OK();
  }

  arrow::Future<ObjectBuffers> Start() {
    auto future = future_;
    if (!is_large()) {
      Begin();
      return future;
    }
    Status spawned = context_.executor->io()->Spawn([self = shared_from_this()] { self->Begin(); });
    if (!spawned.ok()) future_.MarkFinished(spawned);
    return future;
  }

  /// Reads all, this thread helping.
  Result<ObjectBuffers> Run() {
    ICEFRAME_RETURN_NOT_OK(Prepare());
    ICEFRAME_RETURN_NOT_OK(context_.executor->ParallelForIo(
        static_cast<int64_t>(requests_.size()),
        [this](int64_t i) { return TryReadOne(static_cast<size_t>(i)); }, context_.cancel));
    return Parts();
  }

 private:
  /// A part of a read: `offset` bytes into it.
  using Request = RangePart;

  /// Begins all requests.
  void Begin() {
    failure_ = Prepare();
    if (!failure_.ok() || requests_.empty()) {
      Finish();
      return;
    }
    for (size_t i = 0; i < requests_.size(); ++i) {
      Status spawned =
          context_.executor->io()->Spawn([self = shared_from_this(), i] { self->ReadOne(i); });
      if (!spawned.ok()) EndOne(spawned);
    }
  }

  void ReadOne(size_t index) { EndOne(failed_.load() ? Status::OK() : TryReadOne(index)); }

  Status TryReadOne(size_t index) {
    const Request& request = requests_[index];
    const int64_t offset = plan_.reads[request.read].offset + request.offset;
    return ReadExactly(context_, place_, {offset, request.length},
                       buffers_[request.read]->mutable_data() + request.offset);
  }

  void EndOne(const Status& status) {
    if (!status.ok()) {
      std::lock_guard lock(mutex_);
      if (!failed_.exchange(true)) failure_ = status;
    }
    if (num_left_.fetch_sub(1) == 1) Finish();
  }

  void Finish() {
    std::unique_lock lock(mutex_);
    Status failure = failure_;
    lock.unlock();
    if (!failure.ok()) {
      future_.MarkFinished(failure);
    } else {
      future_.MarkFinished(Parts());
    }
  }

  ObjectBuffers Parts() const {
    ObjectBuffers parts;
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
    return parts;
  }

  const OperationContext context_;
  const ObjectPlace place_;
  CoalescedReads plan_;
  ObjectBuffers buffers_;
  std::vector<Request> requests_;
  arrow::Future<ObjectBuffers> future_ = arrow::Future<ObjectBuffers>::Make();
  std::atomic<size_t> num_left_{0};
  std::atomic<bool> failed_{false};
  std::mutex mutex_;
  Status failure_;
};

}  // namespace

arrow::Future<ObjectBuffers> ReadObjectAsync(const OperationContext& context, ObjectPlace place,
                                             std::vector<ByteRange> ranges) {
  auto read = std::make_shared<ObjectRead>(context, std::move(place));
  const Status planned = read->Plan(ranges);
  if (!planned.ok()) return planned;
  return read->Start();
}

Result<ObjectBuffers> ReadObject(const OperationContext& context, ObjectPlace place,
                                 std::vector<ByteRange> ranges) {
  if (!context.executor->io()->OwnsThisThread()) {
    return Await(context, ReadObjectAsync(context, std::move(place), std::move(ranges)));
  }
  ObjectRead read(context, std::move(place));
  ICEFRAME_RETURN_NOT_OK(read.Plan(ranges));
  return read.Run();
}

Result<std::shared_ptr<arrow::Buffer>> ReadObjectToEnd(const OperationContext& context,
                                                       const ObjectPlace& place) {
  auto allocated = arrow::AllocateResizableBuffer(kFirstRead, context.pool());
  if (!allocated.ok()) return WithContext(allocated.status(), "file", place.location);
  std::shared_ptr<arrow::ResizableBuffer> buffer = *std::move(allocated);
  uint8_t* data = buffer->mutable_data();
  std::fill_n(data, kFirstRead, kNothing);
  ICEFRAME_RETURN_NOT_OK(Read(context, place, {0, kFirstRead}, data));
  int64_t size = kFirstRead;
  while (size > 0 && data[size - 1] == kNothing) --size;
  const std::string_view text(reinterpret_cast<const char*>(data), static_cast<size_t>(size));
  // Text has no such byte, so it ends there. What else there is may end with it.
  if (size == kFirstRead || !IsUtf8(text)) {
    ICEFRAME_ASSIGN_OR_RETURN(size, ObjectSize(context, place));
  }
  Status resized = buffer->Resize(size, /*shrink_to_fit=*/true);
  if (!resized.ok()) return WithContext(resized, "file", place.location);
  if (size > kFirstRead) {
    ICEFRAME_ASSIGN_OR_RETURN(const ObjectBuffers rest,
                              ReadObject(context, place, {{kFirstRead, size - kFirstRead}}));
    std::copy_n(rest.front()->data(), rest.front()->size(), buffer->mutable_data() + kFirstRead);
  }
  return buffer;
}

Result<int64_t> ObjectSize(const OperationContext& context, const ObjectPlace& place) {
  int64_t size = 0;
  ICEFRAME_RETURN_NOT_OK(SendRequest(
      context, place, IoOp::kHead, [&](const ObjectStoreClient& client, IoRequest&) -> Status {
        ICEFRAME_ASSIGN_OR_RETURN(const auto info, client.on_caller->GetFileInfo(place.path));
        if (!info.IsFile()) {
          return Error(ErrorKind::kNotFound, "file does not exist: ", place.location);
        }
        size = info.size();
        return Status::OK();
      }));
  return size;
}

Result<bool> ObjectExists(const OperationContext& context, const ObjectPlace& place) {
  std::array<uint8_t, kSmallestRead> bytes;
  const Status read = Read(context, place, {0, kSmallestRead}, bytes.data());
  if (read.ok()) return true;
  if (KindOf(read) == ErrorKind::kNotFound) return false;
  return read;
}

}  // namespace iceframe::internal
