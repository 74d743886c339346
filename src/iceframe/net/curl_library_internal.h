// SPDX-License-Identifier: Apache-2.0
// libcurl, loaded when it is first used and never linked: docs/decisions/0015 says why. What is
// used of it is declared here, so that its headers are not needed; its ABI has kept these since
// version 7.66.
#pragma once

#include <cstddef>

#include "iceframe/base/result.h"

namespace iceframe::internal {

struct CurlLibrary {
  /// Options and facts, by libcurl's numbers.
  enum Option : int {
    kNoProgress = 43,
    kNoBody = 44,
    kPost = 47,
    kNewConnection = 74,
    kHttpVersion = 84,
    kNoSignal = 99,
    kTimeoutMs = 155,
    kConnectTimeoutMs = 156,
    kProtocols = 181,
    kMaxIdleSeconds = 288,
    kWriteData = 10001,
    kUrl = 10002,
    kUserPassword = 10005,
    kReadData = 10009,
    kErrorBuffer = 10010,
    kPostFields = 10015,
    kUserAgent = 10018,
    kHttpHeader = 10023,
    kClientCertificate = 10025,
    kHeaderData = 10029,
    kCustomRequest = 10036,
    kCaFile = 10065,
    kClientKey = 10087,
    kAcceptEncoding = 10102,
    kSeekData = 10168,
    kAwsSigV4 = 10305,
    kWriteFunction = 20011,
    kReadFunction = 20012,
    kHeaderFunction = 20079,
    kSeekFunction = 20167,
    kPostFieldSize = 30120,
  };
  static constexpr int kResponseCode = 0x200002;
  static constexpr int kRequestSize = 0x20000C;
  static constexpr long kHttpAndHttps = 1 | 2;
  static constexpr long kHttp2OverTls = 4;
  static constexpr size_t kErrorSize = 256;
  static constexpr size_t kAbortRead = 0x10000000;
  static constexpr int kSeekFailed = 1;
  /// Of what went wrong, what is told apart.
  enum Code : int {
    kOk = 0,
    kNoSuchHost = 6,
    kNotConnected = 7,
    kTooMuch = 23,
    kTimedOut = 28,
    kHandshakeFailed = 35,
    kBadClientCertificate = 58,
    kNotTrusted = 60,
    kBadCaFile = 77,
  };
  /// What a multi handle tells of a transfer; `kind` 1: it is over.
  struct Message {
    int kind;
    void* easy;
    union {
      void* whatever;
      int result;
    } data;
  };

  int (*global_init)(long flags) = nullptr;
  void* (*easy_init)() = nullptr;
  void (*easy_reset)(void* handle) = nullptr;
  int (*easy_setopt)(void* handle, int option, ...) = nullptr;
  int (*easy_getinfo)(void* handle, int info, ...) = nullptr;
  void (*easy_cleanup)(void* handle) = nullptr;
  const char* (*easy_strerror)(int code) = nullptr;
  void* (*multi_init)() = nullptr;
  int (*multi_add_handle)(void* multi, void* easy) = nullptr;
  int (*multi_remove_handle)(void* multi, void* easy) = nullptr;
  int (*multi_perform)(void* multi, int* num_running) = nullptr;
  int (*multi_poll)(void* multi, void* more, unsigned num_more, int timeout_ms,
                    int* num_ready) = nullptr;
  Message* (*multi_info_read)(void* multi, int* num_left) = nullptr;
  int (*multi_cleanup)(void* multi) = nullptr;
  void* (*slist_append)(void* list, const char* text) = nullptr;
  void (*slist_free_all)(void* list) = nullptr;

  /// Loads it on the first call: the file that the variable ICEFRAME_CURL_LIBRARY names, else
  /// the copy that a wheel carries in _carried/ beside our code, else the system's.
  /// Errors: Unsupported saying what was looked for, and what to install. Thread-safe.
  static Result<const CurlLibrary*> Load();
};

}  // namespace iceframe::internal
