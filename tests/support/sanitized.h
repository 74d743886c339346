// SPDX-License-Identifier: Apache-2.0
// Long tests do less under a sanitizer, which slows them down many times.
#pragma once

namespace iceframe {

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
inline constexpr bool kIsSanitized = true;
#else
inline constexpr bool kIsSanitized = false;
#endif

}  // namespace iceframe
