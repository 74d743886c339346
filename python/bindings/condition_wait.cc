// SPDX-License-Identifier: Apache-2.0
// Keeps the module loadable on systems whose libstdc++ is older than GCC 12's, where
// std::condition_variable::wait became a symbol of a new version. The linker leads calls of it here
// (--wrap in cmake/iceframe_python.cmake); this is what the function does everywhere.
#include <pthread.h>

#include <condition_variable>
#include <mutex>

namespace iceframe::python {

void WaitOnCondition(std::condition_variable* condition, std::unique_lock<std::mutex>& lock) asm(
    "__wrap__ZNSt18condition_variable4waitERSt11unique_lockISt5mutexE");

void WaitOnCondition(std::condition_variable* condition, std::unique_lock<std::mutex>& lock) {
  pthread_cond_wait(condition->native_handle(), lock.mutex()->native_handle());
}

}  // namespace iceframe::python
