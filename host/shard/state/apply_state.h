// What the apply thread knows by heart: the state as of the last entry applied, of which the KV
// store holds the durable form and views the published one. Belongs to the apply thread alone.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
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
  // A row that died: payload indexes keep it until no view can still show it.
  struct Dead {
    uint64_t index = 0;
    uint32_t segment = 0, slot = 0;
  };

  AppliedState applied;
  Watermark watermark;                        // as the KV store has it
  std::optional<uint64_t> pending_watermark;  // a checkpoint under way is making this one durable
  HashSums hashes;
  AppliedCommands commands;
  std::map<uint32_t, Held> segments;  // rows are appended to the last one, if it is not sealed
  std::deque<Dead> dead;              // ascending indexes

  segment::Segment* find(uint32_t id) const {
    const auto it = segments.find(id);
    return it == segments.end() ? nullptr : it->second.segment.get();
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
