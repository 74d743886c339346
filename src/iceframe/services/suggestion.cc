// SPDX-License-Identifier: Apache-2.0
#include "iceframe/services/suggestion.h"

#include <utility>

namespace iceframe {

std::string_view ToString(SuggestionKind kind) {
  switch (kind) {
    case SuggestionKind::kReadColumns:
      return "read_columns";
    case SuggestionKind::kSelectAll:
      return "select_all";
    case SuggestionKind::kUnusedColumns:
      return "unused_columns";
    case SuggestionKind::kRewriteFilter:
      return "rewrite_filter";
    case SuggestionKind::kPartition:
      return "partition";
    case SuggestionKind::kSort:
      return "sort";
    case SuggestionKind::kCompactFiles:
      return "compact_files";
    case SuggestionKind::kBloomFilter:
      return "bloom_filter";
    case SuggestionKind::kSkewedPartitions:
      return "skewed_partitions";
    case SuggestionKind::kCompactDeletes:
      return "compact_deletes";
    case SuggestionKind::kCacheQuery:
      return "cache_query";
  }
  return "";
}

Json ToJson(const Suggestion& suggestion) {
  Json json = Json::Object();
  json.Add("kind", Json::String(std::string(ToString(suggestion.kind))));
  json.Add("text", Json::String(suggestion.text));
  Json columns = Json::Array();
  for (const std::string& column : suggestion.columns) columns.Append(Json::String(column));
  json.Add("columns", std::move(columns));
  json.Add("evidence", suggestion.evidence);
  if (suggestion.estimate) {
    const ReadEstimate& read = *suggestion.estimate;
    Json estimate = Json::Object();
    estimate.Add("files", Json::Int(read.files));
    estimate.Add("files_after", Json::Int(read.files_after));
    estimate.Add("bytes", Json::Int(read.bytes));
    estimate.Add("bytes_after", Json::Int(read.bytes_after));
    json.Add("estimate", std::move(estimate));
  }
  if (!suggestion.call.empty()) json.Add("call", Json::String(suggestion.call));
  return json;
}

}  // namespace iceframe
