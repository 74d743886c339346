// SPDX-License-Identifier: Apache-2.0
#include "iceframe/base/nearest_name.h"

#include <algorithm>
#include <cstddef>

namespace iceframe {

namespace {

// Names longer than this are compared by their beginning: the cost stays bounded.
constexpr size_t kMaxCompared = 128;
constexpr size_t kMaxCandidates = 10'000;

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool SameLetter(char a, char b) { return Lower(a) == Lower(b); }

size_t Distance(std::string_view a, std::string_view b) {
  a = a.substr(0, kMaxCompared);
  b = b.substr(0, kMaxCompared);
  std::vector<size_t> before_last(b.size() + 1);
  std::vector<size_t> last(b.size() + 1);
  std::vector<size_t> current(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    current[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = last[j - 1] + (SameLetter(a[i - 1], b[j - 1]) ? 0 : 1);
      current[j] = std::min({last[j] + 1, current[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && SameLetter(a[i - 1], b[j - 2]) && SameLetter(a[i - 2], b[j - 1])) {
        current[j] = std::min(current[j], before_last[j - 2] + 1);
      }
    }
    std::swap(before_last, last);
    std::swap(last, current);
  }
  return last[b.size()];
}

// Of short names every other one would be near.
size_t Farthest(std::string_view name) {
  return name.size() <= 3 ? name.size() / 2 : std::max<size_t>(2, name.size() / 3);
}

}  // namespace

std::string_view NearName(std::string_view name, const std::vector<std::string_view>& candidates) {
  // The cost stays bounded.
  if (name.size() > kMaxCompared || candidates.size() > kMaxCandidates) return {};
  const std::string_view nearest = NearestName(name, candidates);
  const bool is_near = nearest.size() <= kMaxCompared && Distance(name, nearest) <= Farthest(name);
  return is_near ? nearest : std::string_view();
}

std::string_view NearestName(std::string_view name,
                             const std::vector<std::string_view>& candidates) {
  std::string_view nearest;
  size_t fewest = 0;
  for (std::string_view candidate : candidates) {
    const size_t distance = Distance(name, candidate);
    if (nearest.data() != nullptr && distance >= fewest) continue;
    nearest = candidate;
    fewest = distance;
  }
  return nearest;
}

}  // namespace iceframe
