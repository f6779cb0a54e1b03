// How much searches find, measured while they are answered: now and then one is answered a second time by comparing
// everything, on the same view. Too little makes the searches that follow broader.
//
// Any thread. In memory only: a start begins anew.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace rhumb::shard {

struct RecallSample {
  uint32_t found = 0, of = 0;  // of the closest `of`, so many were found
};
struct RecallInterval {
  double mean = 0, low = 0, high = 1;
};
// Of at least one sample, at 95 %: Wilson's interval (JASA 1927) with Kish's design effect, as what one search finds
// hangs together; a search counts as one trial at least.
RecallInterval recall_interval(const std::deque<RecallSample>& samples);

class RecallWatch {
 public:
  struct Action {
    uint64_t wall_ms = 0;
    std::string what;
  };
  struct State {
    double asked = 0;  // 0: nothing is promised
    RecallInterval measured;
    uint64_t samples = 0, samples_total = 0;  // in the window: taken at the breadth of now
    float widen = 1;
    std::vector<Action> actions;  // the latest, oldest first
  };

  explicit RecallWatch(uint64_t shard) : shard_(shard) {}

  // What is promised; another promise begins a new window. 0: nothing.
  void promise(double recall);
  // Factor on the breadth that the promise needs by calibration.
  float widen() const { return widen_.load(std::memory_order_relaxed); }
  // A search may be answered again now. One at a time, and together they take no more than kRecallWatchShare of a core.
  bool begin(uint64_t now_ns);
  // What came of it; none: nothing that counts.
  void end(std::optional<RecallSample> sample, uint64_t began_ns, uint64_t now_ns);
  State state() const;

 private:
  void weigh();  // with mutex_ held
  void change(float widen, const RecallInterval& why);

  const uint64_t shard_;
  std::atomic<float> widen_{1};
  std::atomic<bool> busy_{false};
  std::atomic<uint64_t> next_ns_{0};
  mutable std::mutex mutex_;  // guards what follows
  double asked_ = 0;
  std::deque<RecallSample> window_;
  uint64_t total_ = 0;
  bool short_told_ = false;
  std::deque<Action> actions_;
};

}  // namespace rhumb::shard
