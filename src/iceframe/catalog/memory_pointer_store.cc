// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <functional>
#include <map>
#include <mutex>
#include <utility>

#include "iceframe/catalog/memory_pointer_store_internal.h"
#include "iceframe/catalog/writer_lock_internal.h"
#include "iceframe/runtime/fork.h"

namespace iceframe {

namespace {

bool IsAtOrBelow(const Namespace& name_space, const Namespace& parent) {
  return name_space.size() >= parent.size() &&
         std::equal(parent.begin(), parent.end(), name_space.begin());
}

// Touched under its mutex, changed by who holds the writer lock.
struct Content {
  internal::ForkSafeMutex mutex;
  std::map<Namespace, Properties> namespaces;
  std::map<TableIdentifier, std::string> locations;
};

class MemoryPointers final : public PointerTransaction {
 public:
  // `lock` is empty where nothing is going to be changed.
  MemoryPointers(Content* content, std::unique_lock<WriterLock> lock)
      : content_(content), lock_(std::move(lock)) {}

  Result<std::optional<std::string>> Find(const TableIdentifier& identifier) override {
    const std::lock_guard lock(content_->mutex);
    const auto found = content_->locations.find(identifier);
    if (found != content_->locations.end()) return found->second;
    return std::nullopt;
  }

  Result<std::vector<std::string>> TablesIn(const Namespace& name_space) override {
    const std::lock_guard lock(content_->mutex);
    std::vector<std::string> names;
    for (auto at = content_->locations.lower_bound(TableIdentifier{name_space, ""});
         at != content_->locations.end() && at->first.name_space == name_space; ++at) {
      names.push_back(at->first.name);
    }
    return names;
  }

  Result<std::optional<std::string>> OtherTableBelow(const std::string& location,
                                                     const TableIdentifier& identifier) override {
    const std::lock_guard lock(content_->mutex);
    for (const auto& [other, metadata_location] : content_->locations) {
      const bool is_below = metadata_location.starts_with(location + "/");
      if (is_below && other != identifier) return other.ToString();
    }
    return std::nullopt;
  }

  Result<bool> NamespaceExists(const Namespace& name_space) override {
    const std::lock_guard lock(content_->mutex);
    // From a name on in the order comes first what begins with it.
    const auto first = content_->namespaces.lower_bound(name_space);
    if (first != content_->namespaces.end() && IsAtOrBelow(first->first, name_space)) return true;
    const auto table = content_->locations.lower_bound(TableIdentifier{name_space, ""});
    return table != content_->locations.end() && IsAtOrBelow(table->first.name_space, name_space);
  }

  Result<std::vector<Namespace>> NamespacesBelow(const Namespace& parent) override {
    const std::lock_guard lock(content_->mutex);
    std::vector<Namespace> found;
    const auto add = [&](const Namespace& name_space) {
      if (name_space != parent && IsAtOrBelow(name_space, parent)) found.push_back(name_space);
    };
    for (const auto& [name_space, properties] : content_->namespaces) add(name_space);
    for (const auto& [identifier, location] : content_->locations) add(identifier.name_space);
    return found;
  }

  Result<Properties> NamespaceProperties(const Namespace& name_space) override {
    const std::lock_guard lock(content_->mutex);
    const auto found = content_->namespaces.find(name_space);
    return found == content_->namespaces.end() ? Properties() : found->second;
  }

  Status Insert(const TableIdentifier& identifier, const std::string& location) override {
    ICEFRAME_ASSIGN_OR_RETURN(const auto found, Find(identifier));
    if (found) {
      return Error(ErrorKind::kAlreadyExists, "table exists already: ", identifier.ToString());
    }
    return Change([=](Content& content) { content.locations[identifier] = location; });
  }

  Result<bool> Swap(const TableIdentifier& identifier, const std::string& from,
                    const std::string& to) override {
    ICEFRAME_ASSIGN_OR_RETURN(const auto found, Find(identifier));
    if (found != from) return false;
    changes_.push_back([=](Content& content) { content.locations[identifier] = to; });
    return true;
  }

  Result<bool> Rename(const TableIdentifier& from, const TableIdentifier& to) override {
    ICEFRAME_ASSIGN_OR_RETURN(const auto location, Find(from));
    if (!location) return false;
    ICEFRAME_RETURN_NOT_OK(Insert(to, *location));
    return Remove(from);
  }

  Result<bool> Remove(const TableIdentifier& identifier) override {
    ICEFRAME_ASSIGN_OR_RETURN(const auto found, Find(identifier));
    changes_.push_back([=](Content& content) { content.locations.erase(identifier); });
    return found.has_value();
  }

  Status PutNamespace(const Namespace& name_space, const Properties& updates,
                      const std::vector<std::string>& removals) override {
    return Change([=](Content& content) {
      Properties& properties = content.namespaces[name_space];
      for (const std::string& key : removals) properties.erase(key);
      for (const auto& [key, value] : updates) properties[key] = value;
    });
  }

  Status RemoveNamespace(const Namespace& name_space) override {
    return Change([=](Content& content) { content.namespaces.erase(name_space); });
  }

  TransactionEnd Commit() override {
    const std::lock_guard lock(content_->mutex);
    for (const auto& change : changes_) change(*content_);
    return {Status::OK(), true};
  }

 private:
  Status Change(std::function<void(Content&)> change) {
    changes_.push_back(std::move(change));
    return Status::OK();
  }

  Content* content_;
  std::unique_lock<WriterLock> lock_;
  std::vector<std::function<void(Content&)>> changes_;
};

class MemoryPointerStore final : public PointerStore {
 public:
  bool holds_what_it_finds() const override { return true; }

  Result<std::unique_ptr<PointerReader>> Read(const OperationContext& context) override {
    ICEFRAME_RETURN_NOT_OK(context.Check());
    return std::make_unique<MemoryPointers>(&content_, std::unique_lock<WriterLock>());
  }

  Result<std::unique_ptr<PointerTransaction>> Write(const OperationContext& context) override {
    ICEFRAME_RETURN_NOT_OK(writer_lock_.Lock(context));
    return std::make_unique<MemoryPointers>(
        &content_, std::unique_lock<WriterLock>(writer_lock_, std::adopt_lock));
  }

 private:
  Content content_;
  WriterLock writer_lock_;
};

}  // namespace

std::unique_ptr<PointerStore> MakeMemoryPointerStore() {
  return std::make_unique<MemoryPointerStore>();
}

}  // namespace iceframe
