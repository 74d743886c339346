// SPDX-License-Identifier: Apache-2.0
// Any text: what parses prints as text, and as JSON, that gives an equal tree.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "iceframe/base/json.h"
#include "iceframe/expression/expression_json.h"
#include "iceframe/expression/parse_expression.h"

namespace {

void Check(bool holds) {
  if (!holds) std::abort();
}

void CheckJson(const iceframe::Expression& e) {
  const auto json = iceframe::ExpressionToJson(e);
  if (!json.ok()) return;
  const auto again = iceframe::ExpressionFromJson(*json);
  Check(again.ok() && *again == e);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto parsed = iceframe::ParseExpression(text);
  if (parsed.ok()) {
    const auto again = iceframe::ParseExpression(parsed->ToString());
    // Parentheses may take the text of a tree at the limit of depth beyond it.
    if (again.ok() || parsed->depth() < 60) Check(again.ok() && *again == *parsed);
    CheckJson(*parsed);
  }
  const auto json = iceframe::Json::Parse(text);
  if (json.ok()) {
    const auto read = iceframe::ExpressionFromJson(*json);
    if (read.ok()) {
      (void)read->ToString();
      CheckJson(*read);
    }
  }
  return 0;
}
