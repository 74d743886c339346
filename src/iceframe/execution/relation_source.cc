// SPDX-License-Identifier: Apache-2.0
#include "iceframe/execution/relation_source.h"

#include <arrow/array.h>

namespace iceframe {

Result<std::unique_ptr<FileStream>> RelationSource::OpenFiles(const OperationContext&,
                                                              const RelationRead&,
                                                              const WantedAnswers&) const {
  return nullptr;
}

Result<arrow::ArrayVector> RelationSource::Aggregate(const OperationContext&, const RelationRead&,
                                                     const std::vector<Expression>&,
                                                     const WantedAnswers&) const {
  return Error(ErrorKind::kUnsupported, "a relation without statistics can't be aggregated");
}

Status RelationSource::ExplainRead(const OperationContext&, const RelationRead&,
                                   ExplanationNotes*) const {
  return Status::OK();
}

Status RelationSource::ExplainDone(const OperationContext&, const RelationRead&,
                                   const OperationCounters&, ExplanationNotes*) const {
  return Status::OK();
}

}  // namespace iceframe
