// SPDX-License-Identifier: Apache-2.0
#include "iceframe/streaming/http_schema_registry.h"

#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "iceframe/base/json.h"
#include "iceframe/net/http_connection.h"
#include "iceframe/streaming/avro_references.h"

namespace iceframe {

namespace {

/// Of an answer; Avro schemas are a few KiB.
constexpr int64_t kMaxAnswerBytes = int64_t{4} << 20;
/// Of all answers that are kept.
constexpr size_t kMaxKept = 10'000;
/// Of the schemas that one refers to, at any remove.
constexpr size_t kMaxReferences = 1'000;

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
    ICEFRAME_ASSIGN_OR_RETURN(RegistryAnswer answer, Ask(url));
    // What JSON schemas say of types is the table's to say.
    if (answer.schema.kind == RegisteredSchema::Kind::kAvro && !answer.references.empty()) {
      ICEFRAME_ASSIGN_OR_RETURN(answer.schema.text, Whole(answer));
    }
    if (known_.size() >= kMaxKept) known_.clear();
    return known_[id] = std::move(answer.schema);
  }

 private:
  Result<RegistryAnswer> Ask(const std::string& url) {
    ICEFRAME_ASSIGN_OR_RETURN(const HttpAnswer answer, Get(url));
    if (answer.status != 200) {
      return Error(KindOfStatus(answer.status), "the schema registry answered with status ",
                   answer.status, ": ", url);
    }
    Result<RegistryAnswer> parsed = ParseRegistryAnswer(answer.body);
    return parsed.ok() ? parsed : WithContext(parsed.status(), "schema registry", url);
  }

  /// The schema with the types of all it refers to, and those refer to.
  Result<std::string> Whole(const RegistryAnswer& answer) {
    std::vector<std::string> others;
    std::vector<SchemaReference> open = answer.references;
    std::set<SchemaReference> asked;
    while (!open.empty()) {
      const SchemaReference next = std::move(open.back());
      open.pop_back();
      if (!asked.insert(next).second) continue;
      if (asked.size() > kMaxReferences) {
        return Error(ErrorKind::kInvalidData, "schema refers to too many others, at most ",
                     kMaxReferences);
      }
      Result<RegistryAnswer> other = Ask(options_.url + "/subjects/" + PercentEncode(next.subject) +
                                         "/versions/" + std::to_string(next.version));
      if (KindOf(other.status()) == ErrorKind::kNotFound) {
        return Error(ErrorKind::kInvalidData,
                     "the registry lacks a schema that is referred to: ", next.subject, " version ",
                     next.version);
      }
      ICEFRAME_RETURN_NOT_OK(other.status());
      others.push_back(std::move(other->schema.text));
      open.insert(open.end(), other->references.begin(), other->references.end());
    }
    return WithReferencedTypes(answer.schema.text, others);
  }

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

Result<SchemaReference> ReferenceIn(const Json& json) {
  SchemaReference reference;
  ICEFRAME_ASSIGN_OR_RETURN(const Json* subject, json.Get("subject"));
  ICEFRAME_ASSIGN_OR_RETURN(reference.subject, subject->AsString());
  ICEFRAME_ASSIGN_OR_RETURN(const Json* version, json.Get("version"));
  ICEFRAME_ASSIGN_OR_RETURN(reference.version, version->AsInt64());
  return reference;
}

Result<RegistryAnswer> AnswerIn(const Json& json) {
  RegistryAnswer answer;
  RegisteredSchema& schema = answer.schema;
  ICEFRAME_ASSIGN_OR_RETURN(const Json* text, json.Get("schema"));
  ICEFRAME_ASSIGN_OR_RETURN(schema.text, text->AsString());
  if (const Json* type = json.Find("schemaType"); type != nullptr) {
    ICEFRAME_ASSIGN_OR_RETURN(const std::string name, type->AsString());
    ICEFRAME_ASSIGN_OR_RETURN(schema.kind, KindFromName(name));
  }
  const Json* references = json.Find("references");
  if (references == nullptr) return answer;
  for (const Json& item : references->items()) {
    ICEFRAME_ASSIGN_OR_RETURN(answer.references.emplace_back(), ReferenceIn(item));
  }
  return answer;
}

}  // namespace

Result<RegistryAnswer> ParseRegistryAnswer(std::string_view body) {
  const Result<Json> json = Json::Parse(body);
  if (!json.ok() || !json->is_object()) {
    return Error(ErrorKind::kInvalidArgument, "the answer is not a schema registry's");
  }
  Result<RegistryAnswer> answer = AnswerIn(*json);
  if (answer.ok() || KindOf(answer.status()) == ErrorKind::kUnsupported) return answer;
  return Error(ErrorKind::kInvalidArgument,
               "the answer is not a schema registry's: ", answer.status().message());
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
