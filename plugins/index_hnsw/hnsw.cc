// Opening, building, inserting and saving. Searching is in hnsw_search.cc.
#include "hnsw.h"

#include <algorithm>
#include <mutex>
#include <nlohmann/json.hpp>
#include <shared_mutex>

#include "rhumb/cpp/index_query.h"

namespace rhumb::hnsw {
namespace {

// A thread of a build takes this many slots at once and reports progress after each block.
constexpr uint32_t kBuildBlockSlots = 64;

std::string_view config_of(const rhumb_index_open_t& open) {
  return open.base != nullptr ? view(open.base->config_json) : std::string_view();
}

bool has_bit(const uint64_t* bits, uint32_t slot) {
  return bits == nullptr || (bits[slot >> 6] >> (slot & 63) & 1) != 0;
}

}  // namespace

Hnsw::Hnsw(const rhumb_host_t* host, const rhumb_index_open_t& open)
    : host_(host),
      options_(parse_options(config_of(open))),
      kernel_(kernel_of(open)),
      column_(*open.vectors),
      identity_{open.metric, column_.scalar, column_.dim},
      capacity_hint_(open.capacity_hint),
      graph_(column_, kernel_, options_.m, options_.ef_construct),
      insertion_(graph_, column_, kernel_) {
  if (column_.scalar == RHUMB_BIT) throw Error(RHUMB_UNSUPPORTED, "scalar type bit");
  if (open.base == nullptr) return;
  refuse_required_extensions(open.base->ext);
  if (open.base->data_dir.size == 0) return;
  ranges_.add(0, load_graph(std::string(view(open.base->data_dir)), identity_, column_, graph_));
  report_memory();
}

Hnsw::~Hnsw() { host_.report_memory(-reported_bytes_.load()); }

void Hnsw::report_memory() {
  const std::shared_lock lock(growth_);
  const auto now = static_cast<int64_t>(graph_.resident_bytes());
  host_.report_memory(now - reported_bytes_.exchange(now));
}

// The room grows in steps towards the host's hint, because each slot with room costs memory for its
// lock and level.
void Hnsw::make_room(uint64_t slot_end) {
  {
    const std::shared_lock lock(growth_);
    if (slot_end <= graph_.capacity()) return;
  }
  const std::unique_lock lock(growth_);
  graph_.reserve(std::max(slot_end, std::min(capacity_hint_, 2 * graph_.capacity())));
}

void Hnsw::add(uint32_t slot, Pacer& pacer) {
  if (!SlotFilter(column_, nullptr).present(slot)) return;
  const std::shared_lock lock(growth_);
  insertion_.add(slot, pacer, Scratch::of_this_thread());
}

void Hnsw::build(const rhumb_call_t* call, uint32_t slot_end, const uint64_t* live,
                 const rhumb_progress_t* progress) {
  check_call(call, host_);
  make_room(slot_end);
  const bool ticks = progress != nullptr && progress->tick != nullptr;
  const uint32_t asked = progress != nullptr ? progress->threads : 0;
  const uint64_t blocks = (uint64_t{slot_end} + kBuildBlockSlots - 1) / kBuildBlockSlots;
  const uint64_t threads = std::min<uint64_t>(blocks, asked != 0 ? asked : host_.width());
  std::atomic<uint64_t> next{0}, done{0};
  host_.parallel(threads, [&](uint64_t) {
    try {
      Pacer pacer(call, host_, column_);
      for (uint64_t first = next.fetch_add(kBuildBlockSlots); first < slot_end;
           first = next.fetch_add(kBuildBlockSlots)) {
        const auto end =
            static_cast<uint32_t>(std::min<uint64_t>(slot_end, first + kBuildBlockSlots));
        for (auto slot = static_cast<uint32_t>(first); slot < end; ++slot) {
          if (has_bit(live, slot)) add(slot, pacer);
        }
        const uint64_t so_far = done.fetch_add(end - first) + end - first;
        if (ticks && progress->tick(progress->ctx, so_far, slot_end) == 0)
          throw Error(RHUMB_CANCELLED, "cancelled");
      }
    } catch (...) {
      next.store(slot_end);  // makes the other threads stop, too
      throw;
    }
  });
  ranges_.add(0, slot_end);
  report_memory();
}

void Hnsw::insert(const rhumb_call_t* call, uint32_t slot_first, uint32_t slot_end) {
  check_call(call, host_);
  if (slot_first > slot_end) throw Error(RHUMB_INVALID, "slots: the first slot is after the end");
  make_room(slot_end);
  Pacer pacer(call, host_, column_);
  for (uint32_t slot = slot_first; slot < slot_end; ++slot) add(slot, pacer);
  ranges_.add(slot_first, slot_end);
  report_memory();
}

void Hnsw::save(std::string_view dir) const {
  const std::shared_lock lock(growth_);
  save_graph(std::string(dir), identity_, graph_, ranges_.built_through());
}

std::string Hnsw::stats() const {
  const std::shared_lock lock(growth_);
  return nlohmann::json{{"rows", graph_.nodes()},
                        {"built_through", ranges_.built_through()},
                        {"bytes_resident", graph_.resident_bytes()},
                        {"bytes_mapped", 0}}
      .dump();
}

}  // namespace rhumb::hnsw
