#include "sdk/check/index_fixture.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>

#include "rhumb/cpp/guard.h"
#include "sdk/check/report.h"

namespace rhumb::check {
namespace {

constexpr uint32_t kClusters = 20, kRank = 8;
constexpr uint32_t kGuardSlots = 4;  // the entries after the caller's arrays
constexpr uint32_t kGuardValue = 0xA5A5A5A5u;

bool bit(const uint64_t* bits, uint32_t i) { return (bits[i / 64] >> (i % 64) & 1) != 0; }

}  // namespace

Column::Column(uint32_t metric, uint32_t scalar, uint32_t dim, uint32_t rows, uint64_t seed)
    : metric_(metric), seed_(seed), kernel_(rhumb_kernel_for(metric, scalar)), table_{} {
  std::mt19937_64 rng(seed);
  std::normal_distribution<float> normal;
  centres_.resize(kClusters, std::vector<float>(kRank));
  for (auto& centre : centres_) {
    for (float& c : centre) c = normal(rng);
  }
  table_.scalar = scalar;
  table_.dim = dim;
  fill(rows, [&](uint32_t) { return drawn(rng); });
}

Column::Column(uint32_t metric, uint32_t scalar, const std::vector<std::vector<float>>& rows)
    : metric_(metric), kernel_(rhumb_kernel_for(metric, scalar)), table_{} {
  table_.scalar = scalar;
  table_.dim = static_cast<uint32_t>(rows[0].size());
  fill(static_cast<uint32_t>(rows.size()), [&](uint32_t i) { return rows[i]; });
}

void Column::fill(uint32_t rows, const std::function<std::vector<float>(uint32_t)>& row_of) {
  require(kernel_ != nullptr, "no kernel for metric " + std::to_string(metric_) +
                                  " on scalar type " + std::to_string(table_.scalar));
  const uint64_t bytes = rhumb_vector_bytes(table_.scalar, table_.dim);
  table_ = {sizeof table_, table_.scalar, table_.dim, kShift, rows, (bytes + 15) / 16 * 16 + 16,
            nullptr,       nullptr};
  const uint32_t in_chunk = 1u << kShift;
  for (uint32_t first = 0; first < rows; first += in_chunk) {
    std::vector<char>& chunk = chunks_.emplace_back(in_chunk * table_.stride);
    for (uint32_t i = 0; i < in_chunk && first + i < rows; ++i) {
      const std::vector<char> v = encoded(row_of(first + i));
      std::memcpy(chunk.data() + i * table_.stride, v.data(), v.size());
    }
    chunk_table_.push_back(chunk.data());
  }
  chunk_table_.push_back(nullptr);  // the table is never empty; nobody reads entries past the rows
  table_.chunks = chunk_table_.data();
}

std::vector<float> Column::drawn(std::mt19937_64& rng) const {
  std::normal_distribution<float> normal;
  const std::vector<float>& centre = centres_[rng() % kClusters];
  std::vector<float> z(kRank), v(table_.dim);
  for (uint32_t k = 0; k < kRank; ++k) z[k] = centre[k] + 0.5f * normal(rng);
  for (uint32_t d = 0; d < table_.dim; ++d) {
    for (uint32_t k = 0; k < kRank; ++k)
      v[d] += z[k] * std::sin(0.7f * static_cast<float>((d + 1) * (k + 1)));
    v[d] += 0.05f * normal(rng);
  }
  return v;
}

std::vector<char> Column::encoded(std::vector<float> v) const {
  std::vector<char> out(rhumb_vector_bytes(table_.scalar, table_.dim));
  const bool zero = std::all_of(v.begin(), v.end(), [](float x) { return x == 0; });
  if (metric_ == RHUMB_COSINE && table_.scalar != RHUMB_U8)
    rhumb_normalise_f32(v.data(), table_.dim);
  if (table_.scalar == RHUMB_F32) {
    std::memcpy(out.data(), v.data(), out.size());
  } else if (table_.scalar == RHUMB_F16) {
    rhumb_f32_to_f16(v.data(), reinterpret_cast<uint16_t*>(out.data()), table_.dim);
  } else if (table_.scalar == RHUMB_BIT) {
    for (uint32_t d = 0; d < table_.dim; ++d)
      out[d / 8] = static_cast<char>(out[d / 8] | (v[d] > 0 ? 1 : 0) << (d % 8));
  } else if (!zero) {  // a zero vector stays zero
    for (uint32_t d = 0; d < table_.dim; ++d)
      out[d] = static_cast<char>(static_cast<uint8_t>(std::clamp(v[d] * 20 + 128, 0.0f, 255.0f)));
  }
  return out;
}

std::vector<char> Column::query(uint64_t i) const {
  std::mt19937_64 rng(seed_ * 1'000'003 + i + 1);
  return encoded(drawn(rng));
}

float Column::distance(const std::vector<char>& query, uint32_t slot) const {
  float out = 0;
  kernel_->slots(query.data(), &table_, &slot, 1, &out);
  return out;
}

bool Column::present(uint32_t slot) const {
  return table_.present == nullptr || bit(table_.present, slot);
}

IndexInstance::IndexInstance(const rhumb_index_ops_t& ops, const CheckHost& host,
                             const Column& column, const Settings& settings)
    : ops_(ops), column_(column) {
  error_.struct_size = sizeof error_;
  const rhumb_open_t base = {sizeof base, 0, slice(settings.config), slice(settings.data_dir),
                             nullptr};
  const uint64_t capacity = settings.capacity != 0 ? settings.capacity : column.rows();
  const rhumb_index_open_t open = {sizeof open, column.metric(), column.raw(), capacity, &base};
  status_ = ops_.open(host.raw(), &open, &self_, &error_);
  require((status_ == RHUMB_OK) == (self_ != nullptr),
          "open() sets *out if and only if it answers RHUMB_OK");
}

void IndexInstance::close() {
  if (self_ != nullptr) ops_.close(self_);
  self_ = nullptr;
}

void IndexInstance::build(uint32_t slot_end, const uint64_t* live) {
  rhumb_error_t error{};
  error.struct_size = sizeof error;
  require_status(RHUMB_OK, ops_.build(self_, nullptr, slot_end, live, nullptr, &error), "build",
                 &error);
}

void IndexInstance::insert(uint32_t first, uint32_t end) {
  rhumb_error_t error{};
  error.struct_size = sizeof error;
  require_status(RHUMB_OK, ops_.insert(self_, nullptr, first, end, &error), "insert", &error);
}

void IndexInstance::save(const std::string& dir) {
  rhumb_error_t error{};
  error.struct_size = sizeof error;
  require_status(RHUMB_OK, ops_.save(self_, slice(dir), &error), "save", &error);
}

std::string IndexInstance::stats() {
  Buffer json;
  require_status(RHUMB_OK, ops_.stats(self_, json.out()), "stats");
  return std::string(json.view());
}

uint64_t IndexInstance::built_through() {
  const std::string text = stats();
  require_json(text, {"rows", "built_through", "bytes_resident", "bytes_mapped"}, "stats");
  const auto json = nlohmann::json::parse(text);
  require(json["built_through"].is_number_unsigned(), "stats: built_through is a slot number");
  return json["built_through"];
}

Answer IndexInstance::search(std::span<const std::vector<char>> queries, uint32_t k,
                             const rhumb_filter_t* filter, uint32_t flags, const rhumb_call_t* call,
                             const rhumb_ext_t* ext) const {
  const rhumb_vectors_t& column = *column_.raw();
  const uint64_t bytes = rhumb_vector_bytes(column.scalar, column.dim), stride = bytes + 16,
                 n = queries.size();
  std::vector<char> rows(n * stride);
  for (uint64_t i = 0; i < n; ++i) std::memcpy(rows.data() + i * stride, queries[i].data(), bytes);
  std::vector<uint32_t> slots(n * k + kGuardSlots, kGuardValue),
      counts(n + kGuardSlots, kGuardValue);
  std::vector<float> distances(n * k + kGuardSlots, -1e30f);
  rhumb_query_t query{};
  query.struct_size = sizeof query;
  query.k = k;
  query.vectors = {rows.data(), n, stride, column.dim, column.scalar};
  query.query_count = n;
  query.filter = filter;
  query.flags = flags;
  query.ext = ext;
  rhumb_hits_t hits = {sizeof hits, 0, slots.data(), distances.data(), counts.data(), 0, 0};
  rhumb_error_t error{};
  error.struct_size = sizeof error;
  Answer answer;
  answer.status = ops_.search(self_, call, &query, &hits, &error);
  answer.flags = hits.flags;
  for (uint32_t g = 0; g < kGuardSlots; ++g) {
    require(slots[n * k + g] == kGuardValue && counts[n + g] == kGuardValue &&
                distances[n * k + g] == -1e30f,
            "search wrote past the caller's arrays");
  }
  require(error.text[sizeof error.text - 1] == '\0', "an error's text is terminated");
  if (answer.status != RHUMB_OK) return answer;
  answer.hits.resize(n);
  for (uint64_t i = 0; i < n; ++i) {
    require(counts[i] <= k, "more hits than k");
    for (uint32_t h = 0; h < counts[i]; ++h)
      answer.hits[i].push_back({slots[i * k + h], distances[i * k + h]});
  }
  return answer;
}

std::vector<Hit> exact(const Column& column, const std::vector<char>& query, uint32_t k,
                       uint32_t end, const Passes& passes) {
  std::vector<Hit> all;
  for (uint32_t slot = 0; slot < end; ++slot) {
    if (column.present(slot) && passes(slot)) all.push_back({slot, column.distance(query, slot)});
  }
  std::sort(all.begin(), all.end(), [](const Hit& a, const Hit& b) {
    return a.distance != b.distance ? a.distance < b.distance : a.slot < b.slot;
  });
  if (all.size() > k) all.resize(k);
  return all;
}

void require_sound(const Column& column, const std::vector<char>& query, const Answer& answer,
                   size_t i, uint32_t k, uint32_t end, const Passes& passes) {
  require_status(RHUMB_OK, answer.status, "search");
  const std::vector<Hit>& hits = answer.hits[i];
  const auto indexed = [&](uint32_t slot) { return column.present(slot) && passes(slot); };
  require_equal(std::min<uint64_t>(k, count_of(end, indexed)), hits.size(),
                "hits of a query (never fewer than k when so many pass)");
  std::set<uint32_t> seen;
  for (size_t h = 0; h < hits.size(); ++h) {
    const std::string which = "slot " + std::to_string(hits[h].slot);
    require(hits[h].slot < end, which + " was never indexed");
    require(column.present(hits[h].slot), which + " has no vector");
    require(passes(hits[h].slot), which + " does not pass the filter");
    require(seen.insert(hits[h].slot).second, which + " is there twice");
    require(h == 0 || hits[h - 1].distance <= hits[h].distance,
            "hits are not in order of distance");
    if ((answer.flags & RHUMB_HITS_APPROXIMATE) != 0) continue;
    const float expected = column.distance(query, hits[h].slot);
    require(std::abs(expected - hits[h].distance) <= 1e-4f * std::max(1.0f, std::abs(expected)),
            which + ": expected distance " + std::to_string(expected) + ", found " +
                std::to_string(hits[h].distance));
  }
}

double recall(const std::vector<Hit>& found, const std::vector<Hit>& expected) {
  if (expected.empty()) return 1;
  const float farthest = expected.back().distance;
  const float slack = 1e-5f * std::max(1.0f, std::abs(farthest));
  uint64_t good = 0;
  for (const Hit& hit : found) good += hit.distance <= farthest + slack ? 1 : 0;
  return static_cast<double>(std::min<uint64_t>(good, expected.size())) /
         static_cast<double>(expected.size());
}

std::vector<uint64_t> bits_of(uint32_t n, const Passes& passes) {
  std::vector<uint64_t> bits(n / 64 + 1);
  for (uint32_t i = 0; i < n; ++i) {
    if (passes(i)) bits[i / 64] |= uint64_t{1} << (i % 64);
  }
  return bits;
}

uint64_t count_of(uint32_t n, const Passes& passes) {
  uint64_t count = 0;
  for (uint32_t i = 0; i < n; ++i) count += passes(i) ? 1 : 0;
  return count;
}

FilterStorage::FilterStorage(uint32_t kind, uint32_t end, const Passes& passes)
    : bits_(bits_of(end, passes)) {
  raw_.struct_size = sizeof raw_;
  raw_.kind = kind;
  raw_.pass_count = count_of(end, passes);
  if (kind == RHUMB_FILTER_SLOTS) {
    for (uint32_t i = 0; i < end; ++i) {
      if (passes(i)) slots_.push_back(i);
    }
    raw_.slots = slots_.data();
  } else {
    raw_.bit_count = end;
    (kind == RHUMB_FILTER_BITS ? raw_.bits : raw_.live) = bits_.data();
  }
}

}  // namespace rhumb::check
