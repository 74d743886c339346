// SPDX-License-Identifier: Apache-2.0
#include "iceframe/base/shared_library_internal.h"
#include "iceframe/net/curl_library_internal.h"

namespace iceframe::internal {

namespace {

// CURL_GLOBAL_DEFAULT
constexpr long kGlobalDefault = 3;

Status Bind(const SharedLibrary& library, CurlLibrary* curl) {
  ICEFRAME_RETURN_NOT_OK(library.Bind("curl_global_init", &curl->global_init));
  ICEFRAME_RETURN_NOT_OK(library.Bind("curl_easy_init", &curl->easy_init));
  ICEFRAME_RETURN_NOT_OK(library.Bind("curl_easy_reset", &curl->easy_reset));
  ICEFRAME_RETURN_NOT_OK(library.Bind("curl_easy_setopt", &curl->easy_setopt));
  ICEFRAME_RETURN_NOT_OK(library.Bind("curl_easy_getinfo", &curl->easy_getinfo));
  ICEFRAME_RETURN_NOT_OK(library.Bind("curl_easy_cleanup", &curl->easy_cleanup));
  ICEFRAME_RETURN_NOT_OK(library.Bind("curl_easy_strerror", &curl->easy_strerror));
  ICEFRAME_RETURN_NOT_OK(library.Bind("curl_multi_init", &curl->multi_init));
  ICEFRAME_RETURN_NOT_OK(library.Bind("curl_multi_add_handle", &curl->multi_add_handle));
  ICEFRAME_RETURN_NOT_OK(library.Bind("curl_multi_remove_handle", &curl->multi_remove_handle));
  ICEFRAME_RETURN_NOT_OK(library.Bind("curl_multi_perform", &curl->multi_perform));
  ICEFRAME_RETURN_NOT_OK(library.Bind("curl_multi_poll", &curl->multi_poll));
  ICEFRAME_RETURN_NOT_OK(library.Bind("curl_multi_info_read", &curl->multi_info_read));
  ICEFRAME_RETURN_NOT_OK(library.Bind("curl_multi_cleanup", &curl->multi_cleanup));
  ICEFRAME_RETURN_NOT_OK(library.Bind("curl_slist_append", &curl->slist_append));
  return library.Bind("curl_slist_free_all", &curl->slist_free_all);
}

Result<const CurlLibrary*> LoadOnce() {
  ICEFRAME_ASSIGN_OR_RETURN(
      const auto library,
      SharedLibrary::LoadFirst({.what = "libcurl (7.66 or newer), which speaks HTTP,",
                                .variable = "ICEFRAME_CURL_LIBRARY",
                                .carried = "_carried/libiceframe_carried_curl.so.4",
                                .system = {"libcurl.so.4", "libcurl-gnutls.so.4"},
                                .package = "Debian: libcurl4"}));
  static CurlLibrary curl;
  ICEFRAME_RETURN_NOT_OK(Bind(library, &curl));
  if (curl.global_init(kGlobalDefault) == 0) return &curl;
  return Error(ErrorKind::kUnsupported, "libcurl doesn't start: ", library.path());
}

}  // namespace

Result<const CurlLibrary*> CurlLibrary::Load() {
  static const Result<const CurlLibrary*> kLoaded = LoadOnce();
  return kLoaded;
}

}  // namespace iceframe::internal
