// SPDX-License-Identifier: Apache-2.0
#include "iceframe/io/object_store_internal.h"

namespace iceframe::internal {

namespace {

thread_local const OperationContext* current = nullptr;

}  // namespace

RequestScope::RequestScope(const OperationContext& context) : outer_(current) {
  current = &context;
}

RequestScope::~RequestScope() { current = outer_; }

const OperationContext* RequestScope::Current() { return current; }

}  // namespace iceframe::internal
