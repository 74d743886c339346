// SPDX-License-Identifier: Apache-2.0
// What stands behind a relation: the one interface by which plans read rows, whatever holds them.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include <arrow/type_fwd.h>

#include "iceframe/base/read_delivery.h"
#include "iceframe/base/result.h"
#include "iceframe/execution/batch_stream.h"
#include "iceframe/execution/explanation.h"
#include "iceframe/execution/file_stream.h"
#include "iceframe/execution/first_rows.h"
#include "iceframe/expression/row_request.h"
#include "iceframe/runtime/operation_context.h"
#include "iceframe/table/table.h"
#include "iceframe/types/schema.h"

namespace iceframe {

/// What is asked of a relation, under its own field ids.
struct RelationRead {
  /// Some of its columns, or some parts of them, metadata columns among them.
  std::shared_ptr<const Schema> columns;
  /// The filter is bound to any of its columns.
  RowRequest rows;
  /// If set, only these rows, and ties with the last one, are needed; a source may ignore it.
  std::optional<FirstRows> first = {};
  ReadDelivery delivery;
};

/// Gives the rows of one relation. Immutable and thread-safe; a service adds relations to queries
/// by implementing it.
class RelationSource {
 public:
  virtual ~RelationSource() = default;

  /// Starts reading: the asked columns in their order and Arrow form (with field ids or without),
  /// of the rows for which the filter is true, no more than the limit. The stream may use `context`
  /// after the call, not beyond the source's life.
  virtual Result<std::unique_ptr<BatchStream>> Open(const OperationContext& context,
                                                    const RelationRead& read) const = 0;

  /// As Open, file by file in the files' order whatever the delivery says; a read with a limit
  /// takes no answers. nullptr: the relation has no files.
  virtual Result<std::unique_ptr<FileStream>> OpenFiles(const OperationContext& context,
                                                        const RelationRead& read,
                                                        const WantedAnswers& answers) const;

  /// One value per call over all rows that the read gives; a call is count(*), or min or max of a
  /// plain column. Asked of relations that have statistics only. Where files have to be read, their
  /// answers are theirs to the calls.
  virtual Result<arrow::ArrayVector> Aggregate(const OperationContext& context,
                                               const RelationRead& read,
                                               const std::vector<Expression>& calls,
                                               const WantedAnswers& answers) const;

  /// The table whose rows these are, all of one state; nullptr: they are none's.
  virtual const TableState* table() const { return nullptr; }

  /// Adds what the read would cost, known without doing it.
  virtual Status ExplainRead(const OperationContext& context, const RelationRead& read,
                             ExplanationNotes* notes) const;
  /// Adds what a read cost that counted into `counters`.
  virtual Status ExplainDone(const OperationContext& context, const RelationRead& read,
                             const OperationCounters& counters, ExplanationNotes* notes) const;
};

}  // namespace iceframe
