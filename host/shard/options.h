// The options that a shard is opened with. Tests make the limits smaller.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "host/base/executor.h"
#include "host/base/limits.h"
#include "host/base/timer.h"
#include "host/model/collection.h"
#include "host/segment/options.h"
#include "host/shard/background/compaction.h"
#include "host/shard/background/rate_budget.h"
#include "host/shard/background/scrub_ledger.h"
#include "host/shard/state/kv_cache.h"
#include "host/shard/write/request_budget.h"

namespace rhumb::shard {

struct ShardOptions {
  uint64_t shard = 0;
  std::string directory;  // shards/<id>
  model::CollectionConfig config;
  uint64_t config_version = 0;
  segment::SegmentOptions segment;
  // These three outlive the shard.
  KvCache* kv = nullptr;
  base::Executor* apply = nullptr;
  base::Executor* background = nullptr;
  // The budget of all shards together, which outlives them. With null the shard has one of its own.
  RateBudget* recall_budget = nullptr;
  // What the scrubbers of all shards share, which outlives them. With null nothing is scrubbed.
  ScrubLedger* scrub = nullptr;
  // Outlives the shard. With null, recall is measured only on request.
  base::TimerQueue* timers = nullptr;
  // Runs merges. With null they run on `background`. Without timers segments are merged only on
  // request.
  base::Executor* mergers = nullptr;
  CompactionOptions compaction;
  // The budget of the node. Without one, kMaxRequests alone bounds this shard.
  std::shared_ptr<RequestBudget> requests;
  // Called when entries up to `index` are durable in the shard's own files, so that the log may
  // forget them. Any thread; must not block.
  std::function<void(uint64_t index)> release_log;

  uint32_t apply_batch_entries = base::limits::kApplyBatchEntries;
  uint64_t checkpoint_log_bytes = base::limits::kCheckpointLogBytes;
  uint32_t checkpoint_points = base::limits::kCheckpointReplayPoints;
  uint32_t tail_scan_ms = base::limits::kTailScanMs;
  uint32_t resolve_chunk_points = base::limits::kResolveChunkPoints;
  uint32_t max_segments = base::limits::kMaxSegments;
  uint32_t index_slice_rows = base::limits::kIndexSliceRows;
  uint64_t disk_reserve_bytes = base::limits::kDiskReserveBytes;
  // The reserve is at most this fraction of the disk, because a small disk would never take any
  // write otherwise.
  uint64_t disk_reserve_divisor = 16;
};

}  // namespace rhumb::shard
