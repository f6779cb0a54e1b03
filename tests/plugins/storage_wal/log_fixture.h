// Drives a log engine through its table of functions, as the host does.
#pragma once

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "rhumb/cpp/guard.h"
#include "rhumb/plugin.h"
#include "rhumb/storage.h"
#include "tests/places.h"

namespace rhumb::wal_test {

inline const rhumb_log_ops_t& ops() {
  static const rhumb_log_ops_t* const table = [] {
    void* library = ::dlopen(places::plugin("storage_wal").c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) throw std::runtime_error(::dlerror());
    const auto entry = reinterpret_cast<rhumb_plugin_fn>(::dlsym(library, RHUMB_PLUGIN_SYMBOL));
    return static_cast<const rhumb_log_ops_t*>(entry()->factories[0]->ops);
  }();
  return *table;
}

struct Entry {
  uint64_t group = 1, index = 0, term = 0;
  std::string data;
  uint32_t type = RHUMB_LOG_DATA;
  bool operator==(const Entry&) const = default;
};

// The part of recover()'s result for one group.
struct GroupState {
  std::string hard_state;
  Entry base;  // index 0: none
  std::vector<Entry> entries;
  bool operator==(const GroupState&) const = default;
};
using State = std::map<uint64_t, GroupState>;

// Returns the first difference in words; empty = equal.
inline std::string difference(const State& got, const State& want) {
  for (const auto& [id, w] : want) {
    const std::string group = "group " + std::to_string(id) + ": ";
    const auto it = got.find(id);
    if (it == got.end()) return group + "missing";
    const GroupState& g = it->second;
    if (g.hard_state != w.hard_state) return group + "hard state differs";
    if (!(g.base == w.base))
      return group + "base " + std::to_string(g.base.index) + ", wanted " +
             std::to_string(w.base.index);
    for (size_t i = 0; i < std::min(g.entries.size(), w.entries.size()); ++i) {
      if (!(g.entries[i] == w.entries[i])) {
        return group + "entry " + std::to_string(g.entries[i].index) + " of term " +
               std::to_string(g.entries[i].term) + ", wanted " +
               std::to_string(w.entries[i].index) + " of term " + std::to_string(w.entries[i].term);
      }
    }
    if (g.entries.size() != w.entries.size()) {
      return group + std::to_string(g.entries.size()) + " entries, wanted " +
             std::to_string(w.entries.size());
    }
  }
  return got.size() == want.size() ? "" : "a group too many";
}

// Counts completions. wait() returns when all of them have fired.
class Completions {
 public:
  rhumb_done_t next() {
    const std::lock_guard lock(mutex_);
    ++asked_;
    return {this, [](void* self, rhumb_status_t status, const rhumb_error_t* error) {
              static_cast<Completions*>(self)->fired(status, error == nullptr ? "" : error->text);
            }};
  }
  void refused() {
    const std::lock_guard lock(mutex_);
    --asked_;
  }
  void wait() {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this] { return fired_ == asked_; });
  }
  uint64_t fired_count() {
    const std::lock_guard lock(mutex_);
    return fired_;
  }
  rhumb_status_t worst() {
    const std::lock_guard lock(mutex_);
    return worst_;
  }

 private:
  void fired(rhumb_status_t status, const std::string&) {
    const std::lock_guard lock(mutex_);
    ++fired_;
    worst_ = std::max(worst_, status);
    wake_.notify_all();
  }
  std::mutex mutex_;
  std::condition_variable wake_;
  uint64_t asked_ = 0, fired_ = 0;
  rhumb_status_t worst_ = RHUMB_OK;
};

// One open instance of a log.
class LogUnderTest {
 public:
  LogUnderTest() = default;
  ~LogUnderTest() { close(); }

  rhumb_status_t open(const std::string& dir, const std::string& config = "") {
    const rhumb_open_t params{sizeof(rhumb_open_t), 0, slice(config), slice(dir), nullptr};
    return ops().open(nullptr, &params, &self_, &error);
  }
  // Opens and recovers.
  rhumb_status_t start(const std::string& dir, const std::string& config = "") {
    const rhumb_status_t rc = open(dir, config);
    return rc != RHUMB_OK ? rc : recover();
  }
  void close() {
    if (self_ != nullptr) ops().close(self_);
    self_ = nullptr;
  }
  rhumb_status_t recover() {
    recovered.clear();
    return ops().recover(
        self_,
        [](void* ctx, const rhumb_log_entry_t* e) -> uint32_t {
          GroupState& g = (*static_cast<State*>(ctx))[e->group];
          if (e->type == RHUMB_LOG_HARD_STATE) {
            g.hard_state = view(e->data);
          } else if (e->type == RHUMB_LOG_BASE || e->type == RHUMB_LOG_INSTALL) {
            g.base = {e->group, e->index, e->term, std::string(view(e->data)), e->type};
          } else {
            g.entries.push_back({e->group, e->index, e->term, std::string(view(e->data)), e->type});
          }
          return 1;
        },
        &recovered, &error);
  }
  rhumb_status_t append_async(const std::vector<Entry>& entries, Completions& completions) {
    std::vector<rhumb_log_entry_t> raw;
    for (const Entry& e : entries)
      raw.push_back({e.group, e.index, e.term, e.type, 0, slice(e.data)});
    const rhumb_status_t rc =
        ops().append(self_, raw.data(), raw.size(), &error, completions.next());
    if (rc != RHUMB_OK) completions.refused();
    return rc;
  }
  // Appends and waits until the records are durable. It repeats the call while the log makes its
  // next segment.
  rhumb_status_t append(const std::vector<Entry>& entries) {
    Completions completions;
    rhumb_status_t rc = RHUMB_BUSY;
    while (rc == RHUMB_BUSY) rc = append_async(entries, completions);
    completions.wait();
    return rc != RHUMB_OK ? rc : completions.worst();
  }
  rhumb_status_t read(uint64_t group, uint64_t first, uint64_t last, std::vector<Entry>& out,
                      uint64_t max_bytes = UINT64_MAX) {
    out.clear();
    rhumb_error_t own{sizeof(rhumb_error_t), 0, {}};  // because reads run on many threads
    const rhumb_status_t rc = ops().read(
        self_, group, first, last, max_bytes,
        [](void* ctx, const rhumb_log_entry_t* e) -> uint32_t {
          static_cast<std::vector<Entry>*>(ctx)->push_back(
              {e->group, e->index, e->term, std::string(view(e->data)), e->type});
          return 1;
        },
        &out, &own);
    return rc;
  }
  rhumb_status_t release(uint64_t group, uint64_t index) {
    rhumb_status_t rc = RHUMB_BUSY;
    while (rc == RHUMB_BUSY) rc = ops().release(self_, group, index, &error);
    return rc;
  }
  rhumb_status_t drop(uint64_t group) {
    rhumb_status_t rc = RHUMB_BUSY;
    while (rc == RHUMB_BUSY) rc = ops().drop_group(self_, group, &error);
    return rc;
  }
  uint64_t stat(const std::string& key) { return stats().at(key).get<uint64_t>(); }
  std::string text(const std::string& key) { return stats().value(key, std::string()); }
  rhumb_storage_t* self() { return self_; }

  rhumb_error_t error{sizeof(rhumb_error_t), 0, {}};
  State recovered;

 private:
  nlohmann::json stats() {
    Buffer buffer;
    if (ops().stats(self_, buffer.out()) != RHUMB_OK) throw std::runtime_error("stats");
    return nlohmann::json::parse(buffer.view());
  }

  rhumb_storage_t* self_ = nullptr;
};

class LogTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "rhumb-wal-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    dir_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }
  std::vector<std::string> segment_files(const std::string& dir) const {
    std::vector<std::string> files;
    for (const auto& f : std::filesystem::directory_iterator(dir)) {
      if (f.path().extension() == ".wal") files.push_back(f.path().string());
    }
    std::sort(files.begin(), files.end());
    return files;
  }
  std::string dir_;
};

}  // namespace rhumb::wal_test
