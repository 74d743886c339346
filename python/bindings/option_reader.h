// SPDX-License-Identifier: Apache-2.0
// A mapping of options by name, as Python hands it over, read into the members of a struct.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include "iceframe/base/nearest_name.h"
#include "iceframe/base/result.h"

namespace iceframe::python {

/// Options by name.
using OptionMap = nanobind::typed<nanobind::dict, nanobind::str, nanobind::any>;

class OptionReader {
 public:
  explicit OptionReader(const nanobind::dict& given) : given_(given) {}

  /// Sets `out` if the option was given.
  template <typename T>
  void Take(const char* name, T& out) {
    names_.emplace_back(name);
    if (!given_.contains(name)) return;
    ++num_taken_;
    const nanobind::object value = given_[name];
    if (status_.ok() && !nanobind::try_cast<T>(value, out)) {
      status_ = Error(ErrorKind::kInvalidArgument, "option has a value of the wrong type: ", name,
                      " = ", nanobind::cast<std::string>(nanobind::repr(value)));
    }
  }

  /// Errors: InvalidArgument for a value of the wrong type, or a name that was not asked for.
  Status Finish() const {
    ICEFRAME_RETURN_NOT_OK(status_);
    if (num_taken_ == given_.size()) return Status::OK();
    for (const auto& [key, value] : given_) {
      const auto name = nanobind::cast<std::string>(nanobind::str(key));
      bool is_known = false;
      for (const std::string_view known : names_) is_known = is_known || known == name;
      if (is_known) continue;
      return Error(ErrorKind::kInvalidArgument, "unknown option: ", name, "; did you mean ",
                   NearestName(name, names_), "?");
    }
    return Status::OK();
  }

 private:
  const nanobind::dict& given_;
  std::vector<std::string_view> names_;
  size_t num_taken_ = 0;
  Status status_;
};

}  // namespace iceframe::python
