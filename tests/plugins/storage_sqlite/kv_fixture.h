// Drives a key-value engine through its table of functions, as the host does.
#pragma once

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "rhumb/cpp/guard.h"
#include "rhumb/plugin.h"
#include "rhumb/storage.h"
#include "tests/places.h"

namespace rhumb::kv_test {

inline const rhumb_kv_ops_t& ops() {
  static const rhumb_kv_ops_t* const table = [] {
    void* library = ::dlopen(places::plugin("storage_sqlite").c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) throw std::runtime_error(::dlerror());
    const auto entry = reinterpret_cast<rhumb_plugin_fn>(::dlsym(library, RHUMB_PLUGIN_SYMBOL));
    return static_cast<const rhumb_kv_ops_t*>(entry()->factories[0]->ops);
  }();
  return *table;
}

struct Write {
  uint32_t op, table;
  std::string key, value;
};
using Rows = std::vector<std::pair<std::string, std::string>>;

class Store {
 public:
  Store() = default;
  ~Store() { close(); }
  rhumb_status_t open(const std::string& dir, const std::string& config = "") {
    const rhumb_open_t params{sizeof(rhumb_open_t), 0, slice(config), slice(dir), nullptr};
    return ops().open(nullptr, &params, &self_, &error);
  }
  void close() {
    if (self_ != nullptr) ops().close(self_);
    self_ = nullptr;
  }
  rhumb_status_t write(const std::vector<Write>& writes) {
    std::vector<rhumb_write_t> raw;
    for (const Write& w : writes) raw.push_back({w.op, w.table, slice(w.key), slice(w.value)});
    return ops().write(self_, nullptr, raw.data(), raw.size(), &error);
  }
  rhumb_status_t put(uint32_t table, const std::string& key, const std::string& value) {
    return write({{RHUMB_PUT, table, key, value}});
  }
  rhumb_status_t flush() {
    struct Waiter {
      std::mutex mutex;
      std::condition_variable wake;
      std::optional<rhumb_status_t> status;
    } waiter;
    const rhumb_status_t rc =
        ops().flush(self_, {&waiter, [](void* ctx, rhumb_status_t status, const rhumb_error_t*) {
                              auto& w = *static_cast<Waiter*>(ctx);
                              const std::lock_guard lock(w.mutex);
                              w.status = status;
                              w.wake.notify_all();
                            }});
    if (rc != RHUMB_OK) return rc;
    std::unique_lock lock(waiter.mutex);
    waiter.wake.wait(lock, [&] { return waiter.status.has_value(); });
    return *waiter.status;
  }
  // Returns nothing for a missing key, and the text "status <n>" for another failure.
  std::optional<std::string> get(uint32_t table, const std::string& key) {
    Buffer out;
    rhumb_error_t own{sizeof(rhumb_error_t), 0, {}};
    const rhumb_status_t rc = ops().get(self_, nullptr, table, slice(key), out.out(), &own);
    if (rc == RHUMB_NOT_FOUND) return std::nullopt;
    return rc == RHUMB_OK ? std::string(out.view()) : "status " + std::to_string(rc);
  }
  rhumb_status_t scan(uint32_t table, const std::string& first, const std::string& last, Rows& out,
                      uint32_t flags = 0, const rhumb_call_t* call = nullptr,
                      uint64_t max_rows = UINT64_MAX) {
    out.clear();
    struct Context {
      Rows* rows;
      uint64_t max_rows;
    } context{&out, max_rows};
    rhumb_error_t own{sizeof(rhumb_error_t), 0, {}};
    return ops().scan(
        self_, call, table, slice(first), slice(last), flags,
        [](void* ctx, rhumb_slice_t key, rhumb_slice_t value) -> uint32_t {
          auto& c = *static_cast<Context*>(ctx);
          c.rows->emplace_back(view(key), view(value));
          return c.rows->size() < c.max_rows;
        },
        &context, &own);
  }
  rhumb_storage_t* self() { return self_; }
  rhumb_error_t error{sizeof(rhumb_error_t), 0, {}};

 private:
  rhumb_storage_t* self_ = nullptr;
};

class KvTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "rhumb-kv-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    dir_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }
  std::string dir_;
};

}  // namespace rhumb::kv_test
