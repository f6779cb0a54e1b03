#include "engine/fit.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <numeric>
#include <vector>

#include "rhumb/cpp/exact_scan.h"

namespace rhumb::coded {
namespace {

constexpr uint32_t kBatch = 256;

// The codes that a row is compared with: those of a graph, or those of a trial's rows.
struct GraphCodes {
  const Graph& graph;
  uint32_t end() const { return graph.end(); }
  bool has(uint32_t id) const { return graph.has(id); }
  uint32_t slot_of(uint32_t id) const { return id; }
  uint32_t id_of(uint32_t slot) const { return slot; }
  void compare(const void* query, const uint32_t* ids, uint32_t n, uint32_t* out) const {
    graph.probe(query)(ids, n, out);
  }
};

struct TrialCodes {
  std::span<const uint32_t> slots;  // ascending
  const Codec& codec;
  const Kernels& kernels;
  std::vector<uint8_t> codes;
  uint32_t end() const { return static_cast<uint32_t>(slots.size()); }
  bool has(uint32_t) const { return true; }
  uint32_t slot_of(uint32_t id) const { return slots[id]; }
  uint32_t id_of(uint32_t slot) const {
    return static_cast<uint32_t>(std::lower_bound(slots.begin(), slots.end(), slot) -
                                 slots.begin());
  }
  void compare(const void* query, const uint32_t* ids, uint32_t n, uint32_t* out) const {
    const char* const chunk = reinterpret_cast<const char*>(codes.data());
    const CodeTable table{&chunk, codec.width(), codec.width()};
    (codec.rotates() ? kernels.squared : kernels.absolute)(query, &table, ids, n, out);
  }
};

// For each neighbour of one sample: the number of rows that are farther, but no farther by their
// codes.
template <typename Codes>
std::array<uint32_t, kCalibrationHits> behind_of(const Codes& codes, const Codec& codec,
                                                 const Sample& sample, const rhumb_kernel_t& kernel,
                                                 const rhumb_vectors_t& column, Pacer& pacer) {
  std::vector<float> prepared(codec.width());
  std::vector<uint8_t> query(codec.query_bytes());
  const void* const vector = sample.vector(column);
  codec.prepare_query(vector, prepared.data());
  codec.encode_query(prepared.data(), query.data());
  std::array<uint32_t, kCalibrationHits> limits{}, behind{};
  uint32_t farthest = 0, known = 0;
  for (uint32_t j = 0; j < sample.count; ++j) {
    const uint32_t id = codes.id_of(sample.closest[j]);
    if (id >= codes.end() || !codes.has(id)) continue;
    codes.compare(query.data(), &id, 1, &limits[known]);
    farthest = std::max(farthest, limits[known++]);
  }
  uint32_t ids[kBatch], distances[kBatch], slots[kBatch];
  float exact[kBatch];
  uint32_t n = 0;
  const auto flush = [&] {
    codes.compare(query.data(), ids, n, distances);
    pacer.rows(n / 4 + 1);
    uint32_t near = 0;
    for (uint32_t i = 0; i < n; ++i) {
      if (distances[i] > farthest || codes.slot_of(ids[i]) == sample.slot) continue;
      distances[near] = distances[i];
      slots[near++] = codes.slot_of(ids[i]);
    }
    kernel.slots(vector, &column, slots, near, exact);
    pacer.rows(near);
    for (uint32_t i = 0; i < near; ++i) {
      if (exact[i] <= sample.farthest) continue;
      for (uint32_t j = 0; j < known; ++j) behind[j] += distances[i] <= limits[j] ? 1 : 0;
    }
    n = 0;
  };
  for (uint32_t id = 0; id < codes.end(); ++id) {
    if (!codes.has(id)) continue;
    ids[n++] = id;
    if (n == kBatch) flush();
  }
  if (n > 0) flush();
  return behind;  // zeros for neighbours that have no code
}

template <typename Codes>
Fit fit_of(const Codes& codes, const Codec& codec, std::span<const Sample> samples,
           const rhumb_kernel_t& kernel, const rhumb_vectors_t& column, const rhumb_call_t* call,
           const Host& host) {
  std::vector<std::array<uint32_t, kCalibrationHits>> behind(samples.size());
  host.parallel(samples.size(), [&](uint64_t i) {
    Pacer pacer(call, host, column);
    behind[i] = behind_of(codes, codec, samples[i], kernel, column, pacer);
  });
  Fit fit;
  for (size_t i = 0; i < samples.size(); ++i) {
    fit.of += samples[i].count;
    for (uint32_t j = 0; j < samples[i].count; ++j) {
      if (behind[i][j] <= kFitPlaces) ++fit.behind[behind[i][j]];
    }
  }
  return fit;
}

}  // namespace

double Fit::share(uint32_t places) const {
  if (of == 0) return 1;
  return static_cast<double>(std::accumulate(behind.begin(), behind.begin() + places + 1, 0u)) / of;
}

uint32_t Fit::places() const {
  constexpr double kAllButAFew = 0.997;
  uint32_t places = 0;
  while (places < kFitPlaces && share(places) < kAllButAFew * share()) ++places;
  return places;
}

std::string why_text(Why why, float share) {
  char text[200];
  switch (why) {
    case Why::kUsual:
      return "";
    case Why::kAsked:
      return "asked for";
    case Why::kNarrow:
      return "the vectors are so short that codes would save nothing";
    case Why::kUnfit:
      std::snprintf(
          text, sizeof text,
          "codes of 8 bits put %.1f %% of the true neighbours near the front, %.0f %% are needed",
          100.0 * static_cast<double>(share), 100 * kFitShare);
      return text;
    case Why::kOneBitUnfit:
      return "the recall of walks by one-bit codes is too low";
  }
  return "";
}

Fit fit_of_graph(const Graph& graph, const Codec& codec, std::span<const Sample> samples,
                 const rhumb_kernel_t& kernel, const rhumb_vectors_t& column,
                 const rhumb_call_t* call, const Host& host) {
  return fit_of(GraphCodes{graph}, codec, samples, kernel, column, call, host);
}

double trial_share(const Codec& codec, std::span<const uint32_t> slots,
                   const rhumb_kernel_t& kernel, const rhumb_vectors_t& column,
                   const Kernels& kernels, const Host& host) {
  std::vector<uint32_t> some;
  const size_t step = std::max<size_t>(1, slots.size() / kTrialRows);
  for (size_t i = 0; i < slots.size() && some.size() < kTrialRows; i += step)
    some.push_back(slots[i]);
  TrialCodes trial{some, codec, kernels, std::vector<uint8_t>(some.size() * codec.width())};
  std::vector<float> prepared(codec.width());
  for (size_t i = 0; i < some.size(); ++i) {
    codec.prepare_row(row_of(column, some[i]), prepared.data());
    codec.encode_row(prepared.data(), trial.codes.data() + i * codec.width());
  }
  std::vector<Sample> samples(std::min<size_t>(kFitSamples, some.size()));
  for (size_t i = 0; i < samples.size(); ++i)
    samples[i].slot = some[i * some.size() / samples.size()];
  const rhumb_filter_t only{sizeof only, RHUMB_FILTER_SLOTS, nullptr, some.data(),
                            0,           some.size(),        nullptr};
  const SlotRange range{some.front(), some.back() + 1};
  answer_exactly(samples, kernel, column, {&range, 1}, &only, nullptr, host);
  const auto places = static_cast<uint32_t>(uint64_t{kFitPlaces} * some.size() / slots.size());
  return fit_of(trial, codec, samples, kernel, column, nullptr, host)
      .share(std::max(kTrialPlacesMin, places));
}

}  // namespace rhumb::coded
