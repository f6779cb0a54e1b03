// An exact index engine with one fault, which is chosen when it is compiled. The conformance suite
// has to find each of these faults.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "rhumb/cpp/host.h"
#include "rhumb/cpp/index_engine.h"
#include "rhumb/cpp/indexed_ranges.h"
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
  overlooks_gaps,
  overruns,
  never_stops,
  never_ends,
  no_numbers,
  takes_any_extension,
  takes_any_config,
  trusts_files,
  forgets_when_saving,
  leaks,
  codes_of_first_rows,  // does not report the recall that it loses by them
  boasts_of_recall,     // the same codes, reported as finding everything
  admits_its_loss       // the same codes with an honest recall in stats: no fault
};
constexpr bool has(Fault fault) { return RHUMB_FAULT == fault; }
constexpr bool has_codes =
    has(codes_of_first_rows) || has(boasts_of_recall) || has(admits_its_loss);

bool bit(const uint64_t* bits, uint32_t i) { return (bits[i / 64] >> (i % 64) & 1) != 0; }

class Faulty {
 public:
  static constexpr const char* kId = "faulty";
  static constexpr const char* kVersion = "1.0.0";

  Faulty(const rhumb_host_t* host, const rhumb_index_open_t& open)
      : host_(host),
        vectors_(*open.vectors),
        kernel_(rhumb_kernel_for(open.metric, open.vectors->scalar)) {
    if (kernel_ == nullptr) throw rhumb::Error(RHUMB_UNSUPPORTED, "metric");
    if (!has(takes_any_config) && !has(never_ends) && !has(no_numbers) &&
        open.base->config_json.size > 0)
      throw rhumb::Error(RHUMB_INVALID, "no parameters");
    if (open.base->data_dir.size > 0) {
      std::ifstream file(std::string(rhumb::view(open.base->data_dir)) + "/rows");
      std::string rows, again;
      if (!std::getline(file, rows) || !std::getline(file, again) || rows.empty())
        throw rhumb::Error(RHUMB_CORRUPT, "rows");
      const bool good = rows == again &&
                        rows.find_first_not_of("0123456789") == std::string::npos &&
                        rows.size() < 10;
      if (!good && !has(trusts_files)) throw rhumb::Error(RHUMB_CORRUPT, "rows");
      const auto loaded = static_cast<uint32_t>(std::strtoul(rows.c_str(), nullptr, 10));
      if (loaded > vectors_.rows && !has(trusts_files)) throw rhumb::Error(RHUMB_CORRUPT, "rows");
      indexed_.add(0, loaded);
    }
    host_.report_memory(100);
  }
  ~Faulty() {
    if (!has(leaks)) host_.report_memory(-100);
  }

  static std::string describe() {
    return R"({"metrics":["euclid"],"scalars":["f32"],"parameters":{"type":"object","additionalProperties":false}})";
  }
  void build(const rhumb_call_t*, uint32_t slot_end, const uint64_t*,
             const rhumb_progress_t* progress) {
    if (progress != nullptr && progress->tick(progress->ctx, slot_end, slot_end) == 0)
      throw rhumb::Error(RHUMB_CANCELLED, "stopped");
    indexed_.add(0, slot_end);
  }
  void insert(const rhumb_call_t*, uint32_t slot_first, uint32_t slot_end) {
    const uint32_t end = has(inserts_whole_words) ? (slot_end + 63) & ~63u : slot_end;
    indexed_.add(has(overlooks_gaps) ? 0 : slot_first, end);
  }
  void search(const rhumb_call_t* call, const rhumb_query_t& query, rhumb_hits_t& out) {
    for (const rhumb_ext_t* ext = query.ext; ext != nullptr; ext = ext->next) {
      if (ext->required != 0 && !has(takes_any_extension))
        throw rhumb::Error(RHUMB_UNSUPPORTED, ext->id);
    }
    for (uint64_t q = 0; q < query.query_count; ++q) {
      if (!has(never_stops)) rhumb::check_call(call, host_);
      while (has(never_ends)) turns_.fetch_add(1);
      answer(static_cast<const char*>(query.vectors.data) + q * query.vectors.stride, query, q,
             out);
    }
  }
  void save(std::string_view dir) {
    std::ofstream file(std::string(dir) + "/rows");
    const uint32_t built = indexed_.built_through();
    const uint32_t rows = has(forgets_when_saving) ? built - built / 3 : built;
    file << rows << '\n' << rows << '\n';
    if (!file.flush()) throw rhumb::Error(RHUMB_IO, "rows");
  }
  std::string stats() {
    const std::string n = std::to_string(indexed_.built_through());
    std::string measured;
    if (has(boasts_of_recall)) measured = ",\"measured\":{\"recall\":1.0}";
    if (has(admits_its_loss))
      measured = ",\"measured\":{\"recall\":" + std::to_string(found_by_codes()) + "}";
    return "{\"rows\":" + n + ",\"built_through\":" + n +
           ",\"bytes_resident\":100,\"bytes_mapped\":0" + measured + "}";
  }

 private:
  bool passes(const rhumb_filter_t* filter, uint32_t slot) const {
    if (vectors_.present != nullptr && !bit(vectors_.present, slot) && !has(ignores_present))
      return false;
    if (filter == nullptr || has(ignores_filter)) return true;
    if (filter->kind == RHUMB_FILTER_SLOTS)
      return std::binary_search(filter->slots, filter->slots + filter->pass_count, slot);
    if (slot >= filter->bit_count) return has(ignores_bit_count);
    const uint64_t* bits = filter->kind == RHUMB_FILTER_BITS ? filter->bits : filter->live;
    return bits == nullptr || bit(bits, slot);
  }
  const float* row(uint32_t slot) const {
    const char* const chunk =
        static_cast<const char*>(vectors_.chunks[slot >> vectors_.chunk_shift]);
    return reinterpret_cast<const float*>(chunk + (slot & ((1u << vectors_.chunk_shift) - 1)) *
                                                      vectors_.stride);
  }
  // Keeps the closest rows by 7-bit codes, whose centre and step size are always those of the first
  // rows. The caller compares a fixed number of them again, whatever the error of the codes.
  void keep_closest_by_codes(const char* vector, uint32_t k,
                             std::vector<std::pair<float, uint32_t>>& all) const {
    const uint32_t first_rows = std::min(indexed_.built_through(), 256u), dim = vectors_.dim;
    std::vector<double> centre(dim);
    double square = 0;
    for (uint32_t slot = 0; slot < first_rows; ++slot) {
      for (uint32_t d = 0; d < dim; ++d)
        centre[d] += static_cast<double>(row(slot)[d]) / first_rows;
    }
    for (uint32_t slot = 0; slot < first_rows; ++slot) {
      for (uint32_t d = 0; d < dim; ++d) square += std::pow(row(slot)[d] - centre[d], 2);
    }
    const double sigma = std::sqrt(square / std::max(1u, first_rows * dim)),
                 scale = sigma > 0 ? 63.5 / (4 * sigma) : 1;
    const auto code = [&](const float* v, uint32_t d) {
      return std::clamp(std::round(scale * (v[d] - centre[d]) + 64), 0.0, 127.0);
    };
    for (auto& [distance, slot] : all) {
      double sum = 0;
      for (uint32_t d = 0; d < dim; ++d)
        sum += std::pow(code(reinterpret_cast<const float*>(vector), d) - code(row(slot), d), 2);
      distance = static_cast<float>(sum);
    }
    std::sort(all.begin(), all.end());
    if (all.size() > k + k / 4 + 4) all.resize(k + k / 4 + 4);
  }
  std::vector<std::pair<float, uint32_t>> closest_of_all(const char* vector, uint32_t k,
                                                         bool by_codes) const {
    std::vector<std::pair<float, uint32_t>> all;
    const auto indexed = indexed_.snapshot();
    for (const rhumb::SlotRange& range : *indexed) {
      for (uint32_t slot = range.first; slot < range.end; ++slot) all.emplace_back(0.0f, slot);
    }
    if (by_codes) keep_closest_by_codes(vector, k, all);
    for (auto& [distance, slot] : all) kernel_->slots(vector, &vectors_, &slot, 1, &distance);
    std::sort(all.begin(), all.end());
    if (all.size() > k) all.resize(k);
    return all;
  }
  // Measures recall with rows of its own as queries. A hit as close as the last true one counts.
  double found_by_codes() const {
    constexpr uint32_t kAsked = 40, kHits = 10;
    const uint32_t built = indexed_.built_through();
    uint32_t hits = 0, wanted = 0;
    for (uint32_t i = 0; i < kAsked && built >= kAsked; ++i) {
      const auto* const query = reinterpret_cast<const char*>(row(i * (built / kAsked)));
      const auto right = closest_of_all(query, kHits, false);
      for (const auto& hit : closest_of_all(query, kHits, true))
        hits += hit.first <= right.back().first ? 1 : 0;
      wanted += static_cast<uint32_t>(right.size());
    }
    return wanted == 0 ? 1 : static_cast<double>(hits) / wanted;
  }
  void answer(const char* vector, const rhumb_query_t& query, uint64_t q, rhumb_hits_t& out) {
    std::vector<std::pair<float, uint32_t>> all;
    const auto indexed = indexed_.snapshot();
    for (const rhumb::SlotRange& range : *indexed) {
      for (uint32_t slot = range.first; slot < range.end; ++slot) {
        if (!passes(query.filter, slot)) continue;
        if (has(misses_some) && slot % 3 == 0) continue;
        all.emplace_back(0.0f, slot);
      }
    }
    if (has_codes && (query.flags & RHUMB_QUERY_EXACT) == 0)
      keep_closest_by_codes(vector, query.k, all);
    for (auto& [distance, slot] : all) kernel_->slots(vector, &vectors_, &slot, 1, &distance);
    std::sort(all.begin(), all.end());
    if (has(gives_up_early) && all.size() < 100 && !all.empty())
      all.pop_back(), all.resize(all.size() / 4);
    if (all.size() > query.k) all.resize(query.k);
    if (has(unsorted)) std::reverse(all.begin(), all.end());
    if (has(repeats) && all.size() > 1) all[1] = all[0];
    if (has(wrong_distance) && !all.empty()) all.back().first += 1;
    constexpr float kNone[] = {std::numeric_limits<float>::quiet_NaN(),
                               std::numeric_limits<float>::infinity(),
                               -std::numeric_limits<float>::infinity()};
    for (size_t i = 0; has(no_numbers) && i < all.size(); i += 2)
      all[i].first = kNone[i / 2 % std::size(kNone)];
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
  rhumb::IndexedRanges indexed_;
  std::atomic<uint64_t> turns_{0};  // turns of a search that never ends
};

}  // namespace

RHUMB_PLUGIN("faulty", "1.0.0", "Apache-2.0", &rhumb::index_factory<Faulty>)
