// SPDX-License-Identifier: Apache-2.0
#include <arrow/util/config.h>

#include "iceframe/io/s3_store_internal.h"

#ifdef ARROW_S3

#include <atomic>
#include <deque>
#include <mutex>
#include <random>
#include <utility>

#include <arrow/filesystem/s3fs.h>

#include "iceframe/io/request_retries_internal.h"
#include "iceframe/io/s3_errors_internal.h"
#include "iceframe/io/s3_subsystem_internal.h"
#include "iceframe/runtime/fork.h"

namespace iceframe::internal {

namespace {

/// Stores kept for whoever asks next; those in use live on without being kept.
constexpr size_t kMaxKeptStores = 64;

double RandomFraction() {
  thread_local std::minstd_rand generator{std::random_device{}()};
  return std::uniform_real_distribution<double>(0, 1)(generator);
}

/// Retries what S3 says may be retried, with full jitter, within the store's budget and only while
/// the operation wants it.
class RetryStrategy final : public arrow::fs::S3RetryStrategy {
 public:
  bool ShouldRetry(const AWSErrorDetail& error, int64_t attempted_retries) override {
    if (!error.should_retry || !MayRetry(attempted_retries)) return false;
    const OperationContext* context = RequestScope::Current();
    if (context != nullptr && !context->Check().ok()) return false;
    if (!budget_.Take()) return false;
    if (context != nullptr) {
      context->Log(LogLevel::kInfo, "io",
                   "request to S3 failed and is sent again: ", error.exception_name);
    }
    return true;
  }

  int64_t CalculateDelayBeforeNextRetry(const AWSErrorDetail& /*error*/,
                                        int64_t attempted_retries) override {
    return RetryDelay(attempted_retries, RandomFraction()).count();
  }

  void NoteSuccess() { budget_.GiveBack(); }

 private:
  RetryBudget budget_;
};

Result<arrow::fs::S3Options> OptionsOf(const S3Settings& settings) {
  arrow::fs::S3Options options;
  options.scheme = settings.scheme;
  options.endpoint_override = settings.endpoint;
  options.region = settings.region.empty() ? "us-east-1" : settings.region;
  if (settings.endpoint.empty() && !settings.has_virtual_addressing) {
    options.endpoint_override = "s3." + options.region + ".amazonaws.com";
  }
  options.force_virtual_addressing = settings.has_virtual_addressing;
  options.connect_timeout = settings.connect_timeout_seconds;
  options.request_timeout = settings.request_timeout_seconds;
  options.tls_ca_file_path = settings.ca_file;
  // Small files are one request; what goes wrong is told when they are closed.
  options.allow_delayed_open = true;
  if (!settings.proxy_uri.empty()) {
    auto proxy = arrow::fs::S3ProxyOptions::FromUri(settings.proxy_uri.Reveal());
    if (!proxy.ok()) {
      return Error(ErrorKind::kInvalidArgument,
                   "s3.proxy-uri is no URI of a proxy: ", RedactUri(settings.proxy_uri.Reveal()));
    }
    options.proxy_options = *std::move(proxy);
  }
  if (settings.is_anonymous) {
    options.ConfigureAnonymousCredentials();
  } else if (!settings.access_key_id.empty()) {
    options.ConfigureAccessKey(settings.access_key_id.Reveal(), settings.secret_access_key.Reveal(),
                               settings.session_token.Reveal());
  } else if (!settings.role_arn.empty()) {
    options.ConfigureAssumeRoleCredentials(settings.role_arn, settings.role_session_name,
                                           settings.role_external_id);
  } else {
    options.ConfigureDefaultCredentials();
  }
  return options;
}

class S3Store final : public ObjectStore {
 public:
  explicit S3Store(S3Settings settings) : settings_(std::move(settings)) {}

  ~S3Store() override {
    const Connection* connection = connection_.load();
    // A parent's connections are not the child's to close.
    if (connection != nullptr && connection->generation == ForkGeneration()) delete connection;
  }

  std::string_view scheme() const override { return "s3"; }
  const S3Settings& settings() const { return settings_; }

  Result<ObjectStoreClient> Connect() override {
    const Connection* known = connection_.load();
    if (known != nullptr && known->generation == ForkGeneration()) return known->client;
    ICEFRAME_RETURN_NOT_OK(StartS3());
    ICEFRAME_ASSIGN_OR_RETURN(arrow::fs::S3Options options, OptionsOf(settings_));
    options.retry_strategy = retries_;
    const arrow::io::IOContext io(MemoryBudget::Process()->pool(), Executor::Process().io());
    auto made = std::make_unique<Connection>();
    made->generation = ForkGeneration();
    ICEFRAME_ASSIGN_OR_RETURN(made->client.in_background,
                              arrow::fs::S3FileSystem::Make(options, io));
    options.background_writes = false;
    ICEFRAME_ASSIGN_OR_RETURN(made->client.on_caller, arrow::fs::S3FileSystem::Make(options, io));
    EndS3WithProcess();
    // Several threads may have made one: the first counts. No lock is held over a fork.
    if (!connection_.compare_exchange_strong(known, made.get())) return connection_.load()->client;
    return made.release()->client;
  }

  Status Translate(const Status& status, std::string_view location) const override {
    return TranslateS3Error(status, location);
  }
  bool IsBeyondEnd(const Status& status) const override { return internal::IsBeyondEnd(status); }
  void NoteSuccess() override { retries_->NoteSuccess(); }

 private:
  struct Connection {
    uint64_t generation = 0;
    ObjectStoreClient client;
  };

  const S3Settings settings_;
  const std::shared_ptr<RetryStrategy> retries_ = std::make_shared<RetryStrategy>();
  std::atomic<const Connection*> connection_{nullptr};
};

}  // namespace

std::shared_ptr<ObjectStore> SharedS3Store(const S3Settings& settings) {
  static auto& mutex = *new ForkSafeMutex();
  static auto& kept = *new std::deque<std::shared_ptr<S3Store>>();
  std::shared_ptr<S3Store> dropped;  // destroyed after the lock
  std::lock_guard lock(mutex);
  for (const auto& store : kept) {
    if (store->settings() == settings) return store;
  }
  kept.push_front(std::make_shared<S3Store>(settings));
  if (kept.size() > kMaxKeptStores) {
    dropped = std::move(kept.back());
    kept.pop_back();
  }
  return kept.front();
}

}  // namespace iceframe::internal

#else

namespace iceframe::internal {

std::shared_ptr<ObjectStore> SharedS3Store(const S3Settings& /*settings*/) { return nullptr; }

}  // namespace iceframe::internal

#endif
