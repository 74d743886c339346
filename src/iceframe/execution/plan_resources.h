// SPDX-License-Identifier: Apache-2.0
// What a run of a plan may use that outlives the run.
#pragma once

#include <memory>
#include <string>

namespace iceframe {

class FileAnswers;

struct PlanResources {
  /// Answers of single data files, kept from run to run; nullptr: none are looked for, none kept.
  std::shared_ptr<FileAnswers> file_answers = nullptr;
  /// Answers under other scopes are not seen: whose they are, where that matters.
  std::string answers_scope = {};
};

}  // namespace iceframe
