// A segment whose files were changed. It opens or is refused, and every row that can be read is one
// that was written. The input is a list of patches: file (1 byte), offset (2), value (1).
#include <fstream>

#include "host/segment/segment.h"
#include "tests/fuzz/fuzz.h"

namespace {

using namespace rhumb::segment;
namespace model = rhumb::model;

constexpr uint32_t kRows = 40;
constexpr int kMaxPatches = 16;

std::vector<VectorSpec> vectors() {
  model::CollectionConfig config;
  config.vectors["a"].size = 4;
  config.vectors["b"].size = 2;
  config.vectors["c"].size = 2;
  config.vectors["c"].multivector = true;
  return vector_specs(config);
}
SegmentOptions options() {
  SegmentOptions o;
  o.max_rows = 64;
  o.max_bytes = 1u << 20;
  o.extents = {4096, 65536};
  return o;
}
std::string payload_of(uint32_t slot) {
  return slot % 2 == 0 ? R"({"n":)" + std::to_string(slot) + "}" : "";
}

struct Image {
  rhumb::fuzz::MemoryDirectory dir{"segment"};
  std::map<std::string, std::string> files;  // relative name -> bytes
  Lengths lengths;

  explicit Image(bool sealed) {
    auto made = Segment::create(dir / "1", 1, vectors(), options());
    FUZZ_CHECK(made.ok());
    Segment& segment = **made;
    for (uint32_t i = 0; i < kRows; ++i) {
      const float a[4] = {static_cast<float>(i), 1, 2, 3}, b[2] = {static_cast<float>(i), 5};
      const std::string key = "\x03k" + std::to_string(i), payload = payload_of(i);
      const std::string_view first(reinterpret_cast<const char*>(a), sizeof a),
          second(reinterpret_cast<const char*>(b), sizeof b);
      const std::string_view rows =
          i % 4 == 0 ? std::string_view() : first.substr(0, sizeof b * (1 + i % 2));
      FUZZ_CHECK(segment
                     .append({key,
                              payload,
                              i + 1,
                              {},
                              {first, i % 3 == 0 ? second : std::string_view(), rows}})
                     .ok());
    }
    FUZZ_CHECK(segment.flush().ok() && segment.override_payload(4, 500, R"({"new":1})").ok() &&
               segment.sync().ok());
    if (sealed) FUZZ_CHECK(segment.seal().ok());
    lengths = segment.lengths();
    made->reset();
    for (const auto& entry : std::filesystem::recursive_directory_iterator(dir.path())) {
      if (!entry.is_regular_file()) continue;
      std::ifstream in(entry.path(), std::ios::binary);
      files[std::filesystem::relative(entry.path(), dir.path()).string()] =
          std::string(std::istreambuf_iterator<char>(in), {});
    }
  }
};

void restore(const Image& image) {
  for (const auto& [name, bytes] : image.files)
    std::ofstream(image.dir / name, std::ios::binary | std::ios::trunc) << bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Image growing(false), sealed(true);
  rhumb::fuzz::Input in(data, size);
  const Image& image = in.number(1) % 2 == 0 ? growing : sealed;
  restore(image);
  for (int i = 0; i < kMaxPatches && !in.empty(); ++i) {
    auto file = image.files.begin();
    std::advance(file, in.number(1) % image.files.size());
    const uint64_t at = in.number(2), value = in.number(1);
    if (file->second.empty()) continue;
    std::fstream out(image.dir / file->first, std::ios::binary | std::ios::in | std::ios::out);
    out.seekp(static_cast<std::streamoff>(at % file->second.size()));
    out.put(static_cast<char>(value));
  }
  const auto opened = Segment::open(image.dir / "1", 1, vectors(), options(), image.lengths);
  if (!opened.ok()) return 0;
  const uint64_t live[] = {(1ull << kRows) - 1};
  Segment& segment = **opened;
  if (!segment.finish_recovery(live).ok()) return 0;
  for (uint32_t slot = 0; slot < kRows; ++slot) {
    const auto row = segment.fetch(slot);
    if (!row.ok()) continue;
    FUZZ_CHECK(row->id_key == "\x03k" + std::to_string(slot));
    FUZZ_CHECK(row->payload == payload_of(slot) || (slot == 4 && row->payload == R"({"new":1})"));
    (void)segment.fetch_vector(0, slot);
    if ((row->presence >> 2 & 1) == 0) continue;
    const auto rows = segment.fetch_vector(2, slot);
    FUZZ_CHECK(!rows.ok() || (slot % 4 != 0 && rows->size() == 2 * sizeof(float) * (1 + slot % 2)));
  }
  segment.verify_checksums(
      [](const rhumb::base::Status& wrong) { FUZZ_CHECK(!wrong.message().empty()); });
  return 0;
}
