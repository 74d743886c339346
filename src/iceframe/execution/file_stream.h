// SPDX-License-Identifier: Apache-2.0
// Rows of a relation file by file: where each one ends, and which ones need not be read.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>

#include <arrow/type_fwd.h>

#include "iceframe/base/result.h"
#include "iceframe/execution/file_answers.h"

namespace iceframe {

/// Which answers of files take the place of their rows.
struct WantedAnswers {
  /// nullptr: none.
  std::shared_ptr<FileAnswers> store = nullptr;
  /// All that is done with a file's rows, in canonical form: answers to the same are the same.
  std::string asked = {};
};

/// The end of a file that was read: all its rows came.
struct FileEnd {
  /// Under which its answer may be kept; empty: it may not.
  std::string key;
};
using KeptAnswer = std::shared_ptr<const FileAnswer>;
/// Rows of the file that is being read; its end; or a file's answer, in place of both.
using FilePiece = std::variant<std::shared_ptr<arrow::RecordBatch>, FileEnd, KeptAnswer>;

/// Files in the order of the table, which does not depend on which of them have answers. Pulled by
/// one consumer at a time. Destroying it stops what is under way.
class FileStream {
 public:
  virtual ~FileStream() = default;
  /// The next piece, or nullopt at the end. An error comes again at each further call.
  virtual Result<std::optional<FilePiece>> Next() = 0;
};

}  // namespace iceframe
