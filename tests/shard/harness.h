// A shard without consensus: tests feed the entries by hand. Directory, executors and plugins live
// as long as the harness; the shard can be closed, abandoned and opened again.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "host/base/executor.h"
#include "host/plugin/registry.h"
#include "host/shard/shard.h"

namespace rhumb::shard::test {

inline constexpr uint32_t kDim = 16;

class TempDir {
 public:
  TempDir();
  ~TempDir();
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Vectors like embeddings: near cluster centres in a space of low rank, normalised.
class Embeddings {
 public:
  Embeddings(uint64_t seed, uint32_t dim, uint32_t rank = 6, uint32_t clusters = 12);
  std::vector<float> next();
  std::string next_bytes();

 private:
  std::mt19937_64 random_;
  uint32_t dim_, rank_;
  std::vector<std::vector<float>> basis_, centres_;
};
std::string bytes_of(const std::vector<float>& vector);

const plugin::PluginRegistry& plugins();
base::Executor& background_pool();

model::CollectionConfig config_of(model::Distance distance = model::Distance::kCosine,
                                  uint32_t dim = kDim);

class Harness {
 public:
  explicit Harness(model::CollectionConfig config = config_of());
  ~Harness();

  ShardOptions options;  // to be changed before open()
  void open();
  void close();
  // Leaves the shard as a killed process does, without a checkpoint. Bytes stay in the page cache.
  void abandon();
  Shard& operator*() { return *shard_; }
  Shard* operator->() { return shard_.get(); }
  bool is_open() const { return shard_ != nullptr; }

  // The log of this shard. Entries stay here, for replay after open().
  uint64_t propose(const model::Command& command);
  uint64_t noop();
  // Feeds the entries that were not fed yet, and waits until they are applied.
  base::Status apply();
  base::Status write(const model::Command& command) {
    propose(command);
    return apply();
  }
  base::Status checkpoint();
  // Merges segments until nothing is left to merge.
  base::Status compact();
  base::Status configure(const model::CollectionConfig& config);
  // Waits until the indexer has nothing more to do, so graphs reach every row that they can.
  void wait_indexed(const std::string& vector = "");

  const std::vector<consensus::Entry>& log() const { return log_; }
  uint64_t released() const { return released_; }
  const std::string& directory() const { return directory_; }
  void set_directory(const std::string& directory);
  // For a shard that was restored: the log has no entries up to `index`.
  void begin_log_at(uint64_t index);

 private:
  TempDir temp_;
  std::string directory_;
  base::Executor apply_pool_;
  std::unique_ptr<KvCache> kv_;
  std::unique_ptr<Shard> shard_;
  std::vector<consensus::Entry> log_;
  uint64_t fed_ = 0;
  std::atomic<uint64_t> released_{0};
  uint64_t config_version_ = 1;
};

model::Command upsert(const std::vector<model::PointWrite>& points);
model::PointWrite point(uint64_t id, const std::string& vector, const std::string& payload = "");
model::Command on(model::OperationKind kind, const std::vector<uint64_t>& ids);
model::Command set_payload(uint64_t id, const std::string& payload, const std::string& key = "");
model::Filter match(const std::string& key, model::MatchValue value);
model::Condition any_of(const std::string& key, std::vector<model::MatchValue> values);
model::SearchRequest nearest(const std::string& vector, uint32_t limit);

}  // namespace rhumb::shard::test
