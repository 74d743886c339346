// SPDX-License-Identifier: Apache-2.0
// Namespaces of a REST catalog.
#include <algorithm>
#include <utility>

#include "iceframe/catalog/catalog_errors_internal.h"
#include "iceframe/catalog/catalog_metrics_internal.h"
#include "iceframe/catalog/rest_catalog_internal.h"
#include "iceframe/catalog/rest_messages_internal.h"

namespace iceframe {

namespace {

// How often a namespace is asked for whose creation nobody tells the end of.
constexpr int kMaxNamespaceCreations = 3;

}  // namespace

Status RestCatalog::CreateNamespace(const OperationContext& context, const Namespace& name_space,
                                    const Properties& properties) {
  const CatalogTimer timer(CatalogOperation::kChangeNamespace);
  ICEFRAME_RETURN_NOT_OK(CheckNewNamespace(name_space));
  ICEFRAME_ASSIGN_OR_RETURN(const auto config, Config(context));
  Json json = Json::Object();
  json.Add("namespace", LevelsToJson(name_space));
  json.Add("properties", StringsToJson(properties));
  RestRequest request;
  request.method = "POST";
  request.path = "namespaces";
  request.body = json.Dump();
  for (int attempt = 0;; ++attempt) {
    const Status status = Change(context, *config, request).status();
    if (status.ok()) return status;
    const bool is_open = KindOf(status) == ErrorKind::kCommitStateUnknown;
    if (!is_open && KindOf(status) != ErrorKind::kAlreadyExists) return status;
    const bool may_be_ours = is_open || attempt > 0;
    const auto found =
        may_be_ours ? LoadNamespaceProperties(context, name_space) : Result<Properties>(status);
    // It is as it was asked for, whoever made it.
    if (found.ok() &&
        std::includes(found->begin(), found->end(), properties.begin(), properties.end())) {
      return Status::OK();
    }
    if (!is_open) {
      return Error(ErrorKind::kAlreadyExists,
                   "namespace exists already: ", iceframe::ToString(name_space));
    }
    const bool is_absent = !found.ok() && KindOf(found.status()) == ErrorKind::kNotFound;
    if (!is_absent || attempt + 1 == kMaxNamespaceCreations) return status;
  }
}

Status RestCatalog::DropNamespace(const OperationContext& context, const Namespace& name_space) {
  const CatalogTimer timer(CatalogOperation::kChangeNamespace);
  ICEFRAME_RETURN_NOT_OK(CheckNamespace(name_space));
  ICEFRAME_ASSIGN_OR_RETURN(const auto config, Config(context));
  RestRequest request;
  request.method = "DELETE";
  request.path = PathOf(name_space, config->options.namespace_separator);
  const Status status = Change(context, *config, request).status();
  if (status.ok()) return status;
  if (KindOf(status) == ErrorKind::kNotFound) return NoNamespace(name_space);
  // Of a namespace that exists, a 409 can mean nothing else.
  if (KindOf(status) != ErrorKind::kAlreadyExists) return status;
  return Error(ErrorKind::kInvalidArgument,
               "namespace is not empty: ", iceframe::ToString(name_space));
}

Result<std::vector<Namespace>> RestCatalog::ListNamespaces(const OperationContext& context,
                                                           const Namespace& parent) {
  const CatalogTimer timer(CatalogOperation::kListNamespaces);
  if (!parent.empty()) ICEFRAME_RETURN_NOT_OK(CheckNamespace(parent));
  ICEFRAME_ASSIGN_OR_RETURN(const auto config, Config(context));
  RestRequest request;
  request.path = "namespaces";
  if (!parent.empty()) {
    std::string levels = parent.front();
    const std::string separator = PercentDecode(config->options.namespace_separator);
    for (size_t i = 1; i < parent.size(); ++i) levels += separator + parent[i];
    request.query = {{"parent", std::move(levels)}};
  }
  std::vector<Namespace> namespaces;
  const Status status = AskPages(context, *config, request, [&](const Json& page) {
    return ReadNamespaces(page, &namespaces);
  });
  if (!status.ok() && KindOf(status) == ErrorKind::kNotFound) return NoNamespace(parent);
  ICEFRAME_RETURN_NOT_OK(status);
  std::sort(namespaces.begin(), namespaces.end());
  return namespaces;
}

Result<Properties> RestCatalog::LoadNamespaceProperties(const OperationContext& context,
                                                        const Namespace& name_space) {
  const CatalogTimer timer(CatalogOperation::kLoadNamespace);
  ICEFRAME_RETURN_NOT_OK(CheckNamespace(name_space));
  ICEFRAME_ASSIGN_OR_RETURN(const auto config, Config(context));
  RestRequest request;
  request.path = PathOf(name_space, config->options.namespace_separator);
  const auto answer = Ask(context, *config, request);
  if (!answer.ok()) {
    const bool is_absent = KindOf(answer.status()) == ErrorKind::kNotFound;
    return is_absent ? NoNamespace(name_space) : answer.status();
  }
  ICEFRAME_ASSIGN_OR_RETURN(const Json json, ParseRestBody(request, *answer));
  Properties properties;
  const Json* listed = json.Find("properties");
  if (listed == nullptr) return properties;
  for (const auto& [key, value] : listed->members()) properties[key] = value.text();
  return properties;
}

Status RestCatalog::UpdateNamespaceProperties(const OperationContext& context,
                                              const Namespace& name_space,
                                              const Properties& updates,
                                              const std::vector<std::string>& removals) {
  const CatalogTimer timer(CatalogOperation::kChangeNamespace);
  ICEFRAME_RETURN_NOT_OK(CheckNamespace(name_space));
  for (const std::string& key : removals) {
    if (!updates.contains(key)) continue;
    return Error(ErrorKind::kInvalidArgument,
                 "property of a namespace is both set and removed: ", key);
  }
  ICEFRAME_ASSIGN_OR_RETURN(const auto config, Config(context));
  Json json = Json::Object();
  Json removed = Json::Array();
  for (const std::string& key : removals) removed.Append(Json::String(key));
  json.Add("removals", std::move(removed));
  json.Add("updates", StringsToJson(updates));
  RestRequest request;
  request.method = "POST";
  request.path = PathOf(name_space, config->options.namespace_separator) + "/properties";
  request.body = json.Dump();
  const Status status = Change(context, *config, request).status();
  if (!status.ok() && KindOf(status) == ErrorKind::kNotFound) return NoNamespace(name_space);
  return status;
}

Result<bool> RestCatalog::NamespaceExists(const OperationContext& context,
                                          const Namespace& name_space) {
  const CatalogTimer timer(CatalogOperation::kLoadNamespace);
  ICEFRAME_RETURN_NOT_OK(CheckNamespace(name_space));
  ICEFRAME_ASSIGN_OR_RETURN(const auto config, Config(context));
  return IsThere(context, *config, PathOf(name_space, config->options.namespace_separator),
                 "HEAD /v1/{prefix}/namespaces/{namespace}");
}

}  // namespace iceframe
