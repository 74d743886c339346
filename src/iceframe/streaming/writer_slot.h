// SPDX-License-Identifier: Apache-2.0
// Where writers keep what must survive them: a folder for each, locked while its writer lives.
//
//   <state folder>/<table uuid>/id-<writer id>/    of a writer that was given an id
//                               slot-<n>/          of one that was not: the first that is free
//     lock      locked (flock) by the writer's process, whose number it holds
//     id        of a slot: the id under which its writers commit
//     *.log     the write-ahead log (log_frame.h)
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/io/posix_internal.h"
#include "iceframe/runtime/fork.h"
#include "iceframe/runtime/operation_context.h"

namespace iceframe {

/// The setting streaming.state_folder, else "$XDG_STATE_HOME/iceframe/streaming"
/// (~/.local/state where that is not set).
/// Errors: InvalidArgument where there is no home folder either, or the path is not absolute.
Result<std::string> StateFolder(const OperationContext& context);

/// Errors: InvalidArgument if an id is not 1 to 64 letters, digits and "_", "-", ".".
Status CheckWriterId(std::string_view id);

/// A writer's folder and its lock, which ends with the object or the process; a child of fork()
/// does not hold it.
class WriterSlot final : internal::ForkListener {
 public:
  /// Takes the writer's folder, or without an id the first free slot's; makes it where it is
  /// missing, for this user alone.
  /// Errors: Unavailable naming the process that has the writer open; Unauthorized; Io.
  static Result<std::unique_ptr<WriterSlot>> Take(const std::string& state_folder,
                                                  const std::string& table_uuid,
                                                  const std::optional<std::string>& writer_id);
  /// Locks a folder that ListSlots named; nullptr: its writer lives.
  static Result<std::unique_ptr<WriterSlot>> TryLock(const std::string& folder);
  ~WriterSlot();
  WriterSlot(const WriterSlot&) = delete;
  WriterSlot& operator=(const WriterSlot&) = delete;

  const std::string& folder() const { return folder_; }
  const std::string& writer_id() const { return writer_id_; }
  /// Whether the id is the slot's, not one that was given.
  bool is_numbered() const { return is_numbered_; }

 private:
  WriterSlot(std::string folder, internal::FileDescriptor lock);
  void PrepareFork() override {}
  void AfterForkInParent() override {}
  void AfterForkInChild() override { lock_.Reset(); }
  Status ReadId();

  const std::string folder_;
  internal::FileDescriptor lock_;
  std::string writer_id_;
  bool is_numbered_ = false;
};

/// The folders of a table's writers, sorted; none where nobody has written. Errors: Io.
Result<std::vector<std::string>> ListSlots(const std::string& state_folder,
                                           const std::string& table_uuid);

/// The tables that have folders of writers, by uuid. Errors: Io.
Result<std::vector<std::string>> ListTablesWithSlots(const std::string& state_folder);

}  // namespace iceframe
