// SPDX-License-Identifier: Apache-2.0
#include "iceframe/catalog_federation.h"

#include <algorithm>
#include <utility>

#include <arrow/util/future.h>

#include "iceframe/catalog/federated_catalog.h"
#include "iceframe/catalog/identifier.h"
#include "iceframe/runtime/fork.h"
#include "iceframe/runtime/wait.h"

namespace iceframe {

namespace {

// A catalog that is opened once, by the first who needs it.
class Member {
 public:
  explicit Member(SessionOptions options) : options_(std::move(options)) {}
  explicit Member(std::shared_ptr<Session> session) : session_(std::move(session)) {}

  Result<std::shared_ptr<Session>> Open(const OperationContext& context) {
    while (true) {
      arrow::Future<> opening;
      const bool is_ours = TakePart(&opening);
      if (!opening.is_valid()) return session_;
      if (is_ours) return OpenNow(context, std::move(opening));
      const Status opened = Await(context, opening);
      ICEFRAME_RETURN_NOT_OK(context.Check());
      // What ended the other one's call is no failure of the catalog.
      const bool was_stopped = !opened.ok() && (KindOf(opened) == ErrorKind::kCancelled ||
                                                KindOf(opened) == ErrorKind::kTimeout);
      if (!opened.ok() && !was_stopped) return opened;
    }
  }

 private:
  // Begins to open, or finds who does; an invalid future: it is open. Returns whether it began.
  bool TakePart(arrow::Future<>* opening) {
    const std::lock_guard lock(mutex_);
    if (session_ != nullptr) return false;
    // In a child of fork() nobody goes on with what another thread began.
    const bool is_under_way = opening_.is_valid() && generation_ == ForkGeneration();
    if (!is_under_way) {
      opening_ = arrow::Future<>::Make();
      generation_ = ForkGeneration();
    }
    *opening = opening_;
    return !is_under_way;
  }

  Result<std::shared_ptr<Session>> OpenNow(const OperationContext& context,
                                           arrow::Future<> opening) {
    SessionOptions options = options_;
    options.cancel = context.cancel;
    Result<std::shared_ptr<Session>> opened = Session::Open(std::move(options));
    {
      const std::lock_guard lock(mutex_);
      if (opened.ok()) session_ = *opened;
      opening_ = {};
    }
    opening.MarkFinished(opened.status());
    return opened;
  }

  const SessionOptions options_;
  internal::ForkSafeMutex mutex_;
  // Set once, before anybody is told that it is.
  std::shared_ptr<Session> session_;
  arrow::Future<> opening_;
  uint64_t generation_ = 0;
};

Status CheckName(const std::string& name) {
  const Status status = CheckNewNamespace({name});
  if (status.ok()) return status;
  return Error(ErrorKind::kInvalidArgument, "a catalog can't have this name in a federation: '",
               name, "'; use letters, digits, _ and -");
}

}  // namespace

class CatalogFederation::Members final : public CatalogMembers {
 public:
  using MemberPtr = std::shared_ptr<Member>;

  Status Add(const std::string& name, const MemberPtr& member) {
    ICEFRAME_RETURN_NOT_OK(CheckName(name));
    const std::lock_guard lock(mutex_);
    if (Place(name) != members_.end()) {
      return Error(ErrorKind::kAlreadyExists, "catalog is in the federation already: ", name,
                   "; remove it first");
    }
    members_.emplace_back(name, member);
    return Status::OK();
  }

  Status Remove(const std::string& name) {
    MemberPtr removed;  // goes after the lock
    const std::lock_guard lock(mutex_);
    const auto place = Place(name);
    if (place == members_.end()) return NotThere(name);
    removed = std::move(place->second);
    members_.erase(place);
    return Status::OK();
  }

  std::vector<std::string> names() const override {
    const std::lock_guard lock(mutex_);
    return Names();
  }

  Result<std::shared_ptr<Session>> Open(const OperationContext& context, const std::string& name) {
    MemberPtr member;
    {
      const std::lock_guard lock(mutex_);
      const auto place = Place(name);
      if (place == members_.end()) return NotThere(name);
      member = place->second;
    }
    Result<std::shared_ptr<Session>> session = member->Open(context);
    if (!session.ok()) return WithContext(session.status(), "catalog", name);
    return session;
  }

  Result<std::shared_ptr<Catalog>> Find(const OperationContext& context,
                                        const std::string& name) override {
    ICEFRAME_ASSIGN_OR_RETURN(const auto session, Open(context, name));
    return session->catalog();
  }

 private:
  using Entries = std::vector<std::pair<std::string, MemberPtr>>;

  Entries::iterator Place(const std::string& name) {
    return std::ranges::find(members_, name, &Entries::value_type::first);
  }

  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& [name, member] : members_) names.push_back(name);
    return names;
  }

  Status NotThere(const std::string& name) const {
    std::string others;
    for (const std::string& other : Names()) others += (others.empty() ? "" : ", ") + other;
    return Error(ErrorKind::kNotFound, "catalog does not exist in the federation: ", name,
                 others.empty() ? "; it has none yet" : "; it has " + others,
                 " (tables are named catalog.namespace.table)");
  }

  mutable internal::ForkSafeMutex mutex_;
  Entries members_;
};

CatalogFederation::CatalogFederation(std::shared_ptr<Members> members,
                                     std::shared_ptr<Session> session)
    : members_(std::move(members)), session_(std::move(session)) {}

CatalogFederation::~CatalogFederation() = default;

Result<std::shared_ptr<CatalogFederation>> CatalogFederation::Make(SessionOptions options) {
  auto members = std::make_shared<Members>();
  ICEFRAME_ASSIGN_OR_RETURN(auto session,
                            Session::OpenOver(MakeFederatedCatalog(members), std::move(options)));
  return std::shared_ptr<CatalogFederation>(
      new CatalogFederation(std::move(members), std::move(session)));
}

Status CatalogFederation::AddCatalog(const std::string& name, SessionOptions options) {
  return members_->Add(name, std::make_shared<Member>(std::move(options)));
}

Status CatalogFederation::AddCatalog(const std::string& name, std::shared_ptr<Session> session) {
  if (session == nullptr) return Error(ErrorKind::kInvalidArgument, "session is nullptr: ", name);
  return members_->Add(name, std::make_shared<Member>(std::move(session)));
}

Status CatalogFederation::RemoveCatalog(const std::string& name) { return members_->Remove(name); }

std::vector<std::string> CatalogFederation::ListCatalogs() const { return members_->names(); }

Result<std::shared_ptr<Session>> CatalogFederation::GetCatalog(const OperationContext& context,
                                                               const std::string& name) const {
  return members_->Open(context, name);
}

const std::shared_ptr<Session>& CatalogFederation::session() const { return session_; }

std::string CatalogFederation::ToString() const { return session_->ToString(); }

}  // namespace iceframe
