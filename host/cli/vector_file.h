// Raw rows of vectors on disk: FILE.f16 or FILE.f32, little-endian. The caller gives the dimension,
// or it is computed from the number of rows.
#pragma once

#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "host/base/status.h"

namespace rhumb::cli {

class VectorFile {
 public:
  // The extension decides the scalar type. The dimension may be 0 until the first read; set_dim()
  // must be called before it.
  static base::Result<VectorFile> open(const std::string& path);
  uint64_t bytes() const { return bytes_; }
  uint32_t scalar_bytes() const { return scalar_bytes_; }
  void set_dim(uint32_t dim) { dim_ = dim; }
  uint32_t dim() const { return dim_; }
  uint64_t rows() const { return dim_ == 0 ? 0 : bytes_ / (uint64_t{dim_} * scalar_bytes_); }
  base::Result<std::vector<float>> row(uint64_t index);

 private:
  std::ifstream in_;
  std::string path_;
  uint64_t bytes_ = 0;
  uint32_t scalar_bytes_ = 4, dim_ = 0;
};

}  // namespace rhumb::cli
