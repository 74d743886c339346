// SPDX-License-Identifier: Apache-2.0
#include "iceframe/table/schema_sync.h"

#include <algorithm>
#include <utility>

namespace iceframe {

namespace {

// Whether values of `wanted` go into a column of `current` as it is.
bool Takes(const Type& current, const Type& wanted, int32_t format_version) {
  if (wanted.id() == TypeId::kUnknown) return true;
  if (IsPromotionAllowed(wanted, current, format_version)) return true;
  // Rows have them as bytes, whatever the column calls them.
  const bool is_bytes = current.id() == TypeId::kUuid || current.id() == TypeId::kFixed;
  const bool gives_bytes = wanted.id() == TypeId::kBinary || wanted.id() == TypeId::kFixed;
  return is_bytes &&
         (gives_bytes || (current.id() == TypeId::kUuid && wanted.id() == TypeId::kString));
}

class Syncer {
 public:
  Syncer(int32_t format_version, bool drops_columns)
      : format_version_(format_version), drops_columns_(drops_columns) {}

  Status Fields(const std::string& parent, const std::vector<NestedField>& current,
                const std::vector<NestedField>& wanted) {
    for (const NestedField& field : wanted) {
      const std::string name = Join(parent, field.name);
      const auto known = std::ranges::find(current, field.name, &NestedField::name);
      if (known == current.end()) {
        sync_.changes.emplace_back(AddColumn{parent, field.name, field.type, field.doc});
        sync_.added.push_back(name);
      } else {
        ICEFRAME_RETURN_NOT_OK(Types(name, known->type, field.type));
      }
    }
    if (!drops_columns_) return Status::OK();
    for (const NestedField& field : current) {
      if (std::ranges::find(wanted, field.name, &NestedField::name) != wanted.end()) continue;
      sync_.dropped.push_back(Join(parent, field.name));
      sync_.changes.emplace_back(DropColumn{sync_.dropped.back()});
    }
    return Status::OK();
  }

  SchemaSync Finish() && { return std::move(sync_); }

 private:
  static std::string Join(const std::string& parent, const std::string& name) {
    return parent.empty() ? name : parent + "." + name;
  }

  Status Types(const std::string& name, const Type& current, const Type& wanted) {
    if (current.is_nested() && current.id() == wanted.id()) {
      if (current.id() == TypeId::kStruct) return Fields(name, current.fields(), wanted.fields());
      for (size_t i = 0; i < current.fields().size(); ++i) {
        ICEFRAME_RETURN_NOT_OK(Types(Join(name, current.fields()[i].name), current.fields()[i].type,
                                     wanted.fields()[i].type));
      }
      return Status::OK();
    }
    if (Takes(current, wanted, format_version_)) return Status::OK();
    if (!IsPromotionAllowed(current, wanted, format_version_)) {
      return Error(ErrorKind::kSchemaMismatch,
                   "column can't become of the type of the rows: ", name, " from ",
                   current.ToString(), " to ", wanted.ToString(),
                   "; cast the rows, or drop the column and add it anew");
    }
    sync_.changes.emplace_back(PromoteColumn{name, wanted});
    sync_.updated.push_back(name);
    return Status::OK();
  }

  const int32_t format_version_;
  const bool drops_columns_;
  SchemaSync sync_;
};

}  // namespace

Result<SchemaSync> SyncSchema(const Schema& schema, const std::vector<NestedField>& wanted,
                              int32_t format_version, bool drops_columns) {
  Syncer syncer(format_version, drops_columns);
  ICEFRAME_RETURN_NOT_OK(syncer.Fields("", schema.fields(), wanted));
  return std::move(syncer).Finish();
}

}  // namespace iceframe
