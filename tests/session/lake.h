// SPDX-License-Identifier: Apache-2.0
// A session over a fresh SQLite catalog and warehouse, and rows to put into it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <arrow/api.h>
#include <gtest/gtest.h>

#include "iceframe/catalog/sql_catalog.h"
#include "iceframe/session.h"

#include "support/temp_folder.h"

#define ASSERT_OK(expr)                              \
  do {                                               \
    const ::iceframe::Status _status = (expr);       \
    ASSERT_TRUE(_status.ok()) << _status.ToString(); \
  } while (false)
#define ASSERT_OK_AND_ASSIGN(lhs, expr) \
  ASSERT_OK_AND_ASSIGN_IMPL(ICEFRAME_CONCAT(_result_, __COUNTER__), lhs, expr)
#define ASSERT_OK_AND_ASSIGN_IMPL(name, lhs, expr)    \
  auto name = (expr);                                 \
  ASSERT_TRUE(name.ok()) << name.status().ToString(); \
  lhs = std::move(name).MoveValueUnsafe()

namespace iceframe {

using FileIOWrapper = std::function<std::shared_ptr<FileIO>(std::shared_ptr<FileIO>)>;

/// A session on the catalog of `folder`; several may share one.
inline Result<std::shared_ptr<Session>> OpenLake(const std::string& folder, FileIOWrapper wrap = {},
                                                 const Properties& settings = {}) {
  SqlCatalogOptions options;
  options.uri = "sqlite:///" + folder + "/catalog.db";
  options.properties["warehouse"] = "file://" + folder + "/warehouse";
  options.wrap_file_io = std::move(wrap);
  ICEFRAME_ASSIGN_OR_RETURN(auto catalog, MakeSqlCatalog(OperationContext(), options));
  return Session::Make(std::move(catalog), settings);
}

inline std::shared_ptr<const Schema> IdSchema() {
  return Schema::Make(SchemaId(0), {NestedField::Optional(1, "id", Type::Long()),
                                    NestedField::Optional(2, "name", Type::String())})
      .ValueOr(nullptr);
}

/// Rows with ids [begin, end) and their text as names.
inline std::shared_ptr<arrow::RecordBatchReader> Rows(int64_t begin, int64_t end) {
  arrow::Int64Builder ids(arrow::system_memory_pool());
  arrow::StringBuilder names(arrow::system_memory_pool());
  for (int64_t id = begin; id < end; ++id) {
    EXPECT_TRUE(ids.Append(id).ok());
    EXPECT_TRUE(names.Append("name-" + std::to_string(id)).ok());
  }
  auto schema =
      arrow::schema({arrow::field("id", arrow::int64()), arrow::field("name", arrow::utf8())});
  auto batch = arrow::RecordBatch::Make(
      schema, end - begin, {ids.Finish().ValueOr(nullptr), names.Finish().ValueOr(nullptr)});
  return arrow::RecordBatchReader::Make({batch}, schema).ValueOr(nullptr);
}

/// The ids of all rows of a scan, in order.
inline Result<std::vector<int64_t>> ReadIds(Session& session, const std::string& table,
                                            ScanOptions options = {}) {
  if (!options.columns) options.columns = {"id"};
  ICEFRAME_ASSIGN_OR_RETURN(auto reader, session.Scan(session.NewOperation(), table, options));
  std::vector<int64_t> ids;
  while (true) {
    std::shared_ptr<arrow::RecordBatch> batch;
    ICEFRAME_RETURN_NOT_OK(reader->ReadNext(&batch));
    if (batch == nullptr) return ids;
    const auto& column = static_cast<const arrow::Int64Array&>(*batch->GetColumnByName("id"));
    for (int64_t i = 0; i < column.length(); ++i) ids.push_back(column.Value(i));
  }
}

}  // namespace iceframe
