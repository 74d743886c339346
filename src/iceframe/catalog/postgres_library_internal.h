// SPDX-License-Identifier: Apache-2.0
// libpq, loaded when it is first used and never linked: docs/decisions/0015 says why. What is used
// of it is declared here, so that its headers are not needed; its ABI has kept these since
// PostgreSQL 9.
#pragma once

#include <string>

#include "iceframe/base/result.h"

struct pg_conn;
struct pg_result;

namespace iceframe::internal {

struct PostgresLibrary {
  /// ConnStatusType, PostgresPollingStatusType, ExecStatusType, PGVerbosity and error fields, by
  /// libpq's numbers.
  static constexpr int kConnectionOk = 0;
  static constexpr int kConnectionBad = 1;
  static constexpr int kPollingFailed = 0;
  static constexpr int kPollingReading = 1;
  static constexpr int kPollingOk = 3;
  static constexpr int kCommandOk = 1;
  static constexpr int kTuplesOk = 2;
  static constexpr int kDefaultErrors = 1;
  static constexpr int kVerboseErrors = 2;
  static constexpr int kSeverity = 'V';
  static constexpr int kSqlState = 'C';
  static constexpr int kPrimaryMessage = 'M';

  using NoticeReceiver = void (*)(void* argument, const pg_result* result);

  pg_conn* (*connect_start)(const char* const* keywords, const char* const* values,
                            int expand_dbname) = nullptr;
  int (*connect_poll)(pg_conn* connection) = nullptr;
  int (*status)(const pg_conn* connection) = nullptr;
  char* (*error_message)(const pg_conn* connection) = nullptr;
  int (*set_error_verbosity)(pg_conn* connection, int verbosity) = nullptr;
  NoticeReceiver (*set_notice_receiver)(pg_conn* connection, NoticeReceiver receiver,
                                        void* argument) = nullptr;
  int (*socket)(const pg_conn* connection) = nullptr;
  int (*set_nonblocking)(pg_conn* connection, int is_nonblocking) = nullptr;
  void (*finish)(pg_conn* connection) = nullptr;

  int (*send_query)(pg_conn* connection, const char* sql) = nullptr;
  int (*send_query_params)(pg_conn* connection, const char* sql, int num_parameters,
                           const unsigned* types, const char* const* values, const int* lengths,
                           const int* formats, int result_format) = nullptr;
  int (*flush)(pg_conn* connection) = nullptr;
  int (*consume_input)(pg_conn* connection) = nullptr;
  int (*is_busy)(pg_conn* connection) = nullptr;
  pg_result* (*get_result)(pg_conn* connection) = nullptr;

  int (*result_status)(const pg_result* result) = nullptr;
  char* (*result_error_field)(const pg_result* result, int field) = nullptr;
  int (*num_rows)(const pg_result* result) = nullptr;
  int (*num_columns)(const pg_result* result) = nullptr;
  char* (*get_value)(const pg_result* result, int row, int column) = nullptr;
  int (*get_length)(const pg_result* result, int row, int column) = nullptr;
  int (*get_is_null)(const pg_result* result, int row, int column) = nullptr;
  char* (*command_rows)(pg_result* result) = nullptr;
  char* (*command_status)(pg_result* result) = nullptr;
  void (*clear)(pg_result* result) = nullptr;

  /// The file that it was loaded from.
  std::string path;

  /// Loads it on the first call: the file that the variable ICEFRAME_POSTGRES_LIBRARY names, else
  /// the copy that a wheel carries in _carried/ beside our code, else the system's.
  /// Errors: Unsupported saying what was looked for, and what to install. Thread-safe.
  static Result<const PostgresLibrary*> Load();
};

}  // namespace iceframe::internal
