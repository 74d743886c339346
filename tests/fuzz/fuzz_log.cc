// SPDX-License-Identifier: Apache-2.0
// Replay of a write-ahead log. After the first byte: 'f', a file as it lies on the disk, or 'p',
// the payload of a frame whose checksums are right. Rows that come out are sound, and are the same
// once they are written again.
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>

#include <arrow/array.h>
#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>

#include "iceframe/base/crc32c.h"
#include "iceframe/runtime/memory_manager.h"
#include "iceframe/streaming/log_frame.h"
#include "iceframe/streaming/log_record.h"
#include "iceframe/streaming/log_segment.h"

namespace {

using namespace iceframe;            // NOLINT(google-build-using-namespace)
using namespace iceframe::internal;  // NOLINT(google-build-using-namespace)

constexpr int64_t kMaxMemory = int64_t{256} << 20;

arrow::MemoryPool* Pool() {
  static const std::shared_ptr<MemoryBudget> kBudget =
      MemoryBudget::Process()->MakeChild("fuzz", kMaxMemory);
  return kBudget->pool();
}

/// The file that each input is written to.
class ScratchFile {
 public:
  ScratchFile() : path_("/tmp/iceframe-fuzz-log-XXXXXX") {
    const int file = mkstemp(path_.data());
    if (file < 0) std::abort();
    close(file);
  }
  ~ScratchFile() { unlink(path_.c_str()); }

  const std::string& Write(std::string_view bytes) const {
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << bytes;
    return path_;
  }

 private:
  std::string path_;
};

std::string Padded(std::string text) {
  text.resize(static_cast<size_t>(PaddedTo8(static_cast<int64_t>(text.size()))), '\0');
  return text;
}

/// A segment of one frame, which has this payload.
std::string SegmentOf(std::string_view payload) {
  const std::string header = EncodeLogHeader(EncodeIdentity({"u", "t", "c", "w", "l", 1}));
  const auto decoded = DecodeLogHeader(header).ValueOrDie();
  if (!decoded) std::abort();
  const std::string frame =
      EncodeFrameHeader(decoded->salt, {0, static_cast<int64_t>(payload.size()), Crc32c(payload)});
  return header + frame + Padded(std::string(payload));
}

void CheckRecords(const std::vector<LogRecord>& records) {
  for (const LogRecord& record : records) {
    if (!record.rows->ValidateFull().ok()) std::abort();
    const auto frame = EncodeFrame(7, 0, record.rows->schema().get(), {record}, Pool());
    if (!frame.ok()) continue;  // no memory
    std::shared_ptr<arrow::Schema> schema;
    const auto payload = arrow::SliceBuffer(*frame, kFrameHeaderBytes);
    const auto again = DecodePayload(payload, &schema, Pool());
    if (!again.ok()) {
      if (KindOf(again.status()) == ErrorKind::kResourceExhausted) continue;
      std::abort();
    }
    const LogRecord& copy = again->at(0);
    if (copy.token != record.token || copy.last_sequence != record.last_sequence) std::abort();
    if (copy.rows->num_rows() != record.rows->num_rows()) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const ScratchFile kFile;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (input.empty()) return 0;
  const bool is_payload = input[0] == 'p';
  const std::string_view rest = input.substr(1);
  auto reader = SegmentReader::Open(kFile.Write(is_payload ? SegmentOf(rest) : rest), Pool());
  if (!reader.ok()) return 0;
  while (true) {
    const auto records = reader->Next();
    if (!records.ok() || !records->has_value()) return 0;
    CheckRecords(**records);
  }
}
