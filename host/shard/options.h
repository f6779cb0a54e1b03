// What a shard is opened with. Tests shrink the limits.
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
#include "host/shard/background/cpu_budget.h"
#include "host/shard/state/kv_cache.h"
#include "host/shard/write/request_budget.h"

namespace rhumb::shard {

struct ShardOptions {
  uint64_t shard = 0;
  std::string directory;  // shards/<id>
  model::CollectionConfig config;
  uint64_t config_version = 0;
  segment::SegmentOptions segment;
  KvCache* kv = nullptr;  // these three outlive the shard
  base::Executor* apply = nullptr;
  base::Executor* background = nullptr;
  // of all shards together, outlives them; null: one of its own
  CpuBudget* recall_budget = nullptr;
  // outlives the shard; null: recall is measured only when it is asked for
  base::TimerQueue* timers = nullptr;
  // of the node; none: kMaxRequests alone bounds this shard
  std::shared_ptr<RequestBudget> requests;
  // Entries up to the index are durable in the shard's own files: the log may forget them. Any
  // thread; does not block.
  std::function<void(uint64_t index)> release_log;

  uint32_t apply_batch_entries = base::limits::kApplyBatchEntries;
  uint64_t checkpoint_log_bytes = base::limits::kCheckpointLogBytes;
  uint32_t checkpoint_points = base::limits::kCheckpointReplayPoints;
  uint32_t tail_scan_ms = base::limits::kTailScanMs;
  uint32_t resolve_chunk_points = base::limits::kResolveChunkPoints;
  uint32_t index_slice_rows = base::limits::kIndexSliceRows;
  uint64_t disk_reserve_bytes = base::limits::kDiskReserveBytes;
  // at most this part of the disk: a small one would never take anything otherwise
  uint64_t disk_reserve_divisor = 16;
};

}  // namespace rhumb::shard
