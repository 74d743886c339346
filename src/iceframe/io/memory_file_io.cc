// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <mutex>
#include <utility>

#include <arrow/buffer_builder.h>

#include "iceframe/io/io_metrics_internal.h"
#include "iceframe/io/location.h"
#include "iceframe/io/memory_file_io_internal.h"
#include "iceframe/runtime/fork.h"

namespace iceframe::internal {

namespace {

constexpr std::string_view kMemoryScheme = "memory";

struct StoredFile {
  std::shared_ptr<arrow::Buffer> content;
  int64_t modified_ms = 0;
};

/// The files by path. Thread-safe.
class MemoryStore {
 public:
  MemoryStore() : budget_(MemoryBudget::Process()->MakeChild("memory files")) {}

  const std::shared_ptr<MemoryBudget>& budget() const { return budget_; }

  std::optional<StoredFile> Find(const std::string& path) const {
    std::lock_guard lock(mutex_);
    auto found = files_.find(path);
    if (found == files_.end()) return std::nullopt;
    return found->second;
  }

  /// Whether it was stored; not if the path is taken and may not be.
  bool Store(const std::string& path, StoredFile file, OverwriteMode mode) {
    StoredFile replaced;  // freed after the lock
    std::lock_guard lock(mutex_);
    auto [place, inserted] = files_.try_emplace(path);
    if (!inserted && mode == OverwriteMode::kNeverOverwrite) return false;
    replaced = std::exchange(place->second, std::move(file));
    return true;
  }

  void Remove(const std::string& path) {
    StoredFile removed;
    std::lock_guard lock(mutex_);
    auto found = files_.find(path);
    if (found == files_.end()) return;
    removed = std::move(found->second);
    files_.erase(found);
  }

  std::vector<std::pair<std::string, StoredFile>> Below(const std::string& folder) const {
    std::vector<std::pair<std::string, StoredFile>> found;
    std::lock_guard lock(mutex_);
    for (auto at = files_.lower_bound(folder); at != files_.end() && at->first.starts_with(folder);
         ++at) {
      found.emplace_back(*at);
    }
    return found;
  }

 private:
  std::shared_ptr<MemoryBudget> budget_;
  mutable ForkSafeMutex mutex_;
  std::map<std::string, StoredFile> files_;
};

class MemoryOutputFile final : public OutputFile {
 public:
  MemoryOutputFile(OperationContext context, std::shared_ptr<MemoryStore> store,
                   std::string location, std::string path, OverwriteMode mode)
      : context_(std::move(context)),
        store_(std::move(store)),
        location_(std::move(location)),
        path_(std::move(path)),
        mode_(mode),
        content_(store_->budget()->pool()) {}

  Status Write(const std::shared_ptr<arrow::Buffer>& data) override {
    return Write(std::string_view(*data));
  }

  Status Write(std::string_view data) override {
    ICEFRAME_RETURN_NOT_OK(CheckOpen());
    ICEFRAME_RETURN_NOT_OK(context_.Check());
    Status appended = content_.Append(data);
    return WithContext(appended, "file", location_);
  }

  int64_t num_bytes() const override { return ended_ ? num_bytes_ : content_.length(); }

  Status Close() override {
    ICEFRAME_RETURN_NOT_OK(CheckOpen());
    ICEFRAME_RETURN_NOT_OK(context_.Check());
    IoRequest request(context_, kMemoryScheme, IoOp::kWrite);
    num_bytes_ = content_.length();
    request.AddBytes(num_bytes_);
    ended_ = true;
    ICEFRAME_ASSIGN_OR_RETURN(auto content, content_.Finish());
    if (!store_->Store(path_, {std::move(content), context_.clock->SystemNowMs()}, mode_)) {
      return Error(ErrorKind::kAlreadyExists, "file exists already: ", location_);
    }
    return Status::OK();
  }

  void Abort() override {
    num_bytes_ = num_bytes();
    ended_ = true;
    content_.Reset();
  }

 private:
  Status CheckOpen() const {
    if (!ended_) return Status::OK();
    return Error(ErrorKind::kInvalidArgument, "file was closed or aborted before: ", location_);
  }

  const OperationContext context_;
  const std::shared_ptr<MemoryStore> store_;
  const std::string location_;
  const std::string path_;
  const OverwriteMode mode_;
  arrow::BufferBuilder content_;
  int64_t num_bytes_ = 0;
  bool ended_ = false;
};

class MemoryFileIO final : public FileIO {
 public:
  Result<std::shared_ptr<arrow::Buffer>> ReadAll(const OperationContext& context,
                                                 const std::string& location,
                                                 std::optional<int64_t> size) override {
    ICEFRAME_ASSIGN_OR_RETURN(auto content, Find(context, location));
    if (!size.has_value()) size = content->size();
    return Slice(context, location, content, {0, *size});
  }

  Result<std::vector<std::shared_ptr<arrow::Buffer>>> ReadRanges(
      const OperationContext& context, const std::string& location,
      const std::vector<ByteRange>& ranges) override {
    ICEFRAME_ASSIGN_OR_RETURN(auto content, Find(context, location));
    std::vector<std::shared_ptr<arrow::Buffer>> buffers;
    buffers.reserve(ranges.size());
    for (const ByteRange& range : ranges) {
      ICEFRAME_ASSIGN_OR_RETURN(buffers.emplace_back(), Slice(context, location, content, range));
    }
    return buffers;
  }

  arrow::Future<std::vector<std::shared_ptr<arrow::Buffer>>> ReadRangesAsync(
      const OperationContext& context, const std::string& location,
      std::vector<ByteRange> ranges) override {
    return ReadRanges(context, location, ranges);
  }

  Result<std::unique_ptr<OutputFile>> Create(const OperationContext& context,
                                             const std::string& location,
                                             OverwriteMode mode) override {
    ICEFRAME_RETURN_NOT_OK(context.Check());
    ICEFRAME_ASSIGN_OR_RETURN(ParsedLocation parsed, Parse(location));
    return std::make_unique<MemoryOutputFile>(context, store_, location, parsed.path, mode);
  }

  Status Delete(const OperationContext& context, const std::string& location) override {
    ICEFRAME_RETURN_NOT_OK(context.Check());
    ICEFRAME_ASSIGN_OR_RETURN(ParsedLocation parsed, Parse(location));
    IoRequest request(context, kMemoryScheme, IoOp::kDelete);
    store_->Remove(parsed.path);
    return Status::OK();
  }

  Result<bool> Exists(const OperationContext& context, const std::string& location) override {
    ICEFRAME_RETURN_NOT_OK(context.Check());
    ICEFRAME_ASSIGN_OR_RETURN(ParsedLocation parsed, Parse(location));
    IoRequest request(context, kMemoryScheme, IoOp::kHead);
    return store_->Find(parsed.path).has_value();
  }

  Result<int64_t> Size(const OperationContext& context, const std::string& location) override {
    IoRequest request(context, kMemoryScheme, IoOp::kHead);
    ICEFRAME_ASSIGN_OR_RETURN(auto content, Find(context, location));
    return content->size();
  }

  Result<std::vector<FileEntry>> List(const OperationContext& context,
                                      const std::string& location) override {
    ICEFRAME_RETURN_NOT_OK(context.Check());
    ICEFRAME_ASSIGN_OR_RETURN(ParsedLocation parsed, ParseLocation(location));
    IoRequest request(context, kMemoryScheme, IoOp::kList);
    std::string folder = parsed.path;
    if (!folder.empty() && !folder.ends_with('/')) folder += '/';
    std::vector<FileEntry> entries;
    for (const auto& [path, file] : store_->Below(folder)) {
      entries.push_back({internal::Concatenate(kMemoryScheme, "://", path), file.content->size(),
                         file.modified_ms});
    }
    return entries;
  }

 private:
  static Result<ParsedLocation> Parse(const std::string& location) {
    ICEFRAME_ASSIGN_OR_RETURN(ParsedLocation parsed, ParseLocation(location));
    if (parsed.path.empty() || parsed.path.ends_with('/')) {
      return Error(ErrorKind::kInvalidArgument, "location names no file: ", location);
    }
    return parsed;
  }

  Result<std::shared_ptr<arrow::Buffer>> Find(const OperationContext& context,
                                              const std::string& location) const {
    ICEFRAME_RETURN_NOT_OK(context.Check());
    ICEFRAME_ASSIGN_OR_RETURN(ParsedLocation parsed, Parse(location));
    std::optional<StoredFile> file = store_->Find(parsed.path);
    if (!file.has_value()) {
      return Error(ErrorKind::kNotFound, "file does not exist: ", location);
    }
    return file->content;
  }

  static Result<std::shared_ptr<arrow::Buffer>> Slice(const OperationContext& context,
                                                      const std::string& location,
                                                      const std::shared_ptr<arrow::Buffer>& content,
                                                      const ByteRange& range) {
    IoRequest request(context, kMemoryScheme, IoOp::kRead);
    if (range.offset < 0 || range.length < 0) {
      return Error(ErrorKind::kInvalidArgument, "byte range is not valid: offset ", range.offset,
                   ", length ", range.length, " of ", location);
    }
    if (range.offset > content->size() || range.length > content->size() - range.offset) {
      return Error(ErrorKind::kIo, "file ends before the range to be read: offset ", range.offset,
                   ", length ", range.length, ", size ", content->size(), " of ", location);
    }
    request.AddBytes(range.length);
    return arrow::SliceBuffer(content, range.offset, range.length);
  }

  const std::shared_ptr<MemoryStore> store_ = std::make_shared<MemoryStore>();
};

}  // namespace

std::shared_ptr<FileIO> MakeMemoryFileIO() { return std::make_shared<MemoryFileIO>(); }

}  // namespace iceframe::internal
