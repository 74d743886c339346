// SPDX-License-Identifier: Apache-2.0
#include "iceframe/base/uuid.h"

#include <sys/random.h>

#include <cerrno>
#include <cstring>
#include <random>

#include "iceframe/base/ascii.h"

namespace iceframe {

namespace {

// getrandom never fails for so few bytes once the kernel is up; a sandbox that forbids it leaves
// the processor's generator.
void FillRandom(uint8_t* bytes, size_t length) {
  size_t done = 0;
  while (done < length) {
    const ssize_t got = getrandom(bytes + done, length - done, 0);
    if (got > 0) {
      done += static_cast<size_t>(got);
    } else if (errno != EINTR) {
      break;
    }
  }
  if (done == length) return;
  std::random_device device;
  for (; done < length; ++done) bytes[done] = static_cast<uint8_t>(device());
}

void SetVersion(Uuid* uuid, uint8_t version) {
  (*uuid)[6] = static_cast<uint8_t>(((*uuid)[6] & 0x0F) | (version << 4));
  (*uuid)[8] = static_cast<uint8_t>(((*uuid)[8] & 0x3F) | 0x80);
}

bool IsDash(size_t position) {
  return position == 8 || position == 13 || position == 18 || position == 23;
}

}  // namespace

Uuid RandomUuid() {
  Uuid uuid{};
  FillRandom(uuid.data(), uuid.size());
  SetVersion(&uuid, 4);
  return uuid;
}

Uuid TimeOrderedUuid(int64_t unix_ms) {
  Uuid uuid = RandomUuid();
  for (size_t i = 0; i < 6; ++i) {
    uuid[i] = static_cast<uint8_t>(static_cast<uint64_t>(unix_ms) >> (40 - 8 * i));
  }
  SetVersion(&uuid, 7);
  return uuid;
}

std::string ToString(const Uuid& uuid) {
  constexpr char kHexDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(36);
  for (uint8_t byte : uuid) {
    if (IsDash(text.size())) text += '-';
    text += kHexDigits[byte >> 4];
    text += kHexDigits[byte & 15];
  }
  return text;
}

std::optional<Uuid> ParseUuid(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  Uuid uuid{};
  size_t digit = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (IsDash(i)) {
      if (text[i] != '-') return std::nullopt;
      continue;
    }
    const int value = HexDigit(text[i]);
    if (value < 0) return std::nullopt;
    uuid[digit / 2] = static_cast<uint8_t>(uuid[digit / 2] << 4 | value);
    ++digit;
  }
  return uuid;
}

std::string NewUuid() { return ToString(RandomUuid()); }

uint64_t RandomBits() {
  std::array<uint8_t, 8> bytes{};
  FillRandom(bytes.data(), bytes.size());
  uint64_t bits = 0;
  std::memcpy(&bits, bytes.data(), bytes.size());
  return bits;
}

}  // namespace iceframe
