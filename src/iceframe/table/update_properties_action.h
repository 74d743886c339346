// SPDX-License-Identifier: Apache-2.0
// Setting and removing table properties.
#pragma once

#include <string>
#include <vector>

#include "iceframe/base/properties.h"
#include "iceframe/table/commit.h"

namespace iceframe {

/// Sets and removes properties; other writers' changes to other keys stay.
class UpdatePropertiesAction final : public TableAction {
 public:
  /// Errors: InvalidArgument for a key that is both set and removed, or "format-version".
  static Result<std::unique_ptr<UpdatePropertiesAction>> Make(Properties updates,
                                                              std::vector<std::string> removals);

  Result<CommitRequest> Prepare(const CommitAttempt& attempt) override;

 private:
  UpdatePropertiesAction(Properties updates, std::vector<std::string> removals)
      : updates_(std::move(updates)), removals_(std::move(removals)) {}

  Properties updates_;
  std::vector<std::string> removals_;
};

/// Errors: as UpdatePropertiesAction::Make.
Status CheckPropertyChanges(const Properties& updates, const std::vector<std::string>& removals);

}  // namespace iceframe
