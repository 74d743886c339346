// SPDX-License-Identifier: Apache-2.0
#include "iceframe/streaming/write_ahead_log.h"

#include <unistd.h>

#include <cerrno>
#include <utility>

#include <arrow/buffer.h>
#include <arrow/type.h>

#include "iceframe/base/crc32c.h"
#include "iceframe/io/posix_internal.h"
#include "iceframe/runtime/metrics_registry.h"
#include "iceframe/streaming/log_frame.h"
#include "iceframe/streaming/log_segment.h"

namespace iceframe {

namespace {

Gauge& WalBytes() {
  static Gauge& gauge = MetricsRegistry::Process().gauge("iceframe_wal_bytes");
  return gauge;
}

}  // namespace

WriteAheadLog::~WriteAheadLog() { WalBytes().Add(-num_bytes()); }

WriteAheadLog::WriteAheadLog(Options options)
    : options_(std::move(options)), next_segment_(options_.first_segment) {}

Status WriteAheadLog::Append(const std::shared_ptr<arrow::Schema>& schema,
                             const std::vector<LogRecord>& records, arrow::MemoryPool* pool) {
  ICEFRAME_RETURN_NOT_OK(failed_);
  if (NeedsSegment(records.back().last_sequence)) {
    const Status begun = Begin();
    if (!begun.ok()) {
      file_.reset();
      return begun;
    }
    std::lock_guard lock(mutex_);
    segments_.back().last_sequence = records.back().last_sequence;
  }
  return AppendFrame(schema, records, pool);
}

Status WriteAheadLog::AppendFrame(const std::shared_ptr<arrow::Schema>& schema,
                                  const std::vector<LogRecord>& records, arrow::MemoryPool* pool) {
  const bool is_new_schema = schema_ == nullptr || !schema_->Equals(*schema, true);
  ICEFRAME_ASSIGN_OR_RETURN(
      const auto frame,
      internal::EncodeFrame(salt_, next_frame_, is_new_schema ? schema.get() : nullptr, records,
                            pool));
  const int64_t begin = file_->num_bytes();
  ICEFRAME_RETURN_NOT_OK(file_->Append(std::string_view(*frame)));
  const Status synced = file_->Sync();
  if (!synced.ok()) {
    // Nobody is told that these rows are kept, so nobody may find them.
    (void)file_->Truncate(begin);
    return failed_ = synced;
  }
  schema_ = schema;
  ++next_frame_;
  NoteAppended();
  return Status::OK();
}

bool WriteAheadLog::NeedsSegment(int64_t last_sequence) {
  std::lock_guard lock(mutex_);
  if (file_ == nullptr || segments_.empty() || segments_.back().is_closed) return true;
  // Before anything is written, so that nobody deletes it meanwhile.
  segments_.back().last_sequence = last_sequence;
  return false;
}

Status WriteAheadLog::Begin() {
  const std::string path = options_.folder + "/" + internal::SegmentName(next_segment_);
  ++next_segment_;
  ICEFRAME_ASSIGN_OR_RETURN(file_, options_.make_file(path));
  const std::string text = internal::EncodeIdentity(options_.identity);
  const Status written = file_->Append(internal::EncodeLogHeader(text));
  if (!written.ok()) {
    (void)unlink(path.c_str());
    return written;
  }
  salt_ = Crc32c(text);
  next_frame_ = 0;
  schema_.reset();
  std::lock_guard lock(mutex_);
  segments_.push_back({.path = path});
  return Status::OK();
}

void WriteAheadLog::NoteAppended() {
  std::lock_guard lock(mutex_);
  WalBytes().Add(file_->num_bytes() - segments_.back().num_bytes);
  segments_.back().num_bytes = file_->num_bytes();
}

void WriteAheadLog::Rotate() {
  std::lock_guard lock(mutex_);
  if (!segments_.empty()) segments_.back().is_closed = true;
}

Status WriteAheadLog::DropThrough(int64_t sequence) {
  std::lock_guard lock(mutex_);
  while (!segments_.empty() && segments_.front().is_closed &&
         segments_.front().last_sequence <= sequence) {
    const std::string& path = segments_.front().path;
    if (unlink(path.c_str()) != 0 && errno != ENOENT) {
      return internal::ErrnoError(errno, "delete file", path);
    }
    WalBytes().Add(-segments_.front().num_bytes);
    segments_.pop_front();
  }
  return Status::OK();
}

int64_t WriteAheadLog::num_bytes() const {
  std::lock_guard lock(mutex_);
  int64_t total = 0;
  for (const Segment& segment : segments_) total += segment.num_bytes;
  return total;
}

}  // namespace iceframe
