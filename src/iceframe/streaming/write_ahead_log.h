// SPDX-License-Identifier: Apache-2.0
// A log of rows that are not in their table yet: what is in it survives the process.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "iceframe/base/result.h"
#include "iceframe/io/append_file.h"
#include "iceframe/streaming/log_record.h"

namespace iceframe {

/// The writing side of one writer's log: files ("segments") in a folder of its own, numbered on.
///
/// Append is called by one thread at a time; the others may be called beside it.
class WriteAheadLog {
 public:
  struct Options {
    /// Is there, and locked by the writer.
    std::string folder;
    LogIdentity identity;
    /// Above the numbers of all segments in the folder.
    int64_t first_segment = 0;
    /// What segments are made with.
    AppendFileFactory make_file = CreateAppendFile;
  };
  /// Makes no file yet.
  explicit WriteAheadLog(Options options);
  ~WriteAheadLog();
  WriteAheadLog(const WriteAheadLog&) = delete;
  WriteAheadLog& operator=(const WriteAheadLog&) = delete;

  /// Makes the records durable, all of them or none. Their sequence numbers follow those before;
  /// `schema` is that of their rows (types/arrow_schema.h, with field ids).
  ///
  /// Errors: ResourceExhausted where the disk is full: the log is as before; Io: after a failed
  /// sync it takes nothing any more.
  Status Append(const std::shared_ptr<arrow::Schema>& schema, const std::vector<LogRecord>& records,
                arrow::MemoryPool* pool);

  /// Lets what is appended from now on go into a new segment, so that those before can go.
  void Rotate();
  /// Deletes the segments before the last Rotate that hold nothing after `sequence`.
  Status DropThrough(int64_t sequence);

  int64_t num_bytes() const;

 private:
  struct Segment {
    std::string path;
    int64_t last_sequence = 0;
    int64_t num_bytes = 0;
    bool is_closed = false;
  };
  Status Begin();
  Status AppendFrame(const std::shared_ptr<arrow::Schema>& schema,
                     const std::vector<LogRecord>& records, arrow::MemoryPool* pool);
  bool NeedsSegment(int64_t last_sequence);
  void NoteAppended();

  const Options options_;
  Status failed_;
  // The one that is appended to.
  std::unique_ptr<AppendFile> file_;
  std::shared_ptr<arrow::Schema> schema_;
  uint32_t salt_ = 0;
  uint64_t next_frame_ = 0;
  int64_t next_segment_;

  mutable std::mutex mutex_;
  std::deque<Segment> segments_;
};

}  // namespace iceframe
