// SPDX-License-Identifier: Apache-2.0
#include "iceframe/streaming/poison_messages.h"

#include <utility>

#include "iceframe/base/utf8.h"

namespace iceframe {
namespace {

/// The ratio of fewer messages says nothing.
constexpr int64_t kWindow = 1'000;

Status AtMessage(const Status& status, const Message& message) {
  return WithContext(WithContext(WithContext(status, "offset", std::to_string(message.offset)),
                                 "partition", std::to_string(message.partition)),
                     "topic", EscapeInvalidUtf8(std::string(message.topic)));
}

}  // namespace

Result<PoisonMessages> PoisonMessages::Make(const PoisonOptions& options, std::string stream_id,
                                            arrow::MemoryPool* pool) {
  if (!(options.max_ratio >= 0 && options.max_ratio <= 1)) {
    return Error(ErrorKind::kInvalidArgument,
                 "the greatest part of messages that may make no row is a number from 0 to 1: ",
                 options.max_ratio);
  }
  PoisonMessages poison(options);
  if (options.action == OnPoison::kDeadLetter) {
    ICEFRAME_ASSIGN_OR_RETURN(poison.dead_letters_, DeadLetters::Make(std::move(stream_id), pool));
  }
  return poison;
}

Status PoisonMessages::Take(std::span<const Message> messages,
                            const std::vector<RejectedMessage>& rejected) {
  size_t next = 0;
  for (size_t i = 0; i < messages.size(); ++i) {
    ++latest_.messages;
    if (next < rejected.size() && rejected[next].index == i) {
      const Status& reason = rejected[next++].reason;
      if (options_.action == OnPoison::kFail) return AtMessage(reason, messages[i]);
      ++latest_.poisoned;
      ICEFRAME_RETURN_NOT_OK(CheckRatio(messages[i], reason));
      if (dead_letters_ != nullptr) {
        ICEFRAME_RETURN_NOT_OK(dead_letters_->Append(messages[i], reason));
      }
      ++num_poisoned_;
    }
    if (latest_.messages == kWindow) before_ = std::exchange(latest_, Counts());
  }
  return Status::OK();
}

Status PoisonMessages::CheckRatio(const Message& message, const Status& reason) {
  const int64_t num_messages = latest_.messages + before_.messages;
  const int64_t num_poisoned = latest_.poisoned + before_.poisoned;
  if (num_messages < kWindow) return Status::OK();
  if (static_cast<double>(num_poisoned) <= options_.max_ratio * static_cast<double>(num_messages)) {
    return Status::OK();
  }
  return AtMessage(Error(ErrorKind::kInvalidData, "too many messages make no row, ", num_poisoned,
                         " of the latest ", num_messages,
                         "; the table's schema may not be theirs, or the greatest part allowed "
                         "is too small; the latest one's reason: ",
                         reason.message()),
                   message);
}

}  // namespace iceframe
