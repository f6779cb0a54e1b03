// Whether the shard takes writes now. Asked by the leader before it proposes: what is committed must be applied.
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>

#include "host/base/file.h"
#include "host/base/memory_guard.h"
#include "host/shard/shard.h"

namespace rhumb::shard {

using base::Code;
using base::Status;

Status Shard::admit(model::OperationKind kind) const {
  RHUMB_TRY(core_.serving());
  if (kind == model::OperationKind::kDelete) return base::ok();  // the way out of a full disk, and no new row
  if (core_.options.segment.memory != nullptr) RHUMB_TRY(core_.options.segment.memory->admit());
  struct statvfs disk {};
  if (::statvfs(core_.options.directory.c_str(), &disk) != 0)
    return base::io_error("cannot ask for free space", core_.options.directory, errno);
  // Of a small disk a part: it would never take anything otherwise.
  const uint64_t reserve = std::min<uint64_t>(core_.options.disk_reserve_bytes,
                                              disk.f_blocks * disk.f_frsize / core_.options.disk_reserve_divisor);
  if (disk.f_bavail * disk.f_frsize < reserve) {
    return {Code::kNoSpace, "the disk of shard " + std::to_string(core_.options.shard) + " is nearly full"};
  }
  // At the limit the shard is yellow; beyond twice the limit it takes no more.
  const Indexer::Tail tail = indexer_.tail(*core_.views.current());
  if (tail.scan_ms <= 2.0 * core_.options.tail_scan_ms) return base::ok();
  return {Code::kBusy, "shard " + std::to_string(core_.options.shard) + ": " + std::to_string(tail.rows) +
                           " rows wait to be indexed"};
}

}  // namespace rhumb::shard
