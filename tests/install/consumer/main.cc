// A program outside of the project: creates a table, appends rows and reads them back.
#include <iceframe/session.h>

#include <cstdio>

#include <arrow/api.h>

using namespace iceframe;

Status Run(const std::string& folder) {
  SessionOptions options;
  options.catalog = {{"type", "sql"}, {"uri", "sqlite:///" + folder + "/catalog.db"}};
  options.catalog["warehouse"] = "file://" + folder;
  ICEFRAME_ASSIGN_OR_RETURN(auto session, Session::Open(options));
  const OperationContext context = session->NewOperation();
  ICEFRAME_ASSIGN_OR_RETURN(
      auto schema, Schema::Make(SchemaId(0), {NestedField::Optional(1, "id", Type::Long())}));
  ICEFRAME_RETURN_NOT_OK(session->CreateTable(context, "users", schema, {}).status());

  arrow::Int64Builder ids(context.pool());
  ICEFRAME_RETURN_NOT_OK(ids.AppendValues({1, 2, 3}));
  ICEFRAME_ASSIGN_OR_RETURN(auto column, ids.Finish());
  const auto batch = arrow::RecordBatch::Make(arrow::schema({arrow::field("id", arrow::int64())}),
                                              column->length(), {column});
  ICEFRAME_ASSIGN_OR_RETURN(auto rows, arrow::RecordBatchReader::Make({batch}));
  ICEFRAME_RETURN_NOT_OK(session->Append(context, "users", *rows, {}).status());

  ScanOptions scan;
  scan.rows.filter = Greater(Col("id"), Lit(int64_t{1}));
  ICEFRAME_ASSIGN_OR_RETURN(auto reader, session->Scan(context, "users", scan));
  ICEFRAME_ASSIGN_OR_RETURN(auto table, reader->ToTable());
  std::printf("read %ld rows\n", static_cast<long>(table->num_rows()));
  return table->num_rows() == 2 ? Status::OK() : Error(ErrorKind::kIo, "rows are missing");
}

int main(int, char** arguments) {
  const Status status = Run(arguments[1]);
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.ToString().c_str());
  return status.ok() ? 0 : 1;
}
