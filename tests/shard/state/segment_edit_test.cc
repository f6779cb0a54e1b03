// The transaction that puts a merged segment in the place of others.
#include "host/shard/state/segment_edit.h"

#include <gtest/gtest.h>

#include "tests/segment/temp_dir.h"

namespace rhumb::shard {
namespace {

constexpr uint32_t kInputs = 3;
constexpr uint64_t kOthers = 4;  // the segment, the watermark, what is applied, and one spare

// An edit of kInputs segments, after which all rows are in one.
SegmentEdit edit_of(const std::string& directory, uint32_t rows) {
  SegmentEdit edit;
  segment::SegmentOptions options;
  options.max_rows = rows;
  auto added = segment::Segment::create(directory, 9, {}, options);
  EXPECT_TRUE(added.ok()) << added.status().to_string();
  edit.add = std::move(*added);
  for (uint32_t slot = 0; slot < rows; ++slot) {
    const std::string key = std::to_string(slot);
    const auto appended = edit.add->append({key, "{}", slot + 1, {}, {}});
    EXPECT_TRUE(appended.ok()) << appended.status().to_string();
    edit.live.set(*appended);
  }
  for (uint32_t id = 1; id <= kInputs; ++id) {
    edit.remove[id] =
        std::make_shared<const Forward>(Forward{9, std::vector<uint32_t>(rows / kInputs)});
  }
  return edit;
}

TEST(SegmentEdit, the_transaction_grows_with_segments_and_blocks_and_not_with_points) {
  for (const uint32_t rows : {300u, 30'000u}) {
    segment::test::TempDir directory;
    const SegmentEdit edit = edit_of(directory / "9", rows);
    Watermark watermark;
    const storage::KvBatch batch = edit_batch(edit, {}, watermark);
    const uint64_t blocks = rows / segment::LiveBits::kBlockSlots + 1;
    EXPECT_LE(batch.size(), 3 * kInputs + blocks + kOthers) << rows << " rows";
    EXPECT_EQ(watermark.lengths.count(9), 1u);
  }
}

}  // namespace
}  // namespace rhumb::shard
