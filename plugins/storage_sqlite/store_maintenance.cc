// The store's background work: making commits durable, keeping the WAL short, copying the store.
#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "store.h"

namespace rhumb::sqlite {
namespace {

[[noreturn]] void throw_errno(const std::string& what, int os_errno) {
  throw Error(os_errno == ENOSPC ? RHUMB_NO_SPACE : RHUMB_IO,
              what + ": " + std::generic_category().message(os_errno), os_errno);
}

void sync_path(const std::string& path, int flags) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | flags);
  if (fd < 0) throw_errno("cannot open " + path, errno);
  const int rc = ::fsync(fd);
  const int saved = errno;
  ::close(fd);
  if (rc != 0) throw_errno("cannot sync " + path, saved);
}

}  // namespace

void sync_directory(const std::string& dir) { sync_path(dir.empty() ? "." : dir, O_DIRECTORY); }

void Store::background_done(bool& running) {
  const std::lock_guard lock(state_mutex_);
  running = false;
  idle_.notify_all();
}

// With synchronous=NORMAL a commit only writes frames to the WAL file; SQLite syncs that file
// before a checkpoint reads it, not at commit. An fdatasync of the WAL file therefore makes every
// earlier commit durable. Its frames were written to that file before write() returned, or a
// checkpoint has moved them to the database and synced it before the WAL was started anew. Recovery
// stops at the first frame whose checksum is wrong, and no frame before the fdatasync can be such a
// frame. We use a descriptor of our own: SQLite takes its locks on the database and the -shm file,
// so opening and closing the WAL file releases none of them.
void Store::sync_wal() {
  if (wal_fd_ < 0) {
    const std::string path = path_ + "-wal";
    const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) return;  // nothing was written since the store was opened
    if (fd < 0) throw_errno("cannot open " + path, errno);
    wal_fd_ = fd;
    sync_directory(dir_);  // the names of the database and of the WAL
  }
  if (::fdatasync(wal_fd_) != 0) throw_errno("cannot sync " + path_ + "-wal", errno);
}

void Store::flush(rhumb_done_t done) {
  check_usable();
  const std::lock_guard lock(state_mutex_);
  flushes_.push_back(done);
  if (flush_running_) return;  // the running flush looks at the queue again
  flush_running_ = true;
  background_->post([this] { run_flush(); });
}

// Completions fire in the order of their calls: one task at a time takes all waiting flushes, and
// one sync serves them all.
void Store::run_flush() {
  for (;;) {
    std::vector<rhumb_done_t> waiting;
    {
      const std::lock_guard lock(state_mutex_);
      waiting.swap(flushes_);
      if (waiting.empty()) {
        flush_running_ = false;
        idle_.notify_all();
        return;
      }
    }
    rhumb_error_t error{sizeof(rhumb_error_t), 0, {}};
    const rhumb_status_t rc = guard(&error, [this] {
      check_usable();
      try {
        sync_wal();
      } catch (const Error& e) {
        // A failed sync is never tried again, also when the disk was full.
        poison(Error(RHUMB_IO, e.what(), e.os_errno()));
        throw;
      }
    });
    for (const rhumb_done_t& done : waiting)
      done.fn(done.ctx, rc, rc == RHUMB_OK ? nullptr : &error);
  }
}

// The caller holds write_mutex_.
void Store::start_checkpoint() {
  if (wal_pages_ < checkpointed_pages_) checkpointed_pages_ = 0;  // the WAL was started anew
  if ((wal_pages_ - checkpointed_pages_) * kPageBytes < options_.wal_checkpoint_bytes) return;
  {
    const std::lock_guard lock(state_mutex_);
    if (checkpoint_running_) return;
    checkpoint_running_ = true;
  }
  checkpointed_pages_ = wal_pages_;
  background_->post([this] { run_checkpoint(); });
}

// A writer on a fast core is faster than the disk. Without this wait the WAL would grow without
// end.
void Store::wait_for_checkpoint() {
  std::unique_lock lock(state_mutex_);
  idle_.wait(lock, [this] { return !checkpoint_running_; });
}

void Store::run_checkpoint() {
  const auto passive = [this](int& in_wal, int& moved) {
    const int rc = sqlite3_wal_checkpoint_v2(checkpointer_->raw(), nullptr,
                                             SQLITE_CHECKPOINT_PASSIVE, &in_wal, &moved);
    if (rc != SQLITE_OK && rc != SQLITE_BUSY)
      throw_sqlite(checkpointer_->raw(), rc, "cannot checkpoint");
  };
  try {
    int in_wal = 0, moved = 0;
    passive(in_wal, moved);
    // SQLite starts the WAL anew only when a write finds that all of it was moved. A writer that
    // never pauses always leaves some frames behind, so the last few are moved here while the
    // writer waits.
    if (moved < in_wal && static_cast<uint64_t>(in_wal) * kPageBytes >=
                              kRestartFactor * options_.wal_checkpoint_bytes) {
      const std::lock_guard lock(write_mutex_);
      passive(in_wal, moved);
    }
  } catch (const Error& e) {
    if (e.status() == RHUMB_NO_SPACE) {
      say(RHUMB_LOG_WARN, std::string("a checkpoint waits for space: ") + e.what());
    } else {
      poison(e);
    }
  }
  background_done(checkpoint_running_);
}

// The source has a connection of its own, because readers of the pool may keep all of its
// connections busy while the host holds back its writes.
void Store::checkpoint(const std::string& dir, rhumb_moment_fn moment, void* ctx) {
  check_usable();
  const std::string target = dir + "/data.db";
  {
    Connection source(path_, Connection::Mode::kRead, options_);
    Connection copy(target, Connection::Mode::kWrite, options_);
    copy.execute("PRAGMA synchronous=OFF");  // synced as a whole below
    source.execute("BEGIN");
    if (moment != nullptr) moment(ctx, RHUMB_CHECKPOINT_BEGINS);
    source.execute("SELECT 1 FROM sqlite_schema");  // the first read fixes the snapshot
    if (moment != nullptr) moment(ctx, RHUMB_CHECKPOINT_FIXED);
    sqlite3_backup* backup = sqlite3_backup_init(copy.raw(), "main", source.raw(), "main");
    if (backup == nullptr)
      throw_sqlite(copy.raw(), sqlite3_errcode(copy.raw()), "cannot copy to " + target);
    // The backup copies all pages of the snapshot while writes go on.
    const int rc = sqlite3_backup_step(backup, -1);
    sqlite3_backup_finish(backup);
    if (rc != SQLITE_DONE) throw_sqlite(copy.raw(), rc, "cannot copy to " + target);
  }
  sync_path(target, 0);
  sync_directory(dir);
}

}  // namespace rhumb::sqlite
