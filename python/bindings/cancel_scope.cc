// SPDX-License-Identifier: Apache-2.0
#include "cancel_scope.h"

#include <utility>
#include <vector>

namespace iceframe::python {

namespace {

// The scopes that this thread is in, the innermost last.
thread_local std::vector<CancelToken> scopes;

}  // namespace

CancelScope::CancelScope() : outer_(CancelWithScope(token_)) {}

void CancelScope::Enter() const { scopes.push_back(token_); }

void CancelScope::Exit() const {
  if (!scopes.empty()) scopes.pop_back();
}

std::shared_ptr<CancelToken::Registration> CancelWithScope(CancelToken token) {
  if (scopes.empty()) return nullptr;
  return scopes.back().OnCancel([token = std::move(token)]() mutable { token.Cancel(); });
}

}  // namespace iceframe::python
