// An exact index engine with one fault, chosen when it is compiled: what the conformance suite is there to find.
#include <algorithm>
#include <atomic>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "rhumb/cpp/host.h"
#include "rhumb/cpp/index_engine.h"
#include "rhumb/kernels.h"

namespace {

enum Fault {
  none,
  unsorted,
  wrong_distance,
  repeats,
  misses_some,
  ignores_filter,
  gives_up_early,
  ignores_present,
  ignores_bit_count,
  inserts_whole_words,
  overruns,
  never_stops,
  never_ends,
  no_numbers,
  takes_any_extension,
  takes_any_config,
  trusts_files,
  forgets_when_saving,
  leaks
};
constexpr bool has(Fault fault) { return RHUMB_FAULT == fault; }

bool bit(const uint64_t* bits, uint32_t i) { return (bits[i / 64] >> (i % 64) & 1) != 0; }

class Faulty {
 public:
  static constexpr const char* kId = "faulty";
  static constexpr const char* kVersion = "1.0.0";

  Faulty(const rhumb_host_t* host, const rhumb_index_open_t& open)
      : host_(host), vectors_(*open.vectors), kernel_(rhumb_kernel_for(open.metric, open.vectors->scalar)) {
    if (kernel_ == nullptr) throw rhumb::Error(RHUMB_UNSUPPORTED, "metric");
    if (!has(takes_any_config) && !has(never_ends) && !has(no_numbers) && open.base->config_json.size > 0) throw rhumb::Error(RHUMB_INVALID, "no parameters");
    if (open.base->data_dir.size > 0) {
      std::ifstream file(std::string(rhumb::view(open.base->data_dir)) + "/rows");
      std::string rows, again;
      if (!std::getline(file, rows) || !std::getline(file, again) || rows.empty())
        throw rhumb::Error(RHUMB_CORRUPT, "rows");
      const bool good = rows == again && rows.find_first_not_of("0123456789") == std::string::npos && rows.size() < 10;
      if (!good && !has(trusts_files)) throw rhumb::Error(RHUMB_CORRUPT, "rows");
      built_ = static_cast<uint32_t>(std::strtoul(rows.c_str(), nullptr, 10));
      if (built_ > vectors_.rows && !has(trusts_files)) throw rhumb::Error(RHUMB_CORRUPT, "rows");
    }
    host_.report_memory(100);
  }
  ~Faulty() {
    if (!has(leaks)) host_.report_memory(-100);
  }

  static std::string describe() {
    return R"({"metrics":["euclid"],"scalars":["f32"],"parameters":{"type":"object","additionalProperties":false}})";
  }
  void build(const rhumb_call_t*, uint32_t slot_end, const uint64_t*, const rhumb_progress_t* progress) {
    if (progress != nullptr && progress->tick(progress->ctx, slot_end, slot_end) == 0)
      throw rhumb::Error(RHUMB_CANCELLED, "stopped");
    built_ = slot_end;
  }
  void insert(const rhumb_call_t*, uint32_t, uint32_t slot_end) {
    const uint32_t end = has(inserts_whole_words) ? (slot_end + 63) & ~63u : slot_end;
    for (uint32_t built = built_; built < end && !built_.compare_exchange_weak(built, end);) {
    }
  }
  void search(const rhumb_call_t* call, const rhumb_query_t& query, rhumb_hits_t& out) {
    for (const rhumb_ext_t* ext = query.ext; ext != nullptr; ext = ext->next) {
      if (ext->required != 0 && !has(takes_any_extension)) throw rhumb::Error(RHUMB_UNSUPPORTED, ext->id);
    }
    for (uint64_t q = 0; q < query.query_count; ++q) {
      if (!has(never_stops)) rhumb::check_call(call, host_);
      while (has(never_ends)) turns_.fetch_add(1);
      answer(static_cast<const char*>(query.vectors.data) + q * query.vectors.stride, query, q, out);
    }
  }
  void save(std::string_view dir) {
    std::ofstream file(std::string(dir) + "/rows");
    const uint32_t rows = has(forgets_when_saving) && built_ > 0 ? built_ - built_ / 3 : built_.load();
    file << rows << '\n' << rows << '\n';
    if (!file.flush()) throw rhumb::Error(RHUMB_IO, "rows");
  }
  std::string stats() {
    const std::string n = std::to_string(built_);
    return "{\"rows\":" + n + ",\"built_through\":" + n + ",\"bytes_resident\":100,\"bytes_mapped\":0}";
  }

 private:
  bool passes(const rhumb_filter_t* filter, uint32_t slot) const {
    if (vectors_.present != nullptr && !bit(vectors_.present, slot) && !has(ignores_present)) return false;
    if (filter == nullptr || has(ignores_filter)) return true;
    if (filter->kind == RHUMB_FILTER_SLOTS)
      return std::binary_search(filter->slots, filter->slots + filter->pass_count, slot);
    if (slot >= filter->bit_count) return has(ignores_bit_count);
    const uint64_t* bits = filter->kind == RHUMB_FILTER_BITS ? filter->bits : filter->live;
    return bits == nullptr || bit(bits, slot);
  }
  void answer(const char* vector, const rhumb_query_t& query, uint64_t q, rhumb_hits_t& out) {
    std::vector<std::pair<float, uint32_t>> all;
    for (uint32_t slot = 0; slot < built_; ++slot) {
      if (!passes(query.filter, slot)) continue;
      if (has(misses_some) && slot % 3 == 0) continue;
      all.emplace_back(0.0f, slot);
      kernel_->slots(vector, &vectors_, &slot, 1, &all.back().first);
    }
    std::sort(all.begin(), all.end());
    if (has(gives_up_early) && all.size() < 100 && !all.empty()) all.pop_back(), all.resize(all.size() / 4);
    if (all.size() > query.k) all.resize(query.k);
    if (has(unsorted)) std::reverse(all.begin(), all.end());
    if (has(repeats) && all.size() > 1) all[1] = all[0];
    if (has(wrong_distance) && !all.empty()) all.back().first += 1;
    constexpr float kNone[] = {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity()};
    for (size_t i = 0; has(no_numbers) && i < all.size(); i += 2) all[i].first = kNone[i / 2 % std::size(kNone)];
    out.counts[q] = static_cast<uint32_t>(all.size());
    for (size_t i = 0; i < all.size(); ++i) {
      out.distances[q * query.k + i] = all[i].first;
      out.slots[q * query.k + i] = all[i].second;
    }
    if (has(overruns)) out.slots[query.query_count * query.k] = 0;
  }

  const rhumb::Host host_;
  const rhumb_vectors_t& vectors_;
  const rhumb_kernel_t* const kernel_;
  std::atomic<uint32_t> built_{0};
  std::atomic<uint64_t> turns_{0};  // of a search that never ends
};

}  // namespace

RHUMB_PLUGIN("faulty", "1.0.0", "Apache-2.0", &rhumb::index_factory<Faulty>)
