// SPDX-License-Identifier: Apache-2.0
#include "iceframe/execution/union_operator.h"

#include <map>
#include <memory>
#include <optional>
#include <utility>

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "iceframe/expression/binder.h"
#include "iceframe/types/arrow_form.h"
#include "iceframe/types/arrow_schema.h"
#include "iceframe/types/lossless_cast.h"

namespace iceframe {

namespace {

using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

NestedField Renamed(const NestedField& field, const std::map<FieldId, std::string>& names);

Type Renamed(const Type& type, const std::map<FieldId, std::string>& names) {
  if (type.is_primitive()) return type;
  std::vector<NestedField> fields;
  for (const NestedField& child : type.fields()) fields.push_back(Renamed(child, names));
  if (type.id() == TypeId::kStruct) return Type::Struct(std::move(fields));
  if (type.id() == TypeId::kList) return Type::List(std::move(fields[0]));
  return Type::Map(std::move(fields[0]), std::move(fields[1]));
}

NestedField Renamed(const NestedField& field, const std::map<FieldId, std::string>& names) {
  NestedField renamed = NestedField::Optional(field.id, field.name, Renamed(field.type, names));
  renamed.required = field.required;
  if (const auto name = names.find(field.id); name != names.end()) renamed.name = name->second;
  return renamed;
}

void CollectNames(const std::vector<NestedField>& fields, const std::map<FieldId, FieldId>& sources,
                  std::map<FieldId, std::string>* names) {
  for (const NestedField& field : fields) {
    const auto source = sources.find(field.id);
    if (source != sources.end()) names->emplace(source->second, field.name);
    CollectNames(field.type.fields(), sources, names);
  }
}

// One input's batches into the columns of the union.
class UnionColumns {
 public:
  static Result<UnionColumns> Make(const std::map<FieldId, FieldId>& sources, const Schema& input,
                                   const std::shared_ptr<const Schema>& output,
                                   arrow::MemoryPool* pool) {
    UnionColumns columns;
    std::map<FieldId, std::string> names;
    CollectNames(output->fields(), sources, &names);
    ICEFRAME_ASSIGN_OR_RETURN(const auto wanted, ToArrowSchema(*output));
    arrow::FieldVector fields;
    for (const NestedField& field : output->fields()) {
      const auto source = sources.find(field.id);
      if (source == sources.end()) continue;
      const NestedField renamed = Renamed(*input.FindField(source->second), names);
      ICEFRAME_ASSIGN_OR_RETURN(auto type, ToArrowType(renamed.type));
      fields.push_back(arrow::field(field.name, std::move(type)));
      columns.positions_.push_back(PositionOf(input, source->second));
    }
    columns.from_ = arrow::schema(std::move(fields));
    if (!HaveSameTypes(*columns.from_, *wanted)) {
      ICEFRAME_ASSIGN_OR_RETURN(columns.cast_, LosslessCast::Make(*columns.from_, output, pool));
    }
    return columns;
  }

  Result<arrow::ArrayVector> Of(const arrow::RecordBatch& batch, arrow::MemoryPool* pool) const {
    arrow::ArrayVector columns;
    for (size_t i = 0; i < positions_.size(); ++i) {
      columns.push_back(
          WithType(batch.column(positions_[i]), from_->field(static_cast<int>(i))->type()));
    }
    if (!cast_) return columns;
    const BatchPtr named = arrow::RecordBatch::Make(from_, batch.num_rows(), std::move(columns));
    ICEFRAME_ASSIGN_OR_RETURN(const BatchPtr cast, cast_->Apply(*named, pool));
    return cast->columns();
  }

 private:
  static int PositionOf(const Schema& schema, FieldId id) {
    int position = 0;
    for (const NestedField& field : schema.fields()) {
      if (field.id == id) break;
      ++position;
    }
    return position;
  }

  static bool HaveSameTypes(const arrow::Schema& from, const arrow::Schema& to) {
    if (from.num_fields() != to.num_fields()) return false;
    for (int i = 0; i < to.num_fields(); ++i) {
      if (!from.field(i)->type()->Equals(*to.field(i)->type())) return false;
    }
    return true;
  }

  std::vector<int> positions_;
  // The input's columns under the union's names, at all depths.
  std::shared_ptr<arrow::Schema> from_;
  std::optional<LosslessCast> cast_;
};

class UnionOperator final : public Operator {
 public:
  UnionOperator(PlanPtr plan, std::vector<OperatorPtr> inputs)
      : Operator(DescribeOperation(*plan), plan->schema, std::move(inputs)),
        plan_(std::move(plan)) {}

  void OfferFilter(const Expression& predicate) override {
    for (size_t i = 0; i < inputs().size(); ++i) {
      if (auto over = OverUnionInput(*plan_, i, predicate)) {
        input(i).OfferFilter(SimplifyFilter(*over));
      }
    }
  }
  void OfferFirstRows(const FirstRows& first) override {
    for (size_t i = 0; i < inputs().size(); ++i) {
      auto over = OverUnionInput(*plan_, i, first.key);
      if (!over || over->as<ColumnNode>() == nullptr) continue;
      FirstRows of_input = first;
      of_input.key = *std::move(over);
      input(i).OfferFirstRows(of_input);
    }
  }

 protected:
  Status DoOpen() override { return OpenNext(); }

  Result<BatchPtr> DoNext() override {
    while (current_ < inputs().size()) {
      ICEFRAME_ASSIGN_OR_RETURN(const BatchPtr batch, input(current_).Next());
      if (batch != nullptr) {
        ICEFRAME_ASSIGN_OR_RETURN(arrow::ArrayVector values, columns_->Of(*batch, pool()));
        return MakeBatch(batch->num_rows(), std::move(values));
      }
      ++current_;
      ICEFRAME_RETURN_NOT_OK(OpenNext());
    }
    return nullptr;
  }

 private:
  Status OpenNext() {
    if (current_ == inputs().size()) return Status::OK();
    const auto& sources = plan_->as<UnionNode>()->sources[current_];
    ICEFRAME_ASSIGN_OR_RETURN(
        UnionColumns columns,
        UnionColumns::Make(sources, *input(current_).schema(), schema(), pool()));
    columns_ = std::make_unique<UnionColumns>(std::move(columns));
    return input(current_).Open(context());
  }

  PlanPtr plan_;
  // The input whose rows come next, and how its columns become the union's.
  size_t current_ = 0;
  std::unique_ptr<UnionColumns> columns_;
};

}  // namespace

OperatorPtr MakeUnionOperator(const PlanPtr& plan, std::vector<OperatorPtr> inputs) {
  return std::make_unique<UnionOperator>(plan, std::move(inputs));
}

}  // namespace iceframe
