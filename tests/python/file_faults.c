// SPDX-License-Identifier: Apache-2.0
// To be preloaded into a process: ends it at a named step of a commit, or has its writes fail.
//
//   FILE_FAULTS_KILL   steps in their order, the last of which ends the process as a power cut does:
//                      "publish:.parquet" before a file gets its name, "published:.parquet" after
//                      it, "write:-wal" and "wrote:-wal" around a write into it
//   FILE_FAULTS_RATE   one in so many of these calls fails with EIO or ENOSPC …
//   FILE_FAULTS_SEED   … by these dice
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pthread_mutex_t g_mutex = PTHREAD_MUTEX_INITIALIZER;
static const char* g_steps;
static unsigned g_rate, g_dice;

__attribute__((constructor)) static void ReadSettings(void) {
  const char* rate = getenv("FILE_FAULTS_RATE");
  const char* seed = getenv("FILE_FAULTS_SEED");
  g_steps = getenv("FILE_FAULTS_KILL");
  g_rate = rate == NULL ? 0 : (unsigned)atoi(rate);
  g_dice = seed == NULL ? 1 : (unsigned)atoi(seed);
}

static bool EndsWith(const char* text, const char* end, size_t end_size) {
  const size_t size = strlen(text);
  return size >= end_size && memcmp(text + size - end_size, end, end_size) == 0;
}

/// Takes one step, if it is the next one of the list.
static void Step(const char* what, const char* path) {
  pthread_mutex_lock(&g_mutex);
  if (g_steps != NULL) {
    const size_t size = strlen(what);
    const size_t step_size = strcspn(g_steps, ",");
    const bool is_meant = step_size > size && memcmp(g_steps, what, size) == 0 &&
                          g_steps[size] == ':' &&
                          EndsWith(path, g_steps + size + 1, step_size - size - 1);
    if (is_meant && g_steps[step_size] == '\0') kill(getpid(), SIGKILL);
    if (is_meant) g_steps += step_size + 1;
  }
  pthread_mutex_unlock(&g_mutex);
}

/// Whether this call is one that fails; errno says with what.
static bool Fails(void) {
  if (g_rate == 0) return false;
  pthread_mutex_lock(&g_mutex);
  g_dice = g_dice * 1664525u + 1013904223u;
  const unsigned throw = g_dice >> 8;
  pthread_mutex_unlock(&g_mutex);
  if (throw % g_rate != 0) return false;
  errno = (throw / g_rate) % 2 == 0 ? EIO : ENOSPC;
  return true;
}

int linkat(int from_folder, const char* from, int to_folder, const char* to, int flags) {
  static _Atomic(void*) real;
  if (real == NULL) real = dlsym(RTLD_NEXT, "linkat");
  Step("publish", to);
  if (Fails()) return -1;
  const int result =
      ((int (*)(int, const char*, int, const char*, int))real)(from_folder, from, to_folder, to, flags);
  if (result == 0) Step("published", to);
  return result;
}

ssize_t pwrite64(int file, const void* bytes, size_t size, off64_t offset) {
  static _Atomic(void*) real;
  if (real == NULL) real = dlsym(RTLD_NEXT, "pwrite64");
  char link[64], path[4096];
  snprintf(link, sizeof(link), "/proc/self/fd/%d", file);
  const ssize_t length = readlink(link, path, sizeof(path) - 1);
  path[length < 0 ? 0 : length] = '\0';
  Step("write", path);
  // Of the catalog: other files may be anybody's.
  if (EndsWith(path, "-wal", 4) && Fails()) return -1;
  const ssize_t result =
      ((ssize_t (*)(int, const void*, size_t, off64_t))real)(file, bytes, size, offset);
  if (result >= 0) Step("wrote", path);
  return result;
}
