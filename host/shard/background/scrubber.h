// Reads the sealed files of a shard again from the disk and compares them with their checksums,
// each block once in a period. Damage is reported as if a read had found it, before a read does.
//
// It works in turns of some milliseconds on the background executor. A turn reads as much as is
// due: the sealed bytes are spread over the period, and what is overdue is read as fast as the
// budget of the node allows. The segment that was not read for the longest time comes first. Its
// record (scrub_record.h) lets the next start go on where this one ended. Graphs and payload
// indexes are not read: they are derived from what is, and are checked when they are loaded.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "host/base/direct_file.h"
#include "host/base/executor.h"
#include "host/base/own_timer.h"
#include "host/shard/background/scrub_ledger.h"
#include "host/shard/background/scrub_record.h"
#include "host/shard/state/core.h"

namespace rhumb::shard {

class Scrubber {
 public:
  // Without a ledger or a period in the options nothing is read.
  explicit Scrubber(Core& core);
  ~Scrubber();

  // Any thread. Call it once the shard serves.
  void begin();
  // Any thread. The seconds since the oldest of the sealed bytes were known to be intact; 0 if
  // there are none.
  uint64_t oldest_seconds() const;
  // Call it after core.stopping was set. Blocks; idempotent.
  void stop();

 private:
  struct Reading {
    std::shared_ptr<segment::Segment> segment;
    std::vector<segment::Segment::SealedColumn> columns;
    uint64_t bytes = 0;
    uint64_t intact_at = 0;      // of the record when the reading began
    uint64_t blocks_before = 0;  // of the files that are done
    size_t column = 0;
    uint64_t block = 0;     // of the file
    base::DirectFile file;  // open during a turn only
    bool done() const { return column == columns.size(); }
  };
  // [strand], as are all members from here to credit_.
  void turn();
  void sleep(uint64_t ns);
  // Finds the oldest segment and the number of all sealed bytes, and starts or goes on with a
  // reading. False if there is nothing to read.
  bool look_around(uint64_t now);
  void start_reading(std::shared_ptr<segment::Segment> segment);
  const ScrubRecord& record_of(const segment::Segment& segment);
  uint64_t earn(uint64_t now_ns);
  base::Status read_some(uint64_t bytes);
  base::Status read_piece(uint64_t bytes, uint64_t* read);
  void next_column();
  void end_reading();
  void keep_record();
  base::Status write_record(const ScrubRecord& record);
  void failed(const base::Status& reason, uint64_t look_ns);

  Core& core_;
  ScrubLedger* const ledger_;
  std::atomic<uint64_t> oldest_at_{0};  // seconds since 1970; 0: nothing is sealed
  std::optional<Reading> reading_;
  std::map<uint32_t, ScrubRecord> records_;  // of the sealed segments, by their ids
  uint64_t sealed_bytes_ = 0, looked_ns_ = 0;
  uint64_t earned_ns_ = 0;  // when credit_ was last added to
  double credit_ = 0;       // bytes that are due
  uint64_t recorded_ns_ = 0;
  base::OwnTimer timer_;
  base::Strand strand_;  // last, because its tasks use all members above
};

}  // namespace rhumb::shard
