// Little-endian encoding of our files and messages, and its bounds-checked counterpart. Only
// ordered keys are big-endian (put_be64).
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace rhumb::base {

static_assert(std::endian::native == std::endian::little,
              "the encoding copies values as memory holds them");

// Appends values to a string. A blob is written as a u32 length followed by its bytes.
class ByteWriter {
 public:
  explicit ByteWriter(std::string& out) : out_(out) {}
  template <typename T>
  void fixed(T value) {
    static_assert(std::is_trivially_copyable_v<T>);
    out_.append(reinterpret_cast<const char*>(&value), sizeof(T));
  }
  void u8(uint8_t v) { fixed(v); }
  void u16(uint16_t v) { fixed(v); }
  void u32(uint32_t v) { fixed(v); }
  void u64(uint64_t v) { fixed(v); }
  void f32(float v) { fixed(v); }
  void f64(double v) { fixed(v); }
  void blob(std::string_view v) {
    u32(static_cast<uint32_t>(v.size()));
    out_.append(v);
  }
  void raw(std::string_view v) { out_.append(v); }
  std::string& out() { return out_; }

 private:
  std::string& out_;
};

// Reads what ByteWriter wrote. Reading past the end yields zeros and sets failed(). The caller
// checks it once at the end, before it uses the values.
class ByteReader {
 public:
  explicit ByteReader(std::string_view in) : in_(in) {}
  template <typename T>
  T fixed() {
    static_assert(std::is_trivially_copyable_v<T>);
    T value{};
    if (in_.size() - at_ < sizeof(T)) {
      failed_ = true;
      at_ = in_.size();
      return value;
    }
    std::memcpy(&value, in_.data() + at_, sizeof(T));
    at_ += sizeof(T);
    return value;
  }
  uint8_t u8() { return fixed<uint8_t>(); }
  uint16_t u16() { return fixed<uint16_t>(); }
  uint32_t u32() { return fixed<uint32_t>(); }
  uint64_t u64() { return fixed<uint64_t>(); }
  float f32() { return fixed<float>(); }
  double f64() { return fixed<double>(); }
  std::string_view blob() { return raw(u32()); }
  std::string_view raw(size_t n) {
    if (in_.size() - at_ < n) {
      failed_ = true;
      at_ = in_.size();
      return {};
    }
    std::string_view v = in_.substr(at_, n);
    at_ += n;
    return v;
  }
  // Reads a count of items of at least `item_bytes` each. A count that the rest of the input cannot
  // hold is refused, so that a damaged count cannot cause a huge allocation.
  uint32_t count(size_t item_bytes) {
    const uint32_t n = u32();
    if (item_bytes != 0 && n > remaining() / item_bytes) {
      failed_ = true;
      at_ = in_.size();
      return 0;
    }
    return n;
  }
  size_t remaining() const { return in_.size() - at_; }
  size_t offset() const { return at_; }
  bool failed() const { return failed_; }
  bool done() const { return !failed_ && at_ == in_.size(); }

 private:
  std::string_view in_;
  size_t at_ = 0;
  bool failed_ = false;
};

inline void put_be64(std::string& out, uint64_t v) {
  const uint64_t be = __builtin_bswap64(v);
  out.append(reinterpret_cast<const char*>(&be), sizeof(be));
}
inline uint64_t get_be64(std::string_view in) {
  uint64_t be = 0;
  std::memcpy(&be, in.data(), sizeof(be));
  return __builtin_bswap64(be);
}

}  // namespace rhumb::base
