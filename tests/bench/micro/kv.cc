// The key-value store of a shard, in memory: a batch of the writes of 64 points, and reads by key.
#include "host/base/executor.h"
#include "host/plugin/registry.h"
#include "host/storage/kv_store.h"
#include "tests/bench/micro/micro.h"
#include "tests/bench/random.h"

namespace rhumb::bench {
namespace {

constexpr uint32_t kTable = 1, kPoints = 100'000, kBatch = 64;

struct Store {
  Store() {
    require(plugins.load_file(RHUMB_PLUGIN_DIR "/storage_sqlite.so").ok(), "no storage_sqlite");
    auto opened = storage::KvStore::open(plugins, "sqlite", dir.path());
    require(opened.ok(), "the store does not open");
    store = std::move(*opened);
    for (uint32_t i = 0; i < kPoints; i += kBatch) write(i);
  }
  static std::string key_of(uint64_t point) {
    std::string key(9, '\0');
    for (size_t i = 8; i > 0; --i, point >>= 8) key[i] = static_cast<char>(point & 0xFF);
    return key;
  }
  void write(uint64_t first) {
    storage::KvBatch batch;
    for (uint64_t i = first; i < first + kBatch; ++i) batch.put(kTable, key_of(i), value);
    require(store->write(batch).ok(), "no write");
  }
  // Points in random order, as clients write them.
  void write_some() {
    storage::KvBatch batch;
    for (uint32_t i = 0; i < kBatch; ++i) batch.put(kTable, key_of(random.next() % kPoints), value);
    require(store->write(batch).ok(), "no write");
  }
  void read_one() { benchmark::DoNotOptimize(store->get(kTable, key_of(random.next() % kPoints))); }

  const MemoryDir dir;
  base::Executor executor{"bench", 1, 64};
  plugin::PluginRegistry plugins{executor};
  std::unique_ptr<storage::KvStore> store;
  const std::string value = std::string(24, 'v');
  Random random{13};
};

}  // namespace

void add_benchmarks() {
  const auto store = [] {
    static const auto shared = std::make_shared<Store>();
    return shared;
  };
  add("kv/write/64", [store] { return [s = store()] { s->write_some(); }; });
  add("kv/get", [store] { return [s = store()] { s->read_one(); }; });
}

}  // namespace rhumb::bench
