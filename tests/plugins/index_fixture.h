// Drives index engines through their tables of functions, as the host does, over columns of
// generated vectors.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "host/base/executor.h"
#include "host/plugin/registry.h"
#include "host/plugin/status.h"
#include "rhumb/cpp/guard.h"
#include "rhumb/index.h"
#include "rhumb/kernels.h"
#include "tests/places.h"
#include "tests/plugins/index_data.h"

namespace rhumb::index_test {

class Bits {
 public:
  explicit Bits(uint32_t size, bool value = false)
      : size_(size), words_(size / 64 + 1, value ? ~uint64_t{0} : 0) {
    if (value) words_.back() = (uint64_t{1} << (size % 64)) - 1;
  }
  void set(uint32_t i) { words_[i / 64] |= uint64_t{1} << (i % 64); }
  void clear(uint32_t i) { words_[i / 64] &= ~(uint64_t{1} << (i % 64)); }
  bool has(uint32_t i) const { return i < size_ && (words_[i / 64] >> (i % 64) & 1) != 0; }
  uint64_t count() const {
    uint64_t n = 0;
    for (const uint64_t word : words_) n += static_cast<uint64_t>(std::popcount(word));
    return n;
  }
  std::vector<uint32_t> list() const {
    std::vector<uint32_t> out;
    for (uint32_t i = 0; i < size_; ++i) {
      if (has(i)) out.push_back(i);
    }
    return out;
  }
  uint32_t size() const { return size_; }
  const uint64_t* words() const { return words_.data(); }

  rhumb_filter_t as_live() const {
    return {sizeof(rhumb_filter_t), RHUMB_FILTER_ALL, nullptr, nullptr, size_, count(), words()};
  }
  rhumb_filter_t as_bits() const {
    return {sizeof(rhumb_filter_t), RHUMB_FILTER_BITS, words(), nullptr, size_, count(), nullptr};
  }
  static rhumb_filter_t as_slots(const std::vector<uint32_t>& slots) {
    return {sizeof(rhumb_filter_t),
            RHUMB_FILTER_SLOTS,
            nullptr,
            slots.data(),
            0,
            slots.size(),
            nullptr};
  }

 private:
  const uint32_t size_;
  std::vector<uint64_t> words_;
};

struct Hit {
  uint32_t slot;
  float distance;
  bool operator==(const Hit&) const = default;
};
using Hits = std::vector<Hit>;

struct Ask {
  uint32_t k = 10, ef = 0, flags = 0;
  const rhumb_filter_t* filter = nullptr;
  float recall = 0, widen = 0, oversampling = 0;
};

// The engines of this build, loaded as the host loads them.
inline plugin::PluginRegistry& registry() {
  static base::Executor executor("plugins", 3, 1024);
  static plugin::PluginRegistry* const loaded = [] {
    auto* r = new plugin::PluginRegistry(executor);
    for (const char* name : {"index_flat", "index_hnsw", "index_rhumb"}) {
      const std::string path = places::plugin(name);
      if (!std::filesystem::exists(path)) continue;
      const base::Status status = r->load_file(path);
      if (!status.ok()) throw std::runtime_error(status.message());
    }
    return r;
  }();
  return *loaded;
}
inline plugin::Engine<rhumb_index_ops_t> engine(const char* id) {
  auto found = registry().find<rhumb_index_ops_t>(id);
  if (!found.ok()) throw std::runtime_error(found.status().message());
  return *found;
}

// An instance of an index engine. A failed call returns its status and leaves the text in error().
class Index {
 public:
  Index(const char* id, const Column& column, std::string config = "", std::string data_dir = "",
        uint64_t capacity_hint = 0)
      : ops_(*engine(id).ops), column_(column) {
    const rhumb_open_t base{sizeof base, 0, slice(config), slice(data_dir), nullptr};
    const rhumb_index_open_t open{sizeof open, column.metric(), &column.raw(), capacity_hint,
                                  &base};
    opened_ = ops_.open(engine(id).host, &open, &self_, error_out());
  }
  ~Index() {
    if (self_ != nullptr) ops_.close(self_);
  }
  Index(const Index&) = delete;
  Index& operator=(const Index&) = delete;

  rhumb_status_t opened() const { return opened_; }
  std::string error() const { return error_.text; }
  rhumb_status_t build(uint32_t threads = 1, const uint64_t* live = nullptr,
                       const rhumb_call_t* call = nullptr) {
    const rhumb_progress_t progress{sizeof progress, threads, nullptr, nullptr};
    return ops_.build(self_, call, column_.rows(), live, &progress, error_out());
  }
  rhumb_status_t build(const rhumb_progress_t& progress) {
    return ops_.build(self_, nullptr, column_.rows(), nullptr, &progress, error_out());
  }
  rhumb_status_t insert(uint32_t first, uint32_t end, const rhumb_call_t* call = nullptr) {
    return ops_.insert(self_, call, first, end, nullptr);
  }
  rhumb_status_t save(const std::string& dir) { return ops_.save(self_, slice(dir), error_out()); }
  nlohmann::json stats() {
    Buffer buffer;
    if (ops_.stats(self_, buffer.out()) != RHUMB_OK) throw std::runtime_error("stats failed");
    return nlohmann::json::parse(buffer.view());
  }

  // Any thread may call it. It throws the engine's error.
  std::vector<Hits> search(std::span<const std::string> queries, const Ask& ask,
                           uint64_t* distances = nullptr, uint64_t* codes = nullptr) const {
    std::string rows;
    for (const std::string& q : queries) rows += q;
    rhumb_query_t query{};
    query.struct_size = sizeof query;
    query.k = ask.k;
    query.vectors = {rows.data(), queries.size(), column_.raw().stride, column_.raw().dim,
                     column_.raw().scalar};
    query.query_count = queries.size();
    query.filter = ask.filter;
    query.ef = ask.ef;
    query.flags = ask.flags;
    query.recall = ask.recall;
    query.widen = ask.widen;
    query.oversampling = ask.oversampling;
    std::vector<uint32_t> slots(queries.size() * ask.k), counts(queries.size(), ~0u);
    std::vector<float> values(slots.size());
    rhumb_hits_t out{sizeof out, 0, slots.data(), values.data(), counts.data(), 0, 0};
    rhumb_error_t error{};
    error.struct_size = sizeof error;
    const rhumb_status_t rc = ops_.search(self_, nullptr, &query, &out, &error);
    if (rc != RHUMB_OK)
      throw std::runtime_error("search: " + std::to_string(rc) + " " + error.text);
    if (distances != nullptr) *distances = out.exact_distances;
    if (codes != nullptr) *codes = out.code_distances;
    std::vector<Hits> all(queries.size());
    for (size_t q = 0; q < queries.size(); ++q) {
      for (uint32_t i = 0; i < counts.at(q); ++i)
        all[q].push_back({slots[q * ask.k + i], values[q * ask.k + i]});
    }
    return all;
  }
  Hits search_one(const std::string& query, const Ask& ask = {}) const {
    return search({&query, 1}, ask)[0];
  }

  rhumb_index_t* raw() { return self_; }
  const rhumb_index_ops_t& ops() const { return ops_; }

 private:
  rhumb_error_t* error_out() {
    error_ = {};
    error_.struct_size = sizeof error_;
    return &error_;
  }
  const rhumb_index_ops_t& ops_;
  const Column& column_;
  rhumb_index_t* self_ = nullptr;
  rhumb_status_t opened_ = RHUMB_BUG;
  rhumb_error_t error_{};
};

// Returns the share of the true hits that were found. Hits are compared by distance, so among
// equally far slots any is right.
inline double recall(const std::vector<Hits>& found, const std::vector<Hits>& truth) {
  uint64_t right = 0, all = 0;
  for (size_t q = 0; q < truth.size(); ++q) {
    all += truth[q].size();
    if (truth[q].empty()) continue;
    for (size_t i = 0; i < std::min(found[q].size(), truth[q].size()); ++i) {
      if (found[q][i].distance <=
          truth[q].back().distance * (truth[q].back().distance < 0 ? 1 - 1e-6f : 1 + 1e-6f))
        ++right;
    }
  }
  return all == 0 ? 1.0 : static_cast<double>(right) / static_cast<double>(all);
}

class TempDir {
 public:
  TempDir() {
    std::string path = (std::filesystem::temp_directory_path() / "rhumb-index-XXXXXX").string();
    if (::mkdtemp(path.data()) == nullptr) throw std::runtime_error("mkdtemp");
    path_ = path;
  }
  ~TempDir() { std::filesystem::remove_all(path_); }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  // A new, empty directory inside this one.
  std::string fresh() const {
    static int n = 0;
    const std::string path = path_ + "/" + std::to_string(n++);
    std::filesystem::create_directory(path);
    return path;
  }

 private:
  std::string path_;
};

inline std::string read_bytes(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
inline void write_bytes(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

}  // namespace rhumb::index_test
