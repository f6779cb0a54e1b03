// The options that a segment is built with. Tests make the sizes smaller.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "host/base/limits.h"
#include "host/base/status.h"
#include "host/plugin/registry.h"
#include "host/segment/columns/column.h"

namespace rhumb::base {
class Executor;
class MemoryGuard;
}  // namespace rhumb::base

namespace rhumb::segment {

struct SegmentOptions {
  // The number of rows that a segment has room for. It applies to existing segments, too.
  uint32_t max_rows = base::limits::kSegmentMaxRows;
  uint32_t seal_rows = base::limits::kSegmentMaxRows;  // a growing segment takes no more
  uint64_t max_bytes = base::limits::kSegmentMaxBytes;
  // A vector column with fewer rows is scanned.
  uint32_t graph_min_rows = base::limits::kGraphMinRows;
  ExtentLimits extents{base::limits::kFirstExtentBytes, base::limits::kMaxExtentBytes};
  const plugin::PluginRegistry* plugins = nullptr;  // null: no graphs, everything is scanned
  std::string index_engine = "hnsw";
  uint32_t build_threads = 1;  // per graph
  // Lends the build threads. With null a graph grows on the calling thread alone.
  base::Executor* builders = nullptr;
  // Builds graphs again, one at a time on each of its threads. With null no graph is built again.
  base::Executor* renewers = nullptr;
  // When memory is short, graphs stay in their files' pages. With null they never do.
  base::MemoryGuard* memory = nullptr;
  // Called when a derived file (graph, payload index) is damaged and built again. Any thread. With
  // null the damage is only logged.
  std::function<void(const base::Status&)> on_derived_damage;
};

}  // namespace rhumb::segment
