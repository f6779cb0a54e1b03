#include "host/cli/vector_file.h"

#include <cstring>
#include <filesystem>

#include "rhumb/kernels.h"

namespace rhumb::cli {

base::Result<VectorFile> VectorFile::open(const std::string& path) {
  VectorFile file;
  file.path_ = path;
  if (path.ends_with(".f16"))
    file.scalar_bytes_ = 2;
  else if (path.ends_with(".f32"))
    file.scalar_bytes_ = 4;
  else
    return base::invalid(path +
                         ": a vector file ends in .f16 or .f32 (rows of little-endian numbers)");
  std::error_code error;
  file.bytes_ = std::filesystem::file_size(path, error);
  if (error) return base::not_found(path + ": " + error.message());
  file.in_.open(path, std::ios::binary);
  if (!file.in_) return base::not_found(path + ": cannot be opened");
  return file;
}

base::Result<std::vector<float>> VectorFile::row(uint64_t index) {
  if (dim_ == 0 || bytes_ % (uint64_t{dim_} * scalar_bytes_) != 0) {
    return base::invalid(path_ + ": " + std::to_string(bytes_) +
                         " bytes are not a whole number of rows of " + std::to_string(dim_) +
                         " dimensions");
  }
  if (index >= rows())
    return base::invalid(path_ + ": row " + std::to_string(index) + " of " +
                         std::to_string(rows()) + " (rows count from 0)");
  std::string bytes(size_t{dim_} * scalar_bytes_, '\0');
  in_.clear();
  in_.seekg(static_cast<std::streamoff>(index * bytes.size()));
  if (!in_.read(bytes.data(), static_cast<std::streamsize>(bytes.size())))
    return base::Status(base::Code::kIo, path_ + ": cannot be read");
  std::vector<float> out(dim_);
  if (scalar_bytes_ == 4) {
    std::memcpy(out.data(), bytes.data(), bytes.size());
    return out;
  }
  std::vector<uint16_t> halves(dim_);
  std::memcpy(halves.data(), bytes.data(), bytes.size());
  rhumb_f16_to_f32(halves.data(), out.data(), dim_);
  return out;
}

}  // namespace rhumb::cli
