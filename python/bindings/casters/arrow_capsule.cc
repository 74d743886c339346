// SPDX-License-Identifier: Apache-2.0
#include "casters/arrow_capsule.h"

#include <string>

#include <arrow/c/bridge.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

namespace nb = nanobind;

namespace iceframe::python {

namespace {

// Reads on through the engine, looking for Ctrl-C while it waits.
class InterruptibleReader final : public arrow::RecordBatchReader {
 public:
  InterruptibleReader(std::shared_ptr<arrow::RecordBatchReader> reader, Operation operation)
      : reader_(std::move(reader)), operation_(std::move(operation)) {}

  std::shared_ptr<arrow::Schema> schema() const override { return reader_->schema(); }

  Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    return RunStreamCall(operation_, [&] { return reader_->ReadNext(batch); });
  }

  Status Close() override { return reader_->Close(); }

 private:
  std::shared_ptr<arrow::RecordBatchReader> reader_;
  Operation operation_;
};

class CallerReader final : public arrow::RecordBatchReader {
 public:
  CallerReader(std::shared_ptr<arrow::RecordBatchReader> reader, CallerThread& caller)
      : reader_(std::move(reader)), caller_(caller) {}

  std::shared_ptr<arrow::Schema> schema() const override { return reader_->schema(); }

  Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    return caller_.Run([&] { return reader_->ReadNext(batch); });
  }

 private:
  std::shared_ptr<arrow::RecordBatchReader> reader_;
  CallerThread& caller_;
};

// Owns a struct of the Arrow C interface until a consumer moves out of it.
template <typename T>
nb::object ToCapsule(std::unique_ptr<T> exported, const char* name) {
  PyObject* capsule = PyCapsule_New(exported.get(), name, [](PyObject* self) {
    auto* owned = static_cast<T*>(PyCapsule_GetPointer(self, PyCapsule_GetName(self)));
    if (owned == nullptr) return;
    if (owned->release != nullptr) owned->release(owned);
    delete owned;
  });
  if (capsule == nullptr) {
    exported->release(exported.get());
    throw nb::python_error();
  }
  exported.release();
  return nb::steal(capsule);
}

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

std::unique_ptr<arrow::RecordBatchReader> ReadOnCaller(
    std::shared_ptr<arrow::RecordBatchReader> reader, CallerThread& caller) {
  return std::make_unique<CallerReader>(std::move(reader), caller);
}

Result<nb::object> ExportStream(std::shared_ptr<arrow::RecordBatchReader> reader,
                                const Operation& operation) {
  auto stream = std::make_unique<ArrowArrayStream>();
  auto interruptible = std::make_shared<InterruptibleReader>(std::move(reader), operation);
  ICEFRAME_RETURN_NOT_OK(arrow::ExportRecordBatchReader(std::move(interruptible), stream.get()));
  return ToCapsule(std::move(stream), "arrow_array_stream");
}

Result<nb::object> ExportSchema(const arrow::Schema& schema) {
  auto exported = std::make_unique<ArrowSchema>();
  ICEFRAME_RETURN_NOT_OK(arrow::ExportSchema(schema, exported.get()));
  return ToCapsule(std::move(exported), "arrow_schema");
}

Result<nb::object> ExportBatch(const arrow::RecordBatch& batch) {
  auto schema = std::make_unique<ArrowSchema>();
  auto array = std::make_unique<ArrowArray>();
  ICEFRAME_RETURN_NOT_OK(arrow::ExportRecordBatch(batch, array.get(), schema.get()));
  nb::object array_capsule = ToCapsule(std::move(array), "arrow_array");
  return nb::make_tuple(ToCapsule(std::move(schema), "arrow_schema"), std::move(array_capsule));
}

}  // namespace iceframe::python
