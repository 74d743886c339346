// SPDX-License-Identifier: Apache-2.0
#include "iceframe/streaming/log_frame.h"

#include <cstddef>

#include "iceframe/base/crc32c.h"

namespace iceframe::internal {

namespace {

constexpr std::string_view kLogMagic = "IFRMWAL";
constexpr char kVersion = '1';
constexpr std::string_view kFrameMagic = "IFRF";
constexpr size_t kLogPrefixBytes = 16;

template <typename T>
void PutNumber(T value, std::string* out) {
  for (size_t i = 0; i < sizeof(T); ++i) out->push_back(static_cast<char>(value >> (8 * i) & 0xFF));
}

template <typename T>
T NumberAt(std::string_view bytes, size_t offset) {
  T value = 0;
  for (size_t i = sizeof(T); i > 0; --i) {
    value = static_cast<T>(value << 8 | static_cast<uint8_t>(bytes[offset + i - 1]));
  }
  return value;
}

void PadTo8(std::string* out) { out->resize((out->size() + 7) / 8 * 8); }

}  // namespace

std::string EncodeLogHeader(std::string_view text) {
  std::string bytes(kLogMagic);
  bytes += kVersion;
  PutNumber(static_cast<uint32_t>(text.size()), &bytes);
  PutNumber(Crc32c(text), &bytes);
  bytes += text;
  PadTo8(&bytes);
  return bytes;
}

Result<std::optional<LogHeader>> DecodeLogHeader(std::string_view bytes) {
  const std::string_view magic = bytes.substr(0, kLogMagic.size());
  if (magic.find_first_not_of('\0') == std::string_view::npos) return std::nullopt;
  if (!kLogMagic.starts_with(magic)) {
    return Error(ErrorKind::kInvalidData, "file is not a write-ahead log");
  }
  if (bytes.size() < kLogPrefixBytes) return std::nullopt;
  if (const char version = bytes[kLogMagic.size()]; version != kVersion) {
    return Error(ErrorKind::kUnsupported, "write-ahead log is of version ", version,
                 ", this engine reads version ", kVersion, "; open it with the one that wrote it");
  }
  const auto size = NumberAt<uint32_t>(bytes, 8);
  if (size > kMaxHeaderText || bytes.size() - kLogPrefixBytes < size) return std::nullopt;
  LogHeader header;
  header.text = bytes.substr(kLogPrefixBytes, size);
  header.salt = Crc32c(header.text);
  if (header.salt != NumberAt<uint32_t>(bytes, 12)) return std::nullopt;
  header.num_bytes = PaddedTo8(static_cast<int64_t>(kLogPrefixBytes + size));
  return header;
}

std::string EncodeFrameHeader(uint32_t salt, const FrameHeader& header) {
  std::string checked;
  PutNumber(header.number, &checked);
  PutNumber(static_cast<uint64_t>(header.payload_bytes), &checked);
  PutNumber(header.payload_crc, &checked);
  PutNumber(uint32_t{0}, &checked);
  std::string bytes(kFrameMagic);
  PutNumber(Crc32c(checked, salt), &bytes);
  return bytes + checked;
}

std::optional<FrameHeader> DecodeFrameHeader(uint32_t salt, std::string_view bytes) {
  if (static_cast<int64_t>(bytes.size()) < kFrameHeaderBytes) return std::nullopt;
  bytes = bytes.substr(0, kFrameHeaderBytes);
  if (!bytes.starts_with(kFrameMagic)) return std::nullopt;
  if (NumberAt<uint32_t>(bytes, 4) != Crc32c(bytes.substr(8), salt)) return std::nullopt;
  FrameHeader header;
  header.number = NumberAt<uint64_t>(bytes, 8);
  const auto size = NumberAt<uint64_t>(bytes, 16);
  if (size > static_cast<uint64_t>(kMaxFramePayload)) return std::nullopt;
  header.payload_bytes = static_cast<int64_t>(size);
  header.payload_crc = NumberAt<uint32_t>(bytes, 24);
  return header;
}

bool HoldsLaterFrame(uint32_t salt, uint64_t number, std::string_view bytes) {
  for (size_t at = 0; at + kFrameHeaderBytes <= bytes.size(); at += 8) {
    const auto header = DecodeFrameHeader(salt, bytes.substr(at));
    if (header && header->number > number) return true;
  }
  return false;
}

}  // namespace iceframe::internal
