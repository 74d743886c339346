// SPDX-License-Identifier: Apache-2.0
// A store of pointers that fails, or lies about how a transaction ended, at a chosen step.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "iceframe/catalog/pointer_store_internal.h"

#include "support/faulty_file_io.h"

namespace iceframe {

struct FaultyPointerStoreOptions {
  /// Every call is a step of it: "pointer.find", "pointer.commit" …
  std::shared_ptr<FaultPlan> plan = std::make_shared<FaultPlan>();
  /// Whether a transaction's end that failed may have landed, for all the store knows.
  bool end_is_unknown = true;
  bool holds_what_it_finds = true;
  /// Called before a transaction begins, such as for another writer to come first.
  std::function<void()> before_write = {};
  /// Called when a transaction has ended, before it says how.
  std::function<void()> after_commit = {};
};

namespace internal {

class FaultyPointers final : public PointerTransaction {
 public:
  // One of the two is there.
  FaultyPointers(const OperationContext* context, const FaultyPointerStoreOptions* options,
                 std::unique_ptr<PointerReader> reader,
                 std::unique_ptr<PointerTransaction> transaction)
      : context_(context),
        options_(options),
        reader_owned_(std::move(reader)),
        transaction_(std::move(transaction)),
        reader_(transaction_ ? transaction_.get() : reader_owned_.get()) {}

  Result<std::optional<std::string>> Find(const TableIdentifier& identifier) override {
    return Step("find", [&] { return reader_->Find(identifier); });
  }
  Result<std::vector<std::string>> TablesIn(const Namespace& name_space) override {
    return Step("tables_in", [&] { return reader_->TablesIn(name_space); });
  }
  Result<std::optional<std::string>> OtherTableBelow(const std::string& location,
                                                     const TableIdentifier& identifier) override {
    return Step("other_table_below",
                [&] { return reader_->OtherTableBelow(location, identifier); });
  }
  Result<bool> NamespaceExists(const Namespace& name_space) override {
    return Step("namespace_exists", [&] { return reader_->NamespaceExists(name_space); });
  }
  Result<std::vector<Namespace>> NamespacesBelow(const Namespace& parent) override {
    return Step("namespaces_below", [&] { return reader_->NamespacesBelow(parent); });
  }
  Result<Properties> NamespaceProperties(const Namespace& name_space) override {
    return Step("namespace_properties", [&] { return reader_->NamespaceProperties(name_space); });
  }

  Status Insert(const TableIdentifier& identifier, const std::string& location) override {
    return Do("insert", [&] { return transaction_->Insert(identifier, location); });
  }
  Result<bool> Swap(const TableIdentifier& identifier, const std::string& from,
                    const std::string& to) override {
    return Step("swap", [&] { return transaction_->Swap(identifier, from, to); });
  }
  Result<bool> Rename(const TableIdentifier& from, const TableIdentifier& to) override {
    return Step("rename", [&] { return transaction_->Rename(from, to); });
  }
  Result<bool> Remove(const TableIdentifier& identifier) override {
    return Step("remove", [&] { return transaction_->Remove(identifier); });
  }
  Status PutNamespace(const Namespace& name_space, const Properties& updates,
                      const std::vector<std::string>& removals) override {
    return Do("put_namespace",
              [&] { return transaction_->PutNamespace(name_space, updates, removals); });
  }
  Status RemoveNamespace(const Namespace& name_space) override {
    return Do("remove_namespace", [&] { return transaction_->RemoveNamespace(name_space); });
  }

  TransactionEnd Commit() override {
    Status status = Do("commit", [&] {
      const Status landed = transaction_->Commit().status;
      // Others may come from now on.
      transaction_.reset();
      if (options_->after_commit) options_->after_commit();
      return landed;
    });
    const bool may_have_landed = status.ok() || options_->end_is_unknown;
    return {std::move(status), may_have_landed};
  }

 private:
  Status Do(const std::string& name, const std::function<Status()>& work) const {
    return options_->plan->Step(*context_, "pointer." + name, work);
  }
  template <typename Work>
  auto Step(const std::string& name, const Work& work) const -> decltype(work()) {
    decltype(work()) result = Status::UnknownError("not run");
    ICEFRAME_RETURN_NOT_OK(Do(name, [&] {
      result = work();
      return result.status();
    }));
    return result;
  }

  const OperationContext* context_;
  const FaultyPointerStoreOptions* options_;
  std::unique_ptr<PointerReader> reader_owned_;
  std::unique_ptr<PointerTransaction> transaction_;
  PointerReader* reader_;
};

}  // namespace internal

/// `base` may be shared with another store, through which a test looks.
class FaultyPointerStore final : public PointerStore {
 public:
  FaultyPointerStore(std::shared_ptr<PointerStore> base, FaultyPointerStoreOptions options)
      : base_(std::move(base)), options_(std::move(options)) {}

  bool holds_what_it_finds() const override { return options_.holds_what_it_finds; }

  Result<std::unique_ptr<PointerReader>> Read(const OperationContext& context) override {
    std::unique_ptr<PointerReader> reader;
    ICEFRAME_RETURN_NOT_OK(options_.plan->Step(context, "pointer.read", [&]() -> Status {
      ICEFRAME_ASSIGN_OR_RETURN(reader, base_->Read(context));
      return Status::OK();
    }));
    return std::make_unique<internal::FaultyPointers>(&context, &options_, std::move(reader),
                                                      nullptr);
  }

  Result<std::unique_ptr<PointerTransaction>> Write(const OperationContext& context) override {
    if (options_.before_write) options_.before_write();
    std::unique_ptr<PointerTransaction> transaction;
    ICEFRAME_RETURN_NOT_OK(options_.plan->Step(context, "pointer.write", [&]() -> Status {
      ICEFRAME_ASSIGN_OR_RETURN(transaction, base_->Write(context));
      return Status::OK();
    }));
    return std::make_unique<internal::FaultyPointers>(&context, &options_, nullptr,
                                                      std::move(transaction));
  }

 private:
  const std::shared_ptr<PointerStore> base_;
  const FaultyPointerStoreOptions options_;
};

}  // namespace iceframe
