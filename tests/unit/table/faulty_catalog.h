// SPDX-License-Identifier: Apache-2.0
// A catalog that does or doesn't commit, and says what it was told to say of it.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "iceframe/catalog/catalog.h"

namespace iceframe {

enum class CommitFault : uint8_t {
  kNone,
  /// Another writer commits first; the catalog answers truly.
  kOvertaken,
  kLandsSaysConflict,
  kLandsSaysUnknown,
  /// Lands, another writer commits on top, and the answer is lost.
  kLandsOvertakenSaysUnknown,
  kDoesNotLandSaysUnknown,
  kSaysUnavailable,
};

/// Each commit takes the next fault; further ones go through. Everything else is the base's.
class FaultyCatalog final : public Catalog {
 public:
  explicit FaultyCatalog(std::shared_ptr<Catalog> base) : base_(std::move(base)) {}

  std::deque<CommitFault> faults;
  /// What another writer does.
  std::function<void()> other_writer;
  /// Called when a locked commit begins.
  std::function<void()> before_locked;
  int num_load_failures = 0;
  bool allows_locked = false;
  std::atomic<int> num_commits = 0;
  std::atomic<int> num_locked_commits = 0;

  const std::string& name() const override { return base_->name(); }
  std::string ToString() const override { return base_->ToString(); }
  Status CreateNamespace(const OperationContext& context, const Namespace& name_space,
                         const Properties& properties) override {
    return base_->CreateNamespace(context, name_space, properties);
  }
  Status DropNamespace(const OperationContext& context, const Namespace& name_space) override {
    return base_->DropNamespace(context, name_space);
  }
  Result<std::vector<Namespace>> ListNamespaces(const OperationContext& context,
                                                const Namespace& parent) override {
    return base_->ListNamespaces(context, parent);
  }
  Result<Properties> LoadNamespaceProperties(const OperationContext& context,
                                             const Namespace& name_space) override {
    return base_->LoadNamespaceProperties(context, name_space);
  }
  Status UpdateNamespaceProperties(const OperationContext& context, const Namespace& name_space,
                                   const Properties& updates,
                                   const std::vector<std::string>& removals) override {
    return base_->UpdateNamespaceProperties(context, name_space, updates, removals);
  }
  Result<bool> NamespaceExists(const OperationContext& context,
                               const Namespace& name_space) override {
    return base_->NamespaceExists(context, name_space);
  }
  Result<std::vector<TableIdentifier>> ListTables(const OperationContext& context,
                                                  const Namespace& name_space) override {
    return base_->ListTables(context, name_space);
  }
  Result<LoadedTable> CreateTable(const OperationContext& context,
                                  const CreateTableRequest& request) override {
    return base_->CreateTable(context, request);
  }
  Result<LoadedTable> LoadTable(const OperationContext& context,
                                const TableIdentifier& identifier) override {
    if (num_load_failures > 0) {
      --num_load_failures;
      return Error(ErrorKind::kUnavailable, "catalog does not answer");
    }
    return base_->LoadTable(context, identifier);
  }
  Result<bool> TableExists(const OperationContext& context,
                           const TableIdentifier& identifier) override {
    return base_->TableExists(context, identifier);
  }
  Status DropTable(const OperationContext& context, const TableIdentifier& identifier,
                   bool purge) override {
    return base_->DropTable(context, identifier, purge);
  }
  Status RenameTable(const OperationContext& context, const TableIdentifier& from,
                     const TableIdentifier& to) override {
    return base_->RenameTable(context, from, to);
  }
  Result<LoadedTable> RegisterTable(const OperationContext& context,
                                    const TableIdentifier& identifier,
                                    const std::string& metadata_location) override {
    return base_->RegisterTable(context, identifier, metadata_location);
  }
  CommitOutcome CommitTable(const OperationContext& context,
                            const CommitRequest& request) override {
    ++num_commits;
    return Commit([&] { return base_->CommitTable(context, request); });
  }
  CommitOutcome CommitTableLocked(const OperationContext& context,
                                  const TableIdentifier& identifier,
                                  const RebaseFunction& rebase) override {
    ++num_locked_commits;
    if (before_locked) before_locked();
    return Commit([&] { return base_->CommitTableLocked(context, identifier, rebase); });
  }
  bool supports_locked_commit() const override {
    return allows_locked && base_->supports_locked_commit();
  }
  Result<std::shared_ptr<FileIO>> FileIOFor(const LoadedTable& table) override {
    return base_->FileIOFor(table);
  }

 private:
  CommitOutcome Commit(const std::function<CommitOutcome()>& commit) {
    const CommitFault fault = faults.empty() ? CommitFault::kNone : faults.front();
    if (!faults.empty()) faults.pop_front();
    const auto say = [](CommitOutcomeKind kind, ErrorKind error) {
      return CommitOutcome{kind, std::nullopt, Error(error, "the catalog says so")};
    };
    switch (fault) {
      case CommitFault::kNone:
        return commit();
      case CommitFault::kOvertaken:
        other_writer();
        return commit();
      case CommitFault::kLandsSaysConflict:
        (void)commit();
        return say(CommitOutcomeKind::kConflict, ErrorKind::kCommitConflict);
      case CommitFault::kLandsSaysUnknown:
        (void)commit();
        return say(CommitOutcomeKind::kUnknown, ErrorKind::kCommitStateUnknown);
      case CommitFault::kLandsOvertakenSaysUnknown:
        (void)commit();
        other_writer();
        return say(CommitOutcomeKind::kUnknown, ErrorKind::kCommitStateUnknown);
      case CommitFault::kDoesNotLandSaysUnknown:
        return say(CommitOutcomeKind::kUnknown, ErrorKind::kCommitStateUnknown);
      case CommitFault::kSaysUnavailable:
        return say(CommitOutcomeKind::kRejected, ErrorKind::kUnavailable);
    }
    return commit();
  }

  std::shared_ptr<Catalog> base_;
};

}  // namespace iceframe
