// Merging: the graph of the largest input is copied under the new slots, and the other rows are
// inserted.
#include <algorithm>

#include "engine/engine.h"
#include "graph/transplant.h"
#include "rhumb/index_merge.h"

namespace rhumb::coded {
namespace {

constexpr uint64_t kTransplantSlots = 4096;  // slots that a thread takes at once

rhumb_status_t merge_thunk(rhumb_index_t* self, const rhumb_call_t* call,
                           const rhumb_index_input_t* inputs, uint64_t input_count,
                           uint32_t slot_end, const uint64_t* live,
                           const rhumb_progress_t* progress, rhumb_error_t* error) noexcept {
  return guard(error, [&] {
    reinterpret_cast<Engine*>(self)->merge(call, {inputs, input_count}, slot_end, live, progress);
  });
}

constexpr rhumb_index_merge_t kMerge{sizeof kMerge, 0, merge_thunk};

}  // namespace

const void* Engine::get_extension(const char* id) noexcept {
  return std::string_view(id) == RHUMB_INDEX_MERGE ? &kMerge : nullptr;
}

// Returns the input from which the most rows can be taken over, or null if no input has a graph of
// this shape and form.
const rhumb_index_input_t* Engine::largest(std::span<const rhumb_index_input_t> inputs,
                                           const Form& form) const {
  const rhumb_index_input_t* best = nullptr;
  uint64_t most = 0;
  for (const rhumb_index_input_t& input : inputs) {
    const auto& engine = *reinterpret_cast<const Engine*>(input.index);
    if (engine.metric_ != metric_ || engine.column_.scalar != column_.scalar ||
        engine.column_.dim != column_.dim) {
      throw Error(RHUMB_UNSUPPORTED, "an input of another metric, scalar type or dimension");
    }
    const Trained* const trained = engine.trained_.load(std::memory_order_acquire);
    if (trained == nullptr || trained->graph.shape() != options_.shape()) continue;
    const CodecParams& kept = trained->codec.params();
    // The option of a loaded graph may differ from its engine's.
    const bool has_bits = kept.one_bit != 0;
    if (has_bits != form.one_bit && column_.dim >= kBitsFromDim && form.codes != Codes::kFloats)
      continue;
    if (kept.codes != form.codes || kept.sub != options_.sub()) continue;
    const uint64_t taken =
        input.slot_count - static_cast<uint64_t>(std::count(
                               input.slot_map, input.slot_map + input.slot_count, RHUMB_NO_SLOT));
    if (taken <= most) continue;
    // A codebook that was learned from few rows is too coarse for many.
    const uint32_t learned = trained->codec.params().learned;
    if (trained->codec.products() && learned < kSampleRows / 2 && learned < taken / 2) continue;
    most = taken;
    best = &input;
  }
  return most >= kTrainRows ? best : nullptr;
}

void Engine::merge(const rhumb_call_t* call, std::span<const rhumb_index_input_t> inputs,
                   uint32_t slot_end, const uint64_t* live, const rhumb_progress_t* progress) {
  check_call(call, host_);
  if (trained_.load() != nullptr || !ranges_.snapshot()->empty())
    throw Error(RHUMB_INVALID, "merge: this instance is not empty");
  const SlotRange whole{0, slot_end};
  std::vector<uint32_t> slots = present_in({&whole, 1}, live);
  std::erase_if(slots, [this](uint32_t slot) { return !has_direction(slot); });
  if (slots.size() >= kTrainRows) {
    // The form follows from all rows together, because rows that came one after the other may have
    // needed other forms than they need together.
    const Form form = first_form(slots);
    if (const rhumb_index_input_t* const input = largest(inputs, form))
      take_over(*input, form, slot_end, live, call);
  }
  build(call, slot_end, live, progress);
}

void Engine::take_over(const rhumb_index_input_t& input, const Form& form, uint32_t slot_end,
                       const uint64_t* live, const rhumb_call_t* call) {
  const Trained& from =
      *reinterpret_cast<const Engine*>(input.index)->trained_.load(std::memory_order_acquire);
  const SlotFilter present(column_, nullptr);
  std::vector<uint32_t> map(input.slot_map, input.slot_map + input.slot_count);
  std::vector<bool> named(slot_end);
  for (uint32_t& to : map) {
    if (to == RHUMB_NO_SLOT) continue;
    if (to >= slot_end || named[to])
      throw Error(RHUMB_INVALID,
                  "slot map: slot " + std::to_string(to) + " is out of range or named twice");
    named[to] = true;
    if (!present.present(to) || (live != nullptr && (live[to >> 6] >> (to & 63) & 1) == 0))
      to = RHUMB_NO_SLOT;
  }
  owner_ = std::make_unique<Trained>(
      Codec::restore(from.codec.params(), from.codec.centre(), kernels_, from.codec.product()),
      form, column_, options_.shape(), options_.ef_construct, kernels_);
  owner_->graph.reserve(slot_end);
  Transplant transplant(from.graph, owner_->graph, map);
  const uint64_t end = std::min<uint64_t>(from.graph.end(), map.size());
  const auto each_range = [&](auto step) {
    host_.parallel((end + kTransplantSlots - 1) / kTransplantSlots, [&](uint64_t i) {
      check_call(call, host_);
      step(static_cast<uint32_t>(i * kTransplantSlots),
           static_cast<uint32_t>(std::min(end, (i + 1) * kTransplantSlots)));
    });
  };
  each_range([&](uint32_t first, uint32_t last) { transplant.copy_nodes(first, last); });
  each_range([&](uint32_t first, uint32_t last) { transplant.copy_links(first, last); });
  transplant.finish();
  trained_.store(owner_.get(), std::memory_order_release);
}

}  // namespace rhumb::coded
