// SPDX-License-Identifier: Apache-2.0
// A schema registry that is asked over HTTP, as Confluent's and those that speak its language.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/runtime/operation_context.h"
#include "iceframe/streaming/schema_registry.h"

namespace iceframe {

struct HttpSchemaRegistryOptions {
  /// "https://registry:8081", with a path where it has one. No other host is ever asked.
  std::string url;
  /// "user:password"; empty: none.
  std::string basic_auth;
  /// A token in place of it; empty: none.
  std::string bearer_token;
  /// CA certificates for TLS; empty: FindCaCertificates', else libcurl's own.
  std::string ca_file;
  /// For one answer.
  std::chrono::milliseconds timeout{10'000};
};

/// Asks `<url>/schemas/ids/<id>` once for each id and keeps the answers; an Avro schema that refers
/// to others comes back with their types written out, asked at `<url>/subjects/…/versions/…`.
/// libcurl is loaded when it is first asked, apart from everything else. `context`: its token ends
/// a question. Thread-safe.
///
/// Errors of FindSchema: NotFound; Unauthorized; Unavailable where nobody answers, or says to come
/// back; InvalidArgument for any other answer; InvalidData for references that make no schema;
/// Unsupported without libcurl. None names a password or token.
/// Errors: InvalidArgument for a URL that can't be meant, or that has a password in it.
Result<std::shared_ptr<SchemaRegistry>> MakeHttpSchemaRegistry(const OperationContext& context,
                                                               HttpSchemaRegistryOptions options);

/// A version of a subject, whose types a schema names.
struct SchemaReference {
  std::string subject;
  int64_t version = 0;

  auto operator<=>(const SchemaReference&) const = default;
};

struct RegistryAnswer {
  RegisteredSchema schema;
  std::vector<SchemaReference> references;
};

/// Reads what a registry answers: {"schema": "…", "schemaType": "AVRO", …}; without a type, Avro.
/// Errors: InvalidArgument; Unsupported for types of schemas that are not known.
Result<RegistryAnswer> ParseRegistryAnswer(std::string_view body);

}  // namespace iceframe
