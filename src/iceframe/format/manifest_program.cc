// SPDX-License-Identifier: Apache-2.0
// Running a compiled manifest schema, and the programs kept for the process.
#include <list>
#include <mutex>
#include <unordered_map>

#include "iceframe/format/manifest_program_internal.h"

namespace iceframe {

namespace {

// Walk a map from column id to value; nothing but its extent is wanted here.
void PassOverNumberMap(AvroCursor* cursor) {
  while (int64_t count = cursor->ReadBlockCount(2)) cursor->SkipLongs(2 * count);
}

void PassOverBytesMap(AvroCursor* cursor) {
  while (int64_t count = cursor->ReadBlockCount(2)) {
    for (; count > 0; --count) {
      cursor->SkipLong();
      cursor->ReadBytes();
    }
  }
}

void PassOverList(AvroCursor* cursor) {
  while (int64_t count = cursor->ReadBlockCount(1)) cursor->SkipLongs(count);
}

std::string_view ReadFixedWithLength(int64_t size, AvroCursor* cursor) {
  const std::string_view bytes = cursor->ReadBytes();
  if (static_cast<int64_t>(bytes.size()) != size) cursor->Fail("fixed has another length");
  return bytes;
}

// Returns whether a value follows.
bool ReadPresence(int8_t null_branch, AvroCursor* cursor) {
  if (null_branch == ManifestStep::kNoUnion) return true;
  if (null_branch == ManifestStep::kOnlyBranch) {
    cursor->ReadBranch(1);
    return true;
  }
  return cursor->ReadBranch(2) != static_cast<size_t>(null_branch);
}

}  // namespace

void ManifestProgram::DecodeEntry(const char* base, AvroCursor* cursor,
                                  ManifestSlotValue* slots) const {
  for (size_t i = 0; i < num_slots(); ++i) slots[i].present = false;
  for (size_t i = 0; i < steps_.size(); ++i) {
    const ManifestStep& step = steps_[i];
    if (step.code == ManifestStep::Code::kSkip) {
      cursor->Skip(*step.schema);
      continue;
    }
    const bool present = ReadPresence(step.null_branch, cursor);
    if (step.code == ManifestStep::Code::kOptionalRecord) {
      if (!present) i += static_cast<size_t>(step.size);
      continue;
    }
    if (!present) continue;
    ManifestSlotValue& slot = slots[step.slot];
    slot.present = true;
    switch (step.code) {
      case ManifestStep::Code::kNumber:
        slot.number = cursor->ReadLong();
        break;
      case ManifestStep::Code::kBoolean:
        slot.number = cursor->ReadBoolean() ? 1 : 0;
        break;
      case ManifestStep::Code::kFloat:
        slot.real = static_cast<double>(cursor->ReadFloat());
        break;
      case ManifestStep::Code::kDouble:
        slot.real = cursor->ReadDouble();
        break;
      case ManifestStep::Code::kBytes:
        slot.bytes = cursor->ReadBytes();
        break;
      case ManifestStep::Code::kFixed:
        slot.bytes = cursor->ReadFixed(step.size);
        break;
      case ManifestStep::Code::kFixedWithLength:
        slot.bytes = ReadFixedWithLength(step.size, cursor);
        break;
      case ManifestStep::Code::kNumberMap:
        slot.number = cursor->position() - base;
        PassOverNumberMap(cursor);
        break;
      case ManifestStep::Code::kBytesMap:
        slot.number = cursor->position() - base;
        PassOverBytesMap(cursor);
        break;
      case ManifestStep::Code::kNumberList:
        slot.number = cursor->position() - base;
        PassOverList(cursor);
        break;
      case ManifestStep::Code::kSkip:
      case ManifestStep::Code::kOptionalRecord:
        break;
    }
  }
}

namespace {

// A table has a schema text per partition spec and writer; a process few tables at a time.
class ProgramCache {
 public:
  std::shared_ptr<const ManifestProgram> Find(const std::string& text) {
    std::lock_guard lock(mutex_);
    auto found = by_text_.find(text);
    if (found == by_text_.end()) return nullptr;
    order_.splice(order_.begin(), order_, found->second);
    return found->second->second;
  }

  void Insert(const std::string& text, std::shared_ptr<const ManifestProgram> program) {
    if (text.size() > kMaxTextSize) return;
    std::lock_guard lock(mutex_);
    if (by_text_.contains(text)) return;
    order_.emplace_front(text, std::move(program));
    by_text_.emplace(order_.front().first, order_.begin());
    if (order_.size() > kMaxPrograms) {
      by_text_.erase(order_.back().first);
      order_.pop_back();
    }
  }

 private:
  static constexpr size_t kMaxPrograms = 64;
  static constexpr size_t kMaxTextSize = size_t{256} << 10;
  using Order = std::list<std::pair<std::string, std::shared_ptr<const ManifestProgram>>>;

  std::mutex mutex_;
  Order order_;
  std::unordered_map<std::string_view, Order::iterator> by_text_;
};

}  // namespace

Result<std::shared_ptr<const ManifestProgram>> ManifestProgram::ForSchema(
    const std::string& schema_text) {
  static ProgramCache* const cache = new ProgramCache();
  if (auto program = cache->Find(schema_text)) return program;
  ICEFRAME_ASSIGN_OR_RETURN(auto program, Compile(schema_text));
  cache->Insert(schema_text, program);
  return program;
}

}  // namespace iceframe
