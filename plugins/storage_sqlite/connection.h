// SQLite as C++: connections and prepared statements that clean up after themselves, and results as
// rhumb::Error. Keys and values are passed as bound parameters only.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "options.h"
#include "rhumb/core.h"

struct sqlite3;
struct sqlite3_stmt;

namespace rhumb::sqlite {

class Statement {
 public:
  Statement(sqlite3* db, const std::string& sql);
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  // The bytes must live until reset().
  void bind(int position, std::string_view blob);
  bool step();  // true: there is a row
  // Gives up the snapshot and the bound bytes. Never fails.
  void reset();
  std::string_view column(int position) const;  // valid until the next step or reset

 private:
  sqlite3* const db_;
  sqlite3_stmt* raw_ = nullptr;
};

// Resets a statement at the end of the scope, also after an exception.
class Use {
 public:
  explicit Use(Statement& statement) : statement_(statement) {}
  ~Use() { statement_.reset(); }
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;
  Statement* operator->() { return &statement_; }

 private:
  Statement& statement_;
};

// One connection, used by one thread at a time.
class Connection {
 public:
  enum class Mode { kWrite, kRead };
  Connection(const std::string& path, Mode mode, const Options& options);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void execute(const char* sql);
  // Returns a statement that is prepared once per connection. `%` in the text stands for the
  // table's name, t<number>.
  Statement& statement(const char* text, uint32_t table = 0);
  sqlite3* raw() const { return db_; }

 private:
  sqlite3* db_ = nullptr;
  std::unordered_map<std::string, std::unique_ptr<Statement>> statements_;
};

// Throws the connection's last result as an Error. It distinguishes a full disk, damage, a failed
// system call, lack of memory and a bug of ours.
[[noreturn]] void throw_sqlite(sqlite3* db, int rc, const std::string& what);

}  // namespace rhumb::sqlite
