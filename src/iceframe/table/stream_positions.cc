// SPDX-License-Identifier: Apache-2.0
#include "iceframe/table/stream_positions.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "iceframe/base/json.h"
#include "iceframe/table/snapshot_ancestry.h"

namespace iceframe {

namespace {

constexpr std::string_view kStreamPrefix = "iceframe.stream.";
constexpr std::string_view kWriterPrefix = "iceframe.writer.";
// The name of the table property, where summary keys have a value's name.
constexpr std::string_view kFloor = "floor";
constexpr size_t kMaxIdLength = 200;

using Line = std::vector<const Snapshot*>;

Result<std::string> PrefixOf(std::string_view kind, std::string_view id) {
  const bool is_visible = std::ranges::all_of(id, [](char c) { return c > ' ' && c <= '~'; });
  if (id.empty() || id.size() > kMaxIdLength || !is_visible) {
    return Error(ErrorKind::kInvalidArgument,
                 "id of a stream or writer is not 1 to 200 visible ASCII characters: ", id);
  }
  return std::string(kind) + std::string(id) + ".";
}

// A key without its last part: what the position's keys begin with.
std::string_view PrefixOfKey(std::string_view key) { return key.substr(0, key.rfind('.') + 1); }

Properties ValuesIn(const Properties& summary, std::string_view prefix) {
  Properties values;
  for (auto entry = summary.lower_bound(prefix);
       entry != summary.end() && entry->first.starts_with(prefix); ++entry) {
    std::string name = entry->first.substr(prefix.size());
    if (name.find('.') == std::string::npos) values.emplace(std::move(name), entry->second);
  }
  return values;
}

Properties PositionKeysOf(const Properties& summary) {
  Properties keys;
  for (const auto& entry : summary) {
    if (IsPositionKey(entry.first)) keys.insert(entry);
  }
  return keys;
}

// The table property of one position.
struct Floor {
  std::string branch;
  SnapshotId snapshot_id;
  SequenceNumber sequence_number;
  int64_t timestamp_ms = 0;
  Properties values;

  StreamPosition position() const { return {values, snapshot_id}; }
};

std::string FloorToJson(const Floor& floor) {
  Json values = Json::Object();
  for (const auto& [name, value] : floor.values) values.Add(name, Json::String(value));
  Json json = Json::Object();
  json.Add("branch", Json::String(floor.branch));
  json.Add("snapshot-id", Json::Int(floor.snapshot_id.value()));
  json.Add("sequence-number", Json::Int(floor.sequence_number.value()));
  json.Add("timestamp-ms", Json::Int(floor.timestamp_ms));
  json.Add("values", std::move(values));
  return json.Dump();
}

Result<int64_t> IntegerOf(const Json& json, std::string_view key) {
  ICEFRAME_ASSIGN_OR_RETURN(const Json* member, json.Get(key));
  return member->AsInt64();
}

Result<Floor> FloorFromJson(std::string_view text) {
  ICEFRAME_ASSIGN_OR_RETURN(const Json json, Json::Parse(text));
  Floor floor;
  ICEFRAME_ASSIGN_OR_RETURN(const Json* branch, json.Get("branch"));
  ICEFRAME_ASSIGN_OR_RETURN(floor.branch, branch->AsString());
  ICEFRAME_ASSIGN_OR_RETURN(const int64_t snapshot_id, IntegerOf(json, "snapshot-id"));
  ICEFRAME_ASSIGN_OR_RETURN(const int64_t sequence_number, IntegerOf(json, "sequence-number"));
  ICEFRAME_ASSIGN_OR_RETURN(floor.timestamp_ms, IntegerOf(json, "timestamp-ms"));
  floor.snapshot_id = SnapshotId(snapshot_id);
  floor.sequence_number = SequenceNumber(sequence_number);
  ICEFRAME_ASSIGN_OR_RETURN(const Json* values, json.Get("values"));
  for (const auto& [name, value] : values->members()) {
    ICEFRAME_ASSIGN_OR_RETURN(std::string text_value, value.AsString());
    floor.values.emplace(name, std::move(text_value));
  }
  return floor;
}

// The floor of a position on a branch; nullopt: there is none.
Result<std::optional<Floor>> FindFloor(const TableMetadata& metadata, std::string_view prefix,
                                       const std::string& branch) {
  const auto property = metadata.properties.find(std::string(prefix) + std::string(kFloor));
  if (property == metadata.properties.end()) return std::nullopt;
  Result<Floor> floor = FloorFromJson(property->second);
  if (!floor.ok()) {
    return Error(ErrorKind::kInvalidMetadata, "table property is damaged; restore it, or remove ",
                 "it to start the stream anew: ", property->first, ": ", floor.status().message());
  }
  if (floor->branch != branch) return std::nullopt;
  return *std::move(floor);
}

// Whether the line can't have had the floor's snapshot in it.
bool WasSetBack(const TableMetadata& metadata, const Line& line, const Floor& floor) {
  if (std::ranges::any_of(line, [&](const Snapshot* snapshot) {
        return snapshot->snapshot_id == floor.snapshot_id;
      })) {
    return false;
  }
  if (line.empty() || metadata.HasSnapshot(floor.snapshot_id)) return true;
  const Snapshot& oldest = *line.back();
  // What came before the oldest one has expired, and the floor's snapshot with it, if it is older.
  // Its parent doesn't tell: some software takes it away with the snapshots that it expires.
  if (oldest.sequence_number.value() == 0) return oldest.timestamp_ms <= floor.timestamp_ms;
  return oldest.sequence_number.value() <= floor.sequence_number.value();
}

bool HasPositions(const Snapshot& snapshot) {
  return std::ranges::any_of(snapshot.summary,
                             [](const auto& entry) { return IsPositionKey(entry.first); });
}

// The nearest snapshot that has positions: IceFrame's snapshots have all there were.
const Snapshot* NearestWithPositions(const Line& line) {
  const auto nearest =
      std::ranges::find_if(line, [](const Snapshot* snapshot) { return HasPositions(*snapshot); });
  return nearest == line.end() ? nullptr : *nearest;
}

// The snapshots of a branch, newest first; those behind the first with positions only if asked.
Result<Line> LineOfBranch(const TableMetadata& metadata, const std::string& branch,
                          bool wants_all) {
  const auto ref = metadata.refs.find(branch);
  if (ref == metadata.refs.end()) return Line{};
  if (!wants_all) {
    ICEFRAME_ASSIGN_OR_RETURN(const Snapshot* head,
                              FindKeptSnapshot(metadata, ref->second.snapshot_id));
    if (HasPositions(*head)) return Line{head};
  }
  return LineOf(metadata, ref->second.snapshot_id);
}

// All positions that table properties keep.
std::vector<std::string> FloorPrefixes(const Properties& properties) {
  std::vector<std::string> prefixes;
  for (const auto& [key, value] : properties) {
    if (!IsPositionKey(key)) continue;
    const std::string_view prefix = PrefixOfKey(key);
    if (std::string_view(key).substr(prefix.size()) == kFloor) prefixes.emplace_back(prefix);
  }
  return prefixes;
}

}  // namespace

Result<PositionKey> PositionKey::OfStream(std::string_view id) {
  ICEFRAME_ASSIGN_OR_RETURN(std::string prefix, PrefixOf(kStreamPrefix, id));
  return PositionKey(std::move(prefix));
}

Result<PositionKey> PositionKey::OfWriter(std::string_view id) {
  ICEFRAME_ASSIGN_OR_RETURN(std::string prefix, PrefixOf(kWriterPrefix, id));
  return PositionKey(std::move(prefix));
}

bool IsPositionKey(std::string_view summary_key) {
  return summary_key.starts_with(kStreamPrefix) || summary_key.starts_with(kWriterPrefix);
}

Status CheckPositionUpdate(const PositionUpdate& update) {
  for (const auto& [name, value] : update.values) {
    if (!name.empty() && name.find('.') == std::string::npos && name != kFloor) continue;
    return Error(ErrorKind::kInvalidArgument,
                 "value of a position has a name with a dot, none or one that is taken: ",
                 update.key.prefix(), name);
  }
  return Status::OK();
}

Result<KnownPosition> FindPosition(const TableMetadata& metadata, const PositionKey& key,
                                   const std::string& branch) {
  const std::string& prefix = key.prefix();
  KnownPosition known;
  ICEFRAME_ASSIGN_OR_RETURN(const std::optional<Floor> floor, FindFloor(metadata, prefix, branch));
  ICEFRAME_ASSIGN_OR_RETURN(Line line, LineOfBranch(metadata, branch, false));
  if (const Snapshot* nearest = NearestWithPositions(line)) {
    Properties values = ValuesIn(nearest->summary, prefix);
    if (!values.empty()) known.current = StreamPosition{std::move(values), nearest->snapshot_id};
  }
  if (!floor || (known.current && known.current->values == floor->values)) return known;
  ICEFRAME_ASSIGN_OR_RETURN(line, LineOfBranch(metadata, branch, true));
  if (WasSetBack(metadata, line, *floor)) {
    known.rolled_back = floor->position();
  } else if (!known.current) {
    known.current = floor->position();
  }
  return known;
}

std::function<Status(const TableMetadata&)> RequirePosition(
    PositionKey key, std::map<std::string, std::optional<std::string>> expected,
    std::string branch) {
  return [key = std::move(key), expected = std::move(expected),
          branch = std::move(branch)](const TableMetadata& metadata) -> Status {
    ICEFRAME_ASSIGN_OR_RETURN(const KnownPosition known, FindPosition(metadata, key, branch));
    if (known.rolled_back) {
      return Error(ErrorKind::kCommitRejected, "the branch was set back behind rows that were ",
                   "committed; say whether they are to come again: ", key.prefix(), " at snapshot ",
                   known.rolled_back->snapshot_id);
    }
    static const Properties kNone;
    const Properties& values = known.current ? known.current->values : kNone;
    for (const auto& [name, value] : expected) {
      const auto found = values.find(name);
      const bool has_value = found != values.end();
      if (has_value == value.has_value() && (!has_value || found->second == *value)) continue;
      return Error(ErrorKind::kCommitRejected,
                   "another one has written under this id meanwhile: ", key.prefix(), name, " is ",
                   has_value ? found->second : "not set", ", not ",
                   value.value_or("without a value"));
    }
    return Status::OK();
  };
}

Result<Properties> CarriedPositions(const TableMetadata& metadata, const Snapshot* parent,
                                    const std::string& branch) {
  if (parent == nullptr) return Properties{};
  Properties carried = PositionKeysOf(parent->summary);
  if (!carried.empty()) return carried;
  const std::vector<std::string> prefixes = FloorPrefixes(metadata.properties);
  if (prefixes.empty()) return carried;
  ICEFRAME_ASSIGN_OR_RETURN(const Line line, LineOf(metadata, parent->snapshot_id));
  if (const Snapshot* nearest = NearestWithPositions(line)) return PositionKeysOf(nearest->summary);
  for (const std::string& prefix : prefixes) {
    ICEFRAME_ASSIGN_OR_RETURN(const auto floor, FindFloor(metadata, prefix, branch));
    if (!floor || WasSetBack(metadata, line, *floor)) continue;
    for (const auto& [name, value] : floor->values) carried.emplace(prefix + name, value);
  }
  return carried;
}

Properties PositionFloors(const Snapshot& snapshot, const Properties& updated,
                          const std::string& branch) {
  Properties floors;
  for (const auto& [key, value] : updated) {
    if (!IsPositionKey(key)) continue;
    const std::string prefix(PrefixOfKey(key));
    const Floor floor{branch, snapshot.snapshot_id, snapshot.sequence_number, snapshot.timestamp_ms,
                      ValuesIn(snapshot.summary, prefix)};
    floors.insert_or_assign(prefix + std::string(kFloor), FloorToJson(floor));
  }
  return floors;
}

}  // namespace iceframe
