// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "iceframe/io/location.h"
#include "iceframe/io/object_file_io_internal.h"
#include "iceframe/io/object_output_file_internal.h"
#include "iceframe/io/object_read_internal.h"

namespace iceframe::internal {

namespace {

int64_t MillisecondsOf(const arrow::fs::FileInfo& info) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(info.mtime().time_since_epoch())
      .count();
}

Result<std::vector<FileEntry>> ListNow(const OperationContext& context, const ObjectPlace& place) {
  std::vector<FileEntry> entries;
  const std::string scheme = place.location.substr(0, place.location.find("://") + 3);
  ICEFRAME_RETURN_NOT_OK(
      SendRequest(context, place, IoOp::kList,
                  [&](const ObjectStoreClient& client, IoRequest& /*counted*/) -> Status {
                    arrow::fs::FileSelector below;
                    below.base_dir = place.path;
                    while (below.base_dir.ends_with('/')) below.base_dir.pop_back();
                    below.recursive = true;
                    below.allow_not_found = true;
                    ICEFRAME_ASSIGN_OR_RETURN(auto found, client.on_caller->GetFileInfo(below));
                    for (const arrow::fs::FileInfo& info : found) {
                      if (!info.IsFile()) continue;
                      entries.push_back({scheme + info.path(), info.size(), MillisecondsOf(info)});
                    }
                    return Status::OK();
                  }));
  return entries;
}

Status DeleteNow(const OperationContext& context, const ObjectPlace& place) {
  const Status deleted =
      SendRequest(context, place, IoOp::kDelete, [&](const ObjectStoreClient& client, IoRequest&) {
        return client.on_caller->DeleteFile(place.path);
      });
  return !deleted.ok() && KindOf(deleted) == ErrorKind::kNotFound ? Status::OK() : deleted;
}

class ObjectFileIO final : public FileIO {
 public:
  explicit ObjectFileIO(std::shared_ptr<ObjectStore> store) : store_(std::move(store)) {}

  Result<std::shared_ptr<arrow::Buffer>> ReadAll(const OperationContext& context,
                                                 const std::string& location,
                                                 std::optional<int64_t> size) override {
    ICEFRAME_ASSIGN_OR_RETURN(ObjectPlace place, FilePlace(location));
    if (size.has_value()) {
      ICEFRAME_ASSIGN_OR_RETURN(ObjectBuffers buffers,
                                ReadObject(context, std::move(place), {{0, *size}}));
      return std::move(buffers.front());
    }
    return RunBlocking(
        context, [context, place = std::move(place)] { return ReadObjectToEnd(context, place); });
  }

  Result<ObjectBuffers> ReadRanges(const OperationContext& context, const std::string& location,
                                   const std::vector<ByteRange>& ranges) override {
    ICEFRAME_ASSIGN_OR_RETURN(ObjectPlace place, FilePlace(location));
    return ReadObject(context, std::move(place), ranges);
  }

  arrow::Future<ObjectBuffers> ReadRangesAsync(const OperationContext& context,
                                               const std::string& location,
                                               std::vector<ByteRange> ranges) override {
    Result<ObjectPlace> place = FilePlace(location);
    if (!place.ok()) return place.status();
    return ReadObjectAsync(context, *std::move(place), std::move(ranges));
  }

  Result<std::unique_ptr<OutputFile>> Create(const OperationContext& context,
                                             const std::string& location,
                                             OverwriteMode mode) override {
    ICEFRAME_ASSIGN_OR_RETURN(ObjectPlace place, FilePlace(location));
    return MakeObjectOutputFile(context, std::move(place), mode);
  }

  Status Delete(const OperationContext& context, const std::string& location) override {
    ICEFRAME_ASSIGN_OR_RETURN(ObjectPlace place, FilePlace(location));
    return RunBlocking(context,
                       [context, place = std::move(place)] { return DeleteNow(context, place); });
  }

  Result<bool> Exists(const OperationContext& context, const std::string& location) override {
    ICEFRAME_ASSIGN_OR_RETURN(ObjectPlace place, FilePlace(location));
    return RunBlocking(
        context, [context, place = std::move(place)] { return ObjectExists(context, place); });
  }

  Result<int64_t> Size(const OperationContext& context, const std::string& location) override {
    ICEFRAME_ASSIGN_OR_RETURN(ObjectPlace place, FilePlace(location));
    return RunBlocking(context,
                       [context, place = std::move(place)] { return ObjectSize(context, place); });
  }

  Result<std::vector<FileEntry>> List(const OperationContext& context,
                                      const std::string& location) override {
    ICEFRAME_ASSIGN_OR_RETURN(ObjectPlace place, Place(location));
    return RunBlocking(context,
                       [context, place = std::move(place)] { return ListNow(context, place); });
  }

 private:
  Result<ObjectPlace> Place(const std::string& location) const {
    ICEFRAME_ASSIGN_OR_RETURN(ParsedLocation parsed, ParseLocation(location));
    if (parsed.path.empty() || parsed.path.starts_with('/')) {
      return Error(ErrorKind::kInvalidArgument, "location names no bucket: ", location);
    }
    return ObjectPlace{store_, location, std::move(parsed.path)};
  }

  Result<ObjectPlace> FilePlace(const std::string& location) const {
    ICEFRAME_ASSIGN_OR_RETURN(ObjectPlace place, Place(location));
    const size_t slash = place.path.find('/');
    if (slash == std::string::npos || place.path.ends_with('/')) {
      return Error(ErrorKind::kInvalidArgument, "location names no file: ", location);
    }
    return place;
  }

  const std::shared_ptr<ObjectStore> store_;
};

}  // namespace

std::shared_ptr<FileIO> MakeObjectFileIO(std::shared_ptr<ObjectStore> store) {
  return std::make_shared<ObjectFileIO>(std::move(store));
}

}  // namespace iceframe::internal
