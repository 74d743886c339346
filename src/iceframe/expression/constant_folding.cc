// SPDX-License-Identifier: Apache-2.0
#include "iceframe/expression/constant_folding.h"

namespace iceframe {

Expression FoldConstant(const Expression& e) { return e; }

}  // namespace iceframe
