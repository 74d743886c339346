// SPDX-License-Identifier: Apache-2.0
// libcurl, loaded when it is first used and never linked: docs/decisions/0015 says why. What is
// used of it is declared here, so that its headers are not needed; its ABI has kept these since
// version 7.16.
#pragma once

#include <string>

#include "iceframe/base/result.h"

namespace iceframe::internal {

struct CurlLibrary {
  /// Options and facts, by libcurl's numbers.
  enum Option : int {
    kWriteData = 10001,
    kUrl = 10002,
    kUserPassword = 10005,
    kHttpHeader = 10023,
    kProgressData = 10057,
    kCaFile = 10065,
    kWriteFunction = 20011,
    kProgressFunction = 20219,
    kNoProgress = 43,
    kNoSignal = 99,
    kTimeoutMs = 155,
    kConnectTimeoutMs = 156,
    kProtocols = 181,
  };
  static constexpr int kResponseCode = 0x200002;
  static constexpr long kHttpAndHttps = 1 | 2;

  int (*global_init)(long flags) = nullptr;
  void* (*easy_init)() = nullptr;
  int (*easy_setopt)(void* handle, int option, ...) = nullptr;
  int (*easy_perform)(void* handle) = nullptr;
  int (*easy_getinfo)(void* handle, int info, ...) = nullptr;
  void (*easy_cleanup)(void* handle) = nullptr;
  const char* (*easy_strerror)(int code) = nullptr;
  void* (*slist_append)(void* list, const char* text) = nullptr;
  void (*slist_free_all)(void* list) = nullptr;

  /// Loads it on the first call: the file that the variable ICEFRAME_CURL_LIBRARY names, else the
  /// system's. Errors: Unsupported saying what was looked for, and what to install. Thread-safe.
  static Result<const CurlLibrary*> Load();
};

}  // namespace iceframe::internal
