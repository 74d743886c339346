// SPDX-License-Identifier: Apache-2.0
// Making, moving and removing branches and tags.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "iceframe/format/snapshot.h"
#include "iceframe/table/commit.h"

namespace iceframe {

enum class RefChange : uint8_t { kCreate, kReplace, kRemove };

/// One change to one ref; what another writer did to the same ref meanwhile ends it.
class ManageRefsAction final : public TableAction {
 public:
  /// Makes a branch or tag (by `ref.kind`). Errors of the commit: AlreadyExists.
  static std::unique_ptr<ManageRefsAction> Create(std::string name, SnapshotRef ref);
  /// Moves a ref or changes its retention. Errors of the commit: NotFound.
  static std::unique_ptr<ManageRefsAction> Replace(std::string name, SnapshotRef ref);
  /// Errors: InvalidArgument for main. Errors of the commit: NotFound.
  static Result<std::unique_ptr<ManageRefsAction>> Remove(std::string name);

  Result<CommitRequest> Prepare(const CommitAttempt& attempt) override;
  bool IsAppliedIn(const TableMetadata& now) const override;

 private:
  ManageRefsAction(RefChange change, std::string name, SnapshotRef ref)
      : change_(change), name_(std::move(name)), ref_(ref) {}

  RefChange change_;
  std::string name_;
  SnapshotRef ref_;
};

}  // namespace iceframe
