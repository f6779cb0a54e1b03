#include "host/cli/vector_file.h"

#include <bit>
#include <cstring>
#include <filesystem>

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
  for (uint32_t i = 0; i < dim_; ++i) {
    uint16_t half = 0;
    std::memcpy(&half, bytes.data() + size_t{i} * 2, 2);
    out[i] = half_to_float(half);
  }
  return out;
}

float half_to_float(uint16_t half) {
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000u) << 16;
  const uint32_t exponent = (half >> 10) & 31u, mantissa = half & 1023u;
  if (exponent == 31) return std::bit_cast<float>(sign | 0x7f800000u | (mantissa << 13));
  if (exponent == 0) {
    const float tiny = static_cast<float>(mantissa) * 0x1p-24f;  // a subnormal number
    return sign != 0 ? -tiny : tiny;
  }
  return std::bit_cast<float>(sign | ((exponent + 112) << 23) | (mantissa << 13));
}

std::string to_base64(const std::string& bytes) {
  static constexpr char kAlphabet[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t n = std::min<size_t>(3, bytes.size() - i);
    uint32_t bits = 0;
    for (size_t j = 0; j < 3; ++j)
      bits = (bits << 8) | (j < n ? static_cast<uint8_t>(bytes[i + j]) : 0u);
    for (size_t j = 0; j < 4; ++j) out += j <= n ? kAlphabet[(bits >> (18 - 6 * j)) & 63] : '=';
  }
  return out;
}

std::string f32_base64(const std::vector<float>& vector) {
  return to_base64(
      std::string(reinterpret_cast<const char*>(vector.data()), vector.size() * sizeof(float)));
}

}  // namespace rhumb::cli
