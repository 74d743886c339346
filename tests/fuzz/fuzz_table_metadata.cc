// SPDX-License-Identifier: Apache-2.0
// Table metadata, name mappings, updates and requirements: what reads must write and read alike.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "iceframe/base/json.h"
#include "iceframe/format/name_mapping.h"
#include "iceframe/format/table_metadata_json.h"
#include "iceframe/format/table_requirement.h"
#include "iceframe/format/table_update.h"

namespace {

void Check(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace iceframe;  // NOLINT(google-build-using-namespace)
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto metadata = TableMetadataFromJson(text);
  if (metadata.ok()) {
    const auto again = TableMetadataFromJson(TableMetadataToJson(**metadata));
    Check(again.ok() && **again == **metadata);
    for (const auto& snapshot : (*metadata)->snapshots) {
      if (const auto whole = snapshot->Get(); whole.ok()) {
        Check((*whole)->snapshot_id == snapshot->snapshot_id());
      }
    }
    return 0;
  }
  const auto json = Json::Parse(text);
  if (!json.ok()) return 0;
  if (const auto update = TableUpdateFromJson(*json); update.ok()) {
    const Json written = TableUpdateToJson(*update);
    const auto again = TableUpdateFromJson(written);
    Check(again.ok() && TableUpdateToJson(*again) == written);
  }
  if (const auto requirement = TableRequirementFromJson(*json); requirement.ok()) {
    const Json written = TableRequirementToJson(*requirement);
    const auto again = TableRequirementFromJson(written);
    Check(again.ok() && TableRequirementToJson(*again) == written);
  }
  if (const auto mapping = NameMappingFromJson(text); mapping.ok()) {
    const auto again = NameMappingFromJson(NameMappingToJson(*mapping));
    Check(again.ok() && *again == *mapping);
  }
  return 0;
}
