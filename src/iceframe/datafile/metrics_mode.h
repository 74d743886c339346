// SPDX-License-Identifier: Apache-2.0
// How much of each column's metrics goes into the manifest, and bounds cut to that length.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "iceframe/base/properties.h"
#include "iceframe/base/result.h"
#include "iceframe/types/schema.h"

namespace iceframe {

/// What is kept of one column: nothing, counts, counts and bounds of at most `length`
/// characters (strings) or bytes (binary), or counts and whole bounds.
struct MetricsMode {
  enum class Kind : uint8_t { kNone, kCounts, kTruncate, kFull };
  Kind kind = Kind::kTruncate;
  int32_t length = 16;

  bool keeps_counts() const { return kind != Kind::kNone; }
  bool keeps_bounds() const { return kind == Kind::kTruncate || kind == Kind::kFull; }
  bool operator==(const MetricsMode&) const = default;
};

/// Reads "none", "counts", "truncate(n)" or "full" in any case. Errors: InvalidArgument.
Result<MetricsMode> ParseMetricsMode(std::string_view text);

/// The modes of a table's leaf columns, from the properties write.metadata.metrics.*.
class MetricsConfig {
 public:
  /// The default is truncate(16) for the first `max-inferred-column-defaults` (100) leaf columns
  /// and none for the others, unless `default` says one mode for all.
  /// Errors: InvalidArgument naming the property.
  static Result<MetricsConfig> Make(const Schema& schema, const Properties& properties);

  MetricsMode ModeOf(FieldId field_id) const;

 private:
  MetricsMode default_mode_;
  std::map<FieldId, MetricsMode> modes_;
};

/// Returns the first `length` code points of UTF-8 text: a lower bound of it. Text that is not
/// UTF-8 gives nullopt.
std::optional<std::string> TruncateTextLowerBound(std::string_view text, int32_t length);
/// Returns the least text of at most `length` code points that is no less than `text` and
/// everything it begins, nullopt if there is none.
std::optional<std::string> TruncateTextUpperBound(std::string_view text, int32_t length);
std::string TruncateBinaryLowerBound(std::string_view bytes, int32_t length);
/// As for text, in bytes; the result keeps no trailing 0xff.
std::optional<std::string> TruncateBinaryUpperBound(std::string_view bytes, int32_t length);

}  // namespace iceframe
