// Shared parts of the fuzz targets. Each target is one libFuzzer program. A crash, a report of a
// sanitizer and a failed FUZZ_CHECK are findings.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

// Checks a promise of the target in every kind of build.
#define FUZZ_CHECK(condition)                                                        \
  do {                                                                               \
    if (!(condition)) {                                                              \
      std::fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                  \
    }                                                                                \
  } while (false)

namespace rhumb::fuzz {

// Reads numbers from the front of the input, and zeros when the input has ended.
class Input {
 public:
  Input(const uint8_t* data, size_t size) : rest_(reinterpret_cast<const char*>(data), size) {}
  bool empty() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }
  uint64_t number(size_t bytes) {
    uint64_t value = 0;
    for (size_t i = 0; i < bytes && !rest_.empty(); ++i) {
      value |= static_cast<uint64_t>(static_cast<uint8_t>(rest_.front())) << (8 * i);
      rest_.remove_prefix(1);
    }
    return value;
  }

 private:
  std::string_view rest_;
};

// A directory in memory, which is removed at exit.
class MemoryDirectory {
 public:
  explicit MemoryDirectory(const char* name) {
    std::string pattern = std::string("/dev/shm/rhumb_fuzz_") + name + "_XXXXXX";
    FUZZ_CHECK(::mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~MemoryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace rhumb::fuzz
