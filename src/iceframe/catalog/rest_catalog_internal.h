// SPDX-License-Identifier: Apache-2.0
// The catalog over a REST server: tables in rest_catalog.cc, commits in rest_commit.cc, namespaces
// in rest_namespaces.cc.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "iceframe/catalog/catalog.h"
#include "iceframe/catalog/rest_client_internal.h"
#include "iceframe/catalog/warehouse_internal.h"

namespace iceframe {

class RestCatalog final : public Catalog {
 public:
  using WrapFileIO = std::function<std::shared_ptr<FileIO>(std::shared_ptr<FileIO>)>;

  /// Over `leased` while that is on loan, where it is set.
  RestCatalog(std::shared_ptr<RestServer> server, WrapFileIO wrap_file_io,
              std::shared_ptr<LeasedConnection> leased = nullptr)
      : server_(std::move(server)),
        wrap_file_io_(std::move(wrap_file_io)),
        leased_(std::move(leased)) {}

  const std::string& name() const override { return server_->name(); }
  std::string ToString() const override;

  Status Connect(const OperationContext& context) override;
  std::shared_ptr<ConnectionPool> connections() const override { return server_->connections(); }
  std::shared_ptr<Catalog> Over(std::shared_ptr<LeasedConnection> connection) const override;

  Status CreateNamespace(const OperationContext& context, const Namespace& name_space,
                         const Properties& properties) override;
  Status DropNamespace(const OperationContext& context, const Namespace& name_space) override;
  Result<std::vector<Namespace>> ListNamespaces(const OperationContext& context,
                                                const Namespace& parent) override;
  Result<Properties> LoadNamespaceProperties(const OperationContext& context,
                                             const Namespace& name_space) override;
  Status UpdateNamespaceProperties(const OperationContext& context, const Namespace& name_space,
                                   const Properties& updates,
                                   const std::vector<std::string>& removals) override;
  Result<bool> NamespaceExists(const OperationContext& context,
                               const Namespace& name_space) override;

  Result<std::vector<TableIdentifier>> ListTables(const OperationContext& context,
                                                  const Namespace& name_space) override;
  Result<LoadedTable> CreateTable(const OperationContext& context,
                                  const CreateTableRequest& request) override;
  Result<LoadedTable> LoadTable(const OperationContext& context,
                                const TableIdentifier& identifier) override;
  Result<bool> TableExists(const OperationContext& context,
                           const TableIdentifier& identifier) override;
  Status DropTable(const OperationContext& context, const TableIdentifier& identifier,
                   bool purge) override;
  Status RenameTable(const OperationContext& context, const TableIdentifier& from,
                     const TableIdentifier& to) override;
  Result<LoadedTable> RegisterTable(const OperationContext& context,
                                    const TableIdentifier& identifier,
                                    const std::string& metadata_location) override;

  CommitOutcome CommitTable(const OperationContext& context, const CommitRequest& request) override;

  Result<std::shared_ptr<FileIO>> FileIOFor(const LoadedTable& table) override;

 private:
  Result<std::shared_ptr<const RestConfig>> Config(const OperationContext& context) {
    return server_->Config(context, leased_);
  }
  /// Asks, and returns the answer if it is a success.
  Result<HttpAnswer> Ask(const OperationContext& context, const RestConfig& config,
                         const RestRequest& request);
  /// Sends a change of the catalog. Errors: CommitStateUnknown where it may have been done.
  Result<HttpAnswer> Change(const OperationContext& context, const RestConfig& config,
                            const RestRequest& request);
  /// Whether `path` is there: by HEAD where the server offers that, else by GET.
  Result<bool> IsThere(const OperationContext& context, const RestConfig& config,
                       const std::string& path, std::string_view endpoint);
  /// Asks for all pages of a list, and has each read.
  Status AskPages(const OperationContext& context, const RestConfig& config, RestRequest request,
                  const std::function<Status(const Json& page)>& read);
  CommitOutcome TryCommit(const OperationContext& context, const CommitRequest& request);

  const std::shared_ptr<RestServer> server_;
  const WrapFileIO wrap_file_io_;
  const std::shared_ptr<LeasedConnection> leased_;
};

}  // namespace iceframe
