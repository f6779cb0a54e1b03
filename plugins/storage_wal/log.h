// The log of one node. It owns its directory (with a lock file), the segments, the index, a writer
// thread (group commit: each round writes everything that is queued and syncs once) and a janitor
// thread (it makes the next segment, frees old ones, and moves live records out of the oldest one).
// One thread at a time calls append; any thread may call release, drop_group, read and stats. A
// record's place is fixed when the record is accepted, so the index, the queue and the disk agree
// on one order. After a crash the log has everything that a fired `done` promised under its sync
// policy. After a failed write or sync the log accepts nothing any more.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "batch.h"
#include "format.h"
#include "index.h"
#include "options.h"
#include "recovery.h"
#include "rhumb/cpp/guard.h"
#include "segment.h"

namespace rhumb::wal {

class Log {
 public:
  Log(const rhumb_host_t* host, std::string dir, Options options);
  ~Log();  // writes and syncs the queue, leaves a marker, and joins the threads

  // All of these throw rhumb::Error. rhumb/storage.h says what they promise.
  void recover(rhumb_log_visit_fn visit, void* ctx);
  void append(std::span<const rhumb_log_entry_t> records, rhumb_done_t done);
  void read(uint64_t group, uint64_t first, uint64_t last, uint64_t max_bytes,
            rhumb_log_visit_fn visit, void* ctx);
  void release(uint64_t group, uint64_t index);
  void drop_group(uint64_t group);
  std::string stats() const;

 private:
  struct Found {  // one record of a read, with the owner of its bytes
    RecordRef ref;
    uint64_t index = 0;
    std::shared_ptr<const Batch> batch;
    std::shared_ptr<const Segment> segment;
    std::string copy;  // used for a batch that is still being filled
  };
  using Lock = std::unique_lock<std::mutex>;

  // In log.cc.
  void check_usable() const;
  Batch& place(uint64_t bytes, uint64_t reserve_bytes);
  void add_own_record(const Record& record);
  Found locate(const RecordRef& ref, uint64_t index) const;
  static std::string_view bytes_of(const Found& found, std::string& buffer, uint64_t group);
  void visit_group(uint64_t id, rhumb_log_visit_fn visit, void* ctx, bool& stopped);

  // In log_startup.cc.
  void adopt(Recovered recovered);
  bool make_first_segment(const Recovered& recovered);
  bool reuse_tail(const std::shared_ptr<Segment>& tail);

  // In log_writer.cc.
  void run_writer();
  bool writer_has_work() const;
  std::vector<std::shared_ptr<Batch>> take_round();
  void write_round(const std::vector<std::shared_ptr<Batch>>& round, bool sync);
  void finish_round(Lock& lock, const std::vector<std::shared_ptr<Batch>>& round, bool synced);
  void fail_round(Lock& lock, const Error& error);
  void sync_now(Lock& lock);
  void leave_marker(Lock& lock);
  bool marker_due() const;
  void cache(std::shared_ptr<Batch> batch);
  void poison(const Error& error);

  // In log_janitor.cc.
  void run_janitor();
  bool standby_needed() const;
  void make_standby(Lock& lock);
  void free_oldest(Lock& lock);
  bool oldest_is_free() const;
  bool oldest_outlived() const;
  void move_out_of_oldest(Lock& lock);
  std::vector<Found> next_step(const std::vector<LogIndex::Live>& live, size_t from) const;
  bool place_copies(Lock& lock, std::span<const LogIndex::Live> live,
                    const std::vector<std::string>& bytes);
  uint64_t used_bytes(uint64_t segment) const;
  uint64_t total_bytes() const;

  void say(uint32_t level, const std::string& text) const;

  const rhumb_host_t* const host_;
  const std::string dir_;
  const Options options_;
  const DirectoryLock directory_lock_;

  mutable std::mutex mutex_;  // guards all below, except where said
  std::condition_variable writer_wake_, janitor_wake_;
  bool recovered_ = false, stopping_ = false;
  std::optional<Error> failure_;  // set once, after which the log refuses everything
  LogIndex index_;
  std::map<uint64_t, std::shared_ptr<Segment>> segments_;  // those with data, and the active one
  // The used bytes of each segment that is not active any more.
  std::map<uint64_t, uint64_t> ends_;
  // null: not made yet, or the disk is full
  std::shared_ptr<Segment> active_, standby_;
  // Set for an append that no segment of the usual size can hold.
  uint64_t standby_wanted_bytes_ = 0;
  std::optional<Error> standby_error_;  // why there is no standby segment
  // The place of the next batch: the end of the newest accepted one.
  Position next_;
  // Accepted batches that are not yet written. Only the last one may be open.
  std::deque<std::shared_ptr<Batch>> queue_;
  std::deque<std::shared_ptr<const Batch>> recent_;  // written batches, kept for readers
  uint64_t queued_bytes_ = 0, recent_bytes_ = 0;
  Position written_to_, synced_to_;
  Position records_to_;                    // the end of the newest record
  Position proved_to_;                     // the newest synced_to on disk
  uint64_t next_sequence_ = 1;             // used by the writer thread
  std::shared_ptr<Segment> last_written_;  // used by the writer thread
  bool sync_wanted_ = false, janitor_due_ = false;
  uint64_t stuck_segment_ = 0;  // has an unreadable record, so it is never moved or freed
  uint64_t fsyncs_ = 0, synced_records_ = 0, written_records_ = 0, batches_ = 0, moved_records_ = 0,
           freed_segments_ = 0;

  std::thread writer_, janitor_;
};

}  // namespace rhumb::wal
