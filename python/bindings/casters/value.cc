// SPDX-License-Identifier: Apache-2.0
#include "casters/value.h"

#include <string>

#include "iceframe/expression/literal_text.h"

namespace nb = nanobind;

namespace iceframe::python {

nb::object ValueToPython(const Type& type, const Value& value) {
  if (value.is_null()) return nb::none();
  if (value.holds<bool>()) return nb::cast(value.get<bool>());
  switch (type.id()) {
    case TypeId::kInt:
      return nb::cast(value.get<int32_t>());
    case TypeId::kLong:
      return nb::cast(value.get<int64_t>());
    case TypeId::kFloat:
      return nb::cast(value.get<float>());
    case TypeId::kDouble:
      return nb::cast(value.get<double>());
    case TypeId::kString: {
      const auto& text = value.get<std::string>();
      return nb::str(text.data(), text.size());
    }
    case TypeId::kBinary:
    case TypeId::kFixed: {
      const auto& bytes = value.get<std::string>();
      return nb::bytes(bytes.data(), bytes.size());
    }
    default: {
      const std::string text = FormatLiteralText(type, value);
      return nb::str(text.data(), text.size());
    }
  }
}

}  // namespace iceframe::python
