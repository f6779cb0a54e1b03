#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <map>
#include <random>
#include <sstream>
#include <thread>

#include "kv_fixture.h"

namespace rhumb::kv_test {
namespace {

using namespace std::string_literals;

TEST_F(KvTest, rows_are_ordered_as_unsigned_bytes_per_table) {
  Store store;
  ASSERT_EQ(store.open(dir_ + "/s"), RHUMB_OK) << store.error.text;
  ASSERT_EQ(store.write({{RHUMB_PUT, 3, "\xFF", "last"},
                         {RHUMB_PUT, 3, "", "empty key"},
                         {RHUMB_PUT, 3, "a\0b"s, "zero inside"},
                         {RHUMB_PUT, 3, "a", ""},
                         {RHUMB_PUT, 4, "a", "other table"}}),
            RHUMB_OK);
  Rows rows;
  ASSERT_EQ(store.scan(3, "", "", rows), RHUMB_OK);
  EXPECT_EQ(rows, (Rows{{"", "empty key"}, {"a", ""}, {"a\0b"s, "zero inside"}, {"\xFF", "last"}}));
  ASSERT_EQ(store.scan(3, "a", "\xFF", rows, RHUMB_SCAN_REVERSE), RHUMB_OK);
  EXPECT_EQ(rows, (Rows{{"a\0b"s, "zero inside"}, {"a", ""}}));
  ASSERT_EQ(store.scan(3, "", "", rows, RHUMB_SCAN_REVERSE, nullptr, 1), RHUMB_OK);
  EXPECT_EQ(rows, (Rows{{"\xFF", "last"}}));
  EXPECT_EQ(store.get(3, ""), "empty key");
  EXPECT_EQ(store.get(3, "a"), "");
  EXPECT_EQ(store.get(4, "a"), "other table");
  EXPECT_EQ(store.get(4, "b"), std::nullopt);
  EXPECT_EQ(store.get(5, "a"), std::nullopt) << "a table without writes";
  ASSERT_EQ(store.scan(5, "", "", rows), RHUMB_OK);
  EXPECT_TRUE(rows.empty());
}

TEST_F(KvTest, batches_are_atomic_and_later_writes_win) {
  Store store;
  ASSERT_EQ(store.open(dir_), RHUMB_OK);
  ASSERT_EQ(store.write({{RHUMB_PUT, 1, "k", "1"},
                         {RHUMB_PUT, 1, "k", "2"},
                         {RHUMB_DELETE, 1, "absent", ""},
                         {RHUMB_PUT, 1, "m", "x"}}),
            RHUMB_OK);
  EXPECT_EQ(store.get(1, "k"), "2");
  EXPECT_EQ(store.write({{RHUMB_PUT, 1, "k", "3"}, {99, 1, "k", ""}}), RHUMB_INVALID);
  EXPECT_EQ(store.write({{RHUMB_PUT, 1, "k", "3"}, {RHUMB_PUT, 5000, "k", ""}}), RHUMB_INVALID);
  EXPECT_EQ(store.get(1, "k"), "2");
  ASSERT_EQ(store.write({{RHUMB_PUT, 1, "n", "y"},
                         {RHUMB_DELETE_RANGE, 1, "l", "n"},
                         {RHUMB_DELETE, 1, "k", ""}}),
            RHUMB_OK);
  Rows rows;
  ASSERT_EQ(store.scan(1, "", "", rows), RHUMB_OK);
  EXPECT_EQ(rows, (Rows{{"n", "y"}}));
  ASSERT_EQ(store.write({{RHUMB_PUT, 1, "z", ""}, {RHUMB_DELETE_RANGE, 1, "n", ""}}), RHUMB_OK);
  ASSERT_EQ(store.scan(1, "", "", rows), RHUMB_OK);
  EXPECT_TRUE(rows.empty());
}

TEST_F(KvTest, configuration_is_checked) {
  for (const char* config :
       {"7", R"({"readers":0})", R"({"cache_bytes":"big"})", R"({"journal":"off"})"}) {
    Store store;
    EXPECT_EQ(store.open(dir_, config), RHUMB_INVALID) << config;
  }
}

TEST_F(KvTest, random_writes_agree_with_a_map_over_restarts) {
  constexpr uint64_t kSeed = 31337;
  std::printf("seed %llu\n", static_cast<unsigned long long>(kSeed));
  std::mt19937_64 random(kSeed);
  std::map<std::string, std::string> model;
  const auto key = [&] {
    std::string k(random() % 4, '\0');
    for (char& c : k) c = static_cast<char>(random() % 5 * 60);
    return k;
  };
  for (int life = 0; life < 4; ++life) {
    Store store;
    ASSERT_EQ(store.open(dir_), RHUMB_OK);
    for (int i = 0; i < 300; ++i) {
      std::vector<Write> batch;
      for (uint64_t n = random() % 6; n > 0; --n) {
        const uint64_t dice = random() % 10;
        if (dice < 6) {
          batch.push_back({RHUMB_PUT, 1, key(),
                           std::string(random() % 2000, static_cast<char>('a' + random() % 26))});
          model[batch.back().key] = batch.back().value;
        } else if (dice < 9) {
          batch.push_back({RHUMB_DELETE, 1, key(), ""});
          model.erase(batch.back().key);
        } else {
          batch.push_back({RHUMB_DELETE_RANGE, 1, key(), key()});
          const std::string& to = batch.back().value;
          for (auto it = model.lower_bound(batch.back().key);
               it != model.end() && (to.empty() || it->first < to);)
            it = model.erase(it);
        }
      }
      ASSERT_EQ(store.write(batch), RHUMB_OK) << store.error.text;
      const std::string low = key(), high = key();
      Rows rows, want;
      ASSERT_EQ(store.scan(1, low, high, rows), RHUMB_OK);
      for (auto it = model.lower_bound(low);
           it != model.end() && (high.empty() || it->first < high); ++it)
        want.push_back(*it);
      ASSERT_EQ(rows, want);
    }
    ASSERT_EQ(store.flush(), RHUMB_OK);
  }
}

TEST_F(KvTest, committed_writes_survive_a_kill) {
  for (int round = 0; round < 5; ++round) {
    int fds[2];
    ASSERT_EQ(::pipe(fds), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      Store store;
      if (store.open(dir_) != RHUMB_OK) ::_exit(3);
      for (uint32_t i = 0;; ++i) {
        if (store.write({{RHUMB_PUT, 1, "a", std::to_string(i)},
                         {RHUMB_PUT, 2, "b", std::to_string(i)}}) != RHUMB_OK)
          ::_exit(4);
        if (::write(fds[1], &i, sizeof(i)) != sizeof(i)) ::_exit(5);
      }
    }
    ::close(fds[1]);
    uint32_t acknowledged = 0;
    while (acknowledged < 50)
      ASSERT_EQ(::read(fds[0], &acknowledged, sizeof(acknowledged)),
                static_cast<ssize_t>(sizeof(acknowledged)));
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status));
    while (::read(fds[0], &acknowledged, sizeof(acknowledged)) ==
           static_cast<ssize_t>(sizeof(acknowledged)))
      continue;
    ::close(fds[0]);
    Store store;
    ASSERT_EQ(store.open(dir_), RHUMB_OK);
    ASSERT_TRUE(store.get(1, "a").has_value());
    EXPECT_GE(std::stoul(*store.get(1, "a")), acknowledged);
    EXPECT_EQ(store.get(1, "a"), store.get(2, "b")) << "half a batch";
  }
}

// After a flush, everything that it promised is in the WAL file or the database. So a copy of the
// files, made after the flush and without later writes, has all of it.
TEST_F(KvTest, a_flushed_store_can_be_opened_from_its_files_alone) {
  Store store;
  ASSERT_EQ(store.open(dir_ + "/live"), RHUMB_OK);
  for (int i = 0; i < 100; ++i)
    ASSERT_EQ(store.put(1, "k" + std::to_string(i), std::string(500, 'v')), RHUMB_OK);
  ASSERT_EQ(store.flush(), RHUMB_OK);
  std::filesystem::create_directory(dir_ + "/copy");
  for (const char* file : {"data.db", "data.db-wal"})
    std::filesystem::copy(dir_ + "/live/" + file, dir_ + "/copy/" + file);
  Store copy;
  ASSERT_EQ(copy.open(dir_ + "/copy"), RHUMB_OK) << copy.error.text;
  Rows rows;
  ASSERT_EQ(copy.scan(1, "", "", rows), RHUMB_OK);
  EXPECT_EQ(rows.size(), 100u);
}

TEST_F(KvTest, the_wal_stays_short_under_a_writer_that_never_pauses) {
  Store store;
  ASSERT_EQ(store.open(dir_, R"({"wal_checkpoint_bytes":262144})"), RHUMB_OK);
  for (uint64_t i = 0; i < 4000; ++i)
    ASSERT_EQ(
        store.put(1, std::to_string(i % 500), std::string(3000, static_cast<char>('a' + i % 26))),
        RHUMB_OK);
  // 4,000 commits write more than 40 MB of frames. At most four checkpoint sizes, and the frames
  // that came during a checkpoint, may be in the file.
  EXPECT_LT(std::filesystem::file_size(dir_ + "/data.db-wal"), 12u << 20);
}

TEST_F(KvTest, a_checkpoint_is_a_consistent_copy_while_writes_go_on) {
  Store store;
  ASSERT_EQ(store.open(dir_ + "/live"), RHUMB_OK);
  ASSERT_EQ(store.write({{RHUMB_PUT, 1, "a", "0"}, {RHUMB_PUT, 2, "b", "0"}}), RHUMB_OK);
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    for (int i = 1; !stop; ++i)
      ASSERT_EQ(store.write({{RHUMB_PUT, 1, "a", std::to_string(i)},
                             {RHUMB_PUT, 2, "b", std::to_string(i)}}),
                RHUMB_OK);
  });
  for (int i = 0; i < 5; ++i) {
    const std::string target = dir_ + "/copy" + std::to_string(i);
    std::filesystem::create_directory(target);
    EXPECT_EQ(ops().checkpoint(store.self(), slice(target), nullptr, nullptr, &store.error),
              RHUMB_OK)
        << store.error.text;
    Store copy;
    ASSERT_EQ(copy.open(target), RHUMB_OK) << copy.error.text;
    EXPECT_EQ(copy.get(1, "a"), copy.get(2, "b"));
    EXPECT_EQ(copy.put(1, "own", "life"), RHUMB_OK);
  }
  stop = true;
  writer.join();
}

TEST_F(KvTest, readers_writer_and_flushes_run_together) {
  Store store;
  ASSERT_EQ(store.open(dir_, R"({"wal_checkpoint_bytes":65536,"readers":2})"), RHUMB_OK);
  ASSERT_EQ(store.put(1, "counter", "0"), RHUMB_OK);
  std::atomic<bool> stop{false};
  std::atomic<uint64_t> visible{0};
  std::vector<std::thread> threads;
  for (int r = 0; r < 4; ++r) {
    threads.emplace_back([&] {
      Rows rows;
      while (!stop) {
        const uint64_t before = visible;
        const auto now = store.get(1, "counter");
        ASSERT_TRUE(now.has_value());
        ASSERT_GE(std::stoull(*now), before) << "a write that returned is visible";
        ASSERT_EQ(store.scan(2, "", "", rows), RHUMB_OK);
      }
    });
  }
  threads.emplace_back([&] {
    while (!stop) ASSERT_EQ(store.flush(), RHUMB_OK);
  });
  for (uint64_t i = 1; i <= 400; ++i) {
    ASSERT_EQ(store.write({{RHUMB_PUT, 1, "counter", std::to_string(i)},
                           {RHUMB_PUT, 2, std::to_string(i % 50), std::string(1000, 'x')}}),
              RHUMB_OK);
    visible = i;
  }
  stop = true;
  for (std::thread& t : threads) t.join();
}

void flip(const std::string& path, uint64_t at, uint8_t mask) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(static_cast<std::streamoff>(at));
  const int byte = file.get();
  file.seekp(static_cast<std::streamoff>(at));
  file.put(static_cast<char>(byte ^ mask));
}

// Makes a database as plain SQLite does, whose pages have no room for checksums.
void make_plain_database(const std::string& path) {
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &db), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(db,
                         "PRAGMA page_size=4096; PRAGMA journal_mode=WAL;"
                         "CREATE TABLE t1 (k BLOB PRIMARY KEY, v BLOB NOT NULL) WITHOUT ROWID",
                         nullptr, nullptr, nullptr),
            SQLITE_OK);
  EXPECT_EQ(sqlite3_close(db), SQLITE_OK);
}

uint64_t offset_of(const std::string& needle, const std::string& path) {
  std::stringstream bytes;
  bytes << std::ifstream(path, std::ios::binary).rdbuf();
  return bytes.str().find(needle);
}

// Rows have checksums of their own even if pages have none.
TEST_F(KvTest, a_damaged_row_is_never_returned_as_data) {
  const std::string needle = "the value that will be damaged", path = dir_ + "/data.db";
  make_plain_database(path);
  {
    Store store;
    ASSERT_EQ(store.open(dir_), RHUMB_OK);
    ASSERT_EQ(store.write({{RHUMB_PUT, 1, "bad", needle}, {RHUMB_PUT, 1, "good", "fine"}}),
              RHUMB_OK);
  }
  const uint64_t at = offset_of(needle, path);
  ASSERT_NE(at, std::string::npos);
  flip(path, at, 0x20);
  Store store;
  ASSERT_EQ(store.open(dir_), RHUMB_OK);
  EXPECT_EQ(store.get(1, "bad"), "status " + std::to_string(RHUMB_CORRUPT));
  EXPECT_EQ(store.get(1, "good"), "fine");
  Rows rows;
  EXPECT_EQ(store.scan(1, "", "", rows), RHUMB_CORRUPT);
  EXPECT_TRUE(rows.empty());
}

// Damages bytes on every page of the file. A read must then be right or give an error that names
// the page. No look-up may go astray: an existing key is found or refused.
TEST_F(KvTest, a_damaged_page_is_an_error_with_its_place) {
  std::mt19937_64 random(20261121);
  std::printf("seed 20261121\n");
  std::map<std::string, std::string> rows;
  {
    Store store;
    ASSERT_EQ(store.open(dir_), RHUMB_OK);
    for (int i = 0; i < 3000; ++i) {
      const std::string key = std::to_string(random() % 1000000), value(random() % 60, 'v');
      ASSERT_EQ(store.put(1 + i % 3, key, value), RHUMB_OK);
      if (i % 3 == 0) rows[key] = value;
    }
  }
  const std::string path = dir_ + "/data.db";
  const auto bytes = std::filesystem::file_size(path);
  ASSERT_GT(bytes, 20u * 4096);
  uint64_t refused = 0;
  for (uint64_t page = 0; page < bytes / 4096; ++page) {
    const uint64_t at = page * 4096 + random() % 4096;
    const uint8_t mask = static_cast<uint8_t>(1u << random() % 8);
    flip(path, at, mask);
    {
      Store store;
      const rhumb_status_t opened = store.open(dir_);
      if (opened != RHUMB_OK) {
        EXPECT_EQ(opened, RHUMB_CORRUPT) << at << ": " << store.error.text;
        ++refused;
      } else {
        bool wrong = false, error = false;
        for (const auto& [key, value] : rows) {
          const auto found = store.get(1, key);
          error = error || found == "status " + std::to_string(RHUMB_CORRUPT);
          wrong = wrong || !found ||
                  (found != value && found != "status " + std::to_string(RHUMB_CORRUPT));
        }
        EXPECT_FALSE(wrong) << "byte " << at;
        refused += error ? 1 : 0;
      }
    }
    flip(path, at, mask);
  }
  EXPECT_GT(refused, bytes / 4096 / 6) << "the pages of table 1";
}

TEST_F(KvTest, an_error_names_the_damaged_page) {
  {
    Store store;
    ASSERT_EQ(store.open(dir_), RHUMB_OK);
    for (int i = 0; i < 200; ++i)
      ASSERT_EQ(store.put(1, std::to_string(i), std::string(100, 'v')), RHUMB_OK);
  }
  flip(dir_ + "/data.db", 4096 + 4000, 1);
  Store store;
  ASSERT_EQ(store.open(dir_), RHUMB_OK);
  Buffer out;
  rhumb_error_t error{sizeof(rhumb_error_t), 0, {}};
  EXPECT_EQ(ops().get(store.self(), nullptr, 1, slice(std::string("7")), out.out(), &error),
            RHUMB_CORRUPT);
  EXPECT_NE(std::string(error.text).find("data.db at offset 4096"), std::string::npos)
      << error.text;
}

TEST_F(KvTest, a_database_without_page_checksums_is_read_and_written) {
  make_plain_database(dir_ + "/data.db");
  Store store;
  for (int round = 0; round < 3; ++round) {
    ASSERT_EQ(store.open(dir_), RHUMB_OK);
    for (int i = 0; i < 1000; ++i) {
      ASSERT_EQ(store.put(1, std::to_string(round * 1000 + i), std::string(50, 'v')), RHUMB_OK);
    }
    EXPECT_EQ(store.get(1, "7"), std::string(50, 'v'));
    store.close();
  }
}

TEST_F(KvTest, a_file_that_is_no_database_is_refused) {
  std::ofstream(dir_ + "/data.db") << std::string(8192, 'x');
  Store store;
  EXPECT_EQ(store.open(dir_), RHUMB_CORRUPT) << store.error.text;
  EXPECT_NE(std::string(store.error.text).find("data.db"), std::string::npos);
}

TEST_F(KvTest, a_scan_can_be_cancelled) {
  Store store;
  ASSERT_EQ(store.open(dir_), RHUMB_OK);
  std::vector<Write> batch;
  for (int i = 0; i < 2000; ++i) batch.push_back({RHUMB_PUT, 1, std::to_string(i), "v"});
  ASSERT_EQ(store.write(batch), RHUMB_OK);
  uint32_t polls = 0;
  const rhumb_call_t call{sizeof(rhumb_call_t),
                          0,
                          0,
                          0,
                          0,
                          &polls,
                          [](void* ctx) -> uint32_t { return ++*static_cast<uint32_t*>(ctx) > 2; },
                          nullptr};
  Rows rows;
  EXPECT_EQ(store.scan(1, "", "", rows, 0, &call), RHUMB_CANCELLED);
  EXPECT_LT(rows.size(), 2000u);
  EXPECT_GT(rows.size(), 0u);
}

TEST_F(KvTest, a_full_disk_refuses_writes_keeps_reading_and_recovers) {
  if (::mount("none", dir_.c_str(), "tmpfs", 0, "size=1m") != 0)
    GTEST_SKIP() << "SKIPPED: mounting a small tmpfs needs root";
  struct Unmount {
    std::string dir;
    ~Unmount() { ::umount2(dir.c_str(), MNT_DETACH); }
  } const unmount{dir_};
  std::ofstream(dir_ + "/ballast") << std::string(300'000, 'b');
  Store store;
  ASSERT_EQ(store.open(dir_ + "/s"), RHUMB_OK) << store.error.text;
  int rows = 0;
  rhumb_status_t rc = RHUMB_OK;
  while (rc == RHUMB_OK && rows < 10'000) {
    rc = store.put(1, std::to_string(rows), std::string(3000, 'x'));
    if (rc == RHUMB_OK) ++rows;
  }
  ASSERT_EQ(rc, RHUMB_NO_SPACE) << store.error.text;
  EXPECT_EQ(store.get(1, "0"), std::string(3000, 'x'));
  std::filesystem::remove(dir_ + "/ballast");
  EXPECT_EQ(store.put(1, "after", "space"), RHUMB_OK) << store.error.text;
  EXPECT_EQ(store.get(1, "after"), "space");
}

}  // namespace
}  // namespace rhumb::kv_test
