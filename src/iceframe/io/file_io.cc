// SPDX-License-Identifier: Apache-2.0
#include "iceframe/io/file_io.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "iceframe/io/input_file.h"
#include "iceframe/io/local_file_io_internal.h"
#include "iceframe/io/location.h"
#include "iceframe/io/memory_file_io_internal.h"
#include "iceframe/io/object_file_io_internal.h"
#include "iceframe/io/s3_settings_internal.h"
#include "iceframe/io/s3_store_internal.h"

namespace iceframe {

namespace {

/// Stores that tables in the wild name and that this build can't reach.
constexpr std::array<std::string_view, 17> kKnownSchemes = {
    "s3",  "s3a",  "s3n", "gs",   "gcs",    "abfs", "abfss", "wasb", "wasbs",
    "adl", "adls", "oss", "hdfs", "viewfs", "http", "https", "hf"};

Status UnknownScheme(const std::string& scheme, const std::string& location) {
  const bool known =
      std::find(kKnownSchemes.begin(), kKnownSchemes.end(), scheme) != kKnownSchemes.end();
  if (known) {
    return Error(ErrorKind::kUnsupported, "the store '", scheme, "' is not built yet: ", location);
  }
  return Error(ErrorKind::kUnsupported, "location has an unknown scheme '", scheme,
               "': ", location);
}

/// Files in memory are one set per process, as those on disk are one per machine.
const std::shared_ptr<FileIO>& ProcessMemoryFileIO() {
  static const auto& io = *new std::shared_ptr<FileIO>(internal::MakeMemoryFileIO());
  return io;
}

/// Sends each call to the store that the location's scheme names.
class RoutingFileIO final : public FileIO, public SmallReads {
 public:
  /// `s3` is nullptr where it can't be reached.
  RoutingFileIO(AllowedLocations allowed, const std::shared_ptr<FileIO>& s3)
      : allowed_(std::move(allowed)) {
    // A list without a local place allows no local file, so the local store is not there at all.
    const std::vector<std::string> local_paths = allowed_.local_paths();
    if (allowed_.allows_all() || !local_paths.empty()) {
      stores_["file"] = internal::MakeLocalFileIO(local_paths);
    }
    stores_["memory"] = ProcessMemoryFileIO();
    if (s3 == nullptr) return;
    for (const char* scheme : {"s3", "s3a", "s3n"}) stores_[scheme] = s3;
  }

  Result<std::shared_ptr<arrow::Buffer>> ReadAll(const OperationContext& context,
                                                 const std::string& location,
                                                 std::optional<int64_t> size) override {
    ICEFRAME_ASSIGN_OR_RETURN(FileIO * store, StoreOf(location));
    return store->ReadAll(context, location, size);
  }

  Result<std::vector<std::shared_ptr<arrow::Buffer>>> ReadRanges(
      const OperationContext& context, const std::string& location,
      const std::vector<ByteRange>& ranges) override {
    ICEFRAME_ASSIGN_OR_RETURN(FileIO * store, StoreOf(location));
    return store->ReadRanges(context, location, ranges);
  }

  arrow::Future<std::vector<std::shared_ptr<arrow::Buffer>>> ReadRangesAsync(
      const OperationContext& context, const std::string& location,
      std::vector<ByteRange> ranges) override {
    Result<FileIO*> store = StoreOf(location);
    if (!store.ok()) return store.status();
    return (*store)->ReadRangesAsync(context, location, std::move(ranges));
  }

  Result<std::shared_ptr<const InputFile>> OpenInput(const OperationContext& context,
                                                     const std::string& location) override {
    ICEFRAME_ASSIGN_OR_RETURN(FileIO * store, StoreOf(location));
    return OpenForSmallReads(context, store, location);
  }

  Result<std::unique_ptr<OutputFile>> Create(const OperationContext& context,
                                             const std::string& location,
                                             OverwriteMode mode) override {
    ICEFRAME_ASSIGN_OR_RETURN(FileIO * store, StoreOf(location));
    return store->Create(context, location, mode);
  }

  Status Delete(const OperationContext& context, const std::string& location) override {
    ICEFRAME_ASSIGN_OR_RETURN(FileIO * store, StoreOf(location));
    return store->Delete(context, location);
  }

  Result<bool> Exists(const OperationContext& context, const std::string& location) override {
    ICEFRAME_ASSIGN_OR_RETURN(FileIO * store, StoreOf(location));
    return store->Exists(context, location);
  }

  Result<int64_t> Size(const OperationContext& context, const std::string& location) override {
    ICEFRAME_ASSIGN_OR_RETURN(FileIO * store, StoreOf(location));
    return store->Size(context, location);
  }

  Result<std::vector<FileEntry>> List(const OperationContext& context,
                                      const std::string& location) override {
    ICEFRAME_ASSIGN_OR_RETURN(FileIO * store, StoreOf(location));
    return store->List(context, location);
  }

 private:
  Result<FileIO*> StoreOf(const std::string& location) const {
    ICEFRAME_ASSIGN_OR_RETURN(const ParsedLocation parsed, ParseLocation(location));
    ICEFRAME_RETURN_NOT_OK(allowed_.Check(parsed, location));
    auto found = stores_.find(parsed.scheme);
    if (found == stores_.end()) return UnknownScheme(parsed.scheme, location);
    return found->second.get();
  }

  const AllowedLocations allowed_;
  std::map<std::string, std::shared_ptr<FileIO>, std::less<>> stores_;
};

}  // namespace

Status FileIO::WriteAll(const OperationContext& context, const std::string& location,
                        std::string_view data, OverwriteMode mode) {
  ICEFRAME_ASSIGN_OR_RETURN(std::unique_ptr<OutputFile> file, Create(context, location, mode));
  ICEFRAME_RETURN_NOT_OK(file->Write(data));
  return file->Close();
}

Result<std::shared_ptr<const InputFile>> OpenForSmallReads(const OperationContext& context,
                                                           FileIO* io,
                                                           const std::string& location) {
  auto* small_reads = dynamic_cast<SmallReads*>(io);
  if (small_reads == nullptr) return std::shared_ptr<const InputFile>();
  return small_reads->OpenInput(context, location);
}

Result<std::shared_ptr<FileIO>> MakeFileIO(FileIOOptions options) {
  ICEFRAME_ASSIGN_OR_RETURN(AllowedLocations allowed,
                            AllowedLocations::Make(options.allowed_locations));
  ICEFRAME_ASSIGN_OR_RETURN(const internal::S3Settings settings,
                            internal::ReadS3Settings(options.properties));
  std::shared_ptr<FileIO> s3;
  if (auto store = internal::SharedS3Store(settings); store != nullptr) {
    s3 = internal::MakeObjectFileIO(std::move(store));
  }
  std::shared_ptr<FileIO> io = std::make_shared<RoutingFileIO>(std::move(allowed), s3);
  return options.wrap ? options.wrap(std::move(io)) : io;
}

}  // namespace iceframe
