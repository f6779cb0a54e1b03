// Opening, building and inserting. Searching is in engine_search.cc, merging in engine_merge.cc,
// and files in file/.
#include "engine/engine.h"

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>

#include "file/file.h"
#include "graph/batch_build.h"
#include "rhumb/cpp/index_query.h"

namespace rhumb::coded {
namespace {

// A thread of a build takes this many slots at once and reports progress after each block.
constexpr uint64_t kBlockSlots = 64;

std::string_view config_of(const rhumb_index_open_t& open) {
  return open.base != nullptr ? view(open.base->config_json) : std::string_view();
}

bool has_bit(const uint64_t* bits, uint32_t slot) {
  return bits == nullptr || (bits[slot >> 6] >> (slot & 63) & 1) != 0;
}

// Rows that come sorted by topic would make a graph of islands. So a build takes them in a shuffled
// order, which is the same each time (Fisher and Yates, by SplitMix64).
void shuffle(std::vector<uint32_t>& slots) {
  uint64_t state = 0;
  for (size_t i = slots.size(); i > 1; --i) {
    uint64_t x = state += 0x9E3779B97F4A7C15u;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    std::swap(slots[i - 1], slots[(x ^ (x >> 31)) % i]);
  }
}

uint32_t threads_of(const rhumb_progress_t* progress, const Host& host) {
  return progress != nullptr && progress->threads != 0 ? progress->threads : host.width();
}

}  // namespace

Engine::Engine(const rhumb_host_t* host, const rhumb_index_open_t& open)
    : host_(host),
      options_(parse_options(config_of(open))),
      kernel_(kernel_of(open)),
      column_(*open.vectors),
      metric_(open.metric),
      capacity_hint_(open.capacity_hint),
      kernels_(kernels_in_use()) {
  if (open.base == nullptr) return;
  refuse_required_extensions(open.base->ext);
  if (open.base->data_dir.size == 0) return;
  LoadedGraph loaded = load_graph(std::string(view(open.base->data_dir)), metric_, column_,
                                  options_, kernels_, host_);
  owner_ = std::move(loaded.trained);
  trained_.store(owner_.get(), std::memory_order_release);
  if (owner_ != nullptr && owner_->calibration.measured())
    calibrated_nodes_.store(owner_->graph.nodes());
  ranges_.add(0, loaded.built_through);
  if (owner_ != nullptr) {
    const uint64_t nodes = owner_->graph.nodes();
    judged_nodes_ = tried_nodes_ = nodes;
    judged_clipped_ = owner_->insertion.clipped();
    find_left_out();
    price(*owner_);
  }
  report_memory();
}

Engine::~Engine() { host_.report_memory(-reported_bytes_.load()); }

void Engine::report_memory() {
  const Trained* const trained = trained_.load(std::memory_order_acquire);
  const auto now = static_cast<int64_t>(trained != nullptr ? trained->graph.resident_bytes() : 0);
  host_.report_memory(now - reported_bytes_.exchange(now));
}

std::unique_ptr<Trained> Engine::train(std::span<const uint32_t> slots, const Form& form) const {
  const CodecParams params{metric_,
                           column_.scalar,
                           column_.dim,
                           options_.seed,
                           form.one_bit ? 1u : 0u,
                           0,
                           0,
                           form.codes,
                           {},
                           options_.sub(),
                           0};
  const Each each = [this](uint64_t n, const std::function<void(uint64_t)>& fn) {
    host_.parallel(n, fn);
  };
  auto trained =
      std::make_unique<Trained>(Codec::train(column_, params, slots, kernels_, each), form, column_,
                                options_.shape(), options_.ef_construct, kernels_);
  trained->measured.share = form.share;
  return trained;
}

// For a loaded graph: finds the slots that are in the ranges and have no node. Some of them may be
// rows that were dead when the graph was built.
void Engine::find_left_out() {
  for (const uint32_t slot : present_in(*ranges_.snapshot(), nullptr)) {
    if (owner_->graph.has(slot)) continue;
    some_left_out_ = true;
    if (metric_ == RHUMB_DOT) owner_->insertion.leaves_out(slot);
  }
}

// Rows without a direction have no place in a graph of directions. A search returns them only when
// nothing closer is left.
bool Engine::has_direction(uint32_t slot) const {
  return metric_ != RHUMB_COSINE ||
         square_of_row(row_of(column_, slot), column_.scalar, column_.dim) > 0;
}

std::vector<uint32_t> Engine::present_in(std::span<const SlotRange> ranges,
                                         const uint64_t* live) const {
  const SlotFilter all(column_, nullptr);
  std::vector<uint32_t> slots;
  for (const SlotRange& range : ranges) {
    all.for_each(range.first, range.end, [&](uint32_t slot) {
      if (has_bit(live, slot)) slots.push_back(slot);
    });
  }
  return slots;
}

// The room grows in steps towards the host's hint.
void Engine::make_room(Trained& trained, uint64_t slot_end) {
  if (slot_end <= trained.graph.capacity()) return;
  const std::lock_guard lock(growth_);
  trained.graph.reserve(slot_end);
}

void Engine::add_all(Trained& trained, std::span<const uint32_t> slots, const rhumb_call_t* call,
                     const rhumb_progress_t* progress, uint64_t total) {
  const bool ticks = progress != nullptr && progress->tick != nullptr;
  const uint64_t blocks = (slots.size() + kBlockSlots - 1) / kBlockSlots;
  const uint64_t threads = std::min<uint64_t>(blocks, threads_of(progress, host_));
  std::atomic<uint64_t> next{0}, done{total - slots.size()};
  host_.parallel(threads, [&](uint64_t) {
    try {
      Pacer pacer(call, host_, column_);
      for (uint64_t first = next.fetch_add(kBlockSlots); first < slots.size();
           first = next.fetch_add(kBlockSlots)) {
        const uint64_t end = std::min<uint64_t>(slots.size(), first + kBlockSlots);
        for (uint64_t i = first; i < end; ++i)
          trained.insertion.add(slots[i], pacer, Scratch::of_this_thread());
        const uint64_t so_far = done.fetch_add(end - first) + end - first;
        if (ticks && progress->tick(progress->ctx, so_far, total) == 0)
          throw Error(RHUMB_CANCELLED, "cancelled");
      }
    } catch (...) {
      next.store(slots.size());  // makes the other threads stop, too
      throw;
    }
  });
}

void Engine::add_in_batches(Trained& trained, std::span<const uint32_t> slots,
                            const rhumb_call_t* call, const rhumb_progress_t* progress) {
  BatchBuild build(trained.graph, trained.insertion, column_, host_, call,
                   threads_of(progress, host_));
  const bool ticks = progress != nullptr && progress->tick != nullptr;
  for (size_t done = 0; done < slots.size();) {
    check_call(call, host_);
    const auto n = static_cast<size_t>(std::min<uint64_t>(slots.size() - done, build.batch_size()));
    build.add(slots.subspan(done, n));
    done += n;
    if (ticks && progress->tick(progress->ctx, done, slots.size()) == 0)
      throw Error(RHUMB_CANCELLED, "cancelled");
  }
}

// Prunes rows to their final length and makes every node reachable. Then the graph is calibrated.
void Engine::finish_build(Trained& trained, const rhumb_call_t* call) {
  const uint64_t end = trained.graph.end();
  constexpr uint64_t kSettleSlots = 4096;
  host_.parallel((end + kSettleSlots - 1) / kSettleSlots, [&](uint64_t i) {
    trained.graph.settle(static_cast<uint32_t>(i * kSettleSlots),
                         static_cast<uint32_t>(std::min(end, (i + 1) * kSettleSlots)));
  });
  trained.graph.drop_slack();
  Pacer pacer(call, host_, column_);
  trained.insertion.reconnect(pacer, Scratch::of_this_thread());
  calibrate(call);
}

void Engine::build(const rhumb_call_t* call, uint32_t slot_end, const uint64_t* live,
                   const rhumb_progress_t* progress) {
  check_call(call, host_);
  const SlotRange whole{0, slot_end};
  std::vector<uint32_t> slots = present_in({&whole, 1}, live);
  const size_t present = slots.size();
  std::erase_if(slots, [this](uint32_t slot) { return !has_direction(slot); });
  if (slots.size() < present) some_left_out_ = true;
  const bool ticks = progress != nullptr && progress->tick != nullptr;
  if (ticks && progress->tick(progress->ctx, 0, slots.size()) == 0)
    throw Error(RHUMB_CANCELLED, "cancelled");
  if (slots.size() >= kTrainRows && owner_ == nullptr) {
    owner_ = train(slots, first_form(slots));
    trained_.store(owner_.get(), std::memory_order_release);
  }
  if (owner_ == nullptr && ticks && progress->tick(progress->ctx, slots.size(), slots.size()) == 0)
    throw Error(RHUMB_CANCELLED, "cancelled");
  std::vector<uint32_t> order = slots;
  shuffle(order);
  while (owner_ != nullptr) {
    make_room(*owner_, slot_end);
    if (options_.deterministic)
      add_in_batches(*owner_, order, call, progress);
    else
      add_all(*owner_, order, call, progress, order.size());
    finish_build(*owner_, call);
    const std::optional<Form> richer = richer_form(*owner_);
    if (!richer) break;
    auto next = train(slots, *richer);
    const std::lock_guard lock(training_);  // No search runs during a build, but stats() may.
    trained_.store(next.get(), std::memory_order_release);
    owner_ = std::move(next);
    tried_nodes_ = slots.size();
  }
  // Rows that are not in the graph are in LongRows, or have no direction.
  if (owner_ != nullptr && owner_->graph.nodes() < slots.size()) some_left_out_ = true;
  ranges_.add(0, slot_end);
  report_memory();
}

bool Engine::defer(uint32_t slot_first, uint32_t slot_end, Pacer& pacer) {
  const std::lock_guard lock(training_);
  if (trained_.load(std::memory_order_acquire) != nullptr) return false;
  std::vector<SlotRange> all = *ranges_.snapshot();
  std::vector<uint32_t> waiting = present_in(all, nullptr);
  all.push_back({slot_first, slot_end});
  std::vector<uint32_t> slots = present_in(all, nullptr);
  const auto directed = [this](uint32_t slot) { return has_direction(slot); };
  if (slots.size() < kTrainRows ||
      static_cast<uint64_t>(std::count_if(slots.begin(), slots.end(), directed)) < kTrainRows) {
    ranges_.add(slot_first, slot_end);
    return true;
  }
  const size_t present = slots.size();
  std::erase_if(slots, std::not_fn(directed));
  if (slots.size() < present) some_left_out_ = true;
  std::erase_if(waiting, std::not_fn(directed));
  auto trained = train(slots, first_form(slots));
  if (!waiting.empty())
    trained->graph.reserve(uint64_t{*std::max_element(waiting.begin(), waiting.end())} + 1);
  for (const uint32_t slot : waiting)
    trained->insertion.add(slot, pacer, Scratch::of_this_thread());
  if (trained->codec.floats()) tried_nodes_ = slots.size();
  owner_ = std::move(trained);
  trained_.store(owner_.get(), std::memory_order_release);
  return false;
}

void Engine::insert(const rhumb_call_t* call, uint32_t slot_first, uint32_t slot_end) {
  check_call(call, host_);
  if (slot_first > slot_end) throw Error(RHUMB_INVALID, "slots: the first slot is after the end");
  Pacer pacer(call, host_, column_);
  if (trained_.load(std::memory_order_acquire) == nullptr && defer(slot_first, slot_end, pacer))
    return;
  Trained& trained = *trained_.load(std::memory_order_acquire);
  make_room(trained, slot_end);
  const SlotFilter all(column_, nullptr);
  all.for_each(slot_first, slot_end, [&](uint32_t slot) {
    trained.insertion.add(slot, pacer, Scratch::of_this_thread());
    if (!trained.graph.has(slot)) some_left_out_.store(true, std::memory_order_relaxed);
  });
  ranges_.add(slot_first, slot_end);
  report_memory();
  measure_grown(trained, call);
}

// save() is the time to tidy up: nothing is inserted meanwhile, and the result goes into the file.
void Engine::save(std::string_view dir) {
  Trained* const trained = trained_.load(std::memory_order_acquire);
  if (trained != nullptr && trained->graph.slack_in_use()) finish_build(*trained, nullptr);
  save_graph(std::string(dir), metric_, column_, trained, ranges_.built_through());
}

std::string Engine::stats() const {
  const std::lock_guard lock(training_);  // a build may take another form and drop the first graph
  const Trained* const trained = trained_.load(std::memory_order_acquire);
  nlohmann::json out = {{"built_through", ranges_.built_through()}};
  if (trained == nullptr) {
    out["rows"] = present_in(*ranges_.snapshot(), nullptr).size();
    out["bytes_resident"] = out["bytes_mapped"] = 0;
    return out.dump();
  }
  nlohmann::json calibration = nlohmann::json::array();
  if (trained->calibration.measured()) {
    const CalibrationTable table = trained->calibration.table();
    for (size_t i = 0; i < kCalibrationBreadths.size(); ++i)
      calibration.push_back({kCalibrationBreadths[i], table.recalls[i]});
  }
  const Costs::Factors prices = trained->prices.factors();
  out["rows"] = trained->graph.nodes();
  out["calibration"] = calibration;
  out["prices"] = {{"scan", prices.scan}, {"bit_scan", prices.bit_scan}, {"walk", prices.walk}};
  out["bytes_resident"] = trained->graph.resident_bytes();
  out["bytes_mapped"] = trained->graph.mapped_bytes();
  out["codes"] = trained->codec.is_bits() ? "bits" : name_of(trained->codec.params().codes);
  out["one_bit"] = trained->codec.bit_bytes() != 0;
  out["clipped_rows"] = trained->insertion.clipped();
  out["fit"] = {{"share", trained->measured.share.load()},
                {"places", trained->measured.places.load()}};
  out["doubtful"] = doubtful_.load();
  if (const Measured& m = trained->measured; m.queries > 0)
    out["measured"] = {
        {"recall", m.recall.load()}, {"queries", m.queries.load()}, {"ef", m.ef.load()}};
  if (const std::string why = why_text(trained->form.why, trained->measured.share); !why.empty())
    out["why"] = why;
  if (const std::string renew = renewal(*trained); !renew.empty())
    out[trained->form.asked ? "warning" : "renew"] = renew;
  return out.dump();
}

}  // namespace rhumb::coded
