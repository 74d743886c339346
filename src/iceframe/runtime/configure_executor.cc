// SPDX-License-Identifier: Apache-2.0
#include "iceframe/runtime/configure_executor.h"

#include <atomic>

#include "iceframe/runtime/executor.h"

namespace iceframe {

namespace {

constexpr char kThreads[] = "executor.num_threads";
constexpr char kIoThreads[] = "executor.num_io_threads";

// A number that was chosen for the process. Without a lock, which fork() might leave taken.
class Choice {
 public:
  std::optional<int> value() const {
    const int value = value_.load();
    return value == kOpen ? std::nullopt : std::optional<int>(value);
  }

  void Set(std::optional<int> value) { value_.store(value.value_or(kOpen)); }

  // Returns what is chosen now: `wanted` unless another number was before.
  int Settle(int wanted) {
    int before = kOpen;
    return value_.compare_exchange_strong(before, wanted) ? wanted : before;
  }

 private:
  static constexpr int kOpen = -1;
  std::atomic<int> value_{kOpen};
};

Choice chosen_threads;
Choice chosen_io_threads;

Result<std::optional<int>> Wanted(const SettingsReader& settings, const char* name) {
  ICEFRAME_ASSIGN_OR_RETURN(const SettingValue value, settings.Find(name));
  if (value.source == SettingSource::kDefault) return std::optional<int>();
  ICEFRAME_ASSIGN_OR_RETURN(const int64_t number, settings.Integer(name));
  return std::optional<int>(static_cast<int>(number));
}

Status CheckAgrees(const char* name, int wanted, int chosen) {
  if (wanted == chosen) return Status::OK();
  return Error(ErrorKind::kInvalidArgument, name, " can't be ", wanted,
               ": all sessions share the process's threads, and it was set to ", chosen,
               " before; leave the setting out, or call configure_executor (in C++ "
               "ConfigureExecutor) to change it for all");
}

Status CheckAgrees(const char* name, std::optional<int> wanted, const Choice& choice) {
  const std::optional<int> chosen = choice.value();
  return wanted && chosen ? CheckAgrees(name, *wanted, *chosen) : Status::OK();
}

Status Settle(const char* name, std::optional<int> wanted, Choice* choice) {
  return wanted ? CheckAgrees(name, *wanted, choice->Settle(*wanted)) : Status::OK();
}

// Gives the executor what is chosen, again where others chose meanwhile; the rest stays as it is.
Status FollowChoices() {
  Executor& executor = Executor::Process();
  while (true) {
    const std::optional<int> threads = chosen_threads.value();
    const std::optional<int> io_threads = chosen_io_threads.value();
    ICEFRAME_RETURN_NOT_OK(
        executor.Configure({.num_threads = threads.value_or(executor.num_cpu_threads()),
                            .num_io_threads = io_threads.value_or(executor.num_io_threads())}));
    if (threads == chosen_threads.value() && io_threads == chosen_io_threads.value()) {
      return Status::OK();
    }
  }
}

}  // namespace

Status ConfigureExecutor(const ExecutorChoice& choice) {
  const ExecutorOptions defaults;
  ICEFRAME_RETURN_NOT_OK(Executor::Process().Configure(
      {.num_threads = choice.num_threads.value_or(defaults.num_threads),
       .num_io_threads = choice.num_io_threads.value_or(defaults.num_io_threads)}));
  chosen_threads.Set(choice.num_threads);
  chosen_io_threads.Set(choice.num_io_threads);
  return FollowChoices();
}

Status ApplyExecutorSettings(const SettingsReader& settings) {
  ICEFRAME_ASSIGN_OR_RETURN(const auto threads, Wanted(settings, kThreads));
  ICEFRAME_ASSIGN_OR_RETURN(const auto io_threads, Wanted(settings, kIoThreads));
  if (!threads && !io_threads) return Status::OK();
  // Both are looked at before either is set; settling looks again, for those who come meanwhile.
  ICEFRAME_RETURN_NOT_OK(CheckAgrees(kThreads, threads, chosen_threads));
  ICEFRAME_RETURN_NOT_OK(CheckAgrees(kIoThreads, io_threads, chosen_io_threads));
  ICEFRAME_RETURN_NOT_OK(Settle(kThreads, threads, &chosen_threads));
  ICEFRAME_RETURN_NOT_OK(Settle(kIoThreads, io_threads, &chosen_io_threads));
  return FollowChoices();
}

}  // namespace iceframe
