// Chooses the form of a graph, and checks whether it still is the right one: an index measures
// itself on queries whose exact answers it knows.
#include "engine/forms.h"

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <vector>

#include "engine/engine.h"
#include "engine/samples.h"

namespace rhumb::coded {
namespace {

// Number of rows moved by the data's own spread, which are asked besides stored rows.
constexpr uint32_t kMovedSamples = 64;
constexpr uint32_t kGrownSamples = 32;  // samples of each kind, while a graph grows
constexpr double kRecallSlack = 0.015;  // moved rows are harder to find than stored ones
// The breadth grows by kSpreadStep at a time. It starts at kCopiesSpread if the data have many
// copies, because copies of one vector take the places of other rows in a walk's pool.
constexpr float kSpreadStep = 1.5f, kCopiesSpread = 2;
// Codes that did not fit are tried again when the number of rows has grown by this factor.
constexpr uint64_t kRetryGrowth = 4;

}  // namespace

// `slots` are ascending, at least one.
Form Engine::first_form(std::span<const uint32_t> slots) const {
  if (options_.asked || metric_ == RHUMB_HAMMING)
    return {options_.codes, options_.one_bit, options_.asked,
            options_.asked ? Why::kAsked : Why::kUsual};
  if (rhumb_vector_bytes(column_.scalar, column_.dim) <= kLineBytes)
    return {Codes::kFloats, false, false, Why::kNarrow};
  const Form usual{Codes::kWhole, options_.one_bit, false, Why::kUsual};
  const CodecParams params{
      metric_, column_.scalar, column_.dim, options_.seed, 0, 0, 0, Codes::kWhole, {}, 0, 0};
  const Codec trial = Codec::train(column_, params, slots, kernels_);
  // Rows that are kept out of the graph need no codes.
  std::vector<uint32_t> coded(slots.begin(), slots.end());
  const float reach = trial.params().reach;
  if (metric_ == RHUMB_DOT)
    std::erase_if(coded, [&](uint32_t slot) {
      return square_of_row(row_of(column_, slot), column_.scalar, column_.dim) > reach * reach;
    });
  if (coded.empty()) return usual;
  const double share = trial_share(trial, coded, kernel_, column_, kernels_, host_);
  if (share >= kTrialShare) return usual;
  return {Codes::kFloats, false, false, Why::kUnfit, static_cast<float>(share)};
}

// Whether codes misplace neighbours, or a walk by one-bit codes finds too little.
bool Engine::is_unfit(const Trained& trained) const {
  const Measured& measured = trained.measured;
  if (trained.codec.is_bits() || trained.codec.floats()) return false;
  if (measured.share < static_cast<float>(kFitShare) &&
      trained.codec.params().codes == Codes::kWhole)
    return true;
  return measured.queries > 0 && measured.recall < kPoorRecall &&
         (trained.codec.bit_bytes() != 0 || trained.form.asked);
}

std::optional<Form> Engine::richer_form(const Trained& trained) const {
  if (trained.form.asked || !is_unfit(trained)) return std::nullopt;
  const bool codes_fit = trained.measured.share >= static_cast<float>(kFitShare);
  if (codes_fit && trained.codec.bit_bytes() != 0)
    return Form{Codes::kWhole, false, false, Why::kOneBitUnfit, trained.measured.share};
  return Form{Codes::kFloats, false, false, Why::kUnfit, trained.measured.share};
}

// Replaces samples that have copies by moved ones, and answers them again. Returns how many there
// were.
size_t Engine::move_copies(std::vector<Sample>& samples, const rhumb_filter_t& nodes,
                           const rhumb_call_t* call) const {
  std::vector<Sample> copied;
  for (const Sample& sample : samples) {
    if (has_copy(column_, sample)) copied.push_back(sample);
  }
  std::vector<Sample> moved =
      moved_samples(column_, metric_, copied, static_cast<uint32_t>(copied.size()));
  if (moved.empty()) return copied.size();
  const SlotRange all{0, static_cast<uint32_t>(nodes.bit_count)};
  answer_exactly(moved, kernel_, column_, {&all, 1}, &nodes, call, host_);
  std::erase_if(samples, [this](const Sample& sample) { return has_copy(column_, sample); });
  samples.insert(samples.end(), std::make_move_iterator(moved.begin()),
                 std::make_move_iterator(moved.end()));
  return copied.size();
}

// Measures what the graph finds at its default breadth, and whether its codes fit. `samples` have
// their exact answers; `copies` says whether many rows have copies.
void Engine::judge(Trained& trained, std::span<Sample> samples, bool copies,
                   const rhumb_filter_t& nodes, const rhumb_call_t* call) {
  const uint64_t now = trained.graph.nodes();
  judged_nodes_ = now;
  judged_clipped_ = trained.insertion.clipped();
  const SlotRange all{0, static_cast<uint32_t>(nodes.bit_count)};
  const uint32_t stored = static_cast<uint32_t>(samples.size());
  std::vector<Sample> moved =
      moved_samples(column_, metric_, samples, std::min(kMovedSamples, stored));
  answer_exactly(moved, kernel_, column_, {&all, 1}, &nodes, call, host_);
  uint64_t wanted = 0;
  for (const Sample& sample : samples) wanted += sample.count;
  for (const Sample& sample : moved) wanted += sample.count;
  if (wanted == 0) return;
  if (!trained.codec.is_bits() && !trained.codec.floats()) {
    const size_t step = std::max<size_t>(1, samples.size() / kFitSamples);
    std::vector<Sample> some;
    for (size_t i = 0; i < samples.size(); i += step) some.push_back(samples[i]);
    const Fit fit = fit_of_graph(trained.graph, trained.codec, some, kernel_, column_, call, host_);
    trained.measured.share = static_cast<float>(fit.share());
    trained.measured.places = fit.places();
  }
  Calibration& calibration = trained.calibration;
  const auto enough = static_cast<float>(std::min(kWantedRecall, options_.recall - kRecallSlack));
  for (float spread = copies ? kCopiesSpread : 1; spread <= kSpreadMax; spread *= kSpreadStep) {
    calibration.set_spread(spread);
    const uint32_t ef =
        std::max(kCalibrationHits,
                 calibration.breadth_for(options_.recall, kCalibrationHits, options_.ef_construct));
    const float reach = calibration.reach_for(ef);
    const uint64_t found = found_by(samples, ef, reach, call) + found_by(moved, ef, reach, call);
    trained.measured.recall = static_cast<float>(found) / static_cast<float>(wanted);
    trained.measured.queries = static_cast<uint32_t>(samples.size() + moved.size());
    trained.measured.ef = ef;
    // More breadth does not help if codes are the reason, and the table has no broader walk to try.
    if (trained.measured.recall >= enough || is_unfit(trained) || ef >= kCalibrationBreadths.back())
      break;
  }
}

void Engine::judge_grown(Trained& trained, const rhumb_call_t* call) {
  const NodeBits nodes(trained.graph, *trained.long_rows.snapshot());
  std::vector<Sample> samples = stored_samples(trained.graph, column_, kGrownSamples);
  if (samples.empty()) return;
  answer_exactly(samples, kernel_, column_, nodes.range(), &nodes.filter(), call, host_);
  const size_t copied = move_copies(samples, nodes.filter(), call);
  judge(trained, samples, copied > samples.size() / kCopiesPart, nodes.filter(), call);
  if (!trained.codec.floats() || trained.form.why != Why::kUnfit ||
      nodes.filter().pass_count < kRetryGrowth * tried_nodes_)
    return;
  tried_nodes_ = nodes.filter().pass_count;
  const std::vector<uint32_t> slots = nodes.slots();
  codes_would_fit_ = first_form(slots).codes != Codes::kFloats;
}

// Returns why a new index over the same rows would find more, or as much at a lower cost. Returns
// an empty text if it would not. Codes that were made for other rows may still work for these rows
// by broader walks, which new codes do not need.
std::string Engine::renewal(const Trained& trained) const {
  if (is_unfit(trained)) {
    char text[200];
    std::snprintf(text, sizeof text, "%s of %.4f at the default ef; %s", "recall",
                  static_cast<double>(trained.measured.recall.load()),
                  trained.measured.share < static_cast<float>(kFitShare)
                      ? why_text(Why::kUnfit, trained.measured.share).c_str()
                      : "the codes are too coarse");
    return text;
  }
  const uint64_t clipped = trained.insertion.clipped(), rows = trained.graph.nodes();
  if (!trained.form.asked && clipped > rows / kClippedPart && rows >= kJudgedNodesMin) {
    return std::to_string(clipped) + " of " + std::to_string(rows) +
           " rows lie beyond the range for which the codes were made";
  }
  return codes_would_fit_ ? "codes of 8 bits would fit the data now" : "";
}

}  // namespace rhumb::coded
