// An archive that somebody uploads: the input as it is, and the input as the tar inside of zstd.
// Whether it is taken, and what comes out, does not depend on the pieces; which fault is found
// first may. What is refused leaves nothing. What is taken keeps the limits and leaves nothing
// beside its directory.
#include <zstd.h>

#include <set>

#include "host/archive/unpacker.h"
#include "tests/fuzz/fuzz.h"

namespace {

using rhumb::archive::Unpacker;

constexpr uint64_t kMaxTotal = 1 << 16;
constexpr uint64_t kMaxFiles = 16;

const rhumb::fuzz::MemoryDirectory& directory() {
  static const rhumb::fuzz::MemoryDirectory made("archives");
  return made;
}

struct Seen {
  bool taken = false;
  std::set<std::string> files;
  bool operator==(const Seen&) const = default;
};

Seen unpack(std::string_view bytes, size_t step) {
  const std::string out = directory() / "out";
  rhumb::archive::UnpackOptions options{.directory = out};
  options.limits = {.files = kMaxFiles, .total_bytes = kMaxTotal, .reserve_bytes = 0};
  Seen seen;
  {
    auto unpacker = Unpacker::begin(options);
    FUZZ_CHECK(unpacker.ok());
    rhumb::base::Status status;
    for (size_t at = 0; status.ok() && at < bytes.size(); at += step)
      status = (*unpacker)->feed(bytes.substr(at, step));
    if (status.ok()) {
      const auto done = (*unpacker)->finish();
      status = done.ok() ? rhumb::base::ok() : done.status();
    }
    seen.taken = status.ok();
    FUZZ_CHECK(status.ok() || !status.message().empty());
    uint64_t total = 0;
    if (seen.taken) {
      for (const auto& entry : std::filesystem::recursive_directory_iterator(out)) {
        FUZZ_CHECK(!entry.is_symlink() && (entry.is_regular_file() || entry.is_directory()));
        if (entry.is_regular_file()) total += entry.file_size();
        seen.files.insert(entry.path().string());
      }
      FUZZ_CHECK(total <= kMaxTotal && seen.files.size() <= kMaxFiles);
    } else {
      FUZZ_CHECK(!std::filesystem::exists(out));
    }
  }
  FUZZ_CHECK(std::filesystem::is_empty(directory().path()));
  return seen;
}

void check(std::string_view bytes) {
  FUZZ_CHECK(unpack(bytes, bytes.size() + 1) == unpack(bytes, 13));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check(text);
  std::string packed(ZSTD_compressBound(size), '\0');
  packed.resize(ZSTD_compress(packed.data(), packed.size(), data, size, 1));
  check(packed);
  return 0;
}
