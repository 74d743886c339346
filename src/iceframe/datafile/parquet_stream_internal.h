// SPDX-License-Identifier: Apache-2.0
// Our files as Arrow's streams: what libparquet writes to and reads from.
#pragma once

#include <memory>
#include <vector>

#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>

#include "iceframe/io/file_io.h"

namespace iceframe::internal {

/// An Arrow output stream over an OutputFile. Closing the stream leaves the file open: whether it
/// becomes visible is its owner's decision.
class OutputFileStream : public arrow::io::OutputStream {
 public:
  explicit OutputFileStream(OutputFile* file) : file_(file) {}
  using arrow::io::OutputStream::Write;
  Status Write(const void* data, int64_t nbytes) override;
  Status Write(const std::shared_ptr<arrow::Buffer>& data) override;
  Result<int64_t> Tell() const override { return position_; }
  Status Close() override;
  bool closed() const override { return closed_; }
  /// From here on nothing reaches the file: what libparquet still writes when it is destroyed
  /// is dropped.
  void Detach() { file_ = nullptr; }

 private:
  OutputFile* file_;
  int64_t position_ = 0;
  bool closed_ = false;
};

/// A file of which only some ranges are in memory; reading outside of them is InvalidData.
class PrefetchedFile : public arrow::io::RandomAccessFile {
 public:
  struct Piece {
    int64_t offset = 0;
    std::shared_ptr<arrow::Buffer> data;
  };
  PrefetchedFile(int64_t size, std::vector<Piece> pieces);

  using arrow::io::RandomAccessFile::ReadAt;
  Result<int64_t> ReadAt(int64_t position, int64_t nbytes, void* out) override;
  Result<std::shared_ptr<arrow::Buffer>> ReadAt(int64_t position, int64_t nbytes) override;
  Result<int64_t> Read(int64_t nbytes, void* out) override;
  Result<std::shared_ptr<arrow::Buffer>> Read(int64_t nbytes) override;
  Result<int64_t> GetSize() override { return size_; }
  Result<int64_t> Tell() const override { return position_; }
  Status Seek(int64_t position) override;
  Status Close() override;
  bool closed() const override { return closed_; }

 private:
  int64_t size_;
  int64_t position_ = 0;
  bool closed_ = false;
  std::vector<Piece> pieces_;  // sorted by offset, disjoint
};

}  // namespace iceframe::internal
