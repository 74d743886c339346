// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include <arrow/io/interfaces.h>

#include "iceframe/io/object_output_file_internal.h"
#include "iceframe/io/object_read_internal.h"

namespace iceframe::internal {

namespace {

/// What may be on its way before the writer waits for the store.
constexpr int64_t kMaxUnsentBytes = int64_t{64} << 20;

/// An object is there whole or not at all: its parts become one when the last was stored.
class ObjectOutputFile final : public OutputFile {
 public:
  ObjectOutputFile(OperationContext context, ObjectPlace place, OverwriteMode mode,
                   std::shared_ptr<arrow::io::OutputStream> stream)
      : context_(std::move(context)),
        place_(std::move(place)),
        mode_(mode),
        stream_(std::move(stream)) {}

  ~ObjectOutputFile() override { Abort(); }

  Status Write(const std::shared_ptr<arrow::Buffer>& data) override {
    return Sent(data->size(), [&] { return stream_->Write(data); });
  }

  Status Write(std::string_view data) override {
    return Sent(static_cast<int64_t>(data.size()), [&] { return stream_->Write(data); });
  }

  int64_t num_bytes() const override { return num_bytes_; }

  Status Close() override {
    ICEFRAME_RETURN_NOT_OK(CheckOpen());
    ICEFRAME_RETURN_NOT_OK(context_.Check());
    if (mode_ == OverwriteMode::kNeverOverwrite) {
      ICEFRAME_ASSIGN_OR_RETURN(const bool exists,
                                RunBlocking(context_, [context = context_, place = place_] {
                                  return ObjectExists(context, place);
                                }));
      if (exists) {
        return Error(ErrorKind::kAlreadyExists, "file exists already: ", place_.location);
      }
    }
    return Finish();
  }

  void Abort() override {
    if (stream_ == nullptr) return;
    const RequestScope scope(context_);
    // That parts of it may stay behind can't be told; a store's own rule removes them.
    (void)stream_->Abort();
    stream_.reset();
  }

 private:
  Status CheckOpen() const {
    if (stream_ != nullptr) return Status::OK();
    return Error(ErrorKind::kInvalidArgument,
                 "file was closed or aborted before: ", place_.location);
  }

  template <typename Send>
  Status Sent(int64_t num_bytes, const Send& send) {
    ICEFRAME_RETURN_NOT_OK(CheckOpen());
    ICEFRAME_RETURN_NOT_OK(context_.Check());
    const RequestScope scope(context_);
    Status status = send();
    num_bytes_ += num_bytes;
    num_unsent_bytes_ += num_bytes;
    if (status.ok() && num_unsent_bytes_ >= kMaxUnsentBytes) {
      num_unsent_bytes_ = 0;
      status = stream_->Flush();
    }
    return place_.store->Translate(status, place_.location);
  }

  Status Finish() {
    IoRequest counted(context_, place_.store->scheme(), IoOp::kWrite);
    const RequestScope scope(context_);
    const bool may_wait = !Executor::Process().io()->OwnsThisThread();
    const arrow::Future<> closed = stream_->CloseAsync();
    Status status = may_wait ? Await(context_, closed) : closed.status();
    if (!closed.is_finished()) {
      // Goes on without us; whether the file appears is for its writer to find out.
      stream_.reset();
      return status;
    }
    if (!status.ok()) {
      Abort();
      return place_.store->Translate(status, place_.location);
    }
    stream_.reset();
    counted.AddBytes(num_bytes_);
    place_.store->NoteSuccess();
    return Status::OK();
  }

  const OperationContext context_;
  const ObjectPlace place_;
  const OverwriteMode mode_;
  /// nullptr once it ended.
  std::shared_ptr<arrow::io::OutputStream> stream_;
  int64_t num_bytes_ = 0;
  int64_t num_unsent_bytes_ = 0;
};

}  // namespace

Result<std::unique_ptr<OutputFile>> MakeObjectOutputFile(const OperationContext& context,
                                                         ObjectPlace place, OverwriteMode mode) {
  ICEFRAME_RETURN_NOT_OK(context.Check());
  ICEFRAME_ASSIGN_OR_RETURN(const ObjectStoreClient client, place.store->Connect());
  const bool on_io_thread = Executor::Process().io()->OwnsThisThread();
  const auto& files = on_io_thread ? client.on_caller : client.in_background;
  Result<std::shared_ptr<arrow::io::OutputStream>> stream = files->OpenOutputStream(place.path);
  if (!stream.ok()) return place.store->Translate(stream.status(), place.location);
  return std::make_unique<ObjectOutputFile>(context, std::move(place), mode, *std::move(stream));
}

}  // namespace iceframe::internal
