// SPDX-License-Identifier: Apache-2.0
#include "iceframe/streaming/row_form.h"

#include <arrow/api.h>
#include <arrow/json/from_string.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iceframe/runtime/memory_manager.h"

namespace iceframe {
namespace {

using ::testing::HasSubstr;

arrow::MemoryPool* Pool() { return MemoryBudget::Process()->pool(); }

/// id, a list of structs, a map to structs and a struct with a list of structs; `suffix` is part of
/// the names of what is within.
std::shared_ptr<const Schema> Nested(const std::string& suffix, const Type& leaf) {
  const auto inner = [&](FieldId id) {
    return Type::Struct({NestedField::Optional(id, "x" + suffix, leaf),
                         NestedField::Optional(id + 1, "y" + suffix, Type::String())});
  };
  const auto list = [&](FieldId id) {
    return Type::List(NestedField::Optional(id, "element", inner(id + 1)));
  };
  const Type map = Type::Map(NestedField::Required(20, "key", Type::String()),
                             NestedField::Optional(21, "value", inner(22)));
  return *Schema::Make(
      SchemaId(0),
      {NestedField::Optional(1, "id", Type::Long()), NestedField::Optional(2, "points", list(10)),
       NestedField::Optional(3, "by_name", map),
       NestedField::Optional(
           4, "deep", Type::Struct({NestedField::Optional(30, "list" + suffix, list(31))}))});
}

std::shared_ptr<arrow::RecordBatch> Rows(const RowForm& form, const std::string& json) {
  const auto type = arrow::struct_(form.arrow_schema()->fields());
  return *arrow::RecordBatch::FromStructArray(*arrow::json::ArrayFromJSONString(type, json));
}

constexpr const char* kRows = R"([
  {"id": 1, "points": [{"x": 1, "y": "a"}, null, {"x": null, "y": "b"}],
   "by_name": [["k", {"x": 5, "y": "e"}]], "deep": {"list": [{"x": 7, "y": "g"}]}},
  {"id": 2, "points": null, "by_name": [], "deep": null},
  {"id": 3, "points": [{"x": 3, "y": "c"}], "by_name": [["m", null], ["n", {"x": 6, "y": "f"}]],
   "deep": {"list": []}}])";

TEST(RowFormTest, AdoptsRowsWhoseInnerFieldsAreRenamedAndWidened) {
  const auto before = *RowForm::Make(Nested("", Type::Int()), Pool());
  const auto after = *RowForm::Make(Nested("_new", Type::Long()), Pool());
  const auto rows = Rows(*before, kRows);
  std::string renamed = kRows;
  for (const std::string name : {"\"x\"", "\"y\"", "\"list\""}) {
    for (size_t at = 0; (at = renamed.find(name, at)) != std::string::npos; at += name.size()) {
      renamed.insert(at + name.size() - 1, "_new");
    }
  }
  const auto adopted = after->Adopt(*rows, *before->schema_to_keep());
  ASSERT_TRUE(adopted.ok()) << adopted.status().ToString();
  EXPECT_TRUE((*adopted)->ValidateFull().ok());
  EXPECT_TRUE((*adopted)->Equals(*Rows(*after, renamed))) << (*adopted)->ToString();
}

TEST(RowFormTest, AdoptsSlices) {
  const auto before = *RowForm::Make(Nested("", Type::Int()), Pool());
  const auto after = *RowForm::Make(Nested("_new", Type::Int()), Pool());
  const auto rows = Rows(*before, kRows);
  const auto whole = *after->Adopt(*rows, *before->schema_to_keep());
  const auto part = after->Adopt(*rows->Slice(2, 1), *before->schema_to_keep());
  ASSERT_TRUE(part.ok()) << part.status().ToString();
  EXPECT_TRUE((*part)->Equals(*whole->Slice(2, 1))) << (*part)->ToString();
}

TEST(RowFormTest, RefusesRowsThatAreOtherThanTheirSchemaSays) {
  const auto form = *RowForm::Make(Nested("", Type::Int()), Pool());
  const auto rows = Rows(*form, kRows);
  const auto fewer = *form->schema_to_keep()->RemoveField(0);
  const Status status = form->Adopt(*rows, *fewer).status();
  EXPECT_EQ(KindOf(status), ErrorKind::kInvalidData);
  EXPECT_THAT(status.message(), HasSubstr("kept rows have other columns"));
}

}  // namespace
}  // namespace iceframe
