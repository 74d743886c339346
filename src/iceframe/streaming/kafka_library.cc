// SPDX-License-Identifier: Apache-2.0
#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <vector>

#include "iceframe/streaming/kafka_library_internal.h"

namespace iceframe::internal {

namespace {

constexpr const char* kVariable = "ICEFRAME_KAFKA_LIBRARY";
constexpr const char* kSystemName = "librdkafka.so.1";
// What cmake/carried_libraries.py names it.
constexpr const char* kCarriedName = "_kafka/libiceframe_kafka_rdkafka.so.1";

// The library's own OpenSSL comes before any other one of the process, libparquet's too. A
// sanitizer's runtime must stay the first definition of what it stands in for.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kFlags = RTLD_NOW | RTLD_LOCAL;
#else
constexpr int kFlags = RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND;
#endif

// Where the file lies that this code is in.
std::filesystem::path OwnFolder() {
  Dl_info info = {};
  if (dladdr(reinterpret_cast<const void*>(&KafkaLibrary::Load), &info) == 0) return {};
  return std::filesystem::path(info.dli_fname).parent_path();
}

std::vector<std::string> Candidates() {
  const char* named = std::getenv(kVariable);
  if (named != nullptr && *named != '\0') return {named};
  std::vector<std::string> candidates;
  std::error_code error;
  const auto carried = OwnFolder() / kCarriedName;
  if (std::filesystem::exists(carried, error)) candidates.push_back(carried.string());
  candidates.emplace_back(kSystemName);
  return candidates;
}

template <typename Function>
Status BindOne(void* handle, const char* name, Function* function) {
  *function = reinterpret_cast<Function>(dlsym(handle, name));
  if (*function != nullptr) return Status::OK();
  return Error(ErrorKind::kUnsupported,
               "the library is not librdkafka, or is older than 1.9: it lacks ", name);
}

Status Bind(void* handle, KafkaLibrary* library) {
#define ICEFRAME_KAFKA_BIND(name) \
  ICEFRAME_RETURN_NOT_OK(BindOne(handle, "rd_kafka_" #name, &library->name));
  ICEFRAME_KAFKA_FUNCTIONS(ICEFRAME_KAFKA_BIND)
#undef ICEFRAME_KAFKA_BIND
  return BindOne(handle, "rd_kafka_new", &library->new_client);
}

Result<const KafkaLibrary*> LoadOnce() {
  std::string reasons;
  for (const std::string& candidate : Candidates()) {
    void* handle = dlopen(candidate.c_str(), kFlags);
    if (handle == nullptr) {
      const char* reason = dlerror();
      reasons += reasons.empty() ? "" : "; ";
      reasons += reason == nullptr ? candidate : reason;
      continue;
    }
    // Never unloaded: its threads and OpenSSL's exit functions are in it.
    static KafkaLibrary library;
    ICEFRAME_RETURN_NOT_OK(WithContext(Bind(handle, &library), "library", candidate));
    Dl_info info = {};
    const bool is_found = dladdr(reinterpret_cast<const void*>(library.version_str), &info) != 0;
    library.path = is_found ? info.dli_fname : candidate;
    return &library;
  }
  return Error(ErrorKind::kUnsupported,
               "librdkafka, which reads from Kafka, can't be loaded: ", reasons,
               "; install it (Debian: librdkafka1), or name its file in ", kVariable);
}

}  // namespace

Result<const KafkaLibrary*> KafkaLibrary::Load() {
  static const Result<const KafkaLibrary*> kLoaded = LoadOnce();
  return kLoaded;
}

}  // namespace iceframe::internal
