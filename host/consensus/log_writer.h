// The loop's way into the log: one first-in-first-out queue for all groups. What the log cannot
// take now (its queue or the disk is full) waits here, with everything behind it, and is offered
// again. Loop thread only; completions come on the log's thread.
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

  // incarnation: of the group's opening, so that news for an earlier one is told apart. number:
  // what `durable` gets back. The records' data is borrowed. An error is for good: the group
  // (kInvalid) or the log (all others) cannot go on.
  base::Status append(uint64_t group, uint64_t incarnation, uint64_t number,
                      const std::vector<storage::LogRecord>& records);
  base::Status release(uint64_t group, uint64_t index);
  // Also forgets what waits for the group.
  base::Status drop(uint64_t group);

  // Offers again what waits.
  base::Status retry();
  uint64_t in_flight() const { return in_flight_; }
  void completed() { --in_flight_; }  // once for each call of `durable`
  bool stalled() const { return !waiting_.empty(); }
  // Why: kBusy or kNoSpace. OK when nothing waits.
  const base::Status& stall() const { return stall_; }

 private:
  enum class Kind { kAppend, kRelease, kDrop };
  struct Waiting {
    Kind kind;
    uint64_t group, incarnation, number;  // number: of an append; the index of a release
    std::vector<storage::LogRecord> records;
    std::vector<std::string> data;  // what the records borrow
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
