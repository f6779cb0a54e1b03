// A write-ahead log whose bytes were changed. read_log() must succeed, or throw an error that names
// the file or the group. The input is a list of patches: segment (1 byte), kind (1), offset (2),
// value (1). The kind may ask for the checksums to be recomputed, so that the fields covered by
// them are tested, too.
#include <fstream>
#include <set>

#include "plugins/storage_wal/format.h"
#include "plugins/storage_wal/recovery.h"
#include "rhumb/cpp/crc32c.h"
#include "rhumb/cpp/guard.h"
#include "tests/fuzz/fuzz.h"

namespace {

using namespace rhumb::wal;

constexpr uint64_t kCapacity = 4096, kStamp = 0x1234;
constexpr int kSegments = 3, kMaxPatches = 64;

std::string batch(uint64_t offset, uint64_t sequence, Position synced_to,
                  std::initializer_list<Record> records) {
  std::string body;
  for (const Record& r : records) append_record(body, r);
  BatchHeader header{kStamp,         offset,   kBatchHeaderBytes + body.size(),
                     records.size(), sequence, synced_to};
  return encode(header) + body;
}

// Three segments of small batches, as the log writes them.
std::string segment_bytes(uint64_t number, uint64_t& sequence, uint64_t& index, Position& end) {
  std::string out = encode(SegmentHeader{number, kCapacity, kStamp});
  for (int i = 0; i < 6; ++i) {
    const uint64_t at = out.size();
    out += batch(at, sequence++, end,
                 {{5, index, 1, RHUMB_LOG_DATA, 0, "data of a record"},
                  {9, index, 1, RHUMB_LOG_NOOP, 0, ""}});
    ++index;
    end = {number, out.size()};
  }
  out.resize(kCapacity, '\0');
  return out;
}

const std::vector<std::string>& image() {
  static const std::vector<std::string> segments = [] {
    std::vector<std::string> out;
    uint64_t sequence = 1, index = 1;
    Position end;
    for (uint64_t n = 1; n <= kSegments; ++n) out.push_back(segment_bytes(n, sequence, index, end));
    return out;
  }();
  return segments;
}

// Makes the header at `at` valid again if its fields can be those of a header.
void repair(std::string& bytes, size_t at) {
  at &= ~size_t{7};
  if (at + kBatchHeaderBytes > bytes.size()) return;
  const uint32_t crc = rhumb::crc32c(std::string_view(bytes).substr(at + 4, kBatchHeaderBytes - 4));
  std::memcpy(bytes.data() + at, &crc, sizeof crc);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const rhumb::fuzz::MemoryDirectory dir("log");
  rhumb::fuzz::Input in(data, size);
  std::vector<std::string> segments = image();
  for (int i = 0; i < kMaxPatches && !in.empty(); ++i) {
    std::string& bytes = segments[in.number(1) % kSegments];
    const uint64_t what = in.number(1), at = in.number(2) % kCapacity, value = in.number(1);
    if (bytes.size() <= at) continue;
    if (what % 4 == 3)
      bytes.resize(at);
    else if (what % 4 == 2)
      repair(bytes, at);
    else
      bytes[at] = static_cast<char>(what % 4 == 0 ? value : bytes[at] ^ value);
  }
  for (int n = 0; n < kSegments; ++n) {
    char name[32];
    std::snprintf(name, sizeof name, "%016x.wal", n + 1);
    std::ofstream(dir / name, std::ios::binary | std::ios::trunc) << segments[n];
  }
  try {
    const Recovered found = read_log(dir.path());
    FUZZ_CHECK(found.ends.size() == found.segments.size() && found.end.segment <= kSegments);
  } catch (const rhumb::Error& e) {
    // The file may look like one of another format version.
    FUZZ_CHECK(e.status() == RHUMB_CORRUPT || e.status() == RHUMB_UNSUPPORTED);
    FUZZ_CHECK(std::string_view(e.what()).find(".wal") != std::string_view::npos ||
               std::string_view(e.what()).find("group") != std::string_view::npos);
  }
  return 0;
}
