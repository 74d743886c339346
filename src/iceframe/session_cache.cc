// SPDX-License-Identifier: Apache-2.0
// Queries that take part in a cache of results.
#include <unistd.h>

#include <algorithm>
#include <utility>

#include <arrow/record_batch.h>

#include "iceframe/catalog/metadata_files.h"
#include "iceframe/execution/execution_counters.h"
#include "iceframe/execution/query_execution.h"
#include "iceframe/execution/table_statistics.h"
#include "iceframe/query/optimizer.h"
#include "iceframe/services/read_log.h"
#include "iceframe/session_impl_internal.h"

namespace iceframe {

namespace {

using BatchReader = std::shared_ptr<arrow::RecordBatchReader>;

bool HoldsChangeableRows(const PlanNode& plan) {
  const auto* scan = plan.as<ScanNode>();
  if (scan != nullptr && scan->relation->content) return true;
  return std::ranges::any_of(plan.inputs,
                             [](const PlanPtr& input) { return HoldsChangeableRows(*input); });
}

// Where the tables are, if finding them there again means that nothing has changed: other names of
// metadata files may be written again.
std::optional<std::vector<internal::BoundResult::TablePlace>> PlacesOf(
    const std::vector<TableState>& states) {
  std::vector<internal::BoundResult::TablePlace> places;
  for (const TableState& state : states) {
    const Table& table = *state.table;
    if (MetadataVersionOf(table.metadata_location()) < 0) return std::nullopt;
    const bool is_known = std::ranges::any_of(
        places, [&](const auto& place) { return place.identifier == table.identifier(); });
    if (!is_known) places.push_back({table.identifier(), table.metadata_location()});
  }
  return places;
}

std::string AgeText(int64_t milliseconds) {
  return std::to_string(milliseconds / 1000) + "." + std::to_string(milliseconds % 1000 / 100) +
         " s";
}

// A line over a plan's explanation.
Explanation Above(const std::string& line, Json figures, Explanation below) {
  Explanation explanation;
  explanation.text = line + "\n";
  size_t begin = 0;
  while (begin < below.text.size()) {
    const size_t end = std::min(below.text.find('\n', begin), below.text.size());
    explanation.text += "  " + below.text.substr(begin, end - begin) + "\n";
    begin = end + 1;
  }
  Json inputs = Json::Array();
  inputs.Append(std::move(below.json));
  explanation.json = Json::Object();
  explanation.json.Add("operation", Json::String(line));
  for (auto& [name, value] : figures.members()) explanation.json.Add(name, std::move(value));
  explanation.json.Add("inputs", std::move(inputs));
  return explanation;
}

}  // namespace

Result<Session::Impl::Asked> Session::Impl::Ask(const OperationContext& context, const Query& query,
                                                const QueryOptions& options,
                                                std::vector<RuleEffect>* effects) const {
  Asked asked;
  const ResultCaching caching = options.cache.value_or(ResultCaching());
  ICEFRAME_ASSIGN_OR_RETURN(Bound bound, Bind(context, query));
  asked.refusal = WhyNotKept(bound.plan);
  const TableStatistics statistics(context);
  ICEFRAME_ASSIGN_OR_RETURN(
      asked.plan, Optimize(std::move(bound.plan), options.disabled_rules, effects, &statistics));
  asked.request.caching = caching;
  asked.request.tables = std::move(bound.states);
  asked.resources = {query_cache()->file_answers(), caching.scope};
  if (asked.refusal) return asked;
  auto key = ResultKey(asked.plan, {settings_.get(), caching.scope});
  if (key) {
    asked.request.key = *std::move(key);
  } else {
    asked.refusal = ResultRefusal::kNotDeterministic;
  }
  return asked;
}

void Session::Impl::Remember(const Asked& asked, const PreparedQuery& prepared) const {
  if (asked.refusal || HoldsChangeableRows(*asked.plan)) return;
  auto places = PlacesOf(asked.request.tables);
  if (!places) return;
  prepared.Remember(std::make_shared<const internal::BoundResult>(internal::BoundResult{
      catalog_, settings_, geteuid(), *std::move(places), asked.request.key}));
}

Result<std::shared_ptr<const KeptRows>> Session::Impl::FindKept(
    const OperationContext& context, const PreparedQuery& prepared) const {
  const auto& caching = prepared.options().cache;
  const auto bound = prepared.bound();
  if (!caching || bound == nullptr || bound->catalog != catalog_ || bound->settings != settings_ ||
      bound->user != geteuid()) {
    return nullptr;
  }
  for (const auto& place : bound->tables) {
    ICEFRAME_ASSIGN_OR_RETURN(const auto location,
                              catalog_->FindMetadataLocation(context, place.identifier));
    if (location != place.metadata_location) return nullptr;
  }
  return query_cache()->Find(bound->key, *caching);
}

void Session::Impl::NoteKept(const OperationContext& context, const PreparedQuery& prepared,
                             const KeptRows& kept) const {
  context.counters->Add(ExecutionCount::kAnswerBytesFromCache, kept.num_bytes);
  const auto bound = prepared.bound();
  if (bound == nullptr) return;
  for (const auto& place : bound->tables) context.NoteTable(place.identifier.ToString());
  context.counters->Add(ExecutionCount::kAnswersFromCache);
  context.NotePlan([] { return std::string("Answer: from cache\n"); });
}

Result<BatchReader> Session::Impl::Execute(const OperationContext& context,
                                           const PreparedQuery& prepared) const {
  const QueryOptions& options = prepared.options();
  if (!options.cache) return Execute(context, prepared.query(), options);
  ICEFRAME_ASSIGN_OR_RETURN(auto kept, FindKept(context, prepared));
  if (kept != nullptr) {
    NoteKept(context, prepared, *kept);
    return ReadKeptRows(context, std::move(kept), options.cache->as_views);
  }
  ICEFRAME_ASSIGN_OR_RETURN(const Asked asked, Ask(context, prepared.query(), options));
  Remember(asked, prepared);
  return Answer(context, asked);
}

Result<BatchReader> Session::Impl::Answer(const OperationContext& context,
                                          const Asked& asked) const {
  ReadLog::Process().AddPlan(asked.plan, true);
  const auto compute = [&] { return ExecutePlan(context, asked.plan, asked.resources); };
  const auto cache = query_cache();
  if (asked.refusal) {
    cache->Refuse(*asked.refusal);
    return compute();
  }
  bool was_kept = false;
  ICEFRAME_ASSIGN_OR_RETURN(auto reader,
                            cache->GetOrCompute(context, asked.request, compute, &was_kept));
  if (was_kept) {
    context.counters->Add(ExecutionCount::kAnswersFromCache);
    context.NotePlan(
        [plan = asked.plan] { return "Answer: from cache\n" + iceframe::ToString(plan); });
  }
  return reader;
}

Result<Explanation> Session::Impl::ExplainCached(const OperationContext& context,
                                                 const Query& query, bool analyze,
                                                 const QueryOptions& options) const {
  std::vector<RuleEffect> effects;
  ICEFRAME_ASSIGN_OR_RETURN(const Asked asked, Ask(context, query, options, &effects));
  ICEFRAME_ASSIGN_OR_RETURN(Explanation below,
                            analyze ? AnalyzePlan(context, asked.plan, asked.resources)
                                    : ExplainPlan(context, asked.plan));
  AppendRules(effects, &below);
  Json figures = Json::Object();
  if (asked.refusal) {
    const std::string reason(iceframe::ToString(*asked.refusal));
    figures.Add("cache", Json::String("refused"));
    figures.Add("reason", Json::String(reason));
    return Above("Answer: not kept (" + reason + ")", std::move(figures), std::move(below));
  }
  const auto entry = query_cache()->Look(asked.request.key, asked.request.caching);
  figures.Add("cache", Json::String(entry ? "hit" : "miss"));
  if (!entry) return Above("Answer: computed, then kept", std::move(figures), std::move(below));
  const int64_t age_ms = std::max<int64_t>(context.clock->SystemNowMs() - entry->created_at_ms, 0);
  figures.Add("rows", Json::Int(entry->num_rows));
  figures.Add("bytes", Json::Int(entry->num_bytes));
  figures.Add("age_ms", Json::Int(age_ms));
  return Above("Answer: from cache (" + std::to_string(entry->num_rows) + " rows, " +
                   ByteText(entry->num_bytes) + ", " + AgeText(age_ms) + " old)",
               std::move(figures), std::move(below));
}

}  // namespace iceframe
