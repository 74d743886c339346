// SPDX-License-Identifier: Apache-2.0
// A table's scan file by file. Files with answers never reach the scan stream; they wait in line
// with the others, so that the order is the planner's:
//
//   planner ──▶ [file: answer │ file: read │ file: answer │ …] ──▶ Next()
//                              └──▶ scan stream ──▶ rows of file n
#include <deque>
#include <utility>

#include <arrow/record_batch.h>

#include "iceframe/execution/execution_counters.h"
#include "iceframe/execution/file_answer_key_internal.h"
#include "iceframe/execution/file_read_options_internal.h"
#include "iceframe/execution/table_scan.h"

namespace iceframe {

namespace {

using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

/// The files of a scan in order, as far as they were planned and not given out. Called by the
/// stream's consumer alone.
class FileLine {
 public:
  struct File {
    std::string key;
    KeptAnswer answer;
    /// The scan stream's number of the task; of files with answers: none.
    int64_t task_number = -1;
  };

  FileLine(std::shared_ptr<const TableMetadata> metadata, ReadOptions options,
           WantedAnswers answers, TaskSource tasks)
      : metadata_(std::move(metadata)),
        options_(std::move(options)),
        answers_(std::move(answers)),
        tasks_(std::move(tasks)) {
    if (answers_.store == nullptr) return;
    const std::string read_key = FilesReadKey(*metadata_, options_);
    prefix_ = std::to_string(answers_.asked.size()) + ":" + answers_.asked +
              std::to_string(read_key.size()) + ":" + read_key;
  }

  /// The next task whose file has no answer.
  Result<std::optional<ScanTask>> NextToRead(const OperationContext& context) {
    while (true) {
      ICEFRAME_ASSIGN_OR_RETURN(std::optional<ScanTask> task, tasks_(context));
      if (!task) return task;
      File file;
      if (answers_.store != nullptr) {
        file.key = KeyOf(*task);
        file.answer = answers_.store->Find(file.key);
      }
      const bool is_read = file.answer == nullptr;
      if (is_read) file.task_number = num_read_++;
      files_.push_back(std::move(file));
      if (is_read) return task;
      context.counters->Add(ExecutionCount::kFilesAnsweredFromCache);
    }
  }

  std::deque<File>& files() { return files_; }

 private:
  std::string KeyOf(const ScanTask& task) const {
    ReadOptions options;
    options.projection = options_.projection;
    options.table_schema = options_.table_schema;
    AddFileConstants(*metadata_, task.data_file, &options);
    return prefix_ + FileKey(task, options);
  }

  const std::shared_ptr<const TableMetadata> metadata_;
  const ReadOptions options_;
  const WantedAnswers answers_;
  const TaskSource tasks_;
  std::string prefix_;
  std::deque<File> files_;
  int64_t num_read_ = 0;
};

class TableFileStream final : public FileStream {
 public:
  TableFileStream(std::shared_ptr<FileLine> line, std::unique_ptr<ScanStream> stream)
      : line_(std::move(line)), stream_(std::move(stream)) {}

  Result<std::optional<FilePiece>> Next() override {
    if (next_rows_ == nullptr && !is_at_end_) {
      ICEFRAME_ASSIGN_OR_RETURN(next_rows_, stream_->Next());
      is_at_end_ = next_rows_ == nullptr;
    }
    std::deque<FileLine::File>& files = line_->files();
    if (files.empty()) return std::nullopt;
    FileLine::File& file = files.front();
    // All rows of a file come before those of later ones.
    const bool is_being_read = next_rows_ != nullptr && file.task_number == stream_->task_number();
    if (is_being_read) return FilePiece(std::exchange(next_rows_, nullptr));
    FilePiece piece = file.answer != nullptr ? FilePiece(std::move(file.answer))
                                             : FilePiece(FileEnd{std::move(file.key)});
    files.pop_front();
    return piece;
  }

 private:
  std::shared_ptr<FileLine> line_;
  std::unique_ptr<ScanStream> stream_;
  // Rows that wait for the files before theirs to be told.
  BatchPtr next_rows_;
  bool is_at_end_ = false;
};

}  // namespace

Result<std::unique_ptr<FileStream>> OpenTableFiles(const OperationContext& context,
                                                   const TableState& state,
                                                   TableScanOptions options,
                                                   const WantedAnswers& answers) {
  options.read.delivery.ordered = true;
  if (!options.tasks) {
    ICEFRAME_ASSIGN_OR_RETURN(options.tasks, PlanTableScan(context, state, options));
  }
  ICEFRAME_ASSIGN_OR_RETURN(ReadOptions files, TableReadOptions(state, options));
  auto line = std::make_shared<FileLine>(state.table->metadata(), std::move(files),
                                         options.read.rows.limit ? WantedAnswers{} : answers,
                                         std::move(options.tasks));
  options.tasks = [line](const OperationContext& own) { return line->NextToRead(own); };
  ICEFRAME_ASSIGN_OR_RETURN(auto stream, OpenTableScan(context, state, options));
  return std::make_unique<TableFileStream>(std::move(line), std::move(stream));
}

}  // namespace iceframe
