// SPDX-License-Identifier: Apache-2.0
// Matching by name, nested arrays and encodings. Primitives are in lossless_cast_primitive.cc.
#include "iceframe/types/lossless_cast.h"

#include <algorithm>
#include <limits>
#include <map>
#include <string>
#include <utility>

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/buffer.h>
#include <arrow/compute/api_vector.h>
#include <arrow/compute/cast.h>
#include <arrow/compute/exec.h>
#include <arrow/extension_type.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/bitmap_ops.h>

#include "iceframe/types/arrow_form.h"
#include "iceframe/types/arrow_schema.h"
#include "iceframe/types/copy_validity_internal.h"
#include "iceframe/types/lossless_cast_internal.h"
#include "iceframe/types/unknown_columns.h"

namespace iceframe {

namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using internal::CastPlace;

constexpr int kMaxEncodings = 8;

/// The structs around an array: a null among them makes everything below it not there.
struct Enclosing {
  const arrow::Array* array = nullptr;
  const Enclosing* outer = nullptr;

  bool IsLive(int64_t i) const {
    return array->IsValid(i) && (outer == nullptr || outer->IsLive(i));
  }
};

Result<ArrayPtr> CastField(const CastPlace& place, const NestedField& field, const ArrayPtr& values,
                           const Enclosing* enclosing);

Status CheckRequired(const CastPlace& place, const arrow::Array& values,
                     const Enclosing* enclosing) {
  const bool may_be_null = values.null_count() > 0 || values.type_id() == arrow::Type::NA;
  if (!may_be_null) return Status::OK();
  for (int64_t i = 0; i < values.length(); ++i) {
    const bool is_null = values.type_id() == arrow::Type::NA || values.IsNull(i);
    if (is_null && (enclosing == nullptr || enclosing->IsLive(i))) {
      return Error(ErrorKind::kSchemaMismatch, "required column holds a null: ", place.path, " in ",
                   place.Position(i), "; fill it in, or make the column optional");
    }
  }
  return Status::OK();
}

Status TooLong(const CastPlace& place, int64_t reach, int64_t num_rows) {
  return Error(ErrorKind::kInvalidArgument,
               "text or lists of one batch are too long for their column: ", place.path, ", ",
               reach, " bytes or elements in ", num_rows, " rows from ", place.Position(0),
               "; write smaller batches or split the value");
}

Result<int64_t> DefaultLength(const NestedField& field, arrow::MemoryPool* pool) {
  if (!field.write_default || field.write_default->is_null()) return 0;
  ICEFRAME_ASSIGN_OR_RETURN(ArrayPtr value,
                            ArrayFromValue(field.type, *field.write_default, 1, pool));
  return OffsetReach(*value->data());
}

// The longest default of any field at any depth.
Result<int64_t> LongestDefault(const std::vector<NestedField>& fields, arrow::MemoryPool* pool) {
  int64_t longest = 0;
  for (const NestedField& field : fields) {
    ICEFRAME_ASSIGN_OR_RETURN(const int64_t own, DefaultLength(field, pool));
    ICEFRAME_ASSIGN_OR_RETURN(const int64_t below, LongestDefault(field.type.fields(), pool));
    longest = std::max({longest, own, below});
  }
  return longest;
}

// A column or struct field that the data lacks.
Result<ArrayPtr> MissingField(const CastPlace& place, const NestedField& field, int64_t length) {
  if (field.write_default && !field.write_default->is_null()) {
    ICEFRAME_ASSIGN_OR_RETURN(const int64_t longest, DefaultLength(field, place.pool));
    if (longest > kMaxOffset / std::max<int64_t>(1, length)) {
      return TooLong(place, longest * length, length);
    }
    return ArrayFromValue(field.type, *field.write_default, length, place.pool);
  }
  if (field.required) {
    return Error(ErrorKind::kSchemaMismatch, "required column is missing: ", place.path, " (",
                 field.type.ToString(), "); add it, or make the column optional");
  }
  return ArrayFromValue(field.type, Value(), length, place.pool);
}

// The position among `names` for each of the table's fields, -1 for a missing one.
Result<std::vector<int>> MatchByName(const std::string& prefix, const arrow::FieldVector& from,
                                     const std::vector<NestedField>& to) {
  std::map<std::string, int, std::less<>> positions;
  for (size_t i = 0; i < from.size(); ++i) {
    if (!positions.emplace(from[i]->name(), static_cast<int>(i)).second) {
      return Error(ErrorKind::kSchemaMismatch,
                   "two columns of the data have the same name: ", prefix, from[i]->name());
    }
  }
  std::vector<int> matched;
  for (const NestedField& field : to) {
    const auto found = positions.find(field.name);
    matched.push_back(found == positions.end() ? -1 : found->second);
    if (found != positions.end()) positions.erase(found);
  }
  if (positions.empty()) return matched;
  std::vector<std::string> unknown;
  for (const auto& [name, position] : positions) unknown.push_back(name);
  return UnknownColumns(unknown, to, {prefix, ""});
}

Result<ArrayPtr> CastStruct(const CastPlace& place, const Type& to, const ArrayPtr& values,
                            const Enclosing* enclosing) {
  if (values->type_id() != arrow::Type::STRUCT) {
    return internal::NoCast(place, *values->type(), to);
  }
  const auto& rows = static_cast<const arrow::StructArray&>(*values);
  ICEFRAME_ASSIGN_OR_RETURN(const std::vector<int> sources,
                            MatchByName(place.path + ".", values->type()->fields(), to.fields()));
  ICEFRAME_ASSIGN_OR_RETURN(auto validity, internal::CopyValidity(*values, place.pool));
  const Enclosing inner{values.get(), enclosing};
  std::vector<std::shared_ptr<arrow::ArrayData>> children;
  for (size_t i = 0; i < sources.size(); ++i) {
    const NestedField& field = to.fields()[i];
    CastPlace below = place;
    below.path += "." + field.name;
    ICEFRAME_ASSIGN_OR_RETURN(const ArrayPtr child,
                              sources[i] < 0
                                  ? MissingField(below, field, values->length())
                                  : CastField(below, field, rows.field(sources[i]), &inner));
    children.push_back(child->data());
  }
  ICEFRAME_ASSIGN_OR_RETURN(const auto type, ToArrowType(to));
  return arrow::MakeArray(arrow::ArrayData::Make(type, values->length(), {std::move(validity)},
                                                 std::move(children), values->null_count()));
}

// int32 offsets of the lists, nulls being empty; what lies in null lists is left out.
template <typename Lists>
Result<std::shared_ptr<arrow::Buffer>> MakeOffsets(const CastPlace& place, const Lists& lists) {
  ICEFRAME_ASSIGN_OR_RETURN(
      std::shared_ptr<arrow::Buffer> buffer,
      arrow::AllocateBuffer((lists.length() + 1) * static_cast<int64_t>(sizeof(int32_t)),
                            place.pool));
  auto* offsets = reinterpret_cast<int32_t*>(buffer->mutable_data());
  int64_t end = 0;
  offsets[0] = 0;
  for (int64_t i = 0; i < lists.length(); ++i) {
    if (lists.IsValid(i)) end += lists.value_length(i);
    if (end > std::numeric_limits<int32_t>::max()) {
      return Error(ErrorKind::kSchemaMismatch,
                   "lists of one batch hold too many elements: ", place.path,
                   "; write smaller batches");
    }
    offsets[i + 1] = static_cast<int32_t>(end);
  }
  return buffer;
}

struct FlatLists {
  std::shared_ptr<arrow::Buffer> offsets;
  ArrayPtr elements;
};

template <typename Lists>
Result<FlatLists> Flatten(const CastPlace& place, const arrow::Array& values) {
  const auto& lists = static_cast<const Lists&>(values);
  FlatLists flat;
  ICEFRAME_ASSIGN_OR_RETURN(flat.offsets, MakeOffsets(place, lists));
  if (flat.offsets->template data_as<int32_t>()[lists.length()] == 0) {
    // Flatten would build an empty array, which it can't of every type.
    ICEFRAME_ASSIGN_OR_RETURN(flat.elements, EmptyArray(lists.value_type(), place.pool));
    return flat;
  }
  ICEFRAME_ASSIGN_OR_RETURN(flat.elements, lists.Flatten(place.pool));
  return flat;
}

// Whether this is a list of structs of a key and a value, as engines without maps have them.
bool HoldsPairs(const arrow::DataType& type) {
  if (type.num_fields() != 1) return false;
  const arrow::DataType& pair = *type.field(0)->type();
  return pair.id() == arrow::Type::STRUCT && pair.num_fields() == 2 &&
         pair.field(0)->name() == "key" && pair.field(1)->name() == "value";
}

Result<FlatLists> FlattenAny(const CastPlace& place, const Type& to, const arrow::Array& values) {
  const bool is_map = values.type_id() == arrow::Type::MAP;
  const bool fits = to.id() == TypeId::kMap ? is_map || HoldsPairs(*values.type()) : !is_map;
  if (!fits) return internal::NoCast(place, *values.type(), to);
  switch (values.type_id()) {
    case arrow::Type::LIST:
    case arrow::Type::MAP:
      return Flatten<arrow::ListArray>(place, values);
    case arrow::Type::LARGE_LIST:
      return Flatten<arrow::LargeListArray>(place, values);
    case arrow::Type::LIST_VIEW:
      return Flatten<arrow::ListViewArray>(place, values);
    case arrow::Type::LARGE_LIST_VIEW:
      return Flatten<arrow::LargeListViewArray>(place, values);
    case arrow::Type::FIXED_SIZE_LIST:
      return Flatten<arrow::FixedSizeListArray>(place, values);
    default:
      return internal::NoCast(place, *values.type(), to);
  }
}

Result<ArrayPtr> CastList(const CastPlace& place, const Type& to, const ArrayPtr& values) {
  ICEFRAME_ASSIGN_OR_RETURN(FlatLists flat, FlattenAny(place, to, *values));
  ICEFRAME_ASSIGN_OR_RETURN(auto validity, internal::CopyValidity(*values, place.pool));
  ICEFRAME_ASSIGN_OR_RETURN(const auto type, ToArrowType(to));
  const CastPlace below{place.path + ".element", "element", 0, place.pool, place.row};
  ICEFRAME_ASSIGN_OR_RETURN(const ArrayPtr elements,
                            CastField(below, to.fields()[0], flat.elements, nullptr));
  return arrow::MakeArray(arrow::ArrayData::Make(type, values->length(),
                                                 {std::move(validity), std::move(flat.offsets)},
                                                 {elements->data()}, values->null_count()));
}

Result<ArrayPtr> CastMap(const CastPlace& place, const Type& to, const ArrayPtr& values) {
  ICEFRAME_ASSIGN_OR_RETURN(FlatLists flat, FlattenAny(place, to, *values));
  ICEFRAME_ASSIGN_OR_RETURN(auto validity, internal::CopyValidity(*values, place.pool));
  ICEFRAME_ASSIGN_OR_RETURN(const auto type, ToArrowType(to));
  const auto& entries = static_cast<const arrow::StructArray&>(*flat.elements);
  if (entries.null_count() > 0) {
    return Error(ErrorKind::kSchemaMismatch, "an entry of a map is null: ", place.path,
                 "; leave it out, or give it a key");
  }
  std::vector<std::shared_ptr<arrow::ArrayData>> children;
  for (int i = 0; i < 2; ++i) {
    const NestedField& field = to.fields()[static_cast<size_t>(i)];
    const CastPlace below{place.path + "." + field.name, "element", 0, place.pool, place.row};
    ICEFRAME_ASSIGN_OR_RETURN(const ArrayPtr child,
                              CastField(below, field, entries.field(i), nullptr));
    children.push_back(child->data());
  }
  auto entry_data = arrow::ArrayData::Make(type->field(0)->type(), flat.elements->length(),
                                           {nullptr}, std::move(children), 0);
  return arrow::MakeArray(arrow::ArrayData::Make(type, values->length(),
                                                 {std::move(validity), std::move(flat.offsets)},
                                                 {std::move(entry_data)}, values->null_count()));
}

Result<ArrayPtr> CastField(const CastPlace& place, const NestedField& field, const ArrayPtr& values,
                           const Enclosing* enclosing) {
  ICEFRAME_ASSIGN_OR_RETURN(const ArrayPtr plain, internal::DecodeArray(place, values));
  if (field.required) ICEFRAME_RETURN_NOT_OK(CheckRequired(place, *plain, enclosing));
  if (field.type.is_nested() && plain->type_id() == arrow::Type::NA) {
    return ArrayFromValue(field.type, Value(), plain->length(), place.pool);
  }
  switch (field.type.id()) {
    case TypeId::kStruct:
      return CastStruct(place, field.type, plain, enclosing);
    case TypeId::kList:
      return CastList(place, field.type, plain);
    case TypeId::kMap:
      return CastMap(place, field.type, plain);
    default:
      return internal::CastPrimitive(place, field.type, plain);
  }
}

bool HoldsLists(const Type& type) {
  if (type.id() == TypeId::kList || type.id() == TypeId::kMap) return true;
  for (const NestedField& field : type.fields()) {
    if (HoldsLists(field.type)) return true;
  }
  return false;
}

// The error of the first row that has one, naming it: inside of lists only elements are counted.
Status WithRow(const CastPlace& place, const NestedField& field, const ArrayPtr& values,
               const Status& status) {
  if (KindOf(status) != ErrorKind::kSchemaMismatch || !HoldsLists(field.type)) return status;
  if (!CastField(place, field, values->Slice(0, 0), nullptr).ok()) return status;
  int64_t good = 0;
  int64_t bad = values->length();
  while (bad - good > 1) {
    const int64_t middle = good + (bad - good) / 2;
    const bool is_good = CastField(place, field, values->Slice(0, middle), nullptr).ok();
    (is_good ? good : bad) = middle;
  }
  CastPlace of_row = place;
  of_row.first += good;
  of_row.row = of_row.first;
  const Status named = CastField(of_row, field, values->Slice(good, 1), nullptr).status();
  return named.ok() ? status : named;
}

// `values` in a form that Arrow can take rows of, which it can't of views.
Result<ArrayPtr> WithoutViews(ArrayPtr values, arrow::compute::ExecContext* context) {
  const auto id = values->type_id();
  if (id != arrow::Type::STRING_VIEW && id != arrow::Type::BINARY_VIEW) return values;
  const auto plain = id == arrow::Type::STRING_VIEW ? arrow::large_utf8() : arrow::large_binary();
  return arrow::compute::Cast(*values, plain, arrow::compute::CastOptions::Safe(), context);
}

Result<ArrayPtr> TakeRows(ArrayPtr values, const arrow::Array& indices, arrow::MemoryPool* pool) {
  arrow::compute::ExecContext context(pool);
  context.set_use_threads(false);
  ICEFRAME_ASSIGN_OR_RETURN(values, WithoutViews(std::move(values), &context));
  return arrow::compute::Take(*values, indices, arrow::compute::TakeOptions::BoundsCheck(),
                              &context);
}

template <typename RunEnd>
Status FillRuns(const arrow::RunEndEncodedArray& runs, int64_t* indices) {
  const auto* ends = runs.run_ends()->data()->GetValues<RunEnd>(1);
  int64_t run = runs.FindPhysicalOffset();
  for (int64_t i = 0; i < runs.length(); ++i) {
    while (run < runs.run_ends()->length() && ends[run] <= runs.offset() + i) ++run;
    if (run >= runs.values()->length()) {
      return Error(ErrorKind::kInvalidData, "run-end encoded array ends too early");
    }
    indices[i] = run;
  }
  return Status::OK();
}

Result<ArrayPtr> DecodeRuns(const arrow::RunEndEncodedArray& runs, arrow::MemoryPool* pool) {
  ICEFRAME_ASSIGN_OR_RETURN(
      std::shared_ptr<arrow::Buffer> buffer,
      arrow::AllocateBuffer(runs.length() * static_cast<int64_t>(sizeof(int64_t)), pool));
  auto* indices = reinterpret_cast<int64_t*>(buffer->mutable_data());
  switch (runs.run_ends()->type_id()) {
    case arrow::Type::INT16:
      ICEFRAME_RETURN_NOT_OK(FillRuns<int16_t>(runs, indices));
      break;
    case arrow::Type::INT32:
      ICEFRAME_RETURN_NOT_OK(FillRuns<int32_t>(runs, indices));
      break;
    default:
      ICEFRAME_RETURN_NOT_OK(FillRuns<int64_t>(runs, indices));
  }
  const arrow::Int64Array rows(runs.length(), buffer);
  return TakeRows(runs.values(), rows, pool);
}

}  // namespace

namespace internal {

Result<ArrayPtr> DecodeArray(const CastPlace& place, ArrayPtr values) {
  for (int depth = 0; depth < kMaxEncodings; ++depth) {
    if (values->type_id() == arrow::Type::DICTIONARY) {
      const auto& encoded = static_cast<const arrow::DictionaryArray&>(*values);
      ICEFRAME_ASSIGN_OR_RETURN(values,
                                TakeRows(encoded.dictionary(), *encoded.indices(), place.pool));
    } else if (values->type_id() == arrow::Type::RUN_END_ENCODED) {
      ICEFRAME_ASSIGN_OR_RETURN(
          values, DecodeRuns(static_cast<const arrow::RunEndEncodedArray&>(*values), place.pool));
    } else if (values->type_id() == arrow::Type::EXTENSION) {
      values = static_cast<const arrow::ExtensionArray&>(*values).storage();
    } else {
      return values;
    }
  }
  return Error(ErrorKind::kSchemaMismatch, "column is encoded too deeply: ", place.path);
}

}  // namespace internal

Result<LosslessCast> LosslessCast::Make(const arrow::Schema& from, std::shared_ptr<const Schema> to,
                                        arrow::MemoryPool* pool) {
  LosslessCast cast;
  cast.schema_ = std::move(to);
  cast.input_schema_ = arrow::schema(from.fields());
  ICEFRAME_ASSIGN_OR_RETURN(cast.output_schema_, ToArrowSchema(*cast.schema_));
  ICEFRAME_ASSIGN_OR_RETURN(cast.sources_, MatchByName("", from.fields(), cast.schema_->fields()));
  // No rows have no bad values: what fails now are the types.
  arrow::ArrayVector columns;
  for (const auto& field : from.fields()) {
    ICEFRAME_ASSIGN_OR_RETURN(ArrayPtr column, EmptyArray(field->type(), pool));
    columns.push_back(std::move(column));
  }
  ICEFRAME_ASSIGN_OR_RETURN(cast.longest_default_, LongestDefault(cast.schema_->fields(), pool));
  const auto empty = arrow::RecordBatch::Make(cast.input_schema_, 0, std::move(columns));
  ICEFRAME_RETURN_NOT_OK(cast.Apply(*empty, pool).status());
  return cast;
}

int64_t LosslessCast::NumRowsWithin(const arrow::RecordBatch& batch, int64_t begin,
                                    int64_t max_rows, int64_t max_bytes) const {
  if (longest_default_ > 0) {
    max_rows = std::clamp(max_bytes / longest_default_, int64_t{1}, max_rows);
  }
  return iceframe::NumRowsWithin(batch, begin, max_rows, max_bytes);
}

Result<std::shared_ptr<arrow::RecordBatch>> LosslessCast::Apply(const arrow::RecordBatch& batch,
                                                                arrow::MemoryPool* pool,
                                                                int64_t first_row,
                                                                int64_t max_bytes) const {
  if (!batch.schema()->Equals(*input_schema_, /*check_metadata=*/false)) {
    return Error(ErrorKind::kSchemaMismatch,
                 "batch has another schema than its stream: ", batch.schema()->ToString(),
                 "; wanted ", input_schema_->ToString());
  }
  arrow::ArrayVector columns;
  for (size_t i = 0; i < sources_.size(); ++i) {
    const NestedField& field = schema_->fields()[i];
    const CastPlace place{field.name, "row", first_row, pool};
    if (sources_[i] >= 0) {
      // Arrow's casts don't all notice, and those that do can't say so.
      const int64_t reach = OffsetReach(*batch.column_data(sources_[i]));
      if (reach > max_bytes) return TooLong(place, reach, batch.num_rows());
    }
    Result<ArrayPtr> column = sources_[i] < 0
                                  ? MissingField(place, field, batch.num_rows())
                                  : CastField(place, field, batch.column(sources_[i]), nullptr);
    if (!column.ok() && sources_[i] >= 0) {
      return WithRow(place, field, batch.column(sources_[i]), column.status());
    }
    ICEFRAME_RETURN_NOT_OK(column.status());
    columns.push_back(*std::move(column));
  }
  return arrow::RecordBatch::Make(output_schema_, batch.num_rows(), std::move(columns));
}

Result<std::shared_ptr<arrow::RecordBatch>> CastLossless(const arrow::RecordBatch& batch,
                                                         const Schema& schema,
                                                         arrow::MemoryPool* pool) {
  // Not owned: the cast lives no longer than this call.
  const std::shared_ptr<const Schema> borrowed(std::shared_ptr<const Schema>(), &schema);
  ICEFRAME_ASSIGN_OR_RETURN(const LosslessCast cast,
                            LosslessCast::Make(*batch.schema(), borrowed, pool));
  return cast.Apply(batch, pool);
}

}  // namespace iceframe
