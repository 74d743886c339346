// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include "iceframe/table/written_columns_internal.h"

namespace iceframe::internal {

namespace {

void FindNewlyRequired(const Schema& before, const std::vector<NestedField>& fields,
                       std::vector<FieldId>* ids) {
  for (const NestedField& field : fields) {
    const NestedField* old = before.FindField(field.id);
    const bool has_default = field.initial_default && !field.initial_default->is_null();
    const bool had_values = old == nullptr ? has_default : old->required;
    if (field.required && !had_values) ids->push_back(field.id);
    // What is new as a whole has its fields from its own default.
    if (old != nullptr) FindNewlyRequired(before, field.type.fields(), ids);
  }
}

}  // namespace

std::vector<FieldId> NewlyRequired(const Schema& before, const Schema& now) {
  std::vector<FieldId> ids;
  FindNewlyRequired(before, now.fields(), &ids);
  return ids;
}

Status CheckNewColumnsStay(const Schema& written, const Schema& current, FieldId last_column_id) {
  for (FieldId id = last_column_id + 1; id <= written.highest_field_id(); ++id) {
    const NestedField* before = written.FindField(id);
    if (before == nullptr) continue;
    const NestedField* now = current.FindField(id);
    const bool is_same =
        now != nullptr && now->type == before->type && current.FullName(id) == written.FullName(id);
    if (is_same) continue;
    return Error(ErrorKind::kCommitConflict, "another writer changed the columns while this ",
                 "transaction did, so that its rows don't fit any more; run it again: column ",
                 written.FullName(id));
  }
  return Status::OK();
}

Status CheckRequiredColumnsWritten(const Schema& written, const Schema& current) {
  const std::vector<FieldId> missing = NewlyRequired(written, current);
  if (missing.empty()) return Status::OK();
  return Error(ErrorKind::kCommitConflict,
               "column has become required since the rows were written; write them again: ",
               current.FullName(missing.front()));
}

}  // namespace iceframe::internal
