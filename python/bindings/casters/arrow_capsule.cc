// SPDX-License-Identifier: Apache-2.0
#include "casters/arrow_capsule.h"

#include <string>

#include <arrow/c/bridge.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "interruptible.h"

namespace nb = nanobind;

namespace iceframe::python {

namespace {

// Reads on through the engine, looking for Ctrl-C while it waits.
class InterruptibleReader final : public arrow::RecordBatchReader {
 public:
  InterruptibleReader(std::shared_ptr<arrow::RecordBatchReader> reader, CancelToken cancel)
      : reader_(std::move(reader)), cancel_(std::move(cancel)) {}

  std::shared_ptr<arrow::Schema> schema() const override { return reader_->schema(); }

  Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    return RunInterruptiblyDeferred(cancel_, [&] { return reader_->ReadNext(batch); });
  }

  Status Close() override { return reader_->Close(); }

 private:
  std::shared_ptr<arrow::RecordBatchReader> reader_;
  CancelToken cancel_;
};

Result<nb::object> CallProtocol(nb::handle object, const char* method) {
  if (!nb::hasattr(object, method)) {
    return Error(
        ErrorKind::kInvalidArgument, "object has no ", method, ": ",
        nb::cast<std::string>(nb::str(object.type())),
        "; give an Arrow table, a DataFrame or anything with the Arrow PyCapsule interface");
  }
  return object.attr(method)();
}

}  // namespace

Result<std::shared_ptr<arrow::RecordBatchReader>> ImportStream(nb::handle object) {
  ICEFRAME_ASSIGN_OR_RETURN(nb::object capsule, CallProtocol(object, "__arrow_c_stream__"));
  auto* stream =
      static_cast<ArrowArrayStream*>(PyCapsule_GetPointer(capsule.ptr(), "arrow_array_stream"));
  if (stream == nullptr) throw nb::python_error();
  return arrow::ImportRecordBatchReader(stream);
}

Result<std::shared_ptr<arrow::Schema>> ImportSchema(nb::handle object) {
  ICEFRAME_ASSIGN_OR_RETURN(nb::object capsule, CallProtocol(object, "__arrow_c_schema__"));
  auto* schema = static_cast<ArrowSchema*>(PyCapsule_GetPointer(capsule.ptr(), "arrow_schema"));
  if (schema == nullptr) throw nb::python_error();
  return arrow::ImportSchema(schema);
}

Result<nb::object> ExportStream(std::shared_ptr<arrow::RecordBatchReader> reader,
                                const CancelToken& cancel) {
  auto stream = std::make_unique<ArrowArrayStream>();
  auto interruptible = std::make_shared<InterruptibleReader>(std::move(reader), cancel);
  ICEFRAME_RETURN_NOT_OK(arrow::ExportRecordBatchReader(std::move(interruptible), stream.get()));
  PyObject* capsule = PyCapsule_New(stream.release(), "arrow_array_stream", [](PyObject* self) {
    auto* owned = static_cast<ArrowArrayStream*>(PyCapsule_GetPointer(self, "arrow_array_stream"));
    if (owned == nullptr) return;
    if (owned->release != nullptr) owned->release(owned);
    delete owned;
  });
  if (capsule == nullptr) throw nb::python_error();
  return nb::steal(capsule);
}

Result<nb::object> ExportSchema(const arrow::Schema& schema) {
  auto exported = std::make_unique<ArrowSchema>();
  ICEFRAME_RETURN_NOT_OK(arrow::ExportSchema(schema, exported.get()));
  PyObject* capsule = PyCapsule_New(exported.release(), "arrow_schema", [](PyObject* self) {
    auto* owned = static_cast<ArrowSchema*>(PyCapsule_GetPointer(self, "arrow_schema"));
    if (owned == nullptr) return;
    if (owned->release != nullptr) owned->release(owned);
    delete owned;
  });
  if (capsule == nullptr) throw nb::python_error();
  return nb::steal(capsule);
}

}  // namespace iceframe::python
