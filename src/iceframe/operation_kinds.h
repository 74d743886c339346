// SPDX-License-Identifier: Apache-2.0
// What the operations of a session are for, and those that layers below begin themselves.
#pragma once

#include <array>

#include "iceframe/execution/row_changes.h"
#include "iceframe/execution/write_operations.h"
#include "iceframe/maintenance/maintenance_operations.h"
#include "iceframe/runtime/operation_observer.h"
#include "iceframe/table/commit_operation.h"

namespace iceframe {

inline constexpr OperationKind kScanOperation{"scan", true};
inline constexpr OperationKind kCountRowsOperation{"count_rows", true};
inline constexpr OperationKind kPlanFilesOperation{"plan_files"};
inline constexpr OperationKind kQueryOperation{"query", true};
inline constexpr OperationKind kExplainOperation{"explain"};
inline constexpr OperationKind kCreateTableOperation{"create_table"};
inline constexpr OperationKind kLoadTableOperation{"load_table"};
inline constexpr OperationKind kTableExistsOperation{"table_exists"};
inline constexpr OperationKind kDropTableOperation{"drop_table"};
inline constexpr OperationKind kRenameTableOperation{"rename_table"};
inline constexpr OperationKind kRegisterTableOperation{"register_table"};
inline constexpr OperationKind kListTablesOperation{"list_tables"};
/// Namespaces listed, read, created, changed and dropped.
inline constexpr OperationKind kNamespaceOperation{"namespace"};

/// All of them, for metrics that are there before the first operation.
inline constexpr std::array kOperationKinds = {
    kScanOperation,
    kCountRowsOperation,
    kPlanFilesOperation,
    kQueryOperation,
    kExplainOperation,
    kAppendOperation,
    kOverwriteOperation,
    kCommitOperation,
    kCreateTableOperation,
    kLoadTableOperation,
    kTableExistsOperation,
    kDropTableOperation,
    kRenameTableOperation,
    kRegisterTableOperation,
    kListTablesOperation,
    kNamespaceOperation,
    kReadChangesOperation,
    kRewriteDataFilesOperation,
    kRewriteManifestsOperation,
    kExpireSnapshotsOperation,
    kRemoveOrphanFilesOperation,
};

}  // namespace iceframe
