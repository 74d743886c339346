// SPDX-License-Identifier: Apache-2.0
// What happens to messages that make no row.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/streaming/dead_letters.h"
#include "iceframe/streaming/message.h"
#include "iceframe/streaming/message_decoder.h"

namespace iceframe {

enum class OnPoison : uint8_t {
  /// The stream ends with an error that names the message. Nothing behind it is committed.
  kFail,
  /// It is counted and passed over.
  kSkip,
  /// It becomes a row of the dead-letter table.
  kDeadLetter,
};

struct PoisonOptions {
  OnPoison action = OnPoison::kFail;
  /// Of the latest thousand messages or more, from 0 to 1; a greater part ends the stream: a wrong
  /// schema must not drain a topic. 1: never.
  double max_ratio = 0.5;
};

/// Keeps account of one stream's poison. Not thread-safe.
class PoisonMessages {
 public:
  /// Errors: InvalidArgument for a ratio that is none.
  static Result<PoisonMessages> Make(const PoisonOptions& options, std::string stream_id,
                                     arrow::MemoryPool* pool);

  /// Takes what MessageDecoder::Append said of the `messages` that it took.
  ///
  /// Errors: with kFail InvalidData or SchemaMismatch as the first message's, whose context is its
  /// topic, partition and offset; InvalidData where the ratio is exceeded, naming the latest
  /// reason; ResourceExhausted from the pool. The messages' rows must not be committed then.
  Status Take(std::span<const Message> messages, const std::vector<RejectedMessage>& rejected);

  int64_t num_poisoned() const { return num_poisoned_; }
  /// The dead letters since their last Finish, to be committed before the rows; nullptr unless
  /// kDeadLetter.
  DeadLetters* dead_letters() { return dead_letters_.get(); }

 private:
  explicit PoisonMessages(const PoisonOptions& options) : options_(options) {}

  Status CheckRatio(const Message& message, const Status& reason);

  PoisonOptions options_;
  std::unique_ptr<DeadLetters> dead_letters_;
  int64_t num_poisoned_ = 0;
  struct Counts {
    int64_t messages = 0;
    int64_t poisoned = 0;
  };
  /// Of the messages since the last full thousand, and of that thousand.
  Counts latest_, before_;
};

}  // namespace iceframe
