// SPDX-License-Identifier: Apache-2.0
#include "iceframe/streaming/http_schema_registry.h"

#include <map>
#include <mutex>
#include <utility>

#include "iceframe/base/json.h"
#include "iceframe/streaming/curl_library_internal.h"
#include "iceframe/streaming/kafka_config.h"

namespace iceframe {

namespace {

using internal::CurlLibrary;

/// Of an answer; Avro schemas are a few KiB.
constexpr size_t kMaxAnswerBytes = size_t{4} << 20;
/// Of all answers that are kept.
constexpr size_t kMaxKept = 10'000;

struct Answer {
  long status = 0;
  std::string body;
};

size_t TakeBytes(const char* bytes, size_t size, size_t count, void* taker) {
  auto& body = *static_cast<std::string*>(taker);
  const size_t total = size * count;
  // Fewer than were given end the transfer.
  if (body.size() + total > kMaxAnswerBytes) return 0;
  body.append(bytes, total);
  return total;
}

int IsCancelled(void* token, int64_t, int64_t, int64_t, int64_t) {
  return static_cast<const CancelToken*>(token)->is_cancelled() ? 1 : 0;
}

/// One question, and what is freed after it.
class Request {
 public:
  explicit Request(const CurlLibrary& curl) : curl_(curl), handle_(curl.easy_init()) {}
  ~Request() {
    if (handle_ != nullptr) curl_.easy_cleanup(handle_);
    if (headers_ != nullptr) curl_.slist_free_all(headers_);
  }
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;

  bool is_made() const { return handle_ != nullptr; }
  template <typename Value>
  void Set(CurlLibrary::Option option, Value value) {
    (void)curl_.easy_setopt(handle_, option, value);
  }
  void AddHeader(const std::string& header) {
    headers_ = curl_.slist_append(headers_, header.c_str());
  }
  int Perform() {
    Set(CurlLibrary::kHttpHeader, headers_);
    return curl_.easy_perform(handle_);
  }
  long status() const {
    long status = 0;
    (void)curl_.easy_getinfo(handle_, CurlLibrary::kResponseCode, &status);
    return status;
  }

 private:
  const CurlLibrary& curl_;
  void* const handle_;
  void* headers_ = nullptr;
};

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
    ICEFRAME_ASSIGN_OR_RETURN(const Answer answer, Get(url));
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
  Result<Answer> Get(const std::string& url) {
    ICEFRAME_ASSIGN_OR_RETURN(const CurlLibrary* curl, CurlLibrary::Load());
    Request request(*curl);
    if (!request.is_made()) {
      return Error(ErrorKind::kResourceExhausted, "libcurl has no memory for a request");
    }
    Answer answer;
    request.Set(CurlLibrary::kUrl, url.c_str());
    request.Set(CurlLibrary::kProtocols, CurlLibrary::kHttpAndHttps);
    request.Set(CurlLibrary::kNoSignal, 1L);
    request.Set(CurlLibrary::kTimeoutMs, static_cast<long>(options_.timeout.count()));
    request.Set(CurlLibrary::kConnectTimeoutMs, static_cast<long>(options_.timeout.count()));
    request.Set(CurlLibrary::kWriteFunction, &TakeBytes);
    request.Set(CurlLibrary::kWriteData, &answer.body);
    request.Set(CurlLibrary::kNoProgress, 0L);
    request.Set(CurlLibrary::kProgressFunction, &IsCancelled);
    request.Set(CurlLibrary::kProgressData, &context_.cancel);
    request.AddHeader("Accept: application/vnd.schemaregistry.v1+json, application/json");
    Authorize(&request);
    const int code = request.Perform();
    ICEFRAME_RETURN_NOT_OK(context_.Check());
    if (code != 0) {
      return Error(ErrorKind::kUnavailable, "the schema registry doesn't answer: ", url, ": ",
                   curl->easy_strerror(code));
    }
    answer.status = request.status();
    return answer;
  }

  void Authorize(Request* request) const {
    if (!options_.ca_file.empty()) request->Set(CurlLibrary::kCaFile, options_.ca_file.c_str());
    if (!options_.basic_auth.empty()) {
      request->Set(CurlLibrary::kUserPassword, options_.basic_auth.c_str());
    }
    if (!options_.bearer_token.empty()) {
      request->AddHeader("Authorization: Bearer " + options_.bearer_token);
    }
  }

  const OperationContext context_;
  const HttpSchemaRegistryOptions options_;
  std::mutex mutex_;
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

Status CheckUrl(const std::string& url) {
  const size_t scheme = url.starts_with("https://") ? 8 : url.starts_with("http://") ? 7 : 0;
  const std::string_view rest = std::string_view(url).substr(scheme);
  const std::string_view host = rest.substr(0, rest.find('/'));
  if (host.find('@') != std::string_view::npos) {
    return Error(ErrorKind::kInvalidArgument,
                 "the schema registry's URL has a user in it; give user and password apart");
  }
  const bool is_odd = url.find_first_of(" ?#\r\n\t") != std::string::npos;
  if (scheme != 0 && !host.empty() && !is_odd) return Status::OK();
  return Error(ErrorKind::kInvalidArgument,
               "the schema registry's URL must be http://… or https://…, got '", url, "'");
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
  ICEFRAME_RETURN_NOT_OK(CheckUrl(options.url));
  while (options.url.ends_with('/')) options.url.pop_back();
  if (options.bearer_token.find_first_of("\r\n") != std::string::npos) {
    return Error(ErrorKind::kInvalidArgument, "the schema registry's token has a line break");
  }
  if (options.ca_file.empty()) options.ca_file = FindCaCertificates("");
  return std::shared_ptr<SchemaRegistry>(
      std::make_shared<HttpSchemaRegistry>(context, std::move(options)));
}

}  // namespace iceframe
