// A shard's replica on this node and the state of its life cycle. Messages under way share it; the
// shard is destroyed when the last of them is done.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "host/base/span.h"
#include "host/model/topology.h"
#include "host/shard/shard.h"
#include "host/worker/in_flight.h"

namespace rhumb::worker {

struct Replica {
  Replica(uint64_t s, uint64_t r) : shard_id(s), replica_id(r) {}

  const uint64_t shard_id, replica_id;
  std::string collection;
  std::unique_ptr<shard::Shard> shard;
  std::atomic<uint64_t> config_version{0};  // last version handed to the shard
  std::atomic<bool> serving{false};         // the group is open and has replayed
  // The highest index that a write through this node was given.
  std::atomic<uint64_t> committed{0};
  InFlight requests;

  void raise_committed(uint64_t index) {
    uint64_t seen = committed.load(std::memory_order_relaxed);
    while (seen < index &&
           !committed.compare_exchange_weak(seen, index, std::memory_order_acq_rel)) {}
  }
};
using ReplicaPtr = std::shared_ptr<Replica>;

// A span of work on the shard, for the trace of this thread.
inline base::Span shard_span(std::string_view what, const Replica& replica) {
  base::Span span = base::Span::child(what);
  if (span) {
    span.set("db.collection.name", replica.collection);
    span.set("rhumb.shard", replica.shard_id);
  }
  return span;
}

}  // namespace rhumb::worker
