// SPDX-License-Identifier: Apache-2.0
// Schemas and types as JSON. Spec: Appendix C, "Schemas".
#pragma once

#include <memory>

#include "iceframe/base/json.h"
#include "iceframe/base/result.h"
#include "iceframe/types/schema.h"
#include "iceframe/types/type.h"

namespace iceframe {

Json TypeToJson(const Type& type);
Result<Type> TypeFromJson(const Json& json);
/// Writes "schema-id", "type", "fields" and, when there are any, "identifier-field-ids".
Json SchemaToJson(const Schema& schema);
/// A missing schema-id (v1) reads as 0.
Result<std::shared_ptr<const Schema>> SchemaFromJson(const Json& json);

}  // namespace iceframe
