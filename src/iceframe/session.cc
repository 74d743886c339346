// SPDX-License-Identifier: Apache-2.0
#include "iceframe/session.h"

#include <mutex>
#include <set>
#include <utility>

#include "iceframe/all_counters.h"
#include "iceframe/all_settings.h"
#include "iceframe/catalog/catalog_config.h"
#include "iceframe/catalog/identifier.h"
#include "iceframe/catalog/make_catalog.h"
#include "iceframe/execution/check_table_properties.h"
#include "iceframe/operation_kinds.h"
#include "iceframe/runtime/executor.h"
#include "iceframe/runtime/operation_totals.h"
#include "iceframe/runtime/running_operation.h"
#include "iceframe/runtime/runtime_settings.h"
#include "iceframe/runtime/yaml_config.h"
#include "iceframe/session_impl_internal.h"

namespace iceframe {

namespace {

// Where bare names are; it is made with its first table.
constexpr char kDefaultNamespace[] = "default";
constexpr char kConfigVariable[] = "ICEFRAME_CONFIG";

// Tells of each variable once in a process, however many sessions are opened.
void WarnOfUnknownVariables(const Properties& environment, LogSink* log) {
  static std::mutex mutex;
  static std::set<std::string> told;
  if (log == nullptr || !log->IsEnabled(LogLevel::kWarning)) return;
  for (const UnknownVariable& variable : UnknownVariables(AllSettings(), environment)) {
    {
      const std::lock_guard lock(mutex);
      if (!told.insert(variable.name).second) continue;
    }
    log->Log(LogLevel::kWarning, "settings",
             "environment variable names no setting and is ignored: " + variable.name +
                 " (the nearest known one is " + variable.nearest + ")");
  }
}

// Arguments over ICEFRAME_… variables over the settings file ($ICEFRAME_CONFIG, else
// ~/.iceframe.yaml).
Result<std::shared_ptr<const Properties>> ResolveSettings(const Properties& arguments,
                                                          const CatalogConfigSources& process,
                                                          LogSink* log) {
  SettingsSources sources;
  sources.arguments = arguments;
  sources.environment = process.environment;
  std::string path = process.home_folder + "/.iceframe.yaml";
  if (auto named = sources.environment.find(kConfigVariable); named != sources.environment.end()) {
    path = named->second;
    sources.environment.erase(named);
  }
  WarnOfUnknownVariables(sources.environment, log);
  ICEFRAME_ASSIGN_OR_RETURN(std::optional<std::string> text, process.read_file(path));
  if (text) {
    ICEFRAME_ASSIGN_OR_RETURN_CONTEXT(Json tree, ParseYamlConfig(*text), "file", path);
    ICEFRAME_ASSIGN_OR_RETURN(sources.file, FlattenConfig(tree));
  }
  return MakeSettings(AllSettings(), sources);
}

// The process's totals are kept from its first session on.
void KeepTotals() {
  [[maybe_unused]] static const bool is_kept = [] {
    OperationObservers::Process().Add(MakeOperationTotals(kOperationKinds, AllCounters()));
    return true;
  }();
}

Status EnsureNamespace(const OperationContext& context, Catalog& catalog,
                       const Namespace& name_space) {
  const Status created = catalog.CreateNamespace(context, name_space, Properties{});
  return !created.ok() && KindOf(created) == ErrorKind::kAlreadyExists ? Status::OK() : created;
}

// The threads are the process's: a session that sets their number sets it for all.
Status ConfigureExecutor(const SettingsReader& settings) {
  ICEFRAME_ASSIGN_OR_RETURN(const SettingValue threads, settings.Find("executor.num_threads"));
  ICEFRAME_ASSIGN_OR_RETURN(const SettingValue io, settings.Find("executor.num_io_threads"));
  const bool sets_threads = threads.source != SettingSource::kDefault;
  const bool sets_io = io.source != SettingSource::kDefault;
  if (!sets_threads && !sets_io) return Status::OK();
  Executor& executor = Executor::Process();
  ICEFRAME_ASSIGN_OR_RETURN(const int64_t num_threads, settings.Integer("executor.num_threads"));
  ICEFRAME_ASSIGN_OR_RETURN(const int64_t num_io, settings.Integer("executor.num_io_threads"));
  return executor.Configure(
      {.num_threads = sets_threads ? static_cast<int>(num_threads) : executor.num_cpu_threads(),
       .num_io_threads = sets_io ? static_cast<int>(num_io) : executor.num_io_threads()});
}

Result<std::shared_ptr<Session>> MakeSession(const OperationContext& context,
                                             std::shared_ptr<Catalog> catalog) {
  KeepTotals();
  const SettingsReader settings(kRuntimeSettings, context.settings.get());
  ICEFRAME_RETURN_NOT_OK(ConfigureExecutor(settings));
  ICEFRAME_ASSIGN_OR_RETURN(const int64_t limit, settings.Bytes("memory.limit"));
  std::shared_ptr<MemoryBudget> memory = MemoryBudget::Process()->MakeChild(
      "session", limit > 0 ? std::optional<int64_t>(limit) : std::nullopt);
  return std::make_shared<internal::SessionImpl>(std::move(catalog), std::move(memory),
                                                 context.settings, context.log);
}

}  // namespace

Result<std::shared_ptr<Session>> Session::Open(SessionOptions options) {
  ICEFRAME_ASSIGN_OR_RETURN(CatalogConfigSources process, ProcessCatalogConfigSources({}));
  ICEFRAME_ASSIGN_OR_RETURN(auto settings,
                            ResolveSettings(options.settings, process, options.log.get()));
  OperationContext context;
  context.settings = std::move(settings);
  context.log = options.log;
  context.cancel = options.cancel;
  ICEFRAME_ASSIGN_OR_RETURN(std::shared_ptr<Catalog> catalog,
                            MakeCatalog(context, options.catalog));
  return MakeSession(context, std::move(catalog));
}

Result<std::shared_ptr<Session>> Session::Make(std::shared_ptr<Catalog> catalog,
                                               const Properties& settings,
                                               std::shared_ptr<LogSink> log) {
  OperationContext context;
  ICEFRAME_ASSIGN_OR_RETURN(context.settings, MakeSettings(AllSettings(), {settings, {}, {}}));
  context.log = std::move(log);
  return MakeSession(context, std::move(catalog));
}

std::string Session::FullTableName(std::string_view name) {
  const Result<TableIdentifier> identifier = internal::ResolveTableName(name);
  return identifier.ok() ? identifier->ToString() : std::string(name);
}

namespace internal {

Result<TableIdentifier> ResolveTableName(std::string_view name) {
  ICEFRAME_ASSIGN_OR_RETURN(TableIdentifier identifier, TableIdentifier::Parse(name));
  if (identifier.name_space.empty()) identifier.name_space = {kDefaultNamespace};
  return identifier;
}

OperationContext SessionImpl::NewOperation() const {
  OperationContext context;
  context.memory = memory_->MakeChild("operation");
  context.settings = settings_;
  context.log = log_;
  context.observers = observers_;
  return context;
}

std::string SessionImpl::ToString() const { return catalog_->ToString(); }

Result<std::shared_ptr<const Table>> SessionImpl::DoCreateTable(
    const OperationContext& context, std::string_view name, std::shared_ptr<const Schema> schema,
    const CreateTableOptions& options) {
  CreateTableRequest request;
  ICEFRAME_ASSIGN_OR_RETURN(request.identifier, ResolveTableName(name));
  ICEFRAME_ASSIGN_OR_RETURN(request.spec, MakePartitionSpec(*schema, options.partition_by));
  ICEFRAME_ASSIGN_OR_RETURN(request.sort_order, MakeSortOrder(*schema, options.sort_by));
  ICEFRAME_RETURN_NOT_OK(CheckTableProperties(*schema, options.properties, AllSettings()));
  request.schema = std::move(schema);
  request.properties = options.properties;
  request.location = options.location;
  request.format_version = options.format_version;
  if (options.create_namespace) {
    ICEFRAME_RETURN_NOT_OK(EnsureNamespace(context, *catalog_, request.identifier.name_space));
  }
  Result<LoadedTable> created = catalog_->CreateTable(context, request);
  if (created.ok()) return Table::Make(catalog_, *std::move(created));
  const bool is_there = KindOf(created.status()) == ErrorKind::kAlreadyExists;
  if (!is_there || !options.exist_ok) return created.status();
  return Table::Load(context, catalog_, request.identifier);
}

Result<std::shared_ptr<const Table>> SessionImpl::DoLoadTable(const OperationContext& context,
                                                              std::string_view name) {
  ICEFRAME_ASSIGN_OR_RETURN(TableIdentifier identifier, ResolveTableName(name));
  return Table::Load(context, catalog_, identifier);
}

Result<bool> SessionImpl::DoTableExists(const OperationContext& context, std::string_view name) {
  ICEFRAME_ASSIGN_OR_RETURN(TableIdentifier identifier, ResolveTableName(name));
  return catalog_->TableExists(context, identifier);
}

Status SessionImpl::DoDropTable(const OperationContext& context, std::string_view name,
                                bool purge) {
  ICEFRAME_ASSIGN_OR_RETURN(TableIdentifier identifier, ResolveTableName(name));
  return catalog_->DropTable(context, identifier, purge);
}

Status SessionImpl::DoRenameTable(const OperationContext& context, std::string_view from,
                                  std::string_view to) {
  ICEFRAME_ASSIGN_OR_RETURN(TableIdentifier source, ResolveTableName(from));
  ICEFRAME_ASSIGN_OR_RETURN(TableIdentifier target, ResolveTableName(to));
  return catalog_->RenameTable(context, source, target);
}

Result<std::shared_ptr<const Table>> SessionImpl::DoRegisterTable(
    const OperationContext& context, std::string_view name, const std::string& metadata_location) {
  ICEFRAME_ASSIGN_OR_RETURN(TableIdentifier identifier, ResolveTableName(name));
  ICEFRAME_RETURN_NOT_OK(EnsureNamespace(context, *catalog_, identifier.name_space));
  ICEFRAME_ASSIGN_OR_RETURN(LoadedTable loaded,
                            catalog_->RegisterTable(context, identifier, metadata_location));
  return Table::Load(context, catalog_, loaded.identifier);
}

Result<std::vector<std::string>> SessionImpl::DoListTables(const OperationContext& context,
                                                           std::string_view name_space) {
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

}  // namespace internal

}  // namespace iceframe
