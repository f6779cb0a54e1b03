// One key-value store: a SQLite database in its own directory. It owns the writer's connection, the
// pool of readers and a connection for checkpoints. One thread at a time calls write(); any thread
// may call get(), scan() and flush(). Flushes and checkpoints run on the plugin's threads. Each row
// carries a checksum over table, key and value, because SQLite has none and damage must never come
// back as data. Every write that returned survives a killed process. Every write before a completed
// flush survives a power cut.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "background.h"
#include "connection.h"
#include "options.h"
#include "readers.h"
#include "rhumb/cpp/guard.h"
#include "rhumb/storage.h"

namespace rhumb::sqlite {

void sync_directory(const std::string& dir);  // an empty `dir` means the working directory

class Store {
 public:
  Store(const rhumb_host_t* host, const std::string& dir, const Options& options);
  ~Store();  // waits for background work

  // All of these throw rhumb::Error. rhumb/storage.h says what they promise.
  void write(const rhumb_call_t* call, std::span<const rhumb_write_t> writes);
  void flush(rhumb_done_t done);
  std::optional<std::string> get(const rhumb_call_t* call, uint32_t table, std::string_view key);
  void scan(const rhumb_call_t* call, uint32_t table, std::string_view first, std::string_view last,
            uint32_t flags, rhumb_visit_fn visit, void* ctx);
  void checkpoint(const std::string& dir, rhumb_moment_fn moment, void* ctx);

 private:
  void check_usable();
  void check_call(const rhumb_call_t* call) const;
  bool has_table(uint32_t table);
  void load_tables();
  void apply(const rhumb_write_t& write);
  std::string_view checked(uint32_t table, std::string_view key, std::string_view stored) const;
  void poison(const Error& error);
  void say(uint32_t level, const std::string& text) const;

  // In store_maintenance.cc.
  void start_checkpoint();
  void run_checkpoint();
  void wait_for_checkpoint();
  void run_flush();
  void sync_wal();
  void background_done(bool& running);

  const rhumb_host_t* const host_;
  const Options options_;
  const std::string dir_, path_;
  const std::shared_ptr<Background> background_;

  // Held by write(), and by a checkpoint that has to catch up: guards the writer's connection.
  std::mutex write_mutex_;
  std::unique_ptr<Connection> writer_, checkpointer_;
  std::unique_ptr<Readers> readers_;
  // The number of pages in the WAL now, and when the last checkpoint was started. Both are guarded
  // by write_mutex_.
  uint64_t wal_pages_ = 0, checkpointed_pages_ = 0;

  std::mutex state_mutex_;  // guards all below
  std::condition_variable idle_;
  std::set<uint32_t> tables_;
  // Set once, after a failed write or sync. The instance refuses everything from then on.
  std::optional<Error> failure_;
  std::vector<rhumb_done_t> flushes_;
  bool flush_running_ = false, checkpoint_running_ = false;
  int wal_fd_ = -1;  // used by run_flush only, which runs once at a time
};

}  // namespace rhumb::sqlite
