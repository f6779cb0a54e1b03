#include "host/shard/recall_watch.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "host/base/clock.h"
#include "host/base/limits.h"
#include "host/base/log.h"
#include "host/base/metrics.h"

namespace rhumb::shard {

namespace limits = base::limits;

namespace {

constexpr double kZ = 1.96;           // 95 %
constexpr uint64_t kFewSamples = 30;  // nothing is concluded from fewer
constexpr uint64_t kManySamples = 200;
constexpr double kRaiseMin = 1.3, kRaiseMax = 2;  // by how much more is missing than may be, within these
constexpr float kLower = 1.1f;

base::Gauge& gauge(const char* name, const char* help, uint64_t shard) {
  return base::gauge(name, help, {{"shard", std::to_string(shard)}});
}

}  // namespace

RecallInterval recall_interval(const std::deque<RecallSample>& samples) {
  double trials = 0, hits = 0;
  for (const RecallSample& s : samples) {
    trials += s.of;
    hits += s.found;
  }
  const auto n = static_cast<double>(samples.size());
  const double p = hits / trials;
  double spread = 0;  // of the mean, from what the searches differ
  for (const RecallSample& s : samples) {
    const double off = s.found - p * s.of;
    spread += off * off;
  }
  const double variance = spread / (trials * trials) * n / std::max(1.0, n - 1);
  const double independent = variance > 0 ? p * (1 - p) / variance : n;
  const double m = std::clamp(independent, n, trials), z2 = kZ * kZ / m;
  const double centre = (p + z2 / 2) / (1 + z2);
  const double half = kZ / (1 + z2) * std::sqrt(p * (1 - p) / m + z2 / (4 * m));
  return {p, std::clamp(centre - half, 0.0, p), std::clamp(centre + half, p, 1.0)};
}

void RecallWatch::promise(double recall) {
  const std::lock_guard lock(mutex_);
  if (recall == asked_) return;
  asked_ = recall;
  window_.clear();
  short_told_ = false;
  widen_.store(1, std::memory_order_relaxed);
  if (recall == 0) return;
  gauge("rhumb_recall_asked", "Recall that a collection's contract asks for.", shard_).set(recall);
  gauge("rhumb_recall_widen", "Factor on the breadth of searches, to keep the contract.", shard_).set(1);
}

bool RecallWatch::begin(uint64_t now_ns) {
  if (now_ns < next_ns_.load(std::memory_order_relaxed)) return false;
  return !busy_.exchange(true, std::memory_order_acquire);
}

void RecallWatch::end(std::optional<RecallSample> sample, uint64_t began_ns, uint64_t now_ns) {
  next_ns_.store(now_ns + (now_ns - began_ns) * limits::kRecallWatchShare, std::memory_order_relaxed);
  if (sample && sample->of > 0) {
    const std::lock_guard lock(mutex_);
    ++total_;
    window_.push_back(*sample);
    if (window_.size() > limits::kRecallWindowSamples) window_.pop_front();
    if (asked_ > 0) weigh();
  }
  busy_.store(false, std::memory_order_release);
}

// Raised when it is sure, or likely for long, that too little is found; lowered when it is sure that more is found than
// asked, by half of what is allowed to be missing.
void RecallWatch::weigh() {
  const RecallInterval now = recall_interval(window_);
  gauge("rhumb_recall_measured", "Recall of sampled searches, over the last of them.", shard_).set(now.mean);
  gauge("rhumb_recall_low", "Lower end of the measured recall's 95 % interval.", shard_).set(now.low);
  gauge("rhumb_recall_samples", "Sampled searches, since the start.", shard_).set(static_cast<double>(total_));
  const uint64_t n = window_.size();
  const float widen = widen_.load(std::memory_order_relaxed);
  const bool too_little = (n >= kFewSamples && now.high < asked_) || (n >= kManySamples && now.mean < asked_);
  if (too_little && widen < limits::kRecallWidenMax) {
    const auto raise = static_cast<float>(std::clamp((1 - now.mean) / (1 - asked_), kRaiseMin, kRaiseMax));
    change(std::min(widen * raise, limits::kRecallWidenMax), now);
  } else if (too_little && !short_told_) {
    short_told_ = true;
    base::log_warn("shard", "the contract's recall is not kept at the greatest breadth",
                   {{"shard", shard_}, {"asked", asked_}, {"measured", now.mean}});
  } else if (widen > 1 && n >= kManySamples && now.low > asked_ + (1 - asked_) / 2) {
    change(std::max(widen / kLower, 1.0f), now);
  }
}

void RecallWatch::change(float widen, const RecallInterval& why) {
  char text[160];
  std::snprintf(text, sizeof(text), "breadth x%.2f, was x%.2f: measured %.4f (%.4f to %.4f) over %zu searches, asked %g",
                static_cast<double>(widen), static_cast<double>(widen_.load()), why.mean, why.low, why.high,
                window_.size(), asked_);
  base::log_info("shard", "contract", {{"shard", shard_}, {"action", std::string(text)}});
  actions_.push_back({base::wall_ns() / 1'000'000, text});
  if (actions_.size() > limits::kRecallActions) actions_.pop_front();
  widen_.store(widen, std::memory_order_relaxed);
  gauge("rhumb_recall_widen", "Factor on the breadth of searches, to keep the contract.", shard_)
      .set(static_cast<double>(widen));
  window_.clear();  // what follows is another search
}

RecallWatch::State RecallWatch::state() const {
  const std::lock_guard lock(mutex_);
  State out{asked_, {}, window_.size(), total_, widen(), {actions_.begin(), actions_.end()}};
  if (!window_.empty()) out.measured = recall_interval(window_);
  return out;
}

}  // namespace rhumb::shard
