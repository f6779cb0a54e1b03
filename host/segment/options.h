// What a segment is built with. Tests shrink the sizes.
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
  // room for so many; of existing segments, too
  uint32_t max_rows = base::limits::kSegmentMaxRows;
  uint32_t seal_rows = base::limits::kSegmentMaxRows;  // a growing one takes no more
  uint64_t max_bytes = base::limits::kSegmentMaxBytes;
  uint32_t graph_min_rows = base::limits::kGraphMinRows;  // below, a vector column is scanned
  ExtentLimits extents{base::limits::kFirstExtentBytes, base::limits::kMaxExtentBytes};
  const plugin::PluginRegistry* plugins = nullptr;  // null: no graphs, everything is scanned
  std::string index_engine = "hnsw";
  uint32_t build_threads = 1;  // of one graph
  // lends them; null: a graph grows on the calling thread alone
  base::Executor* builders = nullptr;
  // builds graphs anew, one at a time for each of its threads; null: none is
  base::Executor* renewers = nullptr;
  // when it is short, graphs stay in their files' pages; null: never
  base::MemoryGuard* memory = nullptr;
  // A derived file (graph, payload index) is damaged and made again. Any thread; null: it is only
  // logged.
  std::function<void(const base::Status&)> on_derived_damage;
};

}  // namespace rhumb::segment
