// Appending to the log of a node: batches of records of the size of a written point. The log is in
// memory and never synced, so code is measured and no disk. Its own thread writes; the CPU time is
// that of the whole process, but instructions are counted on the thread that appends.
#include <future>

#include "host/base/executor.h"
#include "host/plugin/registry.h"
#include "host/storage/log_store.h"
#include "tests/bench/micro/micro.h"

namespace rhumb::bench {
namespace {

constexpr uint64_t kGroup = 1, kReleaseEvery = 256, kKept = 64;

struct Log {
  Log() {
    require(plugins.load_file(RHUMB_PLUGIN_DIR "/storage_wal.so").ok(), "no plugin storage_wal");
    auto opened = storage::LogStore::open(plugins, "wal", dir.path(), R"({"sync":"never"})");
    require(opened.ok(), "the log does not open");
    store = std::move(*opened);
    require(store->recover([](const storage::LogRecord&) { return true; }).ok(), "no recovery");
  }
  // Appends a batch and waits until it is written.
  void append(uint64_t records, const std::string& data) {
    batch.clear();
    for (uint64_t i = 0; i < records; ++i)
      batch.push_back({kGroup, ++index, 1, storage::RecordType::kData, data});
    std::promise<void> written;
    require(store->append(batch, [&](base::Status) { written.set_value(); }).ok(), "no append");
    written.get_future().wait();
    if (++appended % kReleaseEvery == 0)
      require(store->release(kGroup, index - kKept).ok(), "no release");
  }

  const MemoryDir dir;
  base::Executor executor{"bench", 1, 64};
  plugin::PluginRegistry plugins{executor};
  std::unique_ptr<storage::LogStore> store;
  std::vector<storage::LogRecord> batch;
  uint64_t index = 0, appended = 0;
};

}  // namespace

void add_benchmarks() {
  for (const auto& [records, bytes] :
       {std::pair{1u, 700u}, std::pair{64u, 700u}, std::pair{1u, 64'000u}}) {
    add("log/append/" + std::to_string(records) + "x" + std::to_string(bytes), [records = records,
                                                                                bytes = bytes] {
      auto log = std::make_shared<Log>();
      return [log, records, data = std::string(bytes, 'd')] { log->append(records, data); };
    })->MeasureProcessCPUTime();
  }
}

}  // namespace rhumb::bench
