// SPDX-License-Identifier: Apache-2.0
// One request to a store of objects: on whose thread, counted, and its answer translated.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "iceframe/io/io_metrics_internal.h"
#include "iceframe/io/object_store_internal.h"
#include "iceframe/runtime/wait.h"

namespace iceframe::internal {

/// An object that requests are sent about. Cheap to copy.
struct ObjectPlace {
  std::shared_ptr<ObjectStore> store;
  /// As it was given, for messages.
  std::string location;
  /// "bucket/key".
  std::string path;
};

/// Sends a request on this thread: `work(client, counted)` returns Arrow's status.
template <typename Work>
Status SendRequest(const OperationContext& context, const ObjectPlace& place, IoOp op,
                   Work&& work) {
  ICEFRAME_RETURN_NOT_OK(context.Check());
  ICEFRAME_ASSIGN_OR_RETURN(const ObjectStoreClient client, place.store->Connect());
  IoRequest counted(context, place.store->scheme(), op);
  const RequestScope scope(context);
  Status status = std::forward<Work>(work)(client, counted);
  if (status.ok()) {
    place.store->NoteSuccess();
    return status;
  }
  // A retry that was given up since nobody waits for it any more tells the error before.
  ICEFRAME_RETURN_NOT_OK(context.Check());
  return place.store->Translate(status, place.location);
}

/// Returns what `work`, which blocks, returns: run on an io thread, so that the caller can be
/// cancelled meanwhile. `work` owns what it uses, as it may go on without us.
template <typename Work>
auto RunBlocking(const OperationContext& context, Work work) -> decltype(work()) {
  auto* io = context.executor->io();
  if (io->OwnsThisThread()) return work();
  auto future = io->Submit(std::move(work));
  if (!future.ok()) return future.status();
  return Await(context, *future);
}

}  // namespace iceframe::internal
