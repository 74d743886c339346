// SPDX-License-Identifier: Apache-2.0
// What maintenance of tables is called where operations are told of.
#pragma once

#include "iceframe/runtime/operation_observer.h"

namespace iceframe {

inline constexpr OperationKind kRewriteDataFilesOperation{"rewrite_data_files"};
inline constexpr OperationKind kRewriteManifestsOperation{"rewrite_manifests"};
inline constexpr OperationKind kExpireSnapshotsOperation{"expire_snapshots"};
inline constexpr OperationKind kRemoveOrphanFilesOperation{"remove_orphan_files"};

}  // namespace iceframe
