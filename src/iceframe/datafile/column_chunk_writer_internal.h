// SPDX-License-Identifier: Apache-2.0
// Our own encoder of one column chunk, behind libparquet's interface of one.
#pragma once

#include <cstdint>
#include <memory>

#include <parquet/column_writer.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>
#include <parquet/schema.h>

#include "iceframe/base/result.h"

namespace iceframe::internal {

/// Whether MakeColumnChunkWriter can write the column: whole numbers, decimals of up to 18 digits,
/// strings and bytes that stand in no list or map.
bool HasColumnChunkWriter(const parquet::ColumnDescriptor& column);

/// A chunk's encoder.
class ColumnChunkWriter : public parquet::ColumnWriter {
 public:
  /// Encodes all that waits, so that Close has only to write; no values may come after. Different
  /// columns may do it at the same time.
  virtual Status Finish() = 0;
};

/// Encodes values into dictionary-coded or plain pages, whichever a forecast from the first values
/// finds smaller, with statistics. Only WriteArrow takes values. The chunk's compressed pages lie
/// in memory (properties.memory_pool()) until Close gives them to `pages`. `metadata` and
/// `properties` outlive the writer.
std::shared_ptr<ColumnChunkWriter> MakeColumnChunkWriter(
    parquet::ColumnChunkMetaDataBuilder* metadata, std::unique_ptr<parquet::PageWriter> pages,
    const parquet::WriterProperties* properties);

}  // namespace iceframe::internal
