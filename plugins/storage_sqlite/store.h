// One key-value store: a SQLite database in its own directory. Owns the writer's connection, the
// readers' pool and a connection for checkpoints. write() by one thread at a time; get(), scan()
// and flush() by any; flushes and checkpoints run on the plugin's threads. Rows carry a checksum
// over table, key and value: SQLite has none of its own, and damage must never come back as data.
// Survives a killed process: every write that returned. Survives a power cut: every write before a
// flush that completed.
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

void sync_directory(const std::string& dir);  // empty: the working directory

class Store {
 public:
  Store(const rhumb_host_t* host, const std::string& dir, const Options& options);
  ~Store();  // waits for background work

  // All throw rhumb::Error; see rhumb/storage.h for what they promise.
  void write(const rhumb_call_t* call, std::span<const rhumb_write_t> writes);
  void flush(rhumb_done_t done);
  std::optional<std::string> get(const rhumb_call_t* call, uint32_t table, std::string_view key);
  void scan(const rhumb_call_t* call, uint32_t table, std::string_view first, std::string_view last,
            uint32_t flags, rhumb_visit_fn visit, void* ctx);
  void checkpoint(const std::string& dir);

 private:
  void check_usable();
  void check_call(const rhumb_call_t* call) const;
  bool has_table(uint32_t table);
  void load_tables();
  void apply(const rhumb_write_t& write);
  std::string_view checked(uint32_t table, std::string_view key, std::string_view stored) const;
  void poison(const Error& error);
  void say(uint32_t level, const std::string& text) const;

  // maintenance.cc
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

  // the writer's connection: write(), and a checkpoint that has to catch up
  std::mutex write_mutex_;
  std::unique_ptr<Connection> writer_, checkpointer_;
  std::unique_ptr<Readers> readers_;
  uint64_t wal_pages_ = 0,
           // pages in the WAL; pages when the last checkpoint was started. write_mutex_
      checkpointed_pages_ = 0;

  std::mutex state_mutex_;  // guards all below
  std::condition_variable idle_;
  std::set<uint32_t> tables_;
  // set once: writes and syncs failed, the instance is not to be trusted any more
  std::optional<Error> failure_;
  std::vector<rhumb_done_t> flushes_;
  bool flush_running_ = false, checkpoint_running_ = false;
  int wal_fd_ = -1;  // run_flush only, one at a time
};

}  // namespace rhumb::sqlite
