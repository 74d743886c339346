// SPDX-License-Identifier: Apache-2.0
#include <dlfcn.h>

#include <cstdlib>
#include <vector>

#include "iceframe/streaming/curl_library_internal.h"

namespace iceframe::internal {

namespace {

constexpr const char* kVariable = "ICEFRAME_CURL_LIBRARY";
constexpr const char* kSystemNames[] = {"libcurl.so.4", "libcurl-gnutls.so.4"};
// CURL_GLOBAL_DEFAULT
constexpr long kGlobalDefault = 3;

// As for librdkafka.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kFlags = RTLD_NOW | RTLD_LOCAL;
#else
constexpr int kFlags = RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND;
#endif

template <typename Function>
Status BindOne(void* handle, const char* name, Function* function) {
  *function = reinterpret_cast<Function>(dlsym(handle, name));
  if (*function != nullptr) return Status::OK();
  return Error(ErrorKind::kUnsupported, "the library is not libcurl: it lacks ", name);
}

Status Bind(void* handle, CurlLibrary* curl) {
  ICEFRAME_RETURN_NOT_OK(BindOne(handle, "curl_global_init", &curl->global_init));
  ICEFRAME_RETURN_NOT_OK(BindOne(handle, "curl_easy_init", &curl->easy_init));
  ICEFRAME_RETURN_NOT_OK(BindOne(handle, "curl_easy_setopt", &curl->easy_setopt));
  ICEFRAME_RETURN_NOT_OK(BindOne(handle, "curl_easy_perform", &curl->easy_perform));
  ICEFRAME_RETURN_NOT_OK(BindOne(handle, "curl_easy_getinfo", &curl->easy_getinfo));
  ICEFRAME_RETURN_NOT_OK(BindOne(handle, "curl_easy_cleanup", &curl->easy_cleanup));
  ICEFRAME_RETURN_NOT_OK(BindOne(handle, "curl_easy_strerror", &curl->easy_strerror));
  ICEFRAME_RETURN_NOT_OK(BindOne(handle, "curl_slist_append", &curl->slist_append));
  return BindOne(handle, "curl_slist_free_all", &curl->slist_free_all);
}

Result<const CurlLibrary*> LoadOnce() {
  std::vector<std::string> candidates(std::begin(kSystemNames), std::end(kSystemNames));
  const char* named = std::getenv(kVariable);
  if (named != nullptr && *named != '\0') candidates = {named};
  std::string reasons;
  for (const std::string& candidate : candidates) {
    void* handle = dlopen(candidate.c_str(), kFlags);
    if (handle == nullptr) {
      const char* reason = dlerror();
      reasons += reasons.empty() ? "" : "; ";
      reasons += reason == nullptr ? candidate : reason;
      continue;
    }
    // Never unloaded, like its OpenSSL.
    static CurlLibrary curl;
    ICEFRAME_RETURN_NOT_OK(WithContext(Bind(handle, &curl), "library", candidate));
    if (curl.global_init(kGlobalDefault) != 0) {
      return Error(ErrorKind::kUnsupported, "libcurl doesn't start: ", candidate);
    }
    return &curl;
  }
  return Error(ErrorKind::kUnsupported,
               "libcurl, which asks schema registries, can't be loaded: ", reasons,
               "; install it (Debian: libcurl4), or name its file in ", kVariable);
}

}  // namespace

Result<const CurlLibrary*> CurlLibrary::Load() {
  static const Result<const CurlLibrary*> kLoaded = LoadOnce();
  return kLoaded;
}

}  // namespace iceframe::internal
