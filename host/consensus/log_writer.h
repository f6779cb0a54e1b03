// The loop's access to the log: one first-in-first-out queue for all groups. If the log cannot take
// an operation now (its queue or the disk is full), the operation waits here with everything after
// it and is offered again. Loop thread only; completions arrive on the log's thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "host/base/status.h"
#include "host/storage/log_store.h"

namespace rhumb::consensus {

class LogWriter {
 public:
  // Fires on the log's thread when an append is durable or has failed.
  using Durable =
      std::function<void(uint64_t group, uint64_t incarnation, uint64_t number, base::Status)>;
  LogWriter(storage::LogStore& log, Durable durable) : log_(log), durable_(std::move(durable)) {}

  // `incarnation` counts the openings of a group, so that completions for an earlier opening can be
  // recognised. `durable` gets `number` back. The records' data is borrowed. An error is permanent:
  // with kInvalid the group cannot go on, with any other code the log cannot.
  base::Status append(uint64_t group, uint64_t incarnation, uint64_t number,
                      const std::vector<storage::LogRecord>& records);
  base::Status release(uint64_t group, uint64_t index);
  // Also forgets the operations of the group that wait.
  base::Status drop(uint64_t group);

  // Offers the waiting operations again.
  base::Status retry();
  uint64_t in_flight() const { return in_flight_; }
  void completed() { --in_flight_; }  // called once for each call of `durable`
  bool stalled() const { return !waiting_.empty(); }
  // Why operations wait: kBusy or kNoSpace. OK when nothing waits.
  const base::Status& stall() const { return stall_; }

 private:
  enum class Kind { kAppend, kRelease, kDrop };
  struct Waiting {
    Kind kind;
    uint64_t group, incarnation, number;  // number: of an append, or the index of a release
    std::vector<storage::LogRecord> records;
    std::vector<std::string> data;  // owns what the records borrow
  };
  base::Status offer(const Waiting& op);
  base::Status submit_first(Waiting op);

  storage::LogStore& log_;
  const Durable durable_;
  std::deque<Waiting> waiting_;  // bounded by the groups' uncommitted bytes
  base::Status stall_;
  uint64_t in_flight_ = 0;  // appends that the log has accepted and not yet answered
};

}  // namespace rhumb::consensus
