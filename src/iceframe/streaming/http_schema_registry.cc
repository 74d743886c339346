// SPDX-License-Identifier: Apache-2.0
#include "iceframe/streaming/http_schema_registry.h"

#include <map>
#include <mutex>
#include <utility>

#include "iceframe/base/json.h"
#include "iceframe/net/http_connection.h"

namespace iceframe {

namespace {

/// Of an answer; Avro schemas are a few KiB.
constexpr int64_t kMaxAnswerBytes = int64_t{4} << 20;
/// Of all answers that are kept.
constexpr size_t kMaxKept = 10'000;

ErrorKind KindOfStatus(long status) {
  if (status == 404) return ErrorKind::kNotFound;
  if (status == 401 || status == 403) return ErrorKind::kUnauthorized;
  const bool is_passing = status == 408 || status == 429 || status >= 500;
  return is_passing ? ErrorKind::kUnavailable : ErrorKind::kInvalidArgument;
}

class HttpSchemaRegistry final : public SchemaRegistry {
 public:
  HttpSchemaRegistry(const OperationContext& context, HttpSchemaRegistryOptions options)
      : context_(context), options_(std::move(options)) {}

  Result<RegisteredSchema> FindSchema(int32_t id) override {
    // Held while it is asked: who wants the same schema meanwhile waits for the answer.
    const std::lock_guard lock(mutex_);
    const auto known = known_.find(id);
    if (known != known_.end()) return known->second;
    const std::string url = options_.url + "/schemas/ids/" + std::to_string(id);
    ICEFRAME_ASSIGN_OR_RETURN(const HttpAnswer answer, Get(url));
    if (answer.status != 200) {
      return Error(KindOfStatus(answer.status), "the schema registry answered with status ",
                   answer.status, ": ", url);
    }
    Result<RegisteredSchema> schema = ParseRegistryAnswer(answer.body);
    if (!schema.ok()) return WithContext(schema.status(), "schema registry", url);
    if (known_.size() >= kMaxKept) known_.clear();
    return known_[id] = *std::move(schema);
  }

 private:
  Result<HttpAnswer> Get(const std::string& url) {
    if (connection_ == nullptr || !connection_->belongs_to_this_process()) {
      ICEFRAME_ASSIGN_OR_RETURN(connection_, HttpConnection::Make(ConnectionOptions()));
    }
    HttpRequest request;
    request.url = url;
    request.headers = {{"Accept", "application/vnd.schemaregistry.v1+json, application/json"}};
    if (!options_.bearer_token.empty()) {
      request.headers.emplace_back("Authorization", "Bearer " + options_.bearer_token);
    }
    HttpExchange exchange = connection_->Send(context_, request);
    ICEFRAME_RETURN_NOT_OK(context_.Check());
    if (!exchange.status.ok()) {
      return Error(ErrorKind::kUnavailable,
                   "the schema registry doesn't answer: ", exchange.status.message());
    }
    return std::move(exchange.answer);
  }

  HttpOptions ConnectionOptions() const {
    HttpOptions options;
    options.ca_file = options_.ca_file;
    options.basic_auth = Secret(options_.basic_auth);
    options.connect_timeout = options_.timeout;
    options.timeout = options_.timeout;
    options.max_answer_bytes = kMaxAnswerBytes;
    return options;
  }

  const OperationContext context_;
  const HttpSchemaRegistryOptions options_;
  std::mutex mutex_;
  // Of who holds the mutex.
  std::unique_ptr<HttpConnection> connection_;
  std::map<int32_t, RegisteredSchema> known_;
};

Result<RegisteredSchema::Kind> KindFromName(const std::string& name) {
  if (name == "AVRO") return RegisteredSchema::Kind::kAvro;
  if (name == "JSON") return RegisteredSchema::Kind::kJson;
  if (name == "PROTOBUF") return RegisteredSchema::Kind::kProtobuf;
  return Error(ErrorKind::kUnsupported, "schema is of a type that is not known: ", name);
}

Result<RegisteredSchema> SchemaIn(const Json& json) {
  RegisteredSchema schema;
  ICEFRAME_ASSIGN_OR_RETURN(const Json* text, json.Get("schema"));
  ICEFRAME_ASSIGN_OR_RETURN(schema.text, text->AsString());
  if (const Json* type = json.Find("schemaType"); type != nullptr) {
    ICEFRAME_ASSIGN_OR_RETURN(const std::string name, type->AsString());
    ICEFRAME_ASSIGN_OR_RETURN(schema.kind, KindFromName(name));
  }
  const Json* references = json.Find("references");
  if (references != nullptr && references->is_array() && !references->items().empty()) {
    return Error(ErrorKind::kUnsupported, "schema refers to others, which can't be read yet");
  }
  return schema;
}

}  // namespace

Result<RegisteredSchema> ParseRegistryAnswer(std::string_view body) {
  const Result<Json> json = Json::Parse(body);
  if (!json.ok() || !json->is_object()) {
    return Error(ErrorKind::kInvalidArgument, "the answer is not a schema registry's");
  }
  Result<RegisteredSchema> schema = SchemaIn(*json);
  if (schema.ok() || KindOf(schema.status()) == ErrorKind::kUnsupported) return schema;
  return Error(ErrorKind::kInvalidArgument,
               "the answer is not a schema registry's: ", schema.status().message());
}

Result<std::shared_ptr<SchemaRegistry>> MakeHttpSchemaRegistry(const OperationContext& context,
                                                               HttpSchemaRegistryOptions options) {
  ICEFRAME_RETURN_NOT_OK(CheckHttpUrl("the schema registry's URL", options.url));
  while (options.url.ends_with('/')) options.url.pop_back();
  if (options.bearer_token.find_first_of("\r\n") != std::string::npos) {
    return Error(ErrorKind::kInvalidArgument, "the schema registry's token has a line break");
  }
  return std::shared_ptr<SchemaRegistry>(
      std::make_shared<HttpSchemaRegistry>(context, std::move(options)));
}

}  // namespace iceframe
