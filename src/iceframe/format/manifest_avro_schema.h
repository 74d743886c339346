// SPDX-License-Identifier: Apache-2.0
// The Avro schemas of manifests and manifest lists as they are written.
#pragma once

#include <cstdint>
#include <string>

#include "iceframe/base/result.h"
#include "iceframe/types/type.h"

namespace iceframe {

/// The schema text of a manifest, `partition_type` being that of its spec. Errors: Unsupported for
/// partition types without an Avro form; InvalidArgument for an unknown format version.
Result<std::string> ManifestAvroSchema(int32_t format_version, const Type& partition_type);

/// The schema text of a manifest list. Errors: InvalidArgument for an unknown format version.
Result<std::string> ManifestListAvroSchema(int32_t format_version);

/// The number of bytes that an unscaled decimal of that precision takes as an Avro fixed.
int32_t DecimalRequiredBytes(int32_t precision);

}  // namespace iceframe
