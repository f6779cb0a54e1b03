// One merge: writes the live rows of some sealed segments into a new one, with overrides folded in,
// and carries over what changed in the meantime (docs/adr/0018).
//
// begin() and finish() run on the apply strand; copy() and catch_up() run on the merging strand
// between them, while the inputs are searched and changed. Only this object knows the new segment
// until finish() has put it in the place of the inputs. A job that is dropped leaves a directory
// that the next start removes, and that discard() removes at once.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "host/base/status.h"
#include "host/model/optimization.h"
#include "host/segment/columns/live_bits.h"
#include "host/segment/segment.h"
#include "host/shard/state/apply_state.h"
#include "host/shard/state/core.h"
#include "host/shard/state/segment_edit.h"

namespace rhumb::shard {

class MergeJob {
 public:
  // [apply] Takes the live rows of now. The inputs are sealed, and no row is forwarded to them.
  MergeJob(Core& core, ApplyState& apply_state, const std::vector<uint32_t>& inputs);

  const std::vector<uint32_t>& inputs() const { return ids_; }
  // The segments, the number of rows, and the UUID that the output will have.
  const model::Optimization& description() const { return description_; }
  uint64_t rows() const { return rows_; }
  uint64_t done() const { return done_.load(std::memory_order_relaxed); }
  const char* phase() const { return phase_.load(std::memory_order_relaxed); }

  // [merging] Writes the rows and builds what is derived from them. kCancelled when the shard
  // stops.
  base::Status copy();
  // [apply] Notes how far the inputs' overrides reach now, for catch_up().
  void look();
  // [merging] Carries over the overrides up to there, and syncs them.
  base::Status catch_up();
  // [apply] True if catch_up() should run again before finish().
  bool far_behind() const;
  // [apply] Carries over the rest and commits the edit. kBusy means that the edit must wait for a
  // checkpoint, or that catch_up() must run again because one has ended.
  base::Status finish();
  void discard();  // [merging]
  // The segments that the job read. Freeing one takes long, so the last owner should not be the
  // apply strand.
  std::vector<std::shared_ptr<segment::Segment>> take_inputs();

 private:
  struct Input {
    std::shared_ptr<segment::Segment> segment;
    uint32_t rows = 0;
    std::vector<uint64_t> live;   // when the merge began
    uint64_t carried = 0;         // bytes of overrides that the output has
    uint64_t seen = 0;            // as look() noted
    std::vector<uint32_t> slots;  // by the input's slot
  };
  base::Status copy_input(Input& input);
  base::Status copy_row(const Input& input, uint32_t slot, uint32_t* to);
  base::Status build_graphs();
  base::Status write_slots();
  base::Status carry_over(Input& input, uint64_t to);
  base::Status carry_override(const Input& input, uint32_t slot);
  void clear_dead();
  segment::SegmentOptions output_options() const;

  Core& core_;
  ApplyState& apply_state_;
  const SchemaPtr schema_;  // when the merge began
  std::vector<uint32_t> ids_;
  std::vector<Input> inputs_;
  const uint32_t output_id_;
  model::Optimization description_;
  std::shared_ptr<segment::Segment> output_;
  segment::LiveBits live_;  // of the output
  uint64_t rows_ = 0, bytes_ = 0;
  // What the output has of every change up to this applied index is synced.
  uint64_t caught_up_ = 0;
  uint64_t seen_applied_ = 0;
  segment::Lengths durable_;
  std::atomic<uint64_t> done_{0};
  std::atomic<const char*> phase_{"waiting"};
};

}  // namespace rhumb::shard
