// Measures the recall of searches while they go on. It keeps some of the real searches, answers
// them again by comparing everything and by the graphs, and sets the breadth of all searches by the
// result (RecallWatch decides). It works in turns of some milliseconds on the background executor,
// within a share of one core for all shards together.
//
// Any thread may call widen(), offer() and state(). Everything is in memory only, so a start begins
// from nothing.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <vector>

#include "host/base/executor.h"
#include "host/base/timer.h"
#include "host/model/query.h"
#include "host/shard/background/query_reservoir.h"
#include "host/shard/background/rate_budget.h"
#include "host/shard/background/recall_watch.h"
#include "host/shard/state/core.h"

namespace rhumb::shard {

class MeasuringJob;

class Measurer {
 public:
  struct State : RecallWatch::State {
    // The seconds until the missing samples are there, at the present rate. Empty means that they
    // wait for searches, or that the time is not known.
    std::optional<uint64_t> seconds_left;
  };

  explicit Measurer(Core& core);
  ~Measurer();

  // Any thread. A different promise starts measuring from nothing.
  void promise(double recall);
  float widen() const { return watch_.widen(); }
  // Offers a search that was answered just now.
  void offer(const model::SearchRequest& request);
  State state() const;
  // Fires when nothing is left to measure. The work until then is not limited to the share of a
  // core.
  void when_measured(std::function<void()> done);
  // Call it after core.stopping was set. Blocks; idempotent.
  void stop();

 private:
  struct Gate;  // between this object and a timer, which may outlive it
  bool measurable(const model::SearchRequest& request) const;
  // [strand], as are turn(), work(), begin_job(), end_job(), look_at_rate() and sleep().
  RecallWatch::Supply supply();
  void turn();
  bool work();
  bool begin_job();
  void end_job();
  void look_at_rate(uint64_t now_ns);
  void wake();
  void sleep(uint64_t ns);

  Core& core_;
  RecallWatch watch_;
  QueryReservoir reservoir_;
  std::atomic<uint64_t> searches_{0};   // those that were measurable
  std::atomic<bool> scheduled_{false};  // a turn is posted
  std::atomic<bool> sleeping_{false};   // a timer will post a turn
  std::atomic<double> per_second_{0};   // measurable searches, lately
  // The time of a core that a sample took lately. 0 means that it is not known.
  std::atomic<uint64_t> sample_ns_{0};
  std::shared_ptr<Gate> gate_;

  std::unique_ptr<RateBudget> own_budget_;  // used if there is none for all shards
  RateBudget& budget_;
  // [strand], as are the members from here to rate_searches_.
  std::unique_ptr<MeasuringJob> job_;
  uint64_t jobs_ = 0, job_ns_ = 0, retry_ns_ = 0;
  uint64_t seen_rows_ = 0, seen_ns_ = 0;  // at the last look
  bool calm_ = false;
  // When per_second_ was computed, and from how many searches.
  uint64_t rate_ns_ = 0, rate_searches_ = 0;
  base::Strand strand_;  // last, because its tasks use all members above
};

}  // namespace rhumb::shard
