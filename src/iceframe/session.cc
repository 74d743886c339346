// SPDX-License-Identifier: Apache-2.0
#include "iceframe/session.h"

#include <utility>

#include "iceframe/all_counters.h"
#include "iceframe/all_settings.h"
#include "iceframe/catalog/catalog_config.h"
#include "iceframe/catalog/connection_pool.h"
#include "iceframe/catalog/default_namespace.h"
#include "iceframe/catalog/ensure_namespace.h"
#include "iceframe/catalog/identifier.h"
#include "iceframe/catalog/load_settings.h"
#include "iceframe/catalog/make_catalog.h"
#include "iceframe/execution/planning_time_internal.h"
#include "iceframe/io/io_metrics_internal.h"
#include "iceframe/operation_kinds.h"
#include "iceframe/runtime/configure_executor.h"
#include "iceframe/runtime/memory_budgets.h"
#include "iceframe/runtime/metrics_registry.h"
#include "iceframe/runtime/operation_totals.h"
#include "iceframe/runtime/runtime_settings.h"
#include "iceframe/services/kept_rows.h"
#include "iceframe/services/known_catalogs.h"
#include "iceframe/session_impl_internal.h"
#include "iceframe/table/commit_metrics_internal.h"

namespace iceframe {

namespace {

// "t" is "default.t"; "a.b.t" is t in a.b. Errors: InvalidArgument.
Result<TableIdentifier> ResolveTableName(std::string_view name) {
  ICEFRAME_ASSIGN_OR_RETURN(TableIdentifier identifier, TableIdentifier::Parse(name));
  if (identifier.name_space.empty()) identifier.name_space = {kDefaultNamespace};
  return identifier;
}

// The process's totals are kept from its first session on, and what may be counted is there at 0.
void KeepTotals() {
  [[maybe_unused]] static const bool is_kept = [] {
    internal::PrepareIoMetrics();
    internal::PrepareCommitMetrics();
    internal::PreparePlanningMetrics();
    MetricsRegistry::Process().counter("iceframe_memory_limit_errors_total");
    internal::BytesGivenBack("disk");
    OperationObservers::Process().Add(MakeOperationTotals(kOperationKinds, AllCounters()));
    OperationObservers::Process().Add(DataSkipper::Process());
    return true;
  }();
}

void ResizePool(const Catalog& catalog, int size) {
  const std::shared_ptr<ConnectionPool> connections = catalog.connections();
  if (connections == nullptr) return;
  ConnectionPoolOptions options = connections->options();
  options.max_size = size;
  connections->Configure(options);
}

}  // namespace

Session::Session(std::unique_ptr<const Impl> impl) : impl_(std::move(impl)) {}

Session::~Session() = default;

Result<std::shared_ptr<Session>> Session::Open(SessionOptions options) {
  return OpenOver(nullptr, std::move(options));
}

Result<std::shared_ptr<Session>> Session::OpenOver(std::shared_ptr<Catalog> catalog,
                                                   SessionOptions options) {
  ICEFRAME_ASSIGN_OR_RETURN(const CatalogConfigSources process, ProcessCatalogConfigSources({}));
  OperationContext context;
  ICEFRAME_ASSIGN_OR_RETURN(
      context.settings, LoadSettings(AllSettings(), options.settings, process, options.log.get()));
  context.log = options.log;
  context.cancel = options.cancel;
  if (options.memory != nullptr) context.memory = options.memory;
  if (catalog == nullptr) {
    ICEFRAME_ASSIGN_OR_RETURN(catalog, options.connect
                                           ? MakeCatalog(context, options.catalog)
                                           : MakeUnconnectedCatalog(context, options.catalog));
  }
  if (options.pool_size) ResizePool(*catalog, *options.pool_size);
  return MakeWith(context, std::move(catalog), std::move(options.query_cache));
}

Result<std::shared_ptr<Session>> Session::Make(std::shared_ptr<Catalog> catalog,
                                               const Properties& settings,
                                               std::shared_ptr<LogSink> log,
                                               std::shared_ptr<QueryCache> query_cache) {
  OperationContext context;
  ICEFRAME_ASSIGN_OR_RETURN(context.settings, MakeSettings(AllSettings(), {settings, {}, {}}));
  context.log = std::move(log);
  return MakeWith(context, std::move(catalog), std::move(query_cache));
}

Result<std::shared_ptr<Session>> Session::MakeWith(const OperationContext& context,
                                                   std::shared_ptr<Catalog> catalog,
                                                   std::shared_ptr<QueryCache> query_cache) {
  KeepTotals();
  const SettingsReader settings(kRuntimeSettings, context.settings.get());
  ICEFRAME_RETURN_NOT_OK(ApplyExecutorSettings(settings));
  ICEFRAME_ASSIGN_OR_RETURN(const int64_t limit, settings.Bytes("memory.limit"));
  auto memory = context.memory->MakeChild("session",
                                          limit > 0 ? std::optional<int64_t>(limit) : std::nullopt);
  LeaveRoomForCaches(memory.get());
  NoteCatalog(catalog);
  auto impl = std::make_unique<const Impl>(std::move(catalog), std::move(memory), context.settings,
                                           context.log, std::move(query_cache));
  return std::shared_ptr<Session>(new Session(std::move(impl)));
}

std::shared_ptr<Session> Session::Over(std::shared_ptr<Catalog> catalog) const {
  return std::shared_ptr<Session>(new Session(impl_->Over(std::move(catalog))));
}

std::string Session::FullTableName(std::string_view name) {
  const Result<TableIdentifier> identifier = ResolveTableName(name);
  return identifier.ok() ? identifier->ToString() : std::string(name);
}

OperationContext Session::NewOperation() const { return impl_->NewOperation(); }

const std::shared_ptr<MemoryBudget>& Session::memory() const { return impl_->memory(); }

const std::shared_ptr<Catalog>& Session::catalog() const { return impl_->catalog(); }

std::shared_ptr<QueryCache> Session::query_cache() const { return impl_->query_cache(); }

OperationObservers& Session::observers() const { return impl_->observers(); }

const std::shared_ptr<DataSkipper>& Session::data_skipper() const { return impl_->data_skipper(); }

std::string Session::ToString() const { return catalog()->ToString(); }

OperationContext Session::Impl::NewOperation() const {
  OperationContext context;
  context.memory = memory_->MakeChild("operation");
  context.settings = settings_;
  context.log = log_;
  context.observers = observers_;
  return context;
}

Result<std::shared_ptr<const Table>> Session::Impl::CreateTable(
    const OperationContext& context, std::string_view name, std::shared_ptr<const Schema> schema,
    const CreateTableOptions& options) const {
  ICEFRAME_ASSIGN_OR_RETURN(const auto identifier, ResolveTableName(name));
  return iceframe::CreateTable(context, catalog_, identifier, std::move(schema), options);
}

Result<std::shared_ptr<const Table>> Session::Impl::LoadTable(const OperationContext& context,
                                                              std::string_view name) const {
  ICEFRAME_ASSIGN_OR_RETURN(TableIdentifier identifier, ResolveTableName(name));
  // A query's operation learns its tables as they are found.
  context.NoteTable(identifier.ToString());
  return Table::Load(context, catalog_, identifier);
}

Result<bool> Session::Impl::TableExists(const OperationContext& context,
                                        std::string_view name) const {
  ICEFRAME_ASSIGN_OR_RETURN(TableIdentifier identifier, ResolveTableName(name));
  return catalog_->TableExists(context, identifier);
}

Status Session::Impl::DropTable(const OperationContext& context, std::string_view name,
                                bool purge) const {
  ICEFRAME_ASSIGN_OR_RETURN(TableIdentifier identifier, ResolveTableName(name));
  return catalog_->DropTable(context, identifier, purge);
}

Status Session::Impl::RenameTable(const OperationContext& context, std::string_view from,
                                  std::string_view to) const {
  ICEFRAME_ASSIGN_OR_RETURN(TableIdentifier source, ResolveTableName(from));
  ICEFRAME_ASSIGN_OR_RETURN(TableIdentifier target, ResolveTableName(to));
  return catalog_->RenameTable(context, source, target);
}

Result<std::shared_ptr<const Table>> Session::Impl::RegisterTable(
    const OperationContext& context, std::string_view name,
    const std::string& metadata_location) const {
  ICEFRAME_ASSIGN_OR_RETURN(TableIdentifier identifier, ResolveTableName(name));
  ICEFRAME_RETURN_NOT_OK(EnsureNamespace(context, *catalog_, identifier.name_space));
  ICEFRAME_ASSIGN_OR_RETURN(LoadedTable loaded,
                            catalog_->RegisterTable(context, identifier, metadata_location));
  return Table::Load(context, catalog_, loaded.identifier);
}

Result<std::vector<std::string>> Session::Impl::ListTables(const OperationContext& context,
                                                           std::string_view name_space) const {
  ICEFRAME_ASSIGN_OR_RETURN(Namespace levels, ParseNamespace(name_space));
  std::vector<std::string> names;
  if (levels == Namespace{kDefaultNamespace}) {
    ICEFRAME_ASSIGN_OR_RETURN(bool exists, catalog_->NamespaceExists(context, levels));
    if (!exists) return names;
  }
  ICEFRAME_ASSIGN_OR_RETURN(auto identifiers, catalog_->ListTables(context, levels));
  names.reserve(identifiers.size());
  for (const TableIdentifier& identifier : identifiers) names.push_back(identifier.ToString());
  return names;
}

}  // namespace iceframe
