// SPDX-License-Identifier: Apache-2.0
// What the operations of a session are for.
#pragma once

#include <array>

#include "iceframe/runtime/operation_observer.h"

namespace iceframe {

inline constexpr OperationKind kScanOperation{"scan"};
inline constexpr OperationKind kCountRowsOperation{"count_rows"};
inline constexpr OperationKind kPlanFilesOperation{"plan_files"};
inline constexpr OperationKind kQueryOperation{"query"};
inline constexpr OperationKind kExplainOperation{"explain"};
inline constexpr OperationKind kAppendOperation{"append"};
inline constexpr OperationKind kOverwriteOperation{"overwrite"};
/// Changes of a table that write no rows: of its schema, partitioning, refs, properties …
inline constexpr OperationKind kCommitOperation{"commit"};
inline constexpr OperationKind kCreateTableOperation{"create_table"};
inline constexpr OperationKind kLoadTableOperation{"load_table"};
inline constexpr OperationKind kTableExistsOperation{"table_exists"};
inline constexpr OperationKind kDropTableOperation{"drop_table"};
inline constexpr OperationKind kRenameTableOperation{"rename_table"};
inline constexpr OperationKind kRegisterTableOperation{"register_table"};
inline constexpr OperationKind kListTablesOperation{"list_tables"};
/// Namespaces listed, read, created, changed and dropped.
inline constexpr OperationKind kNamespaceOperation{"namespace"};

/// All of the above, for metrics that are there before the first operation.
inline constexpr std::array kOperationKinds = {
    kScanOperation,        kCountRowsOperation,     kPlanFilesOperation,   kQueryOperation,
    kExplainOperation,     kAppendOperation,        kOverwriteOperation,   kCommitOperation,
    kCreateTableOperation, kLoadTableOperation,     kTableExistsOperation, kDropTableOperation,
    kRenameTableOperation, kRegisterTableOperation, kListTablesOperation,  kNamespaceOperation,
};

}  // namespace iceframe
