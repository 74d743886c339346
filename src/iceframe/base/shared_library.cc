// SPDX-License-Identifier: Apache-2.0
#include <dlfcn.h>
#include <link.h>

#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

#include "iceframe/base/shared_library_internal.h"

namespace iceframe::internal {

namespace {

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define ICEFRAME_IS_SANITIZED
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define ICEFRAME_IS_SANITIZED
#endif

// The library's own OpenSSL comes before any other one of the process, libparquet's too. A
// sanitizer's runtime must stay the first definition of what it stands in for.
#if defined(ICEFRAME_IS_SANITIZED)
constexpr int kFlags = RTLD_NOW | RTLD_LOCAL;
#else
constexpr int kFlags = RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND;
#endif

// Where the file lies that this code is in.
std::filesystem::path OwnFolder() {
  Dl_info info = {};
  if (dladdr(reinterpret_cast<const void*>(&SharedLibrary::LoadFirst), &info) == 0) return {};
  return std::filesystem::path(info.dli_fname).parent_path();
}

std::vector<std::string> Candidates(const SharedLibraryPlaces& places) {
  const char* named = std::getenv(std::string(places.variable).c_str());
  if (named != nullptr && *named != '\0') return {named};
  std::vector<std::string> candidates;
  if (!places.carried.empty()) {
    std::error_code error;
    const auto carried = OwnFolder() / places.carried;
    if (std::filesystem::exists(carried, error)) candidates.push_back(carried.string());
  }
  candidates.insert(candidates.end(), places.system.begin(), places.system.end());
  return candidates;
}

std::string FileOf(void* handle, const std::string& candidate) {
  const link_map* map = nullptr;
  if (dlinfo(handle, RTLD_DI_LINKMAP, &map) != 0 || map == nullptr) return candidate;
  return *map->l_name == '\0' ? candidate : map->l_name;
}

}  // namespace

Result<SharedLibrary> SharedLibrary::LoadFirst(const SharedLibraryPlaces& places) {
  std::string reasons;
  for (const std::string& candidate : Candidates(places)) {
    void* handle = dlopen(candidate.c_str(), kFlags);
    if (handle != nullptr) return SharedLibrary(handle, FileOf(handle, candidate));
    const char* reason = dlerror();
    reasons += reasons.empty() ? "" : "; ";
    reasons += reason == nullptr ? candidate : reason;
  }
  return Error(ErrorKind::kUnsupported, places.what, " can't be loaded: ", reasons,
               "; install it (", places.package, "), or name its file in ", places.variable);
}

Result<void*> SharedLibrary::Find(const char* name) const {
  void* found = dlsym(handle_, name);
  if (found != nullptr) return found;
  return WithContext(
      Error(ErrorKind::kUnsupported, "the library is another one, or too old: it lacks ", name),
      "library", path_);
}

}  // namespace iceframe::internal
