// SPDX-License-Identifier: Apache-2.0
// Cancelling the engine's calls of other Python threads.
#pragma once

#include <memory>

#include "iceframe/runtime/cancel_token.h"

namespace iceframe::python {

/// Calls that a thread makes between `Enter` and `Exit` there end as cancelled once the scope is;
/// several threads may be inside at once. A scope that is made inside of another ends with it.
class CancelScope {
 public:
  CancelScope();
  void Enter() const;
  void Exit() const;
  void Cancel() { token_.Cancel(); }
  bool is_cancelled() const { return token_.is_cancelled(); }

 private:
  CancelToken token_;
  std::shared_ptr<CancelToken::Registration> outer_;
};

/// Has `token` cancelled with the innermost scope of this thread for as long as what comes back
/// lives; nullptr outside of scopes.
std::shared_ptr<CancelToken::Registration> CancelWithScope(CancelToken token);

}  // namespace iceframe::python
