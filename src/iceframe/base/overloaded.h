// SPDX-License-Identifier: Apache-2.0
// One visitor made of several functions.
#pragma once

namespace iceframe {

/// `std::visit(Overloaded{…}, variant)` with a function per alternative: one that is missing does
/// not compile.
template <typename... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};

template <typename... Functions>
Overloaded(Functions...) -> Overloaded<Functions...>;

}  // namespace iceframe
