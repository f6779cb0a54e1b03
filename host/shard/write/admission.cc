#include "host/shard/write/admission.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>

#include "host/base/file.h"
#include "host/base/limits.h"
#include "host/base/memory_guard.h"

namespace rhumb::shard {

using base::Code;
using base::Result;
using base::Status;

Result<DiskRoom> disk_room(const ShardOptions& options) {
  struct statvfs disk {};
  if (::statvfs(options.directory.c_str(), &disk) != 0)
    return base::io_error("cannot read the free space", options.directory, errno);
  // On a small disk the reserve is a fraction of the disk, because it would never take any write
  // otherwise.
  const uint64_t reserve = std::min<uint64_t>(
      options.disk_reserve_bytes, disk.f_blocks * disk.f_frsize / options.disk_reserve_divisor);
  return DiskRoom{disk.f_bavail * disk.f_frsize, reserve};
}

Status admit(const Core& core, const Indexer& indexer, model::OperationKind kind) {
  RHUMB_TRY(core.serving());
  // A delete is the way out of a full disk, and adds no row.
  if (kind == model::OperationKind::kDelete) return base::ok();
  if (core.options.segment.memory != nullptr) RHUMB_TRY(core.options.segment.memory->admit());
  RHUMB_ASSIGN(const DiskRoom disk, disk_room(core.options));
  if (disk.free < disk.reserve) {
    return {Code::kNoSpace,
            "the disk of shard " + std::to_string(core.options.shard) + " is nearly full"};
  }
  const ViewPtr view = core.views.current();
  // Apply must not fail for this reason. Merging makes room, so the client may try again.
  if (view->segments.size() >= core.options.max_segments) {
    return {Code::kBusy, "shard " + std::to_string(core.options.shard) + ": " +
                             std::to_string(view->segments.size()) +
                             " segments wait to be merged, the limit is " +
                             std::to_string(core.options.max_segments)};
  }
  // At the limit the shard is yellow. Beyond twice the limit it takes no more writes.
  const Indexer::Tail tail = indexer.tail(*view);
  if (tail.scan_ms <= 2.0 * core.options.tail_scan_ms) return base::ok();
  return {Code::kBusy, "shard " + std::to_string(core.options.shard) + ": " +
                           std::to_string(tail.rows) + " rows wait to be indexed"};
}

}  // namespace rhumb::shard
