// SPDX-License-Identifier: Apache-2.0
// What decoding messages costs, in bytes of payload per second of one core.
#include <string>
#include <vector>

#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <benchmark/benchmark.h>

#include "iceframe/streaming/message_decoder.h"

#include "stream_events.h"

namespace iceframe {
namespace {

constexpr size_t kMessages = 100'000;
/// As many as a poll gives.
constexpr size_t kPolled = 1'000;

const std::vector<std::string>& Events() {
  static const std::vector<std::string> kEvents = [] {
    std::vector<std::string> events(kMessages);
    StreamEventWriter writer;
    for (size_t i = 0; i < events.size(); ++i) writer.Append(i, &events[i]);
    return events;
  }();
  return kEvents;
}

Status DecodeAll(MessageDecoder* decoder, const std::vector<Message>& messages) {
  std::vector<RejectedMessage> rejected;
  for (size_t begin = 0; begin < messages.size(); begin += kPolled) {
    ICEFRAME_RETURN_NOT_OK(
        decoder->Append(std::span(messages).subspan(begin, kPolled), &rejected).status());
  }
  if (!rejected.empty()) return rejected.front().reason;
  return decoder->Finish().status();
}

void Run(benchmark::State& state, const std::vector<NestedField>& fields,
         const std::vector<std::string>& payloads) {
  const auto schema = Schema::Make(SchemaId(0), AssignFreshIds(fields)).ValueOrDie();
  auto decoder = MessageDecoder::Make(schema, {}, arrow::default_memory_pool()).ValueOrDie();
  std::vector<Message> messages(payloads.size());
  int64_t num_bytes = 0;
  for (size_t i = 0; i < payloads.size(); ++i) {
    messages[i].payload = payloads[i];
    num_bytes += static_cast<int64_t>(payloads[i].size());
  }
  for (auto _ : state) {
    const Status status = DecodeAll(decoder.get(), messages);
    if (!status.ok()) state.SkipWithError(status.ToString().c_str());
  }
  state.SetBytesProcessed(state.iterations() * num_bytes);
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(payloads.size()));
}

void BM_DecodeJson(benchmark::State& state) { Run(state, StreamEventFields(), Events()); }
BENCHMARK(BM_DecodeJson)->Unit(benchmark::kMillisecond);

/// A table of three of the columns: the others are passed over.
void BM_DecodeFewOfTheFields(benchmark::State& state) {
  const std::vector<NestedField> fields = StreamEventFields();
  Run(state, {fields[0], fields[1], fields[22]}, Events());
}
BENCHMARK(BM_DecodeFewOfTheFields)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace iceframe
