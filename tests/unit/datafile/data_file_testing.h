// SPDX-License-Identifier: Apache-2.0
// What tests of data files share: a place to write, schemas of every type, seeded rows.
#pragma once

#include <atomic>
#include <cmath>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <arrow/api.h>
#include <arrow/json/from_string.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iceframe/datafile/data_file_reader.h"
#include "iceframe/datafile/data_file_writer.h"
#include "iceframe/io/file_io.h"
#include "iceframe/runtime/memory_manager.h"
#include "iceframe/types/arrow_schema.h"
#include "iceframe/types/schema.h"

#include "support/counting_file_io.h"

namespace iceframe {

inline std::shared_ptr<const Schema> MakeSchema(std::vector<NestedField> fields) {
  return Schema::Make(SchemaId(0), std::move(fields)).ValueOrDie();
}

inline std::shared_ptr<arrow::RecordBatch> BatchFromJson(const Schema& schema,
                                                         const std::string& json) {
  auto arrow_schema = ToArrowSchema(schema).ValueOrDie();
  auto rows =
      arrow::json::ArrayFromJSONString(arrow::struct_(arrow_schema->fields()), json).ValueOrDie();
  return arrow::RecordBatch::Make(arrow_schema, rows->length(),
                                  static_cast<const arrow::StructArray&>(*rows).fields());
}

/// Seeded arrays in the form of ToArrowType.
class RandomRows {
 public:
  explicit RandomRows(uint32_t seed) : random_(seed) {}

  uint64_t Number(uint64_t bound) {
    return std::uniform_int_distribution<uint64_t>(0, bound - 1)(random_);
  }

  std::shared_ptr<arrow::RecordBatch> Batch(const Schema& schema, int64_t num_rows) {
    auto arrow_schema = ToArrowSchema(schema).ValueOrDie();
    arrow::ArrayVector columns;
    for (const NestedField& field : schema.fields()) columns.push_back(Column(field, num_rows));
    return arrow::RecordBatch::Make(arrow_schema, num_rows, std::move(columns));
  }

  std::shared_ptr<arrow::Array> Column(const NestedField& field, int64_t num_rows) {
    auto type = ToArrowType(field.type).ValueOrDie();
    if (field.type.id() == TypeId::kUnknown) {
      return arrow::MakeArrayOfNull(type, num_rows).ValueOrDie();
    }
    auto storage = type;
    if (type->id() == arrow::Type::EXTENSION) {
      storage = static_cast<const arrow::ExtensionType&>(*type).storage_type();
    }
    auto builder = arrow::MakeBuilder(storage, MemoryBudget::Process()->pool()).ValueOrDie();
    for (int64_t i = 0; i < num_rows; ++i) Append(field, builder.get());
    auto array = builder->Finish().ValueOrDie();
    if (storage == type) return array;
    auto data = array->data()->Copy();
    data->type = type;
    return arrow::MakeArray(data);
  }

 private:
  bool Null(const NestedField& field) { return !field.required && Number(5) == 0; }
  std::string Bytes(size_t length) {
    std::string bytes;
    for (size_t i = 0; i < length; ++i) bytes += static_cast<char>('a' + Number(26));
    return bytes;
  }

  void Append(const NestedField& field, arrow::ArrayBuilder* builder) {
    if (Null(field)) {
      ASSERT_TRUE(builder->AppendNull().ok());
      return;
    }
    const auto number = static_cast<int64_t>(Number(2'000'000)) - 1'000'000;
    Status status;
    switch (field.type.id()) {
      case TypeId::kBoolean:
        status = static_cast<arrow::BooleanBuilder*>(builder)->Append(number % 2 == 0);
        break;
      case TypeId::kInt:
        status = static_cast<arrow::Int32Builder*>(builder)->Append(static_cast<int32_t>(number));
        break;
      case TypeId::kLong:
        status = static_cast<arrow::Int64Builder*>(builder)->Append(number * 1'000'003);
        break;
      case TypeId::kFloat:
        status = static_cast<arrow::FloatBuilder*>(builder)->Append(
            number % 11 == 0 ? std::nanf("") : static_cast<float>(number) / 8);
        break;
      case TypeId::kDouble:
        status = static_cast<arrow::DoubleBuilder*>(builder)->Append(
            number % 13 == 0 ? std::nan("") : static_cast<double>(number) / 8);
        break;
      case TypeId::kDecimal:
        status = static_cast<arrow::Decimal128Builder*>(builder)->Append(arrow::Decimal128(number));
        break;
      case TypeId::kDate:
        status =
            static_cast<arrow::Date32Builder*>(builder)->Append(static_cast<int32_t>(number / 50));
        break;
      case TypeId::kTime:
        status = static_cast<arrow::Time64Builder*>(builder)->Append(number + 1'000'000);
        break;
      case TypeId::kTimestamp:
      case TypeId::kTimestamptz:
      case TypeId::kTimestampNs:
      case TypeId::kTimestamptzNs:
        status = static_cast<arrow::TimestampBuilder*>(builder)->Append(number * 86'400'001);
        break;
      case TypeId::kString:
        // Many repeats, so that dictionaries occur, and some long ones.
        status = static_cast<arrow::StringBuilder*>(builder)->Append(
            number % 7 == 0 ? Bytes(Number(40)) : "value-" + std::to_string(number % 50));
        break;
      case TypeId::kBinary:
        status = static_cast<arrow::BinaryBuilder*>(builder)->Append(Bytes(Number(24)));
        break;
      case TypeId::kUuid:
        status = static_cast<arrow::FixedSizeBinaryBuilder*>(builder)->Append(Bytes(16));
        break;
      case TypeId::kFixed:
        status = static_cast<arrow::FixedSizeBinaryBuilder*>(builder)->Append(
            Bytes(static_cast<size_t>(field.type.length())));
        break;
      case TypeId::kStruct: {
        auto* structs = static_cast<arrow::StructBuilder*>(builder);
        status = structs->Append();
        for (int i = 0; i < structs->num_fields(); ++i) {
          Append(field.type.fields()[static_cast<size_t>(i)], structs->field_builder(i));
        }
        break;
      }
      case TypeId::kList: {
        auto* lists = static_cast<arrow::ListBuilder*>(builder);
        status = lists->Append();
        for (uint64_t i = Number(4); i > 0; --i) {
          Append(field.type.fields()[0], lists->value_builder());
        }
        break;
      }
      case TypeId::kMap: {
        auto* maps = static_cast<arrow::MapBuilder*>(builder);
        status = maps->Append();
        for (uint64_t i = Number(4); i > 0; --i) {
          Append(field.type.fields()[0], maps->key_builder());
          Append(field.type.fields()[1], maps->item_builder());
        }
        break;
      }
      default:
        FAIL() << "no rows of this type";
    }
    ASSERT_TRUE(status.ok()) << status;
  }

  std::mt19937 random_;
};

/// Every primitive type, then nested ones; ids from 1 on.
inline std::vector<NestedField> AllTypes() {
  std::vector<NestedField> fields;
  auto add = [&](const char* name, Type type, bool required = false) {
    fields.push_back(required ? NestedField::Required(0, name, std::move(type))
                              : NestedField::Optional(0, name, std::move(type)));
  };
  add("id", Type::Long(), true);
  add("boolean", Type::Boolean());
  add("int", Type::Int());
  add("long", Type::Long());
  add("float", Type::Float());
  add("double", Type::Double());
  add("decimal_9", Type::Decimal(9, 2).ValueOrDie());
  add("decimal_18", Type::Decimal(18, 3).ValueOrDie());
  add("decimal_38", Type::Decimal(38, 10).ValueOrDie());
  add("date", Type::Date());
  add("time", Type::Time());
  add("timestamp", Type::Timestamp());
  add("timestamptz", Type::Timestamptz());
  add("string", Type::String());
  add("uuid", Type::Uuid());
  add("fixed", Type::Fixed(5).ValueOrDie());
  add("binary", Type::Binary());
  add("struct",
      Type::Struct({NestedField::Optional(0, "a", Type::Int()),
                    NestedField::Required(0, "b", Type::String()),
                    NestedField::Optional(
                        0, "c", Type::Struct({NestedField::Optional(0, "d", Type::Double())}))}));
  add("list", Type::List(NestedField::Optional(0, "element", Type::Long())));
  add("list_of_structs", Type::List(NestedField::Required(
                             0, "element",
                             Type::Struct({NestedField::Optional(0, "x", Type::String()),
                                           NestedField::Optional(0, "y", Type::Timestamptz())}))));
  add("map", Type::Map(NestedField::Required(0, "key", Type::String()),
                       NestedField::Optional(0, "value", Type::Decimal(9, 2).ValueOrDie())));
  add("map_of_lists",
      Type::Map(NestedField::Required(0, "key", Type::Int()),
                NestedField::Optional(
                    0, "value", Type::List(NestedField::Optional(0, "element", Type::Date())))));
  return AssignFreshIds(fields);
}

/// A folder in memory, and calls that expect success.
class DataFileTest : public testing::Test {
 protected:
  DataFileTest() {
    static std::atomic<int> next{0};
    location_ = "memory://datafile/" + std::to_string(++next);
    context_.memory = MemoryBudget::Process()->MakeChild("test");
  }

  WriteOptions OptionsFor(std::shared_ptr<const Schema> schema) const {
    WriteOptions options;
    options.schema = std::move(schema);
    options.table_location = location_;
    return options;
  }

  std::vector<DataFile> WriteFiles(
      WriteOptions options, const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches) {
    auto writer = MakeDataFileWriter(context_, io_, std::move(options));
    EXPECT_TRUE(writer.ok()) << writer.status();
    if (!writer.ok()) return {};
    for (const auto& batch : batches) {
      Status status = (*writer)->Write(context_, *batch);
      EXPECT_TRUE(status.ok()) << status;
    }
    auto files = (*writer)->Finish(context_);
    EXPECT_TRUE(files.ok()) << files.status();
    return files.ok() ? *files : std::vector<DataFile>{};
  }

  DataFile WriteFile(const std::shared_ptr<const Schema>& schema,
                     const std::shared_ptr<arrow::RecordBatch>& batch, Properties properties = {}) {
    WriteOptions options = OptionsFor(schema);
    options.properties = std::move(properties);
    auto files = WriteFiles(std::move(options), {batch});
    EXPECT_EQ(files.size(), 1U);
    return files.empty() ? DataFile{} : files[0];
  }

  Result<std::shared_ptr<arrow::Table>> TryRead(const DataFile& file, ReadOptions options) {
    ICEFRAME_ASSIGN_OR_RETURN(auto reader, OpenDataFile(context_, io_, file, std::move(options)));
    std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
    while (true) {
      ICEFRAME_ASSIGN_OR_RETURN(auto batch, reader->Next(context_));
      if (batch == nullptr) break;
      ICEFRAME_RETURN_NOT_OK(batch->ValidateFull());
      EXPECT_GT(batch->num_rows(), 0);
      EXPECT_TRUE(batch->schema()->Equals(*reader->result_schema(), true));
      batches.push_back(std::move(batch));
    }
    return arrow::Table::FromRecordBatches(reader->result_schema(), batches);
  }

  std::shared_ptr<arrow::Table> Read(const DataFile& file, ReadOptions options) {
    auto table = TryRead(file, std::move(options));
    EXPECT_TRUE(table.ok()) << table.status();
    return table.ok() ? *table : nullptr;
  }

  ReadOptions ReadAs(std::shared_ptr<const Schema> schema) const {
    ReadOptions options;
    options.projection = std::move(schema);
    return options;
  }

  int64_t NumBytesRead() const {
    int64_t num_bytes = 0;
    for (const RecordedRequest& request : io_->requests()) {
      if (request.kind == RequestKind::kGet) num_bytes += request.range.length;
    }
    return num_bytes;
  }

  int64_t Counted(OperationCount count) const { return context_.counters->Get(count); }

  std::string location_;
  OperationContext context_;
  std::shared_ptr<CountingFileIO> io_ = std::make_shared<CountingFileIO>(MakeFileIO().ValueOrDie());
};

}  // namespace iceframe
