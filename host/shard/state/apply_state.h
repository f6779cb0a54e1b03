// The state as of the last entry applied, in memory. The key-value store holds its durable form,
// and views hold its published form. Belongs to the apply thread alone.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "host/segment/columns/live_bits.h"
#include "host/segment/segment.h"
#include "host/shard/state/content_hash.h"
#include "host/shard/state/tables.h"
#include "host/shard/state/view.h"
#include "host/shard/write/applied_commands.h"

namespace rhumb::shard {

struct ApplyState {
  explicit ApplyState(std::shared_ptr<RequestBudget> budget = nullptr)
      : commands(std::move(budget)) {}

  struct Held {
    std::shared_ptr<segment::Segment> segment;
    segment::LiveBits live;
  };
  // A row that died. Payload indexes keep it until no view can still show it.
  struct Dead {
    uint64_t index = 0;
    uint32_t segment = 0, slot = 0;
  };

  AppliedState applied;
  Watermark watermark;  // as in the key-value store
  // A checkpoint under way is making this watermark durable.
  std::optional<uint64_t> pending_watermark;
  HashSums hashes;
  AppliedCommands commands;
  std::map<uint32_t, Held> segments;
  // Rows are appended to this segment. Other segments that are not sealed will be.
  std::optional<uint32_t> open;
  // A merge is writing this segment, which is not in the set yet.
  std::optional<uint32_t> making;
  // Segments that an edit removed and that the watermark still names. Replay reads the points from
  // them as they were at the watermark. Empty when the replay is done.
  std::map<uint32_t, std::shared_ptr<segment::Segment>> retired;
  // Files and directories that may be removed when a checkpoint that begins now has ended.
  std::vector<std::string> garbage;
  // Images that are being taken. They link files that may become garbage meanwhile.
  uint32_t images = 0;
  std::deque<Dead> dead;  // by ascending index

  bool may_remove_garbage() const { return images == 0 && !garbage.empty(); }

  segment::Segment* find(uint32_t id) const {
    const auto it = segments.find(id);
    return it == segments.end() ? nullptr : it->second.segment.get();
  }
  // As find(), also among the retired ones.
  segment::Segment* find_any(uint32_t id) const {
    if (segment::Segment* const found = find(id)) return found;
    const auto it = retired.find(id);
    return it == retired.end() ? nullptr : it->second.get();
  }
  std::vector<SegmentView> views() const {
    std::vector<SegmentView> all;
    for (const auto& [id, held] : segments) {
      const uint32_t rows = held.segment->lengths().rows;
      auto live = std::make_shared<std::vector<uint64_t>>(held.live.words().begin(),
                                                          held.live.words().end());
      live->resize(std::max(live->size(), segment::words_for(rows)), 0);
      all.push_back({held.segment, rows, held.live.count(), std::move(live)});
    }
    return all;
  }
};

}  // namespace rhumb::shard
