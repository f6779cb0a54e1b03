// The memory of packing and unpacking does not grow with the archive. It is counted by malloc.
#include <gtest/gtest.h>
#include <malloc.h>

#include "host/base/limits.h"
#include "tests/archive/archives.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define RHUMB_MALLOC_IS_REPLACED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define RHUMB_MALLOC_IS_REPLACED 1
#endif
#endif

// A sanitizer's malloc does not count. The Release stage of tests/run.sh has this test.
#ifndef RHUMB_MALLOC_IS_REPLACED
namespace rhumb::archive::test {
namespace {

namespace limits = base::limits;

uint64_t in_use() {
  const auto info = ::mallinfo2();
  return info.uordblks + info.hblkhd;
}

struct Peak {
  const uint64_t before = in_use();
  uint64_t bytes = 0;
  void look() { bytes = std::max(bytes, in_use() - before); }
};

// The first half of the file is noise and the second half a hole, so that both a stream that does
// not shrink and one that grows a thousandfold go through.
void make_file(const std::string& path, uint64_t bytes) {
  auto file = base::File::create_new(path);
  ASSERT_TRUE(file.ok());
  const std::string block = noise(1 << 20, 5);
  for (uint64_t at = 0; at < bytes / 2; at += block.size())
    ASSERT_TRUE(file->write_at(at, block).ok());
  ASSERT_TRUE(file->truncate(bytes).ok());
}

std::pair<uint64_t, uint64_t> peaks(uint64_t bytes) {
  const TempDir temp;
  make_file(temp / "file", bytes);
  Peak packing;
  {
    Packer packer({{"file", temp / "file", bytes}});
    auto out = base::File::create_new(temp / "archive");
    EXPECT_TRUE(out.ok());
    std::string piece;
    uint64_t at = 0;
    while (*packer.next(piece)) {
      EXPECT_TRUE(out->write_at(at, piece).ok());
      at += piece.size();
      packing.look();
    }
  }
  const auto archive = base::File::open_ro(temp / "archive");
  const uint64_t size = *archive->size();
  Peak unpacking;
  {
    auto unpacker = Unpacker::begin({.directory = temp / "out"});
    EXPECT_TRUE(unpacker.ok());
    std::string piece(limits::kArchivePieceBytes, '\0');
    for (uint64_t at = 0; at < size; at += piece.size()) {
      piece.resize(std::min<uint64_t>(piece.size(), size - at));
      EXPECT_TRUE(archive->read_at(at, piece.data(), piece.size()).ok());
      EXPECT_TRUE((*unpacker)->feed(piece).ok());
      unpacking.look();
    }
    EXPECT_TRUE((*unpacker)->finish().ok());
  }
  return {packing.bytes, unpacking.bytes};
}

TEST(Memory, stays_below_its_limit_whatever_the_size) {
  const auto [small_pack, small_unpack] = peaks(8 << 20);
  const auto [large_pack, large_unpack] = peaks(128 << 20);
  ::testing::Test::RecordProperty("pack_bytes", std::to_string(large_pack));
  ::testing::Test::RecordProperty("unpack_bytes", std::to_string(large_unpack));
  EXPECT_GT(small_pack, limits::kArchivePieceBytes) << "nothing was counted";
  EXPECT_LT(large_pack, limits::kMaxArchiveMemoryBytes / 2);
  EXPECT_LT(large_unpack, limits::kMaxArchiveMemoryBytes / 2);
  EXPECT_LT(large_pack, small_pack + small_pack / 4);
  EXPECT_LT(large_unpack, small_unpack + small_unpack / 4);
}

}  // namespace
}  // namespace rhumb::archive::test
#endif
