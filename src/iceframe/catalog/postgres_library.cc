// SPDX-License-Identifier: Apache-2.0
#include "iceframe/base/shared_library_internal.h"
#include "iceframe/catalog/postgres_library_internal.h"

namespace iceframe::internal {

namespace {

Status BindConnection(const SharedLibrary& library, PostgresLibrary* pq) {
  ICEFRAME_RETURN_NOT_OK(library.Bind("PQconnectStartParams", &pq->connect_start));
  ICEFRAME_RETURN_NOT_OK(library.Bind("PQconnectPoll", &pq->connect_poll));
  ICEFRAME_RETURN_NOT_OK(library.Bind("PQstatus", &pq->status));
  ICEFRAME_RETURN_NOT_OK(library.Bind("PQerrorMessage", &pq->error_message));
  ICEFRAME_RETURN_NOT_OK(library.Bind("PQsetErrorVerbosity", &pq->set_error_verbosity));
  ICEFRAME_RETURN_NOT_OK(library.Bind("PQsetNoticeReceiver", &pq->set_notice_receiver));
  ICEFRAME_RETURN_NOT_OK(library.Bind("PQsocket", &pq->socket));
  ICEFRAME_RETURN_NOT_OK(library.Bind("PQsetnonblocking", &pq->set_nonblocking));
  return library.Bind("PQfinish", &pq->finish);
}

Status BindQueries(const SharedLibrary& library, PostgresLibrary* pq) {
  ICEFRAME_RETURN_NOT_OK(library.Bind("PQsendQuery", &pq->send_query));
  ICEFRAME_RETURN_NOT_OK(library.Bind("PQsendQueryParams", &pq->send_query_params));
  ICEFRAME_RETURN_NOT_OK(library.Bind("PQflush", &pq->flush));
  ICEFRAME_RETURN_NOT_OK(library.Bind("PQconsumeInput", &pq->consume_input));
  ICEFRAME_RETURN_NOT_OK(library.Bind("PQisBusy", &pq->is_busy));
  return library.Bind("PQgetResult", &pq->get_result);
}

Status BindResults(const SharedLibrary& library, PostgresLibrary* pq) {
  ICEFRAME_RETURN_NOT_OK(library.Bind("PQresultStatus", &pq->result_status));
  ICEFRAME_RETURN_NOT_OK(library.Bind("PQresultErrorField", &pq->result_error_field));
  ICEFRAME_RETURN_NOT_OK(library.Bind("PQntuples", &pq->num_rows));
  ICEFRAME_RETURN_NOT_OK(library.Bind("PQnfields", &pq->num_columns));
  ICEFRAME_RETURN_NOT_OK(library.Bind("PQgetvalue", &pq->get_value));
  ICEFRAME_RETURN_NOT_OK(library.Bind("PQgetlength", &pq->get_length));
  ICEFRAME_RETURN_NOT_OK(library.Bind("PQgetisnull", &pq->get_is_null));
  ICEFRAME_RETURN_NOT_OK(library.Bind("PQcmdTuples", &pq->command_rows));
  ICEFRAME_RETURN_NOT_OK(library.Bind("PQcmdStatus", &pq->command_status));
  return library.Bind("PQclear", &pq->clear);
}

Result<const PostgresLibrary*> LoadOnce() {
  ICEFRAME_ASSIGN_OR_RETURN(
      const auto library,
      SharedLibrary::LoadFirst({.what = "libpq, which talks to PostgreSQL,",
                                .variable = "ICEFRAME_POSTGRES_LIBRARY",
                                .carried = "_carried/libiceframe_carried_pq.so.5",
                                .system = {"libpq.so.5"},
                                .package = "Debian: libpq5"}));
  static PostgresLibrary pq;
  ICEFRAME_RETURN_NOT_OK(BindConnection(library, &pq));
  ICEFRAME_RETURN_NOT_OK(BindQueries(library, &pq));
  ICEFRAME_RETURN_NOT_OK(BindResults(library, &pq));
  pq.path = library.path();
  return &pq;
}

}  // namespace

Result<const PostgresLibrary*> PostgresLibrary::Load() {
  static const Result<const PostgresLibrary*> kLoaded = LoadOnce();
  return kLoaded;
}

}  // namespace iceframe::internal
