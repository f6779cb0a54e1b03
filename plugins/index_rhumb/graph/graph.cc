#include "graph/graph.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <new>

#include "rhumb/cpp/exact_scan.h"
#include "rhumb/cpp/guard.h"

namespace rhumb::coded {
namespace {

constexpr uint32_t kAtOnce = 4;  // chosen nodes that a candidate is compared with at once
// Links to nodes with the very same code. More of them would crowd out the links that lead
// elsewhere.
constexpr uint32_t kEqualLinks = 8;

uint64_t mixed(uint64_t x) {  // the finaliser of SplitMix64
  x += 0x9E3779B97F4A7C15u;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

uint32_t load_link(const uint32_t* at) noexcept { return __atomic_load_n(at, __ATOMIC_ACQUIRE); }
void store_link(uint32_t* at, uint32_t link) noexcept {
  __atomic_store_n(at, link, __ATOMIC_RELEASE);
}

// Tells the processor that the thread spins.
void pause() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

using Score = void (*)(const void*, const CodeTable*, const uint32_t*, uint32_t, uint32_t*);

Score whole_score_of(const Codec& codec, const Kernels& kernels) {
  return codec.is_bits() ? kernels.differing : codec.rotates() ? kernels.squared : kernels.absolute;
}
Score score_of(const Codec& codec, const Kernels& kernels) {
  if (codec.floats()) return compare_floats;
  if (codec.products()) return kernels.looked_up;
  if (codec.nibbles()) return codec.rotates() ? kernels.squared4 : kernels.absolute4;
  return whole_score_of(codec, kernels);
}

FloatQuery floats_of(const Codec& codec, const rhumb_vectors_t& column) {
  const uint32_t metric = codec.params().metric;
  return {rhumb_kernel_for(metric, column.scalar),
          &column,
          nullptr,
          metric == RHUMB_DOT ? 1u : 0u,
          0,
          0,
          codec.params().reach};
}

// Held for some tens of microseconds at most, while a row is pruned.
class RowLock {
 public:
  explicit RowLock(std::atomic_flag& flag) : flag_(flag) {
    while (flag_.test_and_set(std::memory_order_acquire)) {
      while (flag_.test(std::memory_order_relaxed)) pause();
    }
  }
  ~RowLock() { flag_.clear(std::memory_order_release); }
  RowLock(const RowLock&) = delete;
  RowLock& operator=(const RowLock&) = delete;

 private:
  std::atomic_flag& flag_;
};

}  // namespace

Graph::Graph(const Codec& codec, const Kernels& kernels, const GraphShape& shape,
             const rhumb_vectors_t& column)
    : codec_(codec),
      kernels_(kernels),
      shape_(shape),
      bit_bytes_(codec.bit_bytes()),
      compares_floats_(codec.floats()),
      floats_(floats_of(codec, column)),
      score_whole_(whole_score_of(codec, kernels)),
      score_(score_of(codec, kernels)),
      codes_(codec.code_bytes()),
      bits_(std::max<uint32_t>(codec.bit_stride(), 1)),
      rows_(shape.degree * sizeof(uint32_t)),
      slack_(kSlackLinks * sizeof(uint32_t)),
      upper_(shape.upper_degree * sizeof(uint32_t)) {}

void Graph::reserve(uint64_t slots) {
  if (slots <= capacity()) return;
  for (ChunkedArray* array : {&codes_, &rows_, &slack_}) array->reserve(slots);
  levels_.reserve(slots);
  if (bit_bytes_ != 0) bits_.reserve(slots);
  capacity_.store(std::min({codes_.capacity(), rows_.capacity(), slack_.capacity(),
                            levels_.capacity(), bit_bytes_ != 0 ? bits_.capacity() : kSlotsMax}),
                  std::memory_order_release);
}

uint64_t Graph::mapped_bytes() const noexcept {
  return codes_.mapped_bytes() + bits_.mapped_bytes() + rows_.mapped_bytes() +
         upper_.mapped_bytes();
}

uint64_t Graph::resident_bytes() const noexcept {
  const uint64_t node = codes_.stride() + (bit_bytes_ != 0 ? bits_.stride() : 0) + rows_.stride() +
                        (uses_slack_.load(std::memory_order_relaxed) ? slack_.stride() : 0);
  const uint64_t book = codec_.product() != nullptr ? codec_.product()->book().size() : 0;
  const uint64_t all =
      book + nodes() * node + levels_.resident_bytes() + upper_.capacity() * upper_.stride();
  return all - std::min(all, mapped_bytes());
}

const FloatQuery* Graph::float_row(uint32_t slot, std::vector<uint8_t>& room) const {
  room.resize(sizeof(FloatQuery));
  FloatQuery query = float_query(rhumb::row_of(*floats_.column, slot));
  query.is_row = 1;
  query.square = *reinterpret_cast<const float*>(codes_.at(slot));
  return new (room.data()) FloatQuery(query);
}

uint32_t Graph::draw_level(uint32_t slot) const noexcept {
  const double uniform = (static_cast<double>(mixed(slot) >> 11) + 1.0) * 0x1p-53;  // (0, 1]
  const double level = -std::log(uniform) / std::log(static_cast<double>(shape_.upper_degree));
  return static_cast<uint32_t>(std::min<double>(level, kLevelMax));
}

void Graph::take_upper_rows(uint32_t slot, uint32_t level) {
  const std::lock_guard lock(upper_mutex_);
  upper_.reserve(upper_used_ + level);
  const uint32_t first = upper_used_;
  upper_used_ += level;
  for (uint32_t r = first; r < upper_used_; ++r) {
    auto* const row = reinterpret_cast<uint32_t*>(upper_.at(r));
    std::fill(row, row + shape_.upper_degree, kNoLink);
  }
  levels_.reach(slot, level, first);
}

void Graph::create(uint32_t slot, uint32_t level) {
  auto* const links = reinterpret_cast<uint32_t*>(rows_.at(slot));
  std::fill(links, links + shape_.degree, kNoLink);
  if (level > 0) take_upper_rows(slot, level);
  levels_.add(slot);
  nodes_.fetch_add(1, std::memory_order_relaxed);
  uint32_t end = end_.load(std::memory_order_relaxed);
  while (end <= slot && !end_.compare_exchange_weak(end, slot + 1, std::memory_order_acq_rel)) {}
  uses_slack_.store(true, std::memory_order_relaxed);
}

void Graph::adopt(const Graph& from, uint32_t from_slot, uint32_t slot) {
  std::memcpy(codes_.at(slot), from.codes_.at(from_slot), codes_.stride());
  if (bit_bytes_ != 0) std::memcpy(bits_.at(slot), from.bits_.at(from_slot), bits_.stride());
  create(slot, from.level(from_slot));
}

// The codes of chosen nodes: read in place, or unpacked side by side.
class Graph::Chosen {
 public:
  Chosen(const Graph& graph, uint32_t limit)
      : graph_(graph), packed_(graph.codec_.nibbles() || graph.codec_.products()) {
    if (packed_) codes_.resize(uint64_t{limit} * graph.codec_.width());
    chunk_ = reinterpret_cast<const char*>(codes_.data());
  }
  // Sets the candidate, which is compared next and may then be added.
  void look_at(uint32_t slot) {
    if (packed_)
      code_ = graph_.codec_.whole(graph_.code(slot), room_);
    else
      probe_ = graph_.row_probe(slot, room_);
  }
  void add(const std::vector<uint32_t>& chosen) {
    if (packed_)
      std::memcpy(codes_.data() + (chosen.size() - 1) * graph_.codec_.width(), code_,
                  graph_.codec_.width());
  }
  void compare(const std::vector<uint32_t>& chosen, size_t first, uint32_t n, uint32_t* out) const {
    if (!packed_) return probe_(chosen.data() + first, n, out);
    const uint32_t width = graph_.codec_.width();
    const CodeTable table{&chunk_, width, width};
    uint32_t ids[kAtOnce];
    for (uint32_t i = 0; i < n; ++i) ids[i] = static_cast<uint32_t>(first) + i;
    graph_.score_whole_(code_, &table, ids, n, out);
  }

 private:
  const Graph& graph_;
  const bool packed_;
  std::vector<uint8_t> codes_, room_;
  const char* chunk_ = nullptr;
  const uint8_t* code_ = nullptr;  // for a packed candidate
  Probe probe_{};                  // for other candidates
};

// Chooses links, closest first. A candidate is left out if a chosen node is so much closer to it
// that a walk gets there through the chosen node.
std::vector<uint32_t> Graph::choose(uint32_t slot, std::span<const WalkKey> candidates,
                                    uint32_t limit, float slack) const {
  std::vector<uint32_t> chosen;
  Chosen codes(*this, limit);
  chosen.reserve(limit + kAtOnce);
  uint32_t equal = 0, last = kNoLink;
  uint32_t between[kAtOnce];
  for (const WalkKey key : candidates) {
    if (chosen.size() >= limit) break;
    const uint32_t other = walk_slot(key), distance = walk_distance(key);
    if (other == slot || other == last) continue;
    last = other;
    codes.look_at(other);
    bool kept = distance != 0 || equal++ < kEqualLinks;
    for (size_t i = 0; i < chosen.size() && kept && distance != 0; i += kAtOnce) {
      const auto n = static_cast<uint32_t>(std::min<size_t>(kAtOnce, chosen.size() - i));
      codes.compare(chosen, i, n, between);
      for (uint32_t b = 0; b < n; ++b)
        kept = kept && value_of(between[b]) * slack >= value_of(distance);
    }
    if (!kept) continue;
    chosen.push_back(other);
    codes.add(chosen);
  }
  return chosen;
}

std::vector<uint32_t> Graph::choose_links(uint32_t slot, uint32_t level,
                                          std::span<const WalkKey> candidates) const {
  return choose(slot, candidates, level == 0 ? shape_.own_links : shape_.upper_degree,
                shape_.slack);
}

void Graph::link(uint32_t slot, uint32_t level, std::span<const WalkKey> candidates) {
  const std::vector<uint32_t> chosen = choose_links(slot, level, candidates);
  {
    const RowLock lock(lock_of(slot));
    uint32_t* const links = row_of(slot, level);
    for (size_t i = 0; i < chosen.size(); ++i) store_link(links + i, chosen[i]);
  }
  for (const uint32_t other : chosen) link_back(other, slot, level);
}

void Graph::link_back(uint32_t from, uint32_t to, uint32_t level) {
  const RowLock lock(lock_of(from));
  uint32_t* const links = row_of(from, level);
  const uint32_t room = row_links(level);
  for (uint32_t i = 0; i < room; ++i) {
    if (links[i] == to) return;
    if (links[i] != kNoLink) continue;
    store_link(links + i, to);
    return;
  }
  if (level == 0) {
    auto* const more = reinterpret_cast<uint32_t*>(slack_.at(from));
    for (uint32_t i = 0; i < kSlackLinks; ++i) {
      if (~more[i] == to) return;
      if (more[i] != 0) continue;
      store_link(more + i, ~to);
      return;
    }
  }
  prune(from, level, to);
}

// Sorts by distance. Among nodes with equal codes the neighbours by number come first, so that such
// nodes stay connected as a chain.
std::vector<WalkKey> Graph::sorted_by_distance(uint32_t slot, std::span<const uint32_t> ids) const {
  std::vector<uint32_t> distances(ids.size());
  std::vector<uint8_t> room;
  row_probe(slot, room)(ids.data(), static_cast<uint32_t>(ids.size()), distances.data());
  std::vector<WalkKey> keys(ids.size());
  for (size_t i = 0; i < ids.size(); ++i) keys[i] = walk_key(distances[i], ids[i]);
  std::sort(keys.begin(), keys.end(), [slot](WalkKey a, WalkKey b) {
    const auto apart = [slot](WalkKey k) {
      return walk_slot(k) > slot ? walk_slot(k) - slot : slot - walk_slot(k);
    };
    return walk_distance(a) != walk_distance(b) ? walk_distance(a) < walk_distance(b)
                                                : apart(a) < apart(b);
  });
  return keys;
}

void Graph::set_row(uint32_t slot, uint32_t level, std::span<const uint32_t> links) {
  uint32_t* const row = row_of(slot, level);
  for (uint32_t i = 0; i < row_links(level); ++i)
    store_link(row + i, i < links.size() ? links[i] : kNoLink);
}

void Graph::choose_row(uint32_t slot, uint32_t level, std::span<const uint32_t> candidates) {
  set_row(slot, level,
          choose(slot, sorted_by_distance(slot, candidates), row_links(level), shape_.slack));
}

// Chooses among all links of a row, its slack and `extra` (kNoLink: none). Either the row's lock is
// held, or no other thread is linking.
void Graph::prune(uint32_t slot, uint32_t level, uint32_t extra) {
  std::vector<uint32_t> ids(row_links(level) + kSlackLinks + 1);
  uint32_t n = copy_links(slot, level, ids.data());
  if (extra != kNoLink) ids[n++] = extra;
  choose_row(slot, level, {ids.data(), n});
  if (level != 0) return;
  auto* const more = reinterpret_cast<uint32_t*>(slack_.at(slot));
  for (uint32_t i = 0; i < kSlackLinks && more[i] != 0; ++i) store_link(more + i, 0);
}

void Graph::settle(uint32_t first, uint32_t end) {
  for (uint32_t slot = first; slot < end; ++slot) {
    if (has(slot) && *reinterpret_cast<const uint32_t*>(slack_.at(slot)) != 0)
      prune(slot, 0, kNoLink);
  }
}

void Graph::drop_slack() {
  slack_.clear();
  uses_slack_.store(false, std::memory_order_relaxed);
}

void Graph::force_link(uint32_t slot, uint32_t to) {
  const RowLock lock(lock_of(slot));
  uint32_t* const links = row_of(slot, 0);
  uint32_t at = 0;
  while (at + 1 < shape_.degree && links[at] != kNoLink) ++at;
  store_link(links + at, to);
}

bool Graph::has_room(uint32_t slot) const noexcept {
  return load_link(row(slot, 0) + shape_.degree - 1) == kNoLink;
}

uint32_t Graph::copy_links(uint32_t slot, uint32_t level, uint32_t* out) const noexcept {
  const uint32_t* const links = row(slot, level);
  const uint32_t room = row_links(level);
  uint32_t n = 0;
  for (uint32_t i = 0; i < room; ++i) {
    const uint32_t link = load_link(links + i);
    if (link != kNoLink) out[n++] = link;
  }
  const uint32_t* const more = level == 0 ? slack(slot) : nullptr;
  if (more == nullptr) return n;
  for (uint32_t i = 0; i < kSlackLinks; ++i) {
    const uint32_t link = ~load_link(more + i);
    if (link == kNoLink) break;
    out[n++] = link;
  }
  return n;
}

std::optional<EntryPoint> Graph::entry() const noexcept {
  const uint64_t packed = entry_.load(std::memory_order_acquire);
  if (packed == 0) return std::nullopt;
  return EntryPoint{static_cast<uint32_t>(packed), static_cast<uint32_t>(packed >> 32) - 1};
}

void Graph::set_entry(EntryPoint entry) noexcept {
  entry_.store(uint64_t{entry.level + 1} << 32 | entry.slot, std::memory_order_release);
}

}  // namespace rhumb::coded
