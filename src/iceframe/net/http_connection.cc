// SPDX-License-Identifier: Apache-2.0
#include "iceframe/net/http_connection.h"

#include <algorithm>
#include <array>

#include "iceframe/base/ascii.h"
#include "iceframe/base/version.h"
#include "iceframe/net/ca_certificates.h"
#include "iceframe/net/curl_library_internal.h"
#include "iceframe/runtime/fork.h"

namespace iceframe {

namespace {

using internal::CurlLibrary;

// How long a cancelled transfer goes on at most.
constexpr int kPollMs = 50;
// Headers are names, dates and tokens.
constexpr size_t kMaxHeaderBytes = size_t{1} << 20;
// A connection that was idle for longer may have been closed by the other side meanwhile. What
// can't be sent again takes one that was used just now, or a new one.
constexpr long kMaxIdleSeconds = 50;
constexpr long kMaxIdleSecondsToSendOnce = 2;

std::string Named(const HttpRequest& request) {
  return request.method + " " + RedactUri(request.url.substr(0, request.url.find('?')));
}

// Whether a peer that did not answer is another matter than one that can't be trusted.
ErrorKind KindOfCode(int code) {
  switch (code) {
    case CurlLibrary::kBadClientCertificate:
    case CurlLibrary::kNotTrusted:
    case CurlLibrary::kBadCaFile:
      return ErrorKind::kIo;
    default:
      return ErrorKind::kUnavailable;
  }
}

std::string_view RemedyOf(int code) {
  switch (code) {
    case CurlLibrary::kNotTrusted:
    case CurlLibrary::kBadCaFile:
      return " (CA certificates: ssl.cabundle, or the variable SSL_CERT_FILE)";
    default:
      return "";
  }
}

}  // namespace

struct HttpConnection::Handles {
  explicit Handles(const CurlLibrary& library)
      : curl(library), easy(library.easy_init()), multi(library.multi_init()) {}
  ~Handles() {
    // A socket that is a parent's too must not be told good-bye: the parent still talks.
    if (process != ForkGeneration()) return;
    if (easy != nullptr) curl.easy_cleanup(easy);
    if (multi != nullptr) (void)curl.multi_cleanup(multi);
  }
  Handles(const Handles&) = delete;
  Handles& operator=(const Handles&) = delete;

  const CurlLibrary& curl;
  void* const easy;
  // Keeps the connection.
  void* const multi;
  const uint64_t process = ForkGeneration();
};

// One request on its way, and what libcurl calls back.
class HttpConnection::Transfer {
 public:
  Transfer(const Handles& handles, const HttpOptions& options, const HttpRequest& request,
           HttpExchange* out)
      : curl_(handles.curl),
        easy_(handles.easy),
        multi_(handles.multi),
        options_(options),
        request_(request),
        out_(*out) {
    curl_.easy_reset(easy_);
  }
  ~Transfer() {
    if (is_added_) (void)curl_.multi_remove_handle(multi_, easy_);
    // Nothing of this request stays in the handle: it points into it.
    curl_.easy_reset(easy_);
    if (headers_ != nullptr) curl_.slist_free_all(headers_);
  }
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  Status Run(const OperationContext& context) {
    ICEFRAME_RETURN_NOT_OK(SetUp());
    if (curl_.multi_add_handle(multi_, easy_) != 0) {
      return Error(ErrorKind::kResourceExhausted, "libcurl has no memory for a request");
    }
    is_added_ = true;
    const Status status = Perform(context);
    out_.may_have_arrived = has_begun_body_ || NumBytesSent() > 0;
    ICEFRAME_RETURN_NOT_OK(status);
    (void)curl_.easy_getinfo(easy_, CurlLibrary::kResponseCode, &out_.answer.status);
    return Status::OK();
  }

 private:
  template <typename Value>
  void Set(CurlLibrary::Option option, Value value) {
    (void)curl_.easy_setopt(easy_, option, value);
  }

  Status SetUp() {
    Set(CurlLibrary::kUrl, request_.url.c_str());
    Set(CurlLibrary::kProtocols, CurlLibrary::kHttpAndHttps);
    Set(CurlLibrary::kHttpVersion, CurlLibrary::kHttp2OverTls);
    Set(CurlLibrary::kNoSignal, 1L);
    Set(CurlLibrary::kNoProgress, 1L);
    Set(CurlLibrary::kTimeoutMs, static_cast<long>(options_.timeout.count()));
    Set(CurlLibrary::kConnectTimeoutMs, static_cast<long>(options_.connect_timeout.count()));
    Set(CurlLibrary::kMaxIdleSeconds, request_.body ? kMaxIdleSecondsToSendOnce : kMaxIdleSeconds);
    Set(CurlLibrary::kErrorBuffer, reason_.data());
    Set(CurlLibrary::kUserAgent, kUserAgent.c_str());
    // All that the library can inflate.
    Set(CurlLibrary::kAcceptEncoding, "");
    Set(CurlLibrary::kWriteFunction, &TakeBody);
    Set(CurlLibrary::kWriteData, this);
    Set(CurlLibrary::kHeaderFunction, &TakeHeader);
    Set(CurlLibrary::kHeaderData, this);
    SetTls();
    SetMethod();
    ICEFRAME_RETURN_NOT_OK(Sign());
    return SetHeaders();
  }

  void SetTls() {
    if (!options_.ca_file.empty()) Set(CurlLibrary::kCaFile, options_.ca_file.c_str());
    if (!options_.client_certificate.empty()) {
      Set(CurlLibrary::kClientCertificate, options_.client_certificate.c_str());
    }
    if (!options_.client_key.empty()) Set(CurlLibrary::kClientKey, options_.client_key.c_str());
    if (!options_.basic_auth.empty()) {
      Set(CurlLibrary::kUserPassword, options_.basic_auth.Reveal().c_str());
    }
  }

  Status Sign() {
    if (!request_.signature) return Status::OK();
    const HttpSignature& signature = *request_.signature;
    signature_ = "aws:amz:" + signature.region + ":" + signature.service;
    keys_ = signature.access_key_id + ":" + signature.secret_access_key.Reveal();
    Set(CurlLibrary::kUserPassword, keys_.c_str());
    // What is signed must lie open. A new connection is not tried a second time.
    if (request_.body) {
      Set(CurlLibrary::kPostFields, request_.body->data());
      Set(CurlLibrary::kNewConnection, 1L);
    }
    if (curl_.easy_setopt(easy_, CurlLibrary::kAwsSigV4, signature_.c_str()) == 0) {
      return Status::OK();
    }
    return Error(ErrorKind::kUnsupported, "this libcurl signs no requests: 7.75 or newer does");
  }

  void SetMethod() {
    if (request_.body) {
      Set(CurlLibrary::kPost, 1L);
      Set(CurlLibrary::kPostFieldSize, static_cast<int64_t>(request_.body->size()));
    }
    if (request_.body && !request_.signature) {
      Set(CurlLibrary::kReadFunction, &GiveBody);
      Set(CurlLibrary::kReadData, this);
      Set(CurlLibrary::kSeekFunction, &RefuseToGoBack);
      Set(CurlLibrary::kSeekData, this);
    }
    if (request_.method == "HEAD") {
      Set(CurlLibrary::kNoBody, 1L);
    } else if (request_.method != (request_.body ? "POST" : "GET")) {
      Set(CurlLibrary::kCustomRequest, request_.method.c_str());
    }
  }

  Status SetHeaders() {
    // A server is not asked first whether it wants a large body.
    AddHeader("Expect:");
    for (const auto& [name, value] : request_.headers) {
      const std::string header = name + ": " + value;
      if (header.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
        return Error(ErrorKind::kInvalidArgument,
                     "HTTP header has a line break: ", AsciiLower(name));
      }
      AddHeader(header);
    }
    Set(CurlLibrary::kHttpHeader, headers_);
    return Status::OK();
  }

  void AddHeader(const std::string& header) {
    headers_ = curl_.slist_append(headers_, header.c_str());
  }

  Status Perform(const OperationContext& context) {
    for (;;) {
      int num_running = 0;
      int code = curl_.multi_perform(multi_, &num_running);
      if (code == 0 && num_running == 0) break;
      ICEFRAME_RETURN_NOT_OK(context.Check());
      if (code == 0) code = curl_.multi_poll(multi_, nullptr, 0, kPollMs, nullptr);
      if (code != 0) return Error(ErrorKind::kIo, "libcurl fails: ", Named(request_));
    }
    int num_left = 0;
    while (const CurlLibrary::Message* message = curl_.multi_info_read(multi_, &num_left)) {
      if (message->kind == 1 && message->easy == easy_) return StatusOf(message->data.result);
    }
    return Error(ErrorKind::kIo, "libcurl tells of no end: ", Named(request_));
  }

  Status StatusOf(int code) const {
    if (code == CurlLibrary::kOk) return Status::OK();
    if (is_too_large_) {
      return Error(ErrorKind::kResourceExhausted, "answer is larger than ",
                   options_.max_answer_bytes, " bytes: ", Named(request_));
    }
    const char* reason = reason_[0] == '\0' ? curl_.easy_strerror(code) : reason_.data();
    return Error(KindOfCode(code), "no answer to ", Named(request_), ": ", RedactUri(reason),
                 RemedyOf(code));
  }

  long NumBytesSent() const {
    long num_bytes = 0;
    (void)curl_.easy_getinfo(easy_, CurlLibrary::kRequestSize, &num_bytes);
    return num_bytes;
  }

  // Where a connection is lost before the answer begins, libcurl sends the request again: only the
  // first time gets a body.
  static size_t GiveBody(char* out, size_t size, size_t count, void* self) {
    auto& transfer = *static_cast<Transfer*>(self);
    if (!transfer.request_.body) return CurlLibrary::kAbortRead;
    const std::string& body = *transfer.request_.body;
    transfer.has_begun_body_ = true;
    if (transfer.num_given_ == body.size()) return CurlLibrary::kAbortRead;
    const size_t length = std::min(size * count, body.size() - transfer.num_given_);
    std::copy_n(body.data() + transfer.num_given_, length, out);
    transfer.num_given_ += length;
    return length;
  }

  static int RefuseToGoBack(void* /*self*/, int64_t /*offset*/, int /*origin*/) {
    return CurlLibrary::kSeekFailed;
  }

  static size_t TakeBody(const char* bytes, size_t size, size_t count, void* self) {
    auto& transfer = *static_cast<Transfer*>(self);
    std::string& body = transfer.out_.answer.body;
    const size_t total = size * count;
    transfer.is_too_large_ =
        body.size() + total > static_cast<size_t>(transfer.options_.max_answer_bytes);
    // Fewer than were given end the transfer.
    if (transfer.is_too_large_) return 0;
    body.append(bytes, total);
    return total;
  }

  static size_t TakeHeader(const char* bytes, size_t size, size_t count, void* self) {
    auto& transfer = *static_cast<Transfer*>(self);
    const size_t total = size * count;
    const std::string_view line(bytes, total);
    transfer.num_header_bytes_ += total;
    if (transfer.num_header_bytes_ > kMaxHeaderBytes) return 0;
    auto& headers = transfer.out_.answer.headers;
    // The answer after a provisional one.
    if (line.starts_with("HTTP/")) headers.clear();
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) return total;
    headers[AsciiLower(line.substr(0, colon))] = Trim(line.substr(colon + 1));
    return total;
  }

  inline static const std::string kUserAgent = std::string("iceframe/") + std::string(kVersion);

  const CurlLibrary& curl_;
  void* const easy_;
  void* const multi_;
  const HttpOptions& options_;
  const HttpRequest& request_;
  HttpExchange& out_;
  std::array<char, CurlLibrary::kErrorSize> reason_ = {};
  void* headers_ = nullptr;
  std::string signature_;
  std::string keys_;
  bool is_added_ = false;
  bool is_too_large_ = false;
  bool has_begun_body_ = false;
  size_t num_given_ = 0;
  size_t num_header_bytes_ = 0;
};

HttpConnection::HttpConnection() = default;
HttpConnection::~HttpConnection() {
  // See Handles: the child's copy of the memory is all that goes.
  if (handles_ != nullptr && handles_->process != ForkGeneration()) (void)handles_.release();
}

bool HttpConnection::belongs_to_this_process() const {
  return handles_->process == ForkGeneration();
}

Result<std::unique_ptr<HttpConnection>> HttpConnection::Make(HttpOptions options) {
  ICEFRAME_ASSIGN_OR_RETURN(const CurlLibrary* curl, CurlLibrary::Load());
  std::unique_ptr<HttpConnection> connection(new HttpConnection);
  connection->handles_ = std::make_unique<Handles>(*curl);
  if (connection->handles_->easy == nullptr || connection->handles_->multi == nullptr) {
    return Error(ErrorKind::kResourceExhausted, "libcurl has no memory for a connection");
  }
  connection->options_ = std::move(options);
  if (connection->options_.ca_file.empty()) {
    connection->options_.ca_file = FindCaCertificates("");
  }
  return connection;
}

HttpExchange HttpConnection::Send(const OperationContext& context, const HttpRequest& request) {
  HttpExchange exchange;
  if (!belongs_to_this_process()) {
    exchange.status =
        Error(ErrorKind::kUnavailable, "HTTP connection does not outlive fork(): ", Named(request));
    return exchange;
  }
  exchange.status = context.Check();
  if (!exchange.status.ok()) return exchange;
  Transfer transfer(*handles_, options_, request, &exchange);
  exchange.status = transfer.Run(context);
  return exchange;
}

}  // namespace iceframe
