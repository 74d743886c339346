// SPDX-License-Identifier: Apache-2.0
// File locks of SQLite that hold against other copies of the library in this process.
#pragma once

namespace iceframe::internal {

/// Gives this process's copy of SQLite locks that belong to an open file instead of the process.
///
/// POSIX locks are the process's: two copies of the library in one process (ours and, say,
/// Python's) don't see each other's, and each drops the other's whenever it closes the file. So
/// SQLite's calls are sent elsewhere: all locks of a file are taken as open file description locks
/// of one descriptor of ours, against which other copies' locks count; and a descriptor of a locked
/// file is kept for the next open instead of closed, so that others' locks stay.
///
/// Does nothing where the copy is in use already (then it is shared with whoever uses it), and
/// where the kernel has no such locks. Call before each first connection; cheap afterwards.
void UseOwnedSqliteLocks();

/// Whether the above is in force.
bool HasOwnedSqliteLocks();

/// Around fork(): the child must not use the parent's descriptors, with which it would share locks.
void HoldSqliteLocksForFork();
void ReleaseSqliteLocksAfterFork(bool in_child);

}  // namespace iceframe::internal
