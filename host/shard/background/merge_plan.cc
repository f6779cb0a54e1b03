#include "host/shard/background/merge_plan.h"

#include <algorithm>

#include "host/base/limits.h"

namespace rhumb::shard {

namespace {

uint64_t dead(const MergeCandidate& c) { return c.rows - std::min(c.rows, c.live); }
double dead_share(const MergeCandidate& c) {
  return c.rows == 0 ? 0 : static_cast<double>(dead(c)) / static_cast<double>(c.rows);
}
uint64_t part_of(uint64_t bytes, uint64_t rows, uint64_t all) {
  return all == 0 ? 0
                  : static_cast<uint64_t>(static_cast<double>(bytes) * static_cast<double>(rows) /
                                          static_cast<double>(all));
}
uint64_t live_bytes(const MergeCandidate& c) { return part_of(c.bytes, c.live, c.rows); }

// A merge folds overrides in, so their bytes count like those of dead rows.
bool worthwhile(const MergeCandidate& c, const MergeLimits& limits) {
  if (dead(c) >= limits.dead_rows && dead_share(c) >= limits.dead_share) return true;
  const uint64_t freed = part_of(c.bytes - c.override_bytes, dead(c), c.rows) + c.override_bytes;
  return freed >= limits.dead_bytes &&
         static_cast<double>(freed) >= limits.dead_share * static_cast<double>(c.bytes);
}

// Takes inputs one after another as long as what comes out stays within the limits.
class Basket {
 public:
  explicit Basket(const MergeLimits& limits) : limits_(limits) {}
  bool take(const MergeCandidate& c) {
    const uint64_t rows = rows_ + c.live, bytes = bytes_ + live_bytes(c);
    // A single segment may be over the limit of a merged one, because the limit was lowered.
    if (!inputs_.empty() && (rows > limits_.max_rows || bytes > limits_.max_bytes)) return false;
    if (bytes > limits_.room_bytes) {
      blocked_ = "a merge would take " + std::to_string(bytes) + " bytes, the disk has room for " +
                 std::to_string(limits_.room_bytes) + " beside the reserve";
      return false;
    }
    rows_ = rows;
    bytes_ = bytes;
    inputs_.push_back(c.id);
    return true;
  }
  size_t size() const { return inputs_.size(); }
  MergePlan plan(std::string reason, bool merges_sizes) {
    std::sort(inputs_.begin(), inputs_.end());
    return {MergePlan::Kind::kMerge, std::move(inputs_), merges_sizes, std::move(reason), {}};
  }
  const std::string& blocked() const { return blocked_; }

 private:
  const MergeLimits& limits_;
  uint64_t rows_ = 0, bytes_ = 0;
  std::vector<uint32_t> inputs_;
  std::string blocked_;
};

MergePlan of_dead_rows(std::vector<MergeCandidate> sealed, const MergeLimits& limits) {
  std::erase_if(sealed, [&](const MergeCandidate& c) { return !worthwhile(c, limits); });
  std::sort(sealed.begin(), sealed.end(), [](const MergeCandidate& a, const MergeCandidate& b) {
    return dead_share(a) > dead_share(b);
  });
  Basket basket(limits);
  for (const MergeCandidate& c : sealed) basket.take(c);
  if (basket.size() > 0) return basket.plan("dead rows", false);
  MergePlan none;
  none.blocked = basket.blocked();
  return none;
}

// Very small segments count as equally large.
uint64_t size_of(const MergeCandidate& c) {
  return std::max<uint64_t>(c.live, base::limits::kGraphMinRows);
}

MergePlan of_one_size(std::vector<MergeCandidate> sealed, const MergeLimits& limits) {
  std::sort(sealed.begin(), sealed.end(),
            [](const MergeCandidate& a, const MergeCandidate& b) { return a.live < b.live; });
  MergePlan none;
  for (size_t first = 0; first + limits.fan_in <= sealed.size(); ++first) {
    Basket basket(limits);
    for (size_t i = first;
         i < sealed.size() && size_of(sealed[i]) < limits.fan_in * size_of(sealed[first]); ++i) {
      if (!basket.take(sealed[i])) break;
    }
    if (basket.size() >= limits.fan_in) return basket.plan("segments of one size", true);
    if (none.blocked.empty()) none.blocked = basket.blocked();
  }
  none.merges_sizes = !none.blocked.empty();
  return none;
}

}  // namespace

MergePlan plan_merge(std::span<const MergeCandidate> segments, const MergeLimits& limits) {
  std::vector<MergeCandidate> sealed;
  MergePlan plan;
  for (const MergeCandidate& c : segments) {
    if (c.sealed && c.live > 0) sealed.push_back(c);
    if (c.sealed && c.live == 0) plan.inputs.push_back(c.id);
  }
  if (!plan.inputs.empty()) {
    plan.kind = MergePlan::Kind::kDrop;
    plan.reason = "no live rows";
    return plan;
  }
  for (const MergeCandidate& c : segments) {
    if (!c.open || !worthwhile(c, limits)) continue;
    return {MergePlan::Kind::kClose, {c.id}, false, "dead rows", {}};
  }
  plan = of_dead_rows(sealed, limits);
  if (plan.kind != MergePlan::Kind::kNothing) return plan;
  MergePlan sizes = of_one_size(std::move(sealed), limits);
  if (sizes.blocked.empty()) sizes.blocked = plan.blocked;
  return sizes;
}

}  // namespace rhumb::shard
