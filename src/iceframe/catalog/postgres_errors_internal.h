// SPDX-License-Identifier: Apache-2.0
// What PostgreSQL's errors mean here.
#pragma once

#include <string>
#include <string_view>

#include "iceframe/base/result.h"

namespace iceframe {

/// The kind of an error by its SQLSTATE; an empty one, as of a connection that broke, is
/// Unavailable.
ErrorKind KindOfSqlState(std::string_view state);

/// Whether the server ends a connection with such an error, or the connection is of no use any
/// more: what was asked may have been done.
bool EndsConnection(std::string_view severity, std::string_view state);

/// The SQLSTATE in a verbose message of a connection that failed ("FATAL:  28P01: …"); empty where
/// there is none.
std::string_view SqlStateIn(std::string_view message);

/// What of libpq's message for a failed connection is shown: one line, without SQLSTATEs and
/// places in the server's source.
std::string ShownConnectError(std::string_view message);

}  // namespace iceframe
