// SPDX-License-Identifier: Apache-2.0
// Values of Iceberg types as Python's.
#pragma once

#include <nanobind/nanobind.h>

#include "iceframe/types/type.h"
#include "iceframe/types/value.h"

namespace iceframe::python {

/// Numbers, strings and bytes as Python's own; other types as the text of their literals.
nanobind::object ValueToPython(const Type& type, const Value& value);

}  // namespace iceframe::python
