#include "store.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <boost/algorithm/hex.hpp>
#include <cstring>
#include <filesystem>

#include "rhumb/cpp/crc32c.h"

namespace rhumb::sqlite {
namespace {

constexpr size_t kChecksumBytes = 4;

uint32_t checksum(uint32_t table, std::string_view key, std::string_view value) {
  const uint64_t head[2] = {table, key.size()};
  uint32_t crc = crc32c({reinterpret_cast<const char*>(head), sizeof(head)});
  crc = crc32c(key, crc);
  return crc32c(value, crc);
}

std::string hex(std::string_view bytes) {
  std::string out = boost::algorithm::hex_lower(std::string(bytes.substr(0, 32)));
  return bytes.size() > 32 ? out + "..." : out;
}

void check_table(uint32_t table) {
  if (table > kMaxTable)
    throw Error(RHUMB_INVALID,
                "table " + std::to_string(table) + ": at most " + std::to_string(kMaxTable));
}

}  // namespace

Store::Store(const rhumb_host_t* host, const std::string& dir, const Options& options)
    : host_(host),
      options_(options),
      dir_(dir),
      path_(dir + "/data.db"),
      background_(Background::shared()) {
  if (std::filesystem::create_directories(dir))
    sync_directory(std::filesystem::path(dir).lexically_normal().parent_path().string());
  writer_ = std::make_unique<Connection>(path_, Connection::Mode::kWrite, options_);
  // This has no effect on an existing database.
  writer_->execute(("PRAGMA page_size=" + std::to_string(kPageBytes)).c_str());
  writer_->execute("PRAGMA journal_mode=WAL");
  // A commit does not fsync; flush() makes commits durable.
  writer_->execute("PRAGMA synchronous=NORMAL");
  // Automatic checkpoints would fsync on the writer's thread.
  writer_->execute("PRAGMA wal_autocheckpoint=0");
  writer_->execute(("PRAGMA journal_size_limit=" +
                    std::to_string(kRestartFactor * options_.wal_checkpoint_bytes))
                       .c_str());
  sqlite3_wal_hook(
      writer_->raw(),
      [](void* self, sqlite3*, const char*, int pages) {
        static_cast<Store*>(self)->wal_pages_ = static_cast<uint64_t>(pages);
        return SQLITE_OK;
      },
      this);
  checkpointer_ = std::make_unique<Connection>(path_, Connection::Mode::kWrite, options_);
  checkpointer_->execute("PRAGMA synchronous=NORMAL");
  checkpointer_->execute("PRAGMA wal_autocheckpoint=0");
  readers_ = std::make_unique<Readers>(path_, options_);
  load_tables();
}

Store::~Store() {
  std::unique_lock lock(state_mutex_);
  idle_.wait(lock, [this] { return !flush_running_ && !checkpoint_running_; });
  if (wal_fd_ >= 0) ::close(wal_fd_);
  if (failure_) {
    // After a failed write or sync no page may be moved into the database as if it were durable.
    for (const auto& connection : {writer_.get(), checkpointer_.get()}) {
      sqlite3_db_config(connection->raw(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    }
  }
}

void Store::say(uint32_t level, const std::string& text) const {
  if (host_ == nullptr || host_->get_extension == nullptr) return;
  const auto* log =
      static_cast<const rhumb_host_log_t*>(host_->get_extension(host_, RHUMB_HOST_LOG));
  if (log != nullptr && level >= log->level_min) log->log(host_, level, slice(text));
}

void Store::load_tables() {
  Use names(writer_->statement("SELECT name FROM sqlite_schema WHERE type = 'table'"));
  while (names->step()) {
    const std::string name(names->column(0));
    if (name.size() > 1 && name[0] == 't')
      tables_.insert(static_cast<uint32_t>(std::stoul(name.substr(1))));
  }
}

bool Store::has_table(uint32_t table) {
  check_table(table);
  const std::lock_guard lock(state_mutex_);
  return tables_.count(table) != 0;
}

void Store::check_usable() {
  const std::lock_guard lock(state_mutex_);
  if (failure_)
    throw Error(failure_->status(), std::string("the store has failed: ") + failure_->what(),
                failure_->os_errno());
}

void Store::check_call(const rhumb_call_t* call) const {
  if (call == nullptr) return;
  if (RHUMB_HAS(call, rhumb_call_t, cancelled) && call->cancelled(call->cancel_ctx) != 0)
    throw Error(RHUMB_CANCELLED, "cancelled");
  if (call->deadline_ns == 0) return;
  const auto* clock =
      host_ == nullptr || host_->get_extension == nullptr
          ? nullptr
          : static_cast<const rhumb_host_clock_t*>(host_->get_extension(host_, RHUMB_HOST_CLOCK));
  if (clock != nullptr && clock->monotonic_ns(host_) >= call->deadline_ns)
    throw Error(RHUMB_TIMEOUT, "deadline passed");
}

void Store::poison(const Error& error) {
  const std::lock_guard lock(state_mutex_);
  if (failure_ || error.status() < RHUMB_IO) return;
  failure_ = error;
  say(RHUMB_LOG_ERROR, std::string("the store has failed and takes no more: ") + error.what());
}

std::string_view Store::checked(uint32_t table, std::string_view key,
                                std::string_view stored) const {
  uint32_t crc = 0;
  if (stored.size() >= kChecksumBytes) {
    std::memcpy(&crc, stored.data(), kChecksumBytes);
    stored.remove_prefix(kChecksumBytes);
    if (crc == checksum(table, key, stored)) return stored;
  }
  throw Error(RHUMB_CORRUPT,
              path_ + ": damaged row in table " + std::to_string(table) + ", key " + hex(key));
}

void Store::apply(const rhumb_write_t& write) {
  const std::string_view key = view(write.key), value = view(write.value);
  if (write.op == RHUMB_PUT) {
    const uint32_t crc = checksum(write.table, key, value);
    std::string stored(reinterpret_cast<const char*>(&crc), kChecksumBytes);
    stored.append(value);
    Use put(writer_->statement(
        "INSERT INTO % (k, v) VALUES (?1, ?2) ON CONFLICT (k) DO UPDATE SET v = excluded.v",
        write.table));
    put->bind(1, key);
    put->bind(2, stored);
    put->step();
  } else if (write.op == RHUMB_DELETE) {
    Use erase(writer_->statement("DELETE FROM % WHERE k = ?1", write.table));
    erase->bind(1, key);
    erase->step();
  } else {
    Use erase(writer_->statement(
        value.empty() ? "DELETE FROM % WHERE k >= ?1" : "DELETE FROM % WHERE k >= ?1 AND k < ?2",
        write.table));
    erase->bind(1, key);
    if (!value.empty()) erase->bind(2, value);
    erase->step();
  }
}

void Store::write(const rhumb_call_t* call, std::span<const rhumb_write_t> writes) {
  check_usable();
  check_call(call);
  for (const rhumb_write_t& w : writes) {
    check_table(w.table);
    if (w.op < RHUMB_PUT || w.op > RHUMB_DELETE_RANGE)
      throw Error(RHUMB_INVALID, "unknown operation " + std::to_string(w.op));
    if (w.key.size + w.value.size > kMaxValueBytes)
      throw Error(RHUMB_OVER_LIMIT,
                  "a row of " + std::to_string(w.key.size + w.value.size) + " bytes");
  }
  std::unique_lock lock(write_mutex_);
  std::set<uint32_t> made;
  try {
    writer_->execute("BEGIN IMMEDIATE");
    for (const rhumb_write_t& w : writes) {
      if (!has_table(w.table) && made.insert(w.table).second) {
        writer_->execute(("CREATE TABLE t" + std::to_string(w.table) +
                          " (k BLOB PRIMARY KEY, v BLOB NOT NULL) WITHOUT ROWID")
                             .c_str());
      }
      apply(w);
    }
    writer_->execute("COMMIT");
  } catch (const Error& e) {
    // Even if the rollback fails, nothing is committed. SQLite has often rolled back by itself.
    if (sqlite3_get_autocommit(writer_->raw()) == 0)
      sqlite3_exec(writer_->raw(), "ROLLBACK", nullptr, nullptr, nullptr);
    poison(e);
    throw;
  }
  if (!made.empty()) {
    const std::lock_guard state(state_mutex_);
    tables_.merge(made);
  }
  start_checkpoint();
  const bool too_far_ahead =
      wal_pages_ * kPageBytes >= 2 * kRestartFactor * options_.wal_checkpoint_bytes;
  lock.unlock();
  if (too_far_ahead) wait_for_checkpoint();
}

std::optional<std::string> Store::get(const rhumb_call_t* call, uint32_t table,
                                      std::string_view key) {
  check_usable();
  check_call(call);
  if (!has_table(table)) return std::nullopt;
  Readers::Lease reader = readers_->lease();
  Use row((*reader).statement("SELECT v FROM % WHERE k = ?1", table));
  row->bind(1, key);
  if (!row->step()) return std::nullopt;
  return std::string(checked(table, key, row->column(0)));
}

void Store::scan(const rhumb_call_t* call, uint32_t table, std::string_view first,
                 std::string_view last, uint32_t flags, rhumb_visit_fn visit, void* ctx) {
  check_usable();
  check_call(call);
  if (!has_table(table)) return;
  const bool reverse = (flags & RHUMB_SCAN_REVERSE) != 0;
  const char* sql = last.empty() ? (reverse ? "SELECT k, v FROM % WHERE k >= ?1 ORDER BY k DESC"
                                            : "SELECT k, v FROM % WHERE k >= ?1 ORDER BY k")
                    : reverse    ? "SELECT k, v FROM % WHERE k >= ?1 AND k < ?2 ORDER BY k DESC"
                                 : "SELECT k, v FROM % WHERE k >= ?1 AND k < ?2 ORDER BY k";
  Readers::Lease reader = readers_->lease();
  Use rows((*reader).statement(sql, table));
  rows->bind(1, first);
  if (!last.empty()) rows->bind(2, last);
  for (uint64_t n = 1; rows->step(); ++n) {
    const std::string_view key = rows->column(0);
    const std::string_view value = checked(table, key, rows->column(1));
    if (visit(ctx, slice(key), slice(value)) == 0) return;
    if (n % kRowsBetweenPolls == 0) check_call(call);
  }
}

}  // namespace rhumb::sqlite
