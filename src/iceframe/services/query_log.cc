// SPDX-License-Identifier: Apache-2.0
#include "iceframe/services/query_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <mutex>

#include "iceframe/io/posix_internal.h"
#include "iceframe/runtime/running_operation.h"
#include "iceframe/services/iceberg_report.h"

namespace iceframe {

namespace {

using internal::ErrnoError;

// "2026-11-30T15:04:05.678Z".
std::string TimeText(int64_t milliseconds) {
  const auto seconds = static_cast<time_t>(milliseconds / 1000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 40> text{};
  const size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  std::array<char, 16> rest{};
  std::snprintf(rest.data(), rest.size(), ".%03dZ", static_cast<int>(milliseconds % 1000));
  return std::string(text.data(), size) + rest.data();
}

// FNV-1a: told apart by people, never trusted with anything.
std::string HashText(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3U;
  }
  std::array<char, 17> hex{};
  std::snprintf(hex.data(), hex.size(), "%016llx", static_cast<unsigned long long>(hash));
  return hex.data();
}

Json Milliseconds(std::chrono::nanoseconds duration) {
  return Json::Double(std::chrono::duration<double, std::milli>(duration).count());
}

std::vector<std::pair<std::string_view, int64_t>> NotZero(
    const CounterValues& values, std::span<const OperationCount> counters) {
  std::vector<std::pair<std::string_view, int64_t>> found;
  for (const OperationCount count : counters) {
    if (const int64_t value = values.Get(count); value != 0)
      found.emplace_back(count.name(), value);
  }
  return found;
}

Json StartJson(const OperationStart& start) {
  std::vector<Json> tables;
  for (const std::string& table : start.tables) tables.push_back(Json::String(table));
  return Json::Object({{"id", Json::Int(start.id)},
                       {"pid", Json::Int(getpid())},
                       {"time", Json::String(TimeText(start.time_ms))},
                       {"operation", Json::String(std::string(start.kind.name))},
                       {"tables", Json::Array(std::move(tables))}});
}

Json CountersJson(const std::vector<std::pair<std::string_view, int64_t>>& counters) {
  Json json = Json::Object();
  for (const auto& [name, value] : counters) json.Add(std::string(name), Json::Int(value));
  return json;
}

QueryRecord RecordOf(const OperationEnd& end, std::span<const OperationCount> counters) {
  QueryRecord record;
  record.start = end.start;
  record.outcome = end.outcome;
  if (!end.status.ok()) record.error = KindOf(end.status);
  record.duration = end.duration;
  record.peak_memory_bytes = end.peak_memory_bytes;
  record.counters = NotZero(end.counters, counters);
  if (end.redacted_plan) {
    record.plan = end.redacted_plan();
    record.plan_hash = HashText(record.plan);
  }
  for (const auto& detail : end.details) {
    if (auto report = IcebergReport(*detail)) record.reports.push_back(*std::move(report));
  }
  return record;
}

}  // namespace

Json QueryRecord::ToJson() const {
  Json json = StartJson(start);
  json.Add("status", Json::String(std::string(ToString(outcome))));
  json.Add("error", error ? Json::String(std::string(ToString(*error))) : Json::Null());
  json.Add("duration_ms", Milliseconds(duration));
  json.Add("peak_memory_bytes", Json::Int(peak_memory_bytes));
  json.Add("counters", CountersJson(counters));
  json.Add("plan", Json::String(plan));
  json.Add("plan_hash", Json::String(plan_hash));
  json.Add("reports", Json::Array(reports));
  return json;
}

Json ActivityJson(std::span<const OperationCount> counters) {
  Json json = Json::Array();
  for (const OperationProgress& progress : OperationsNow()) {
    Json one = StartJson(progress.start);
    one.Add("status", Json::String("running"));
    one.Add("duration_ms", Milliseconds(progress.so_far));
    one.Add("memory_bytes", Json::Int(progress.memory_bytes));
    one.Add("counters", CountersJson(NotZero(progress.counters, counters)));
    json.Append(std::move(one));
  }
  return json;
}

/// The file that lines are appended to. Not thread-safe.
class QueryLog::File {
 public:
  explicit File(const QueryLogOptions& options) : options_(options) {}

  Status Append(const std::string& line) {
    ICEFRAME_RETURN_NOT_OK(MakeReady(static_cast<int64_t>(line.size())));
    return internal::WriteFully(file_.get(), reinterpret_cast<const uint8_t*>(line.data()),
                                static_cast<int64_t>(line.size()), options_.path);
  }

  // Opens it again where it is not what the path names any more: another process may have put it
  // away. Puts it away where the next bytes would be too many.
  Status MakeReady(int64_t num_bytes) {
    struct stat named{};
    struct stat open{};
    const bool is_current = file_.is_open() && stat(options_.path.c_str(), &named) == 0 &&
                            fstat(file_.get(), &open) == 0 && named.st_ino == open.st_ino &&
                            named.st_dev == open.st_dev;
    if (!is_current) ICEFRAME_RETURN_NOT_OK(OpenFile());
    if (is_current && open.st_size > 0 && open.st_size + num_bytes > options_.max_file_bytes) {
      ICEFRAME_RETURN_NOT_OK(Rotate());
      return OpenFile();
    }
    return Status::OK();
  }

 private:
  Status OpenFile() {
    file_ = internal::OpenAt(AT_FDCWD, options_.path,
                             O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
    if (!file_.is_open()) return ErrnoError(errno, "open query log", options_.path);
    return Status::OK();
  }

  std::string Numbered(int64_t number) const {
    return number == 0 ? options_.path : options_.path + "." + std::to_string(number);
  }

  Status Rotate() const {
    for (int64_t number = options_.max_files - 1; number >= 0; --number) {
      const std::string from = Numbered(number);
      const bool is_last = number == options_.max_files - 1;
      const int result =
          is_last ? unlink(from.c_str()) : rename(from.c_str(), Numbered(number + 1).c_str());
      if (result != 0 && errno != ENOENT) return ErrnoError(errno, "rotate query log", from);
    }
    return Status::OK();
  }

  const QueryLogOptions& options_;
  internal::FileDescriptor file_;
};

QueryLog::QueryLog(QueryLogOptions options) : options_(std::move(options)) {}

QueryLog::~QueryLog() = default;

Result<std::shared_ptr<QueryLog>> QueryLog::Open(QueryLogOptions options) {
  if (options.max_records < 1 || options.max_file_bytes < 1 || options.max_files < 1) {
    return Error(ErrorKind::kInvalidArgument,
                 "max_records, max_file_bytes and max_files must be at least 1");
  }
  std::shared_ptr<QueryLog> log(new QueryLog(std::move(options)));
  if (log->options_.path.empty()) return log;
  log->file_ = std::make_unique<File>(log->options_);
  ICEFRAME_RETURN_NOT_OK(log->file_->MakeReady(0));
  return log;
}

std::vector<QueryRecord> QueryLog::Newest(int64_t limit) const {
  std::vector<QueryRecord> newest;
  const std::lock_guard lock(mutex_);
  for (auto record = records_.rbegin(); record != records_.rend(); ++record) {
    if (std::ssize(newest) >= limit) break;
    newest.push_back(*record);
  }
  return newest;
}

Status QueryLog::OnEnd(const OperationEnd& end) {
  QueryRecord record = RecordOf(end, options_.counters);
  std::string line;
  if (file_ != nullptr) line = record.ToJson().Dump() + "\n";
  const std::lock_guard lock(mutex_);
  records_.push_back(std::move(record));
  if (std::ssize(records_) > options_.max_records) records_.pop_front();
  return file_ == nullptr ? Status::OK() : file_->Append(line);
}

}  // namespace iceframe
