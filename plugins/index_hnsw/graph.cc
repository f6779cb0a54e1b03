// hnswlib 0.6.2 keeps the links and chooses among candidates. These parts of it are not used:
// - Adding and searching (here: insertion.cc, traversal.h). Its search prefetches its own copy of
//   the vectors, but ours stay in the host's column.
// - Numbers. It gives out numbers in order of arrival under a global lock; here they are slots.
// - Levels. Its generator is shared by all threads without a lock; here a level depends on the
//   slot alone.
// - Update locks and visited lists. Only its own adding and searching use them, so they are freed.
#include "graph.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <new>
#include <queue>
#include <stdexcept>
#include <utility>

#define NO_MANUAL_VECTORIZATION  // because it would treat slots as addresses to prefetch
#include <hnswlib/hnswlib.h>

namespace rhumb::hnsw {
namespace {

// The "vectors" that hnswlib sees are slots. Distances come from the host's column.
class SlotSpace final : public hnswlib::SpaceInterface<float> {
 public:
  SlotSpace(const rhumb_vectors_t& column, const rhumb_kernel_t& kernel)
      : column_(column), kernel_(kernel) {}
  size_t get_data_size() override { return sizeof(uint32_t); }
  hnswlib::DISTFUNC<float> get_dist_func() override { return distance; }
  void* get_dist_func_param() override { return this; }

 private:
  static float distance(const void* a, const void* b, const void* self) {
    const auto& space = *static_cast<const SlotSpace*>(self);
    uint32_t x = 0, y = 0;
    std::memcpy(&x, a, sizeof x);
    std::memcpy(&y, b, sizeof y);
    return space.kernel_.one(row_of(space.column_, x), row_of(space.column_, y), space.column_.dim);
  }
  const rhumb_vectors_t& column_;
  const rhumb_kernel_t& kernel_;
};

using Index = hnswlib::HierarchicalNSW<float>;
using Candidates =
    std::priority_queue<std::pair<float, hnswlib::tableint>,
                        std::vector<std::pair<float, hnswlib::tableint>>, Index::CompareByFirst>;

constexpr uint64_t kFirstCapacity = 1024;

uint64_t mixed(uint64_t x) {  // SplitMix64's finaliser
  x += 0x9E3779B97F4A7C15u;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

}  // namespace

struct Graph::Library {
  Library(const rhumb_vectors_t& column, const rhumb_kernel_t& kernel, uint64_t capacity,
          uint32_t m, uint32_t ef_construct)
      : space(column, kernel), index(&space, capacity, m, ef_construct) {
    std::vector<std::mutex>().swap(index.link_list_update_locks_);
    drop_visited_lists();
  }
  // The index must know all nodes, because its destructor frees their upper links.
  ~Library() { index.cur_element_count = levels.size(); }

  void drop_visited_lists() {
    delete index.visited_list_pool_;
    index.visited_list_pool_ = nullptr;
  }
  uint32_t* links(uint32_t slot, uint32_t level) const {
    return index.get_linklist_at_level(slot, static_cast<int>(level));
  }
  std::mutex& lock(uint32_t slot) { return index.link_list_locks_[slot]; }

  SlotSpace space;
  Index index;
  std::vector<uint8_t> levels;  // By slot: the node's level, or kNoNode. Each entry has one writer.
};

namespace {
constexpr uint8_t kNoNode = 0xFF;
}

Graph::Graph(const rhumb_vectors_t& column, const rhumb_kernel_t& kernel, uint32_t m,
             uint32_t ef_construct)
    : column_(column), kernel_(kernel), m_(m), ef_construct_(ef_construct) {}
Graph::~Graph() = default;

void Graph::reserve(uint64_t capacity) {
  if (capacity <= capacity_) return;
  try {
    grow(std::max(capacity, kFirstCapacity));
  } catch (const std::runtime_error& e) {  // This is how hnswlib reports that memory ran out.
    throw Error(RHUMB_NO_MEMORY, e.what());
  }
}

void Graph::grow(uint64_t capacity) {
  if (library_ == nullptr) {
    auto library = std::make_unique<Library>(column_, kernel_, capacity, m_, ef_construct_);
    library->levels.resize(capacity, kNoNode);
    library_ = std::move(library);
  } else {
    library_->levels.reserve(capacity);
    library_->index.cur_element_count = capacity_;
    library_->index.resizeIndex(capacity);
    library_->drop_visited_lists();
    library_->levels.resize(capacity, kNoNode);
  }
  capacity_ = capacity;
}

uint64_t Graph::resident_bytes() const noexcept {
  if (library_ == nullptr) return 0;
  const uint64_t per_slot = sizeof(std::mutex) + sizeof(int) + sizeof(uint8_t);
  return capacity_ * per_slot + nodes() * (library_->index.size_data_per_element_ + sizeof(char*)) +
         upper_bytes_.load(std::memory_order_relaxed);
}

uint32_t Graph::draw_level(uint32_t slot) const noexcept {
  const double uniform = (static_cast<double>(mixed(slot) >> 11) + 1.0) * 0x1p-53;  // (0, 1]
  const double level = -std::log(uniform) / std::log(static_cast<double>(m_));
  return static_cast<uint32_t>(std::min<double>(level, kMaxLevel));
}

std::optional<uint32_t> Graph::level(uint32_t slot) const {
  if (slot >= capacity_ || library_->levels[slot] == kNoNode) return std::nullopt;
  return library_->levels[slot];
}

void Graph::create(uint32_t slot, uint32_t level) {
  Index& index = library_->index;
  const bool fits = slot < capacity_ && level <= kMaxLevel && library_->levels[slot] == kNoNode;
  if (!fits) throw Error(RHUMB_BUG, "a node is made twice or beyond the graph");
  if (level > 0) {
    const size_t bytes = index.size_links_per_element_ * level;
    auto* const upper = static_cast<char*>(std::calloc(1, bytes));  // freed by hnswlib
    if (upper == nullptr) throw std::bad_alloc();
    index.linkLists_[slot] = upper;
    upper_bytes_.fetch_add(bytes, std::memory_order_relaxed);
  }
  std::memset(index.get_linklist0(slot), 0, index.size_data_per_element_);
  std::memcpy(index.getDataByInternalId(slot), &slot, sizeof slot);
  index.setExternalLabel(slot, slot);
  index.element_levels_[slot] = static_cast<int>(level);
  library_->levels[slot] = static_cast<uint8_t>(level);
  nodes_.fetch_add(1, std::memory_order_relaxed);
}

void Graph::link(uint32_t slot, uint32_t level, std::span<const HitKey> candidates) {
  if (candidates.empty()) return;
  Candidates queue;
  for (const HitKey key : candidates) queue.emplace(hit_distance(key), hit_slot(key));
  library_->index.mutuallyConnectNewElement(nullptr, slot, queue, static_cast<int>(level), false);
}

void Graph::restore(uint32_t slot, uint32_t level, std::span<const uint32_t> links) {
  uint32_t* const list = library_->links(slot, level);
  library_->index.setListCount(list, static_cast<unsigned short>(links.size()));
  std::copy(links.begin(), links.end(), list + 1);  // may be empty: a node without links
}

uint32_t Graph::copy_links(uint32_t slot, uint32_t level, uint32_t* out) const {
  const std::lock_guard lock(library_->lock(slot));
  uint32_t* const list = library_->links(slot, level);
  const uint32_t n = library_->index.getListCount(list);
  std::memcpy(out, list + 1, n * sizeof(uint32_t));
  return n;
}

void Graph::prefetch_links(uint32_t slot) const noexcept {
  __builtin_prefetch(&library_->lock(slot));
  const char* const list = reinterpret_cast<const char*>(library_->index.get_linklist0(slot));
  __builtin_prefetch(list);
  __builtin_prefetch(list + 64);
}

std::optional<EntryPoint> Graph::entry() const noexcept {
  const uint64_t packed = entry_.load(std::memory_order_acquire);
  if (packed == 0) return std::nullopt;
  return EntryPoint{static_cast<uint32_t>(packed), static_cast<uint32_t>(packed >> 32) - 1};
}

void Graph::set_entry(EntryPoint entry) noexcept {
  entry_.store(uint64_t{entry.level + 1} << 32 | entry.slot, std::memory_order_release);
}

}  // namespace rhumb::hnsw
