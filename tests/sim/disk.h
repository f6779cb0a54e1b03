// One replica's disk: a first-in-first-out queue of log writes, and the state that would survive a
// power cut.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "tests/sim/model.h"
#include "tests/sim/random.h"

namespace rhumb::sim {

// One numbered write of the engine, whose parts reach the disk in this order.
struct Write {
  uint64_t number = 0;
  uint64_t term = 0, voted_for = 0, commit = 0;
  std::optional<Image> install;
  uint64_t truncate_from = 0;
  std::vector<Entry> entries;
};

// The log on a disk. `checkpoint` is the newest image of the state machine that is safe.
struct Stored {
  uint64_t term = 0, voted_for = 0, commit = 0;
  uint64_t base_index = 0, base_term = 0;
  std::deque<Entry> log;
  Image checkpoint;

  uint64_t last_index() const { return base_index + log.size(); }
  const Entry* find(uint64_t index) const;
  // Returns 0 if the term is unknown: below the base or beyond the end.
  uint64_t term_at(uint64_t index) const;
};

// Owned by its replica. Invariant: `view` is `durable` with the queued writes applied.
class Disk {
 public:
  // `ignore_truncation` is a planted fault: a truncated tail comes back after a restart.
  Disk(Stored initial, bool ignore_truncation);

  void enqueue(Write write);
  bool idle() const { return queue_.empty(); }
  // Sends everything that is queued to the disk as one group commit.
  void begin_flush() { flushing_ = queue_.size(); }
  struct Flushed {
    uint64_t number = 0;  // the highest number
    std::optional<Image> installed;
  };
  Flushed end_flush();
  void save_checkpoint(const Image& image);
  // The entries up to `index` are not needed any more.
  void release(uint64_t index);
  // Keeps a random number of queued writes, and perhaps a part of the last one. Returns how many
  // were lost.
  uint64_t power_cut(Random& random);

  const Stored& view() const { return view_; }
  const Stored& durable() const { return durable_; }

 private:
  void carry_out(Stored& stored, const Write& write, uint64_t entries_max) const;

  bool ignore_truncation_;
  Stored view_, durable_;
  std::deque<Write> queue_;
  size_t flushing_ = 0;
};

}  // namespace rhumb::sim
