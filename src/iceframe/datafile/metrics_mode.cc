// SPDX-License-Identifier: Apache-2.0
#include "iceframe/datafile/metrics_mode.h"

#include <algorithm>
#include <charconv>
#include <vector>

namespace iceframe {
namespace {

constexpr std::string_view kColumnPrefix = "write.metadata.metrics.column.";
constexpr char kDefaultMode[] = "write.metadata.metrics.default";
constexpr char kMaxInferred[] = "write.metadata.metrics.max-inferred-column-defaults";
constexpr int32_t kDefaultMaxInferred = 100;
constexpr uint32_t kMaxCodePoint = 0x10FFFF;

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return lower;
}

template <typename Number>
std::optional<Number> ParseNumber(std::string_view text) {
  Number number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// Decodes UTF-8 strictly (no overlong forms, no surrogates); nullopt if it is not UTF-8. Stops
/// after `limit` code points.
std::optional<std::vector<uint32_t>> DecodeUtf8(std::string_view text, size_t limit) {
  std::vector<uint32_t> points;
  for (size_t i = 0; i < text.size() && points.size() < limit;) {
    const auto lead = static_cast<uint8_t>(text[i]);
    const int extra = lead < 0x80 ? 0 : lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
    if ((lead >= 0x80 && lead < 0xC2) || lead > 0xF4) return std::nullopt;
    if (text.size() - i <= static_cast<size_t>(extra)) return std::nullopt;
    uint32_t point = extra == 0 ? lead : lead & (0x3FU >> extra);
    for (int k = 1; k <= extra; ++k) {
      const auto next = static_cast<uint8_t>(text[i + static_cast<size_t>(k)]);
      if ((next & 0xC0) != 0x80) return std::nullopt;
      point = (point << 6) | (next & 0x3FU);
    }
    const bool overlong = (extra == 2 && point < 0x800) || (extra == 3 && point < 0x10000);
    if (overlong || point > kMaxCodePoint || (point >= 0xD800 && point < 0xE000)) {
      return std::nullopt;
    }
    points.push_back(point);
    i += static_cast<size_t>(extra) + 1;
  }
  return points;
}

void AppendUtf8(uint32_t point, std::string* out) {
  if (point < 0x80) {
    out->push_back(static_cast<char>(point));
  } else if (point < 0x800) {
    out->push_back(static_cast<char>(0xC0 | (point >> 6)));
    out->push_back(static_cast<char>(0x80 | (point & 0x3F)));
  } else if (point < 0x10000) {
    out->push_back(static_cast<char>(0xE0 | (point >> 12)));
    out->push_back(static_cast<char>(0x80 | ((point >> 6) & 0x3F)));
    out->push_back(static_cast<char>(0x80 | (point & 0x3F)));
  } else {
    out->push_back(static_cast<char>(0xF0 | (point >> 18)));
    out->push_back(static_cast<char>(0x80 | ((point >> 12) & 0x3F)));
    out->push_back(static_cast<char>(0x80 | ((point >> 6) & 0x3F)));
    out->push_back(static_cast<char>(0x80 | (point & 0x3F)));
  }
}

std::string EncodeUtf8(const std::vector<uint32_t>& points) {
  std::string text;
  for (uint32_t point : points) AppendUtf8(point, &text);
  return text;
}

void CollectLeaves(const std::vector<NestedField>& fields, std::vector<FieldId>* leaves) {
  for (const NestedField& field : fields) {
    if (field.type.is_nested()) {
      CollectLeaves(field.type.fields(), leaves);
    } else {
      leaves->push_back(field.id);
    }
  }
}

Result<MetricsMode> ModeProperty(const std::string& key, const std::string& value) {
  ICEFRAME_ASSIGN_OR_RETURN_CONTEXT(MetricsMode mode, ParseMetricsMode(value), "property", key);
  return mode;
}

}  // namespace

Result<MetricsMode> ParseMetricsMode(std::string_view text) {
  const std::string mode = LowerCase(text);
  if (mode == "none") return MetricsMode{MetricsMode::Kind::kNone, 0};
  if (mode == "counts") return MetricsMode{MetricsMode::Kind::kCounts, 0};
  if (mode == "full") return MetricsMode{MetricsMode::Kind::kFull, 0};
  if (mode.starts_with("truncate(") && mode.ends_with(")")) {
    auto length = ParseNumber<int32_t>(std::string_view(mode).substr(9, mode.size() - 10));
    if (length && *length > 0) return MetricsMode{MetricsMode::Kind::kTruncate, *length};
  }
  return Error(ErrorKind::kInvalidArgument,
               "metrics mode is none of none, counts, truncate(n) and full: ", text);
}

Result<MetricsConfig> MetricsConfig::Make(const Schema& schema, const Properties& properties) {
  MetricsConfig config;
  std::vector<FieldId> leaves;
  CollectLeaves(schema.fields(), &leaves);
  if (auto found = properties.find(kDefaultMode); found != properties.end()) {
    ICEFRAME_ASSIGN_OR_RETURN(config.default_mode_, ModeProperty(found->first, found->second));
  } else {
    int32_t max_inferred = kDefaultMaxInferred;
    if (auto limit = properties.find(kMaxInferred); limit != properties.end()) {
      auto number = ParseNumber<int32_t>(limit->second);
      if (!number || *number < 0) {
        return Error(ErrorKind::kInvalidArgument, "property is not a number ≥ 0: ", kMaxInferred,
                     " = ", limit->second);
      }
      max_inferred = *number;
    }
    for (size_t i = static_cast<size_t>(max_inferred); i < leaves.size(); ++i) {
      config.modes_[leaves[i]] = MetricsMode{MetricsMode::Kind::kNone, 0};
    }
  }
  for (auto item = properties.lower_bound(kColumnPrefix);
       item != properties.end() && item->first.starts_with(kColumnPrefix); ++item) {
    const NestedField* field =
        schema.FindField(std::string_view(item->first).substr(kColumnPrefix.size()));
    ICEFRAME_ASSIGN_OR_RETURN(MetricsMode mode, ModeProperty(item->first, item->second));
    // A property may outlive the column it names.
    if (field != nullptr) config.modes_[field->id] = mode;
  }
  return config;
}

MetricsMode MetricsConfig::ModeOf(FieldId field_id) const {
  auto found = modes_.find(field_id);
  return found == modes_.end() ? default_mode_ : found->second;
}

std::optional<std::string> TruncateTextLowerBound(std::string_view text, int32_t length) {
  auto points = DecodeUtf8(text, static_cast<size_t>(length));
  if (!points) return std::nullopt;
  return EncodeUtf8(*points);
}

std::optional<std::string> TruncateTextUpperBound(std::string_view text, int32_t length) {
  auto points = DecodeUtf8(text, static_cast<size_t>(length) + 1);
  if (!points) return std::nullopt;
  if (points->size() <= static_cast<size_t>(length)) return std::string(text);
  points->pop_back();
  while (!points->empty()) {
    uint32_t& last = points->back();
    if (last < kMaxCodePoint) {
      last = last == 0xD7FF ? 0xE000 : last + 1;
      return EncodeUtf8(*points);
    }
    points->pop_back();
  }
  return std::nullopt;
}

std::string TruncateBinaryLowerBound(std::string_view bytes, int32_t length) {
  return std::string(bytes.substr(0, static_cast<size_t>(length)));
}

std::optional<std::string> TruncateBinaryUpperBound(std::string_view bytes, int32_t length) {
  if (bytes.size() <= static_cast<size_t>(length)) return std::string(bytes);
  std::string bound(bytes.substr(0, static_cast<size_t>(length)));
  while (!bound.empty() && static_cast<uint8_t>(bound.back()) == 0xFF) bound.pop_back();
  if (bound.empty()) return std::nullopt;
  bound.back() = static_cast<char>(static_cast<uint8_t>(bound.back()) + 1);
  return bound;
}

}  // namespace iceframe
