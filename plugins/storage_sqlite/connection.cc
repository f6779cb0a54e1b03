#include "connection.h"

#include <sqlite3.h>

#include "page_check.h"
#include "rhumb/cpp/guard.h"

namespace rhumb::sqlite {
namespace {

constexpr int kBusyTimeoutMs =
    // Readers and the writer never block each other. Recovery and schema changes may block for
    // moments.
    10'000;

rhumb_status_t status_of(int rc) {
  switch (rc & 0xFF) {
    case SQLITE_FULL:
      return RHUMB_NO_SPACE;
    case SQLITE_NOMEM:
      return RHUMB_NO_MEMORY;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return RHUMB_BUSY;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return RHUMB_CORRUPT;
    case SQLITE_TOOBIG:
      return RHUMB_OVER_LIMIT;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return RHUMB_IO;
    default:
      return RHUMB_BUG;
  }
}

}  // namespace

void throw_sqlite(sqlite3* db, int rc, const std::string& what) {
  if (rc == SQLITE_IOERR_DATA) throw Error(RHUMB_CORRUPT, take_damaged_page());
  const char* file = db == nullptr ? nullptr : sqlite3_db_filename(db, "main");
  std::string text = what;
  if (file != nullptr && *file != '\0') text += std::string(" in ") + file;
  text += std::string(": ") + (db == nullptr ? sqlite3_errstr(rc) : sqlite3_errmsg(db)) + " (" +
          std::to_string(rc) + ")";
  throw Error(status_of(rc), text, db == nullptr ? 0 : sqlite3_system_errno(db));
}

Statement::Statement(sqlite3* db, const std::string& sql) : db_(db) {
  const int rc = sqlite3_prepare_v3(db, sql.c_str(), static_cast<int>(sql.size()) + 1,
                                    SQLITE_PREPARE_PERSISTENT, &raw_, nullptr);
  if (rc != SQLITE_OK) throw_sqlite(db, rc, "cannot prepare " + sql);
}

Statement::~Statement() { sqlite3_finalize(raw_); }

void Statement::bind(int position, std::string_view blob) {
  // A null pointer would bind NULL, which is not an empty key.
  const void* data = blob.data() == nullptr ? "" : blob.data();
  const int rc = sqlite3_bind_blob64(raw_, position, data, blob.size(), SQLITE_STATIC);
  if (rc != SQLITE_OK) throw_sqlite(db_, rc, "cannot bind");
}

bool Statement::step() {
  const int rc = sqlite3_step(raw_);
  if (rc == SQLITE_ROW) return true;
  if (rc != SQLITE_DONE) throw_sqlite(db_, sqlite3_extended_errcode(db_), "a statement failed");
  return false;
}

void Statement::reset() {
  sqlite3_reset(raw_);  // repeats the error of the last step, which step() has already thrown
  sqlite3_clear_bindings(raw_);
}

std::string_view Statement::column(int position) const {
  const auto* data = static_cast<const char*>(sqlite3_column_blob(raw_, position));
  const auto size = static_cast<size_t>(sqlite3_column_bytes(raw_, position));
  return data == nullptr ? std::string_view() : std::string_view(data, size);
}

Connection::Connection(const std::string& path, Mode mode, const Options& options) {
  const int flags =
      SQLITE_OPEN_NOMUTEX |
      (mode == Mode::kWrite ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY);
  const int rc = sqlite3_open_v2(path.c_str(), &db_, flags, page_checking_vfs());
  try {
    if (rc != SQLITE_OK) throw_sqlite(db_, rc, "cannot open " + path);
    sqlite3_extended_result_codes(db_, 1);
    sqlite3_busy_timeout(db_, kBusyTimeoutMs);
    if (mode == Mode::kWrite) reserve_page_checks(db_);
    execute("PRAGMA trusted_schema=OFF");
    execute(("PRAGMA cache_size=-" + std::to_string(options.cache_bytes / kKiB)).c_str());
    execute("PRAGMA temp_store=MEMORY");
    execute("PRAGMA cell_size_check=ON");
  } catch (...) {
    sqlite3_close(db_);
    throw;
  }
}

Connection::~Connection() {
  statements_.clear();
  sqlite3_close(db_);
}

void Connection::execute(const char* sql) {
  const int rc = sqlite3_exec(db_, sql, nullptr, nullptr, nullptr);
  if (rc != SQLITE_OK) throw_sqlite(db_, rc, std::string("cannot run ") + sql);
}

Statement& Connection::statement(const char* text, uint32_t table) {
  std::string sql = text;
  if (const size_t at = sql.find('%'); at != std::string::npos)
    sql.replace(at, 1, "t" + std::to_string(table));
  auto& slot = statements_[sql];
  if (slot == nullptr) slot = std::make_unique<Statement>(db_, sql);
  return *slot;
}

}  // namespace rhumb::sqlite
