// An exact index engine that ages. An instance whose rows came by insert says that a new one would
// fit the data better ("4bit"); one that was built is content ("8bit"). It knows which rows it was
// given and returns no others, so a row that the host lost is not found.
#include "tests/shard/background/ageing_index.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fstream>
#include <memory>
#include <utility>
#include <vector>

#include "rhumb/cpp/host.h"
#include "rhumb/cpp/index_engine.h"
#include "rhumb/cpp/indexed_ranges.h"
#include "rhumb/cpp/slot_filter.h"
#include "rhumb/kernels.h"

extern "C" __attribute__((visibility("default"))) rhumb::shard::test::Ageing* ageing() {
  static rhumb::shard::test::Ageing state;
  return &state;
}

namespace {

bool has(const uint64_t* bits, uint32_t i) {
  return bits == nullptr || (bits[i / 64] >> (i % 64) & 1) != 0;
}

class AgeingIndex {
 public:
  static constexpr const char* kId = "ageing";
  static constexpr const char* kVersion = "1.0.0";

  AgeingIndex(const rhumb_host_t* host, const rhumb_index_open_t& open)
      : host_(host),
        vectors_(*open.vectors),
        kernel_(rhumb_kernel_for(open.metric, open.vectors->scalar)),
        known_(open.capacity_hint / 64 + 1) {
    if (open.base->data_dir.size > 0) load(std::string(rhumb::view(open.base->data_dir)) + "/rows");
    ageing()->tell([] { ++ageing()->open; });
  }
  ~AgeingIndex() {
    ageing()->tell([] { --ageing()->open; });
  }

  static std::string describe() {
    return R"({"metrics":["cosine","euclid"],"scalars":["f32"],"parameters":{"type":"object","properties":{"m":{"type":"integer"}}}})";
  }
  void build(const rhumb_call_t*, uint32_t slot_end, const uint64_t* live,
             const rhumb_progress_t* progress) {
    ageing()->tell([] { ++ageing()->building; });
    const bool stopped = !wait(progress);
    ageing()->tell([&] {
      --ageing()->building;
      ++(stopped ? ageing()->cancelled : ageing()->built);
    });
    if (stopped) throw rhumb::Error(RHUMB_CANCELLED, "stopped");
    if (fails()) throw rhumb::Error(RHUMB_NO_MEMORY, "no room for codes");
    for (uint32_t slot = 0; slot < slot_end; ++slot) {
      if (has(live, slot)) know(slot);
    }
    ranges_.add(0, slot_end);
    content_ = true;
  }
  void insert(const rhumb_call_t*, uint32_t first, uint32_t end) {
    for (uint32_t slot = first; slot < end; ++slot) know(slot);
    ranges_.add(first, end);
    ageing()->tell(
        [&] { ageing()->grown_to = std::max(ageing()->grown_to, ranges_.built_through()); });
  }
  void search(const rhumb_call_t* call, const rhumb_query_t& query, rhumb_hits_t& out) {
    const rhumb::SlotFilter passing(vectors_, query.filter);
    for (uint64_t q = 0; q < query.query_count; ++q) {
      rhumb::check_call(call, host_);
      std::vector<std::pair<float, uint32_t>> all;
      passing.for_each(0, ranges_.built_through(), [&](uint32_t slot) {
        if ((known_[slot / 64].load() >> (slot % 64) & 1) == 0) return;
        all.emplace_back(0.0f, slot);
        kernel_->slots(static_cast<const char*>(query.vectors.data) + q * query.vectors.stride,
                       &vectors_, &slot, 1, &all.back().first);
      });
      std::sort(all.begin(), all.end());
      if (all.size() > query.k) all.resize(query.k);
      out.counts[q] = static_cast<uint32_t>(all.size());
      for (size_t i = 0; i < all.size(); ++i) {
        out.distances[q * query.k + i] = all[i].first;
        out.slots[q * query.k + i] = all[i].second;
      }
    }
  }
  void save(std::string_view dir) {
    std::ofstream file(std::string(dir) + "/rows");
    file << content_ << ' ' << ranges_.built_through();
    for (uint32_t i = 0; i <= ranges_.built_through() / 64; ++i) file << ' ' << known_[i].load();
    if (!file.flush()) throw rhumb::Error(RHUMB_IO, "rows");
  }
  std::string stats() {
    bool wishes = false;
    ageing()->tell([&] {
      ++ageing()->stats;
      wishes = ageing()->insatiable || (ageing()->wishes && !content_);
    });
    const std::string rows = std::to_string(ranges_.built_through());
    return R"({"bytes_resident":100000,"bytes_mapped":0,"measured":{"recall":)" +
           std::string(content_ ? "0.99" : "0.5") + R"(,"queries":128,"ef":48},"codes":")" +
           (content_ ? "8bit" : "4bit") + R"(","rows":)" + rows + R"(,"built_through":)" + rows +
           (wishes ? R"(,"renew":"it has aged"})" : "}");
  }

 private:
  void know(uint32_t slot) { known_[slot / 64].fetch_or(uint64_t{1} << (slot % 64)); }
  static bool fails() {
    const std::lock_guard lock(ageing()->mutex);
    return ageing()->fails;
  }
  // Waits as long as builds are held. Returns false if the host has cancelled the build, for which
  // there is no event, so it has to be polled.
  static bool wait(const rhumb_progress_t* progress) {
    std::unique_lock lock(ageing()->mutex);
    while (ageing()->hold) {
      if (progress->tick(progress->ctx, 0, 1) == 0) return false;
      ageing()->changed.wait_for(lock, std::chrono::milliseconds(1));
    }
    return true;
  }
  void load(const std::string& path) {
    std::ifstream file(path);
    bool content = false;
    uint32_t rows = 0;
    file >> content >> rows;
    for (uint32_t i = 0; i <= rows / 64; ++i) {
      uint64_t word = 0;
      file >> word;
      known_[i] = word;
    }
    if (!file) throw rhumb::Error(RHUMB_CORRUPT, "rows");
    content_ = content;
    ranges_.add(0, rows);
  }

  const rhumb::Host host_;
  const rhumb_vectors_t& vectors_;
  const rhumb_kernel_t* const kernel_;
  std::vector<std::atomic<uint64_t>> known_;
  rhumb::IndexedRanges ranges_;
  std::atomic<bool> content_{false};
};

}  // namespace

RHUMB_PLUGIN("ageing", "1.0.0", "Apache-2.0", &rhumb::index_factory<AgeingIndex>)
