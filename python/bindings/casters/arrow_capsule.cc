// SPDX-License-Identifier: Apache-2.0
#include "casters/arrow_capsule.h"

#include <string>
#include <string_view>

#include <arrow/c/bridge.h>
#include <arrow/chunked_array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <nanobind/stl/string.h>

#include "casters/result.h"

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

// Whether this text of a Python exception is a Ctrl-C's: the name stands alone below the traceback,
// whose lines are indented.
bool IsInterrupt(std::string_view text) {
  constexpr std::string_view kName = "KeyboardInterrupt";
  if (!text.ends_with(kName)) return false;
  text.remove_suffix(kName.size());
  if (text.ends_with("Python exception: ")) return true;
  if (!text.ends_with('\n')) return false;
  text.remove_suffix(1);
  return text.substr(text.rfind('\n') + 1).starts_with(' ');
}

// What a stream of others failed with is text alone. Of a Python exception's it is the last line,
// below the traceback; Ctrl-C is raised again.
Status ReaderFailed(const Status& status) {
  std::string_view text = status.message();
  if (text.find("Python exception: ") != std::string_view::npos) {
    text = text.substr(0, text.find_last_not_of("\n ") + 1);
    if (IsInterrupt(text)) {
      const nb::gil_scoped_acquire gil;
      PyErr_SetNone(PyExc_KeyboardInterrupt);
      return PythonRaised();
    }
    text = text.substr(text.rfind('\n') + 1);
  }
  return Error(ErrorKind::kInvalidArgument, "the data's reader failed: ", text);
}

class CallerReader final : public arrow::RecordBatchReader {
 public:
  CallerReader(std::shared_ptr<arrow::RecordBatchReader> reader, CallerThread& caller)
      : reader_(std::move(reader)), caller_(caller) {}

  std::shared_ptr<arrow::Schema> schema() const override { return reader_->schema(); }

  Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    return caller_.Run([&] {
      const Status status = reader_->ReadNext(batch);
      return status.ok() || status.detail() != nullptr ? status : ReaderFailed(status);
    });
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

std::string TypeName(nb::handle object) { return nb::cast<std::string>(nb::inst_name(object)); }

bool Has(nb::handle object, const char* method) {
  return PyObject_HasAttrString(object.ptr(), method) != 0;
}

Result<nb::object> CallProtocol(nb::handle object, const char* method) {
  if (!Has(object, method)) {
    return Error(
        ErrorKind::kInvalidArgument, "object has no ", method, ": ", TypeName(object),
        "; give an Arrow table, a DataFrame or anything with the Arrow PyCapsule interface");
  }
  nb::object result = nb::steal(PyObject_CallMethod(object.ptr(), method, nullptr));
  if (!result.is_valid()) return PythonRaised();
  return result;
}

template <typename T>
Result<T*> Unpack(nb::handle capsule, const char* name) {
  if (PyCapsule_IsValid(capsule.ptr(), name) == 0) {
    return Error(ErrorKind::kInvalidArgument, "the Arrow data must be a capsule named ", name,
                 ", got ", TypeName(capsule));
  }
  auto* unpacked = static_cast<T*>(PyCapsule_GetPointer(capsule.ptr(), name));
  if (unpacked->release == nullptr) {
    return Error(ErrorKind::kInvalidArgument,
                 "the Arrow data was read before; make the stream anew for another read");
  }
  return unpacked;
}

// Arrow says what it could not import in its own words; what a producer says is passed on.
template <typename T>
Result<T> Imported(Result<T> imported, const char* what, const std::string& name) {
  if (imported.ok()) return imported;
  const Status& status = imported.status();
  if (!status.IsInvalid() && !status.IsTypeError() && !status.IsNotImplemented()) return status;
  return Error(ErrorKind::kInvalidArgument, "the Arrow data is no ", what,
               " of types that are known: ", name, "; cast it to other types");
}

struct ArrayCapsules {
  nb::object owner;
  ArrowSchema* schema = nullptr;
  ArrowArray* array = nullptr;
};

Result<ArrayCapsules> CallArrayProtocol(nb::handle object) {
  ArrayCapsules capsules;
  ICEFRAME_ASSIGN_OR_RETURN(capsules.owner, CallProtocol(object, "__arrow_c_array__"));
  PyObject* pair = capsules.owner.ptr();
  if (!PyTuple_Check(pair) || PyTuple_GET_SIZE(pair) != 2) {
    return Error(ErrorKind::kInvalidArgument,
                 "__arrow_c_array__ gave no pair of capsules: ", TypeName(object));
  }
  ICEFRAME_ASSIGN_OR_RETURN(capsules.schema,
                            Unpack<ArrowSchema>(PyTuple_GET_ITEM(pair, 0), "arrow_schema"));
  ICEFRAME_ASSIGN_OR_RETURN(capsules.array,
                            Unpack<ArrowArray>(PyTuple_GET_ITEM(pair, 1), "arrow_array"));
  return capsules;
}

}  // namespace

Result<std::shared_ptr<arrow::RecordBatchReader>> ImportStream(nb::handle object) {
  ICEFRAME_ASSIGN_OR_RETURN(nb::object capsule, CallProtocol(object, "__arrow_c_stream__"));
  ICEFRAME_ASSIGN_OR_RETURN(auto* stream, Unpack<ArrowArrayStream>(capsule, "arrow_array_stream"));
  return Imported(arrow::ImportRecordBatchReader(stream), "table", TypeName(object));
}

Result<std::shared_ptr<arrow::RecordBatchReader>> ImportBatches(nb::handle object) {
  if (Has(object, "__arrow_c_stream__")) return ImportStream(object);
  ICEFRAME_ASSIGN_OR_RETURN(const auto capsules, CallArrayProtocol(object));
  ICEFRAME_ASSIGN_OR_RETURN(
      const auto batch, Imported(arrow::ImportRecordBatch(capsules.array, capsules.schema), "table",
                                 TypeName(object)));
  return arrow::RecordBatchReader::Make({batch}, batch->schema());
}

Result<std::shared_ptr<arrow::ChunkedArray>> ImportColumn(nb::handle object,
                                                          const std::string& name) {
  if (Has(object, "__arrow_c_stream__")) {
    ICEFRAME_ASSIGN_OR_RETURN(nb::object capsule, CallProtocol(object, "__arrow_c_stream__"));
    ICEFRAME_ASSIGN_OR_RETURN(auto* stream,
                              Unpack<ArrowArrayStream>(capsule, "arrow_array_stream"));
    return Imported(arrow::ImportChunkedArray(stream), "column", name);
  }
  ICEFRAME_ASSIGN_OR_RETURN(const auto capsules, CallArrayProtocol(object));
  ICEFRAME_ASSIGN_OR_RETURN(
      auto array, Imported(arrow::ImportArray(capsules.array, capsules.schema), "column", name));
  return std::make_shared<arrow::ChunkedArray>(std::move(array));
}

Result<std::shared_ptr<arrow::Schema>> ImportSchema(nb::handle object) {
  if (!Has(object, "__arrow_c_schema__") && Has(object, "__arrow_c_stream__")) {
    ICEFRAME_ASSIGN_OR_RETURN(const auto reader, ImportStream(object));
    return reader->schema();
  }
  ICEFRAME_ASSIGN_OR_RETURN(nb::object capsule, CallProtocol(object, "__arrow_c_schema__"));
  ICEFRAME_ASSIGN_OR_RETURN(auto* schema, Unpack<ArrowSchema>(capsule, "arrow_schema"));
  return Imported(arrow::ImportSchema(schema), "schema", TypeName(object));
}

Result<std::shared_ptr<arrow::Field>> ImportField(nb::handle object, const std::string& name) {
  if (!Has(object, "__arrow_c_schema__") && Has(object, "__arrow_c_stream__")) {
    ICEFRAME_ASSIGN_OR_RETURN(const auto values, ImportColumn(object, name));
    return arrow::field(name, values->type());
  }
  ICEFRAME_ASSIGN_OR_RETURN(nb::object capsule, CallProtocol(object, "__arrow_c_schema__"));
  ICEFRAME_ASSIGN_OR_RETURN(auto* schema, Unpack<ArrowSchema>(capsule, "arrow_schema"));
  ICEFRAME_ASSIGN_OR_RETURN(auto field, Imported(arrow::ImportField(schema), "column", name));
  return field->WithName(name);
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

Result<nb::object> ExportReader(std::shared_ptr<arrow::RecordBatchReader> reader) {
  auto stream = std::make_unique<ArrowArrayStream>();
  ICEFRAME_RETURN_NOT_OK(arrow::ExportRecordBatchReader(std::move(reader), stream.get()));
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
